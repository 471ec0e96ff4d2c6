/**
 * The engine that runs the actors of many machines, on `effect/cluster`.
 */
import type { Sharding } from "effect/cluster/Sharding"
import * as Layer from "effect/Layer"
import { ActorSystem } from "../../src/ActorSystem.ts"
import type { EventStore } from "../../src/EventStore.ts"
import type { SnapshotStore } from "../../src/SnapshotStore.ts"
import type { InvalidInput } from "../../src/StoreError.ts"
import * as CleanUp from "./cluster/CleanUp.ts"
import * as ClusterSystem from "./cluster/ClusterSystem.ts"

export type { ClientOptions, Options } from "./cluster/ClusterSystem.ts"
export { settings } from "./cluster/settings.ts"

/** The engine of one machine. */
export const layerWith = (
  options: ClusterSystem.Options
): Layer.Layer<ActorSystem, InvalidInput, Sharding | EventStore | SnapshotStore> =>
  Layer.effect(ActorSystem, ClusterSystem.make(options))

/** The engine of one machine, with its defaults. */
export const layer: Layer.Layer<ActorSystem, InvalidInput, Sharding | EventStore | SnapshotStore> = layerWith({})

/** For programs that run no actors, but send to those of the cluster. */
export const layerClient = (
  options: ClusterSystem.ClientOptions = {}
): Layer.Layer<ActorSystem, never, Sharding | EventStore> =>
  Layer.effect(ActorSystem, ClusterSystem.makeClient(options))

/**
 * Does something now and then, on one machine at a time: the clean-ups of services, and of the cluster's own messages (`ClusterNode.cleanMessages`).
 */
export const layerCleanUp = CleanUp.layer
