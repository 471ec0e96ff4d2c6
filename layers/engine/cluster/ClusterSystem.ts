/**
 * The engine of one machine in a cluster: everything that is wanted of an actor goes to the machine that owns it, and what this machine owns is run
 * by a local engine.
 */
import * as Entity from "effect/cluster/Entity"
import { Sharding } from "effect/cluster/Sharding"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Actor from "../../../src/Actor.ts"
import { type ActorNotRegistered, type ActorStopped, AskTimeout, type NotTaken } from "../../../src/ActorError.ts"
import { type ActorEnd, type ActorInfo, ActorSystem, type TellOptions } from "../../../src/ActorSystem.ts"
import type { EventStore } from "../../../src/EventStore.ts"
import type { SnapshotStore } from "../../../src/SnapshotStore.ts"
import type { InvalidInput } from "../../../src/StoreError.ts"
import * as DurationOption from "../../../src/store/DurationOption.ts"
import * as Ending from "../local/Ending.ts"
import * as LocalSystem from "../local/LocalSystem.ts"
import { Census } from "./Census.ts"
import * as Dispatch from "./Dispatch.ts"
import { Host } from "./Host.ts"
import { relativesBy } from "./Kin.ts"
import * as News from "./News.ts"
import type { Info } from "./Protocol.ts"
import { Router } from "./Router.ts"
import * as Sender from "./Sender.ts"
import * as Sentinel from "./Sentinel.ts"
import { Shards } from "./Shards.ts"

/** How the engine uses its machine and its cluster. */
export interface Options extends LocalSystem.Options {
  /**
   * For how long what fails in passing is sent again: when the owner of an actor changes, a machine dies, or the database is away. 30 seconds by
   * default. Each command gets a `commandId` then, so that it takes effect once. With 0 nothing is sent twice, and callers are told of everything.
   */
  readonly patience?: Duration.Input | undefined
}

// An answer to a command whose time is over may still be on its way.
const graceAfterTimeout = 1000

