/**
 * The engine of one machine in a cluster: everything that is wanted of an actor goes to the machine that owns it, and what this machine owns is run
 * by a local engine.
 */

import * as Clock from "effect/Clock"
import * as Entity from "effect/cluster/Entity"
import { Sharding } from "effect/cluster/Sharding"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { AccessPolicy } from "../../../src/AccessPolicy.ts"
import type * as Actor from "../../../src/Actor.ts"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import * as ActorAccess from "../../../src/actor/ActorAccess.ts"
import { EventStore } from "../../../src/EventStore.ts"
import * as Limits from "../../../src/Limits.ts"
import type { SnapshotStore } from "../../../src/SnapshotStore.ts"
import { InvalidInput } from "../../../src/StoreError.ts"
import * as DurationOption from "../../../src/store/DurationOption.ts"
import * as Uuid from "../../../src/store/Uuid.ts"
import { Changes } from "../local/Changes.ts"
import * as Ending from "../local/Ending.ts"
import * as LocalSystem from "../local/LocalSystem.ts"
import { Tree } from "../local/Tree.ts"
import * as Bundles from "./Bundles.ts"
import { Census } from "./Census.ts"
import * as ClusterClient from "./ClusterClient.ts"
import { Host } from "./Host.ts"
import { relativesBy } from "./Kin.ts"
import * as Muster from "./Muster.ts"
import * as News from "./News.ts"
import { Router } from "./Router.ts"
import * as Sender from "./Sender.ts"
import * as Sentinel from "./Sentinel.ts"
import { Shards } from "./Shards.ts"
import { Unpacking } from "./Unpacking.ts"

/** How a program sends to the actors of the cluster. */
export interface ClientOptions {
  /**
   * For how long what fails in passing is sent again: when the owner of an actor changes, a machine dies, or the database is away. 30 seconds by
   * default. Each command gets a `commandId` then, so that it takes effect once. With 0 nothing is sent twice, and callers are told of everything.
   */
  readonly patience?: Duration.Input | undefined
}

/** How the engine uses its machine and its cluster. */
export interface Options extends LocalSystem.Options, ClientOptions {
  /** `one` when the cluster has no other machine, as in tests; then the stores may be those of one process. `many` by default. */
  readonly machines?: "one" | "many" | undefined
}

/** Builds the engine, within its scope. */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<ActorSystem["Service"], InvalidInput, Sharding | EventStore | SnapshotStore | Scope.Scope> {
  const sharding = yield* Sharding
  const events = yield* EventStore
  if (options.machines !== "one" && events.reach === "process") return yield* unshared
  const policy = yield* AccessPolicy
  const clock = yield* Clock.Clock
  const shards = new Shards(sharding)
  const router = new Router(sharding, patienceOf(options), () => clock.currentTimeMillisUnsafe())
  const system = yield* LocalSystem.make(options, {
    holds: (_, id) => shards.holds(id),
    afterConflict: Ending.overtaken,
    relatives: relativesBy(router)
  })
  const { control, engine, service, surroundings } = system
  const { limits, nextId, now } = surroundings
  const base = yield* Effect.context<never>()
  const scope = yield* Effect.scope
  const makeId = () => nextId(now())
  const name = makeId()
  const hosts = new Map<string, Host>()
  const hostOf = (actor: string): Host => {
    const host = hosts.get(actor) ?? new Host(router.entity(actor), system, policy, base)
    hosts.set(actor, host)
    return host
  }
  const unpacking = new Unpacking(
    (id) => shards.holds(id),
    ({ actor, command, id }) => hostOf(actor).ask(id, command),
    now
  )
  yield* Sentinel.post(name, sharding, shards, system, unpacking)
  const muster = yield* Muster.make(name, events, now)
  const client = ClusterClient.make({
    router,
    census: new Census(sharding, shards, router, engine.tree, events),
    bundles: router.patience === 0 ? undefined : yield* Bundles.make(sharding, shards, makeId),
    limits,
    now,
    makeId,
    nextId: router.patience === 0 ? undefined : makeId,
    known: (definition, id) => Result.map(engine.registration(definition, id), ({ behavior }) => behavior.definition)
  })

  // The cluster knows an entity for as long as it lives, so it outlives the behavior, which may come again.
  const reachable = new Set<string>()
  const reach = ({ name }: Actor.Any): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (reachable.has(name)) return Effect.void
      reachable.add(name)
      const entity = router.entity(name)
      const build = Effect.map(Entity.CurrentAddress, ({ entityId }) => hostOf(name).handlers(entityId))
      const registered = sharding.registerEntity(entity, build, {
        concurrency: "unbounded",
        mailboxCapacity: "unbounded",
        disableFatalDefects: true
      })
      return Scope.provide(registered, scope)
    })

  const everything = ActorSystem.of({
    ...client,
    register: Effect.fnUntraced(function* (behavior) {
      yield* muster.join(behavior.definition)
      yield* service.register(behavior)
      yield* reach(behavior.definition)
    }),
    spawnChild: Effect.fnUntraced(function* (definition, id) {
      yield* Effect.fromResult(definition.codec.validateId(id))
      const order = yield* Sender.order
      yield* router.call({ actor: definition.name, id }, (client) => client.Settle(order))
      yield* control.adopt(definition, id)
      return ClusterClient.fromWire(
        yield* router.call({ actor: definition.name, id }, (client) => client.SpawnChild(order))
      )
    }),
    changes: Stream.flattenIterable(
      Stream.mapEffect(
        surroundings.changes.streamWith((tell) => News.hear(name, sharding, shards, tell)),
        (page) => engine.tree.withParents(page)
      )
    ),
    deadLetters: service.deadLetters,
    deadLetterCount: service.deadLetterCount
  })
  return ActorAccess.guard(everything, policy, true)
})

