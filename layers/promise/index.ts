/**
 * The library for callers without Effect: promises, plain objects, and errors with codes.
 */
export type { AgentContext, AgentStatus } from "../../src/AgentContext.ts"
export type { ContextEvent, NewEvent } from "../../src/ContextEvent.ts"
export type { ActorState, ScriptedActor, TickReport } from "../../src/ScriptedActor.ts"
export { ActorPort } from "./ActorPort.ts"
export type { ContextSnapshot } from "./AgentSnapshot.ts"
export type { CompileContext, OnMessage } from "./AsyncPorts.ts"
export type {
  AsyncAction,
  AsyncBehavior,
  AsyncBinding,
  AsyncPlan,
  AsyncPlanResult,
  AsyncScript,
  AsyncTool
} from "./AsyncScripts.ts"
export { ContextLifecycleManager, type ContextValidationResult } from "./ContextLifecycleManager.ts"
export {
  type ContextMetadata,
  ContextMetadataService,
  type ContextQuery,
  type ContextVisibility,
  type MetadataUpdate,
  type NewMetadata
} from "./ContextMetadataService.ts"
export {
  type ContextShare,
  ContextSharingService,
  type NewContextShare,
  type SharedAgentContext,
  type SharePage,
  type SharePermissions,
  type ShareType,
  type ShareUpdate
} from "./ContextSharingService.ts"
export type { EventRow, EventStore, SnapshotRow, SnapshotStore } from "./Contracts.ts"
export { DefaultContextManager } from "./DefaultContextManager.ts"
export type { Home, StorePair } from "./Home.ts"
export {
  type ApiKeyInfo,
  type AuthOptions,
  type AuthToken,
  type IssuedToken,
  JWTAuthService,
  makeAuthService
} from "./JWTAuthService.ts"
export { LevelEventStore, type LevelOptions, LevelSnapshotStore } from "./LevelStores.ts"
export { MemoryEventStore, MemorySnapshotStore } from "./MemoryStores.ts"
export { type ActorStateDeps, makeActorStatePort } from "./makeActorStatePort.ts"
export { type AgentStateDeps, makeAgentStateManager } from "./makeAgentStateManager.ts"
export { type Code, isPantheonError, PantheonError } from "./PantheonError.ts"
export {
  PostgresEventStore,
  type PostgresOptions,
  PostgresSnapshotStore,
  type PostgresTables
} from "./PostgresStores.ts"
export { type AgentStateManager, type ContextUpdate, type NewAgentEvent, StateManager } from "./StateManager.ts"
export type { TokenTime } from "./TokenTimes.ts"
