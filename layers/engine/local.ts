/**
 * The engine that runs actors as fibers of this process.
 *
 * It keeps the promises of `ActorSystem`. An actor wakes at its first command and stays in memory until it is stopped, fails, or is
 * passivated. When the layer closes, actors finish the commands they have taken and then stop.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type * as Actor from "../../src/Actor.ts"
import type { ActorStopped, RecoveryFailed } from "../../src/ActorError.ts"
import { type ActorInfo, ActorSystem, type AskOptions } from "../../src/ActorSystem.ts"
import type { Behavior } from "../../src/Behavior.ts"
import type { EventStore } from "../../src/EventStore.ts"
import * as Limits from "../../src/Limits.ts"
import * as Replay from "../../src/Replay.ts"
import type { SnapshotStore } from "../../src/SnapshotStore.ts"
import * as Uuid from "../../src/Uuid.ts"
import { LocalEngine, type Refusal } from "./local/LocalEngine.ts"
import type { Envelope } from "./local/Mailbox.ts"

/** How the engine shuts down. */
export interface Options {
  /** How long actors may take to finish the commands they have taken, before they are interrupted; 30 seconds by default. */
  readonly shutdownTimeout?: Duration.Input | undefined
}

const make = Effect.fnUntraced(function* (options: Options) {
  const stores = yield* Replay.stores
  const clock = yield* Clock.Clock
  const background = yield* FiberSet.make()
  const engine = new LocalEngine(
    {
      stores,
      limits: yield* Limits.Limits,
      nextId: yield* Uuid.makeGenerator,
      now: () => clock.currentTimeMillisUnsafe()
    },
    background,
    Duration.fromInputUnsafe(options.shutdownTimeout ?? "30 seconds")
  )
  yield* Effect.addFinalizer(() => Effect.andThen(engine.shutdown(), FiberSet.awaitEmpty(background)))

  const ask = (definition: Actor.Any, id: string, command: string, payload: unknown, options?: AskOptions) =>
    Effect.callback<unknown, unknown>((resume) => {
      const sent = engine.send(definition, id, command, payload, options, resume, ignore)
      if (Result.isFailure(sent)) return resume(Exit.fail(sent.failure))
      return withdraw(sent.success)
    })

  const tell = (definition: Actor.Any, id: string, command: string, payload: unknown, options?: AskOptions) =>
    Effect.callback<void, Refusal>((resume) => {
      const sent = engine.send(definition, id, command, payload, options, ignore, () => resume(Effect.void))
      if (Result.isFailure(sent)) return resume(Exit.fail(sent.failure))
      return undefined
    })

  const spawn = Effect.fnUntraced(function* (definition: Actor.Any, id: string) {
    const agentId = definition.codec.agentId(id)
    const ending = engine.actors.get(agentId)
    if (ending?.isClosed === true) yield* engine.stop(ending)
    engine.gone.delete(agentId)
    const actor = yield* Effect.fromResult(engine.resident(definition, id))
    return yield* Effect.callback<ActorInfo, RecoveryFailed | ActorStopped>((resume) => actor.onRecovered(resume))
  })

  const known = (definition: Actor.Any, id: string, version: number): ActorInfo => {
    const agentId = definition.codec.agentId(id)
    const info = engine.actors.get(agentId)?.info ?? engine.gone.get(agentId)?.info
    return info ?? { actor: definition.name, id, agentId, status: "passivated", version, mailbox: 0, restarts: 0 }
  }

  return ActorSystem.of({
    register: (behavior) =>
      Effect.andThen(
        Effect.acquireRelease(engine.register(behavior), () => engine.unregister(behavior)),
        Effect.asVoid(Effect.forkScoped(passivateIdle(engine, behavior, () => clock.currentTimeMillisUnsafe())))
      ),
    spawn,
    // What a definition's types promise holds for what its codec lets through, so the untyped form serves the typed one.
    ask: (actor, id, command, payload, options) =>
      ask(actor, id, command, payload, options) as Effect.Effect<never, never>,
    tell,
    askUnsafe: ask,
    stop: Effect.fnUntraced(function* (definition, id) {
      yield* Effect.fromResult(engine.behaviorOf(definition))
      yield* Effect.fromResult(definition.codec.validateId(id))
      const agentId = definition.codec.agentId(id)
      const actor = engine.actors.get(agentId)
      if (actor !== undefined) return yield* engine.stop(actor)
      const info = known(definition, id, 0)
      engine.gone.set(agentId, { info: { ...info, status: "stopped" }, reason: "stopped" })
    }),
    get: Effect.fnUntraced(function* (definition, id) {
      yield* Effect.fromResult(engine.behaviorOf(definition))
      yield* Effect.fromResult(definition.codec.validateId(id))
      const agentId = definition.codec.agentId(id)
      if (engine.actors.has(agentId) || engine.gone.has(agentId)) return Option.some(known(definition, id, 0))
      const head = yield* stores.events.head(agentId)
      return head.presence === "missing" ? Option.none() : Option.some(known(definition, id, head.version))
    }),
    list: (definition) =>
      Stream.unwrap(Effect.map(Effect.fromResult(engine.behaviorOf(definition)), () => list(definition)))
  })

  /** Those in memory first, then those that only the journal knows. */
  function list(definition: Actor.Any) {
    const prefix = definition.codec.agentIdPrefix
    const resident = [...engine.actors.values()].map((actor) => actor.info)
    const present = [...resident, ...[...engine.gone.values()].map((gone) => gone.info)].filter(
      (info) => info.actor === definition.name
    )
    const seen = new Set(present.map((info) => info.agentId))
    const journal = stores.events.agents({ prefix }).pipe(
      Stream.filter((agent) => !seen.has(agent.agentId)),
      Stream.map((agent) => known(definition, agent.agentId.slice(prefix.length), agent.version))
    )
    return Stream.concat(Stream.fromIterable(present), journal)
  }
})

const ignore = (): void => {}

const withdraw = (envelope: Envelope) =>
  Effect.sync(() => {
    envelope.withdrawn = true
  })

/** Sends actors to sleep that have had nothing to do for the time their behavior says. */
const passivateIdle = (engine: LocalEngine, behavior: Behavior, now: () => number): Effect.Effect<void> => {
  const { passivateAfter } = behavior
  if (passivateAfter === undefined) return Effect.void
  const sweep = Effect.sync(() => {
    const since = now() - passivateAfter
    for (const actor of engine.actors.values()) {
      if (actor.behavior === behavior && actor.isIdle && actor.lastActive <= since) {
        actor.end({ status: "passivated", reason: "stopped" })
      }
    }
  })
  return Effect.forever(Effect.delay(sweep, Math.max(passivateAfter / 2, 1)))
}

/** The engine of one process, with its defaults; the stores below it decide what survives. */
export const layer: Layer.Layer<ActorSystem, never, EventStore | SnapshotStore> = Layer.effect(ActorSystem, make({}))

/** The engine of one process. */
export const layerWith = (options: Options): Layer.Layer<ActorSystem, never, EventStore | SnapshotStore> =>
  Layer.effect(ActorSystem, make(options))
