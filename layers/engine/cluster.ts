/**
 * The engine that runs the actors of many machines, on `effect/cluster`.
 */
import type { Sharding } from "effect/cluster/Sharding"
import * as Layer from "effect/Layer"
import { ActorSystem } from "../../src/ActorSystem.ts"
import type { EventStore } from "../../src/EventStore.ts"
import type { SnapshotStore } from "../../src/SnapshotStore.ts"
import * as ClusterSystem from "./cluster/ClusterSystem.ts"

export type { Options } from "./cluster/ClusterSystem.ts"

/** The engine of one machine. */
export const layerWith = (
  options: ClusterSystem.Options
): Layer.Layer<ActorSystem, never, Sharding | EventStore | SnapshotStore> =>
  Layer.effect(ActorSystem, ClusterSystem.make(options))

/** The engine of one machine, with its defaults. */
export const layer: Layer.Layer<ActorSystem, never, Sharding | EventStore | SnapshotStore> = layerWith({})
