/**
 * The engine that runs actors as fibers of this process.
 *
 * It keeps the promises of `ActorSystem`. An actor wakes at its first command and stays in memory until it is stopped, fails, or is
 * passivated. That it was stopped or has failed is remembered until it is spawned, or its behavior's layer closes. When a layer closes, its
 * actors finish the commands they have taken.
 *
 * A handler may ask other actors. Actors that would wait for each other in a circle are found out: whoever would close the circle gets
 * `ActorDeadlock`.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scheduler from "effect/Scheduler"
import * as Stream from "effect/Stream"
import type * as Actor from "../../src/Actor.ts"
import type { ActorStopped, RecoveryFailed } from "../../src/ActorError.ts"
import { type ActorInfo, ActorSystem } from "../../src/ActorSystem.ts"
import type { EventStore } from "../../src/EventStore.ts"
import * as Limits from "../../src/Limits.ts"
import type { SnapshotStore } from "../../src/SnapshotStore.ts"
import * as Replay from "../../src/store/Replay.ts"
import * as Uuid from "../../src/store/Uuid.ts"
import type { Surroundings } from "./local/LocalActor.ts"
import { LocalEngine } from "./local/LocalEngine.ts"
import { Messenger } from "./local/Messenger.ts"
import type { Registration } from "./local/Registration.ts"
import { Turns } from "./local/Turns.ts"
import { CurrentActor, findCircle } from "./local/Waiter.ts"

/** How the engine shuts down. */
export interface Options {
  /** How long actors may take to finish the commands they have taken, before they are interrupted; 30 seconds by default. */
  readonly shutdownTimeout?: Duration.Input | undefined
}

const makeSurroundings = Effect.fnUntraced(function* (timeout: Duration.Duration) {
  const clock = yield* Clock.Clock
  const services = yield* Effect.context<never>()
  const running = yield* FiberSet.make()
  yield* Effect.addFinalizer(() => Effect.timeoutOption(FiberSet.awaitEmpty(running), timeout))
  const surroundings: Surroundings = {
    stores: yield* Replay.stores,
    turns: new Turns((yield* Scheduler.Scheduler).makeDispatcher()),
    limits: yield* Limits.Limits,
    nextId: yield* Uuid.makeGenerator,
    now: () => clock.currentTimeMillisUnsafe(),
    background: (effect) => FiberSet.addUnsafe(running, Effect.runForkWith(services)(effect))
  }
  return surroundings
})

const make = Effect.fnUntraced(function* (options: Options) {
  const timeout = Duration.fromInputUnsafe(options.shutdownTimeout ?? "30 seconds")
  const surroundings = yield* makeSurroundings(timeout)
  const { stores, turns } = surroundings
  const engine = new LocalEngine(surroundings, timeout)
  yield* Effect.addFinalizer(() => engine.shutdown())
  const messenger = new Messenger(engine, surroundings)

  const find = (definition: Actor.Any) => Effect.fromResult(engine.registration(definition))

  const spawn = Effect.fnUntraced(function* (definition: Actor.Any, id: string) {
    const actor = yield* (yield* find(definition)).revive(id)
    return yield* Effect.callback<ActorInfo, RecoveryFailed | ActorStopped>((resume) =>
      actor.onRecovered((exit) => turns.add(() => resume(exit)))
    )
  })

  const stop = Effect.fnUntraced(function* (definition: Actor.Any, id: string) {
    const registration = yield* find(definition)
    yield* Effect.fromResult(registration.behavior.definition.codec.validateId(id))
    const actor = registration.stop(id)
    const asker = yield* CurrentActor
    // From within its own handler, or that of one it waits for, nobody can wait for its end.
    if (actor === undefined || (asker !== undefined && findCircle(asker, actor) !== undefined)) return
    yield* Fiber.await(actor.fiber)
  })

  const get = Effect.fnUntraced(function* (definition: Actor.Any, id: string) {
    const registration = yield* find(definition)
    const agentId = yield* Effect.fromResult(registration.behavior.definition.codec.validateId(id))
    const resident = registration.resident(id)
    if (resident !== undefined) return Option.some(resident)
    const head = yield* stores.events.head(agentId)
    return head.presence === "missing" && !registration.isGone(id)
      ? Option.none()
      : Option.some(registration.absent(id, head.version))
  })

  return ActorSystem.of({
    register: Effect.fnUntraced(function* (behavior) {
      const registration = yield* Effect.acquireRelease(engine.register(behavior), (registration) =>
        engine.unregister(registration)
      )
      yield* Effect.forkScoped(passivateIdle(registration, surroundings))
    }),
    spawn,
    // What a definition's types promise holds for what its codec lets through, so the untyped form serves the typed one.
    ask: (actor, id, command, payload, options) =>
      messenger.ask(actor, id, command, payload, options) as Effect.Effect<never, never>,
    tell: (actor, id, command, payload, options) => messenger.tell(actor, id, command, payload, options),
    askUnsafe: (actor, id, command, payload, options) => messenger.ask(actor, id, command, payload, options),
    stop,
    get,
    list: (definition) => Stream.unwrap(Effect.map(find(definition), (registration) => list(registration, stores)))
  })
})

/** Those in memory first, then those in the journal, then those that were stopped before they were ever written. */
const list = (registration: Registration, { events }: Replay.Stores) => {
  const { agentIdPrefix } = registration.behavior.definition.codec
  const resident = registration.residents()
  const seen = new Set(resident.map((info) => info.id))
  const gone = new Set(registration.goneIds())
  const journal = events.agents({ prefix: agentIdPrefix }).pipe(
    Stream.map(({ agentId, version }) => ({ id: agentId.slice(agentIdPrefix.length), version })),
    Stream.filter(({ id }) => !seen.has(id)),
    Stream.map(({ id, version }) => {
      gone.delete(id)
      return registration.resident(id) ?? registration.absent(id, version)
    })
  )
  const unwritten = Stream.suspend(() =>
    Stream.fromIterable([...gone].filter((id) => !seen.has(id)).map((id) => registration.absent(id, 0)))
  )
  return Stream.fromIterable(resident).pipe(Stream.concat(journal), Stream.concat(unwritten))
}

/** Sends actors to sleep that have had nothing to do for the time their behavior says. */
const passivateIdle = (registration: Registration, { now }: Surroundings): Effect.Effect<void> => {
  const { passivateAfter } = registration.behavior
  if (passivateAfter === undefined) return Effect.void
  const sweep = Effect.sync(() => registration.passivate(now() - passivateAfter))
  return Effect.forever(Effect.delay(sweep, Math.max(passivateAfter / 2, 1)))
}

/** The engine of one process, with its defaults; the stores below it decide what survives. */
export const layer: Layer.Layer<ActorSystem, never, EventStore | SnapshotStore> = Layer.effect(ActorSystem, make({}))

/** The engine of one process. */
export const layerWith = (options: Options): Layer.Layer<ActorSystem, never, EventStore | SnapshotStore> =>
  Layer.effect(ActorSystem, make(options))
