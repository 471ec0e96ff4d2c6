/**
 * The library for callers without Effect: promises, plain objects, and errors with codes.
 */
export type { AgentContext, AgentStatus } from "../../src/AgentContext.ts"
export type { ContextEvent, NewEvent } from "../../src/ContextEvent.ts"
export type { ContextSnapshot } from "../../src/ContextSnapshot.ts"
export type { EventRow, EventStore, SnapshotRow, SnapshotStore } from "./Contracts.ts"
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