/** Builds the engine, within its scope. */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<ActorSystem["Service"], never, Sharding | EventStore | SnapshotStore | Scope.Scope> {
  const sharding = yield* Sharding
  const patience = DurationOption.nonNegative("ClusterEngine", "patience", options.patience ?? "30 seconds")
  const shards = new Shards(sharding)
  const router = new Router(sharding, patience)
  const system = yield* LocalSystem.make(options, {
    holds: (_, id) => shards.holds(id),
    afterConflict: Ending.overtaken,
    relatives: relativesBy(router)
  })
  const { control, engine, service, surroundings } = system
  const { limits, nextId, now, stores } = surroundings
  const base = yield* Effect.context<never>()
  const scope = yield* Effect.scope
  const name = nextId(now())
  yield* Sentinel.post(name, sharding, shards, system)
  const census = new Census(sharding, shards, router, engine.tree, stores.events)
  const desk: Dispatch.Desk = { limits, nextId: patience === 0 ? undefined : () => nextId(now()) }

  /** The definition as this machine runs it, which may be another copy than the caller's. */
  const own = (definition: Actor.Any, id: string) =>
    Result.flatMap(engine.registration(definition, id), ({ behavior }) =>
      Result.map(behavior.definition.codec.validateId(id), () => behavior.definition)
    )
  const owned = (
    definition: Actor.Any,
    id: string
  ): Effect.Effect<{ readonly actor: string; readonly id: string }, InvalidInput | ActorNotRegistered | ActorStopped> =>
    Effect.map(Effect.fromResult(own(definition, id)), ({ name }) => ({ actor: name, id }))

  // The cluster knows an entity for as long as it lives, so it outlives the behavior, which may come again.
  const reachable = new Set<string>()
  const reach = ({ name }: Actor.Any): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (reachable.has(name)) return Effect.void
      reachable.add(name)
      const entity = router.entity(name)
      const build = Effect.map(Entity.CurrentAddress, ({ entityId }) =>
        new Host(entity, system, base).handlers(entityId)
      )
      const registered = sharding.registerEntity(entity, build, {
        concurrency: "unbounded",
        mailboxCapacity: "unbounded",
        disableFatalDefects: true
      })
      return Scope.provide(registered, scope)
    })

  const dispatch = (
    definition: Actor.Any,
    id: string,
    command: string,
    payload: unknown,
    options: TellOptions | undefined
  ): Effect.Effect<Dispatch.Dispatch, InvalidInput | ActorNotRegistered | ActorStopped> =>
    Effect.withFiber((fiber) =>
      Effect.fromResult(
        Result.flatMap(own(definition, id), (definition) =>
          Dispatch.prepare(definition, command, payload, options, fiber, desk)
        )
      )
    )

  const ask: ActorSystem["Service"]["askUnsafe"] = (definition, id, command, payload, options) =>
    Effect.flatMap(dispatch(definition, id, command, payload, options), (ready) => {
      const address = { actor: definition.name, id }
      const { timeout } = ready
      const begun = now()
      const left = () => (timeout === undefined ? {} : { timeout: Math.max(timeout - (now() - begun), 0) })
      const sent = router
        .call(address, (client, attempt) =>
          client.Ask({ ...ready.command, ...left(), attempt: ready.attempts + attempt })
        )
        .pipe(
          Effect.matchEffect({
            onSuccess: (text) => Dispatch.replyOf(ready, text),
            onFailure: (error) =>
              error._tag === "CommandFailed" ? Dispatch.errorOf(ready, error) : Effect.fail<unknown>(error)
          })
        )
      if (timeout === undefined || !Number.isFinite(timeout)) return sent
      return Effect.timeoutOrElse(sent, {
        duration: timeout + graceAfterTimeout,
        orElse: () => Effect.fail(new AskTimeout({ ...address, command, timeout, outcome: "begun" }))
      })
    })

  const tell = (
    definition: Actor.Any,
    id: string,
    command: string,
    payload: unknown,
    options: TellOptions | undefined
  ): Effect.Effect<void, NotTaken> =>
    Effect.flatMap(dispatch(definition, id, command, payload, options), (ready) =>
      router.call({ actor: definition.name, id }, (client, attempt) => {
        if (options?.delivery !== "durable") return client.Tell({ ...ready.command, attempt: ready.attempts + attempt })
        const commandId = ready.command.commandId ?? nextId(now())
        return client.TellDurably({ ...ready.command, commandId, attempt: 2 }, { discard: true })
      })
    )

  const spawn = (definition: Actor.Any, id: string) =>
    Effect.gen(function* () {
      const address = yield* owned(definition, id)
      const order = yield* Sender.order
      return fromWire(yield* router.call(address, (client) => client.Spawn(order)))
    })

  return ActorSystem.of({
    register: Effect.fnUntraced(function* (behavior) {
      yield* service.register(behavior)
      yield* reach(behavior.definition)
    }),
    spawn,
    spawnChild: Effect.fnUntraced(function* (definition, id) {
      const address = yield* owned(definition, id)
      const order = yield* Sender.order
      yield* router.call(address, (client) => client.Settle(order))
      yield* control.adopt(definition, id)
      return yield* spawn(definition, id)
    }),
    // What a definition's types promise holds for what its codec lets through, so the untyped form serves the typed one.
    ask: (definition, id, command, payload, options) =>
      ask(definition, id, command, payload, options) as Effect.Effect<never, never>,
    askUnsafe: ask,
    tell,
    stop: Effect.fnUntraced(function* (definition, id) {
      const address = yield* owned(definition, id)
      const order = yield* Sender.order
      yield* router.call(address, (client) => client.Stop(order))
    }),
    pause: Effect.fnUntraced(function* (definition, id) {
      const address = yield* owned(definition, id)
      const order = yield* Sender.order
      yield* router.call(address, (client) => client.Pause(order))
    }),
    resume: Effect.fnUntraced(function* (definition, id) {
      const address = yield* owned(definition, id)
      const order = yield* Sender.order
      yield* router.call(address, (client) => client.Resume(order))
    }),
    restart: Effect.fnUntraced(function* (definition, id) {
      const address = yield* owned(definition, id)
      const order = yield* Sender.order
      yield* router.call(address, (client) => client.Restart(order))
    }),
    watch: Effect.fnUntraced(function* (definition, id) {
      const address = yield* owned(definition, id)
      const order = yield* Sender.order
      const { _tag, cause } = yield* router.call(address, (client) => client.Watch(order))
      const end: ActorEnd = _tag === "Failed" ? { ...address, _tag, cause } : { ...address, _tag }
      return end
    }),
    get: Effect.fnUntraced(function* (definition, id) {
      const info = yield* census.one(yield* owned(definition, id))
      return Option.map(Option.fromNullishOr(info), fromWire)
    }),
    list: (definition, options) =>
      Stream.unwrap(
        Effect.map(Effect.fromResult(engine.registration(definition)), ({ behavior }) =>
          options?.parent === undefined
            ? census.all(behavior.definition)
            : census.children(behavior.definition, options.parent)
        )
      ),
    changes: Stream.flattenIterable(
      Stream.mapEffect(
        surroundings.changes.streamWith((tell) => News.hear(name, sharding, shards, tell)),
        (page) => engine.tree.withParents(page)
      )
    ),
    deadLetters: service.deadLetters,
    deadLetterCount: service.deadLetterCount
  })
})

const fromWire = ({ parent, ...info }: Info): ActorInfo => ({ ...info, parent })