/** Builds an engine that runs no actors, but sends to those of the cluster. */
export const makeClient = Effect.fnUntraced(function* (
  options: ClientOptions
): Effect.fn.Return<ActorSystem["Service"], never, Sharding | EventStore | Scope.Scope> {
  const sharding = yield* Sharding
  const events = yield* EventStore
  const policy = yield* AccessPolicy
  const clock = yield* Clock.Clock
  const nextId = yield* Uuid.makeGenerator
  const shards = new Shards(sharding)
  const now = () => clock.currentTimeMillisUnsafe()
  const router = new Router(sharding, patienceOf(options), now)
  const tree = new Tree({ events })
  const changes = new Changes()
  yield* Effect.addFinalizer(() => Effect.sync(() => changes.close()))
  const makeId = () => nextId(now())
  const client = ClusterClient.make({
    router,
    census: new Census(sharding, shards, router, tree, events),
    bundles: router.patience === 0 ? undefined : yield* Bundles.make(sharding, shards, makeId),
    limits: yield* Limits.Limits,
    now,
    makeId,
    nextId: router.patience === 0 ? undefined : makeId,
    known: Result.succeed
  })
  const everything = ActorSystem.of({
    ...client,
    register: ({ definition }) => Effect.die(new Error(`${definition.name}: ${runsNone}`)),
    spawnChild: (_, id) =>
      Effect.fail(
        new InvalidInput({
          path: "parent",
          expected: "to be called by the handler of an actor",
          found: `no handler, but a program that ${runsNone}`,
          remedy: `Spawn children in the handlers of their parent; use spawn for ${JSON.stringify(id)}.`
        })
      ),
    changes: Stream.flattenIterable(
      Stream.mapEffect(
        changes.streamWith((tell) => News.hear("", sharding, shards, tell)),
        (page) => tree.withParents(page)
      )
    ),
    deadLetters: Stream.never,
    deadLetterCount: Effect.succeed(0)
  })
  return ActorAccess.guard(everything, policy, true)
})

const runsNone = "runs no actors; provide ClusterEngine.layer to behaviors, not layerClient"

const patienceOf = ({ patience = "30 seconds" }: ClientOptions): number =>
  DurationOption.nonNegative("ClusterEngine", "patience", patience)

const unshared = new InvalidInput({
  path: "stores",
  expected: "stores that the machines of a cluster share, such as those on PostgreSQL",
  found: "stores of one process",
  remedy: 'Put the actors on PostgreSQL, or say machines: "one" where there is no other machine.'
})
