/**
 * Event-sourced agents and the actors that run them. Each name is a module, used as a namespace: `Actor.make`, `EventStore.append`.
 */
export * as Actor from "./Actor.ts"
export * as ActorError from "./ActorError.ts"
export * as ActorSystem from "./ActorSystem.ts"
export * as AgentId from "./AgentId.ts"
export * as AppendDecision from "./AppendDecision.ts"
export * as ContextEvent from "./ContextEvent.ts"
export * as ContextSnapshot from "./ContextSnapshot.ts"
export * as EventStore from "./EventStore.ts"
export * as EventStoreDriver from "./EventStoreDriver.ts"
export * as Limits from "./Limits.ts"
export * as SnapshotStore from "./SnapshotStore.ts"
export * as SnapshotStoreDriver from "./SnapshotStoreDriver.ts"
export * as StoreError from "./StoreError.ts"
export * as Supervision from "./Supervision.ts"
export * as Value from "./Value.ts"
