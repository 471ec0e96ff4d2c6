/**
 * Support for tests, with vitest: `ActorKit` for those of your actors, `FaultyStore` for those of what they do in trouble, and the suites that every
 * backend must pass. Whoever writes a driver runs them on it:
 *
 * ```ts
 * // my-store.test.ts
 * import { EventStoreContract } from "@promethean-os/pantheon-state/testing"
 * import { EventStore } from "@promethean-os/pantheon-state"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import { makeMyDriver } from "./my-driver.ts"
 *
 * const layer = Layer.effect(EventStore.EventStore, Effect.flatMap(makeMyDriver, EventStore.make))
 *
 * EventStoreContract.suite("my store", { layer })
 * ```
 *
 * Every test of the suites takes fresh agents, so the store may hold anything and be used by others at the same time. Nothing is skipped: what
 * a store cannot do, it fails.
 */
export * as AccessContract from "./AccessContract.ts"
export * as ActorKit from "./ActorKit.ts"
export * as ContextLifecycleContract from "./ContextLifecycleContract.ts"
export * as ContextMetadataContract from "./ContextMetadataContract.ts"
export * as EngineContract from "./EngineContract.ts"
export * as EventStoreContract from "./EventStoreContract.ts"
export * as FaultyStore from "./FaultyStore.ts"
export * as SharingContract from "./SharingContract.ts"
export * as SnapshotStoreContract from "./SnapshotStoreContract.ts"
