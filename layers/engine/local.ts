/**
 * The engine that runs actors as fibers of this process.
 *
 * It keeps the promises of `ActorSystem`. An actor wakes at its first command and stays in memory until it is stopped, fails, or is
 * passivated: after the idle time of its behavior, or when more actors are in memory than there should be, the one that was used least recently
 * first. An actor that is not in memory costs none. That it was stopped or has failed is remembered until it is spawned, or its behavior's
 * layer closes. When a layer closes, its actors finish the commands they have taken.
 *
 * A handler may ask other actors. Actors that would wait for each other in a circle are found out: whoever would close the circle gets
 * `ActorDeadlock`.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AccessPolicy } from "../../src/AccessPolicy.ts"
import { ActorSystem } from "../../src/ActorSystem.ts"
import { guard } from "../../src/actor/ActorAccess.ts"
import type { EventStore } from "../../src/EventStore.ts"
import type { SnapshotStore } from "../../src/SnapshotStore.ts"
import * as LocalSystem from "./local/LocalSystem.ts"
import * as Realm from "./local/Realm.ts"

export type { Options } from "./local/LocalSystem.ts"

const make = (options: LocalSystem.Options) =>
  Effect.zipWith(LocalSystem.make(options, Realm.whole), AccessPolicy, ({ service }, policy) => guard(service, policy))

/** The engine of one process, with its defaults; the stores below it decide what survives. */
export const layer: Layer.Layer<ActorSystem, never, EventStore | SnapshotStore> = Layer.effect(ActorSystem, make({}))

/** The engine of one process. */
export const layerWith = (options: LocalSystem.Options): Layer.Layer<ActorSystem, never, EventStore | SnapshotStore> =>
  Layer.effect(ActorSystem, make(options))
