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
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Scheduler from "effect/Scheduler"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import { ActorSystem } from "../../src/ActorSystem.ts"
import type { EventStore } from "../../src/EventStore.ts"
import * as Limits from "../../src/Limits.ts"
import type { SnapshotStore } from "../../src/SnapshotStore.ts"
import * as DurationOption from "../../src/store/DurationOption.ts"
import * as Replay from "../../src/store/Replay.ts"
import * as Uuid from "../../src/store/Uuid.ts"
import { Alarms } from "./local/Alarms.ts"
import { Changes } from "./local/Changes.ts"
import { Control } from "./local/Control.ts"
import { DeadLetters } from "./local/DeadLetters.ts"
import { Directory } from "./local/Directory.ts"
import type { Archive } from "./local/LiveJournal.ts"
import { LocalEngine } from "./local/LocalEngine.ts"
import { Messenger } from "./local/Messenger.ts"
import type { Registration } from "./local/Registration.ts"
import { Residents } from "./local/Residents.ts"
import type { EngineSurroundings } from "./local/Surroundings.ts"
import { Turns } from "./local/Turns.ts"

/** How the engine uses the machine, and how it shuts down. */
export interface Options {
  /** How long actors may take to finish the commands they have taken, before they are interrupted; 30 seconds by default. */
  readonly shutdownTimeout?: Duration.Input | undefined
  /**
   * Most actors in memory; an integer from 1, none by default. When there are more, the idle one that was used least recently is passivated. Those
   * that are busy or paused stay, so there may be more for a while.
   */
  readonly maximumResident?: number | undefined
  /** Most actors that read their journal at the same time; an integer from 1, 64 by default. */
  readonly concurrentRecoveries?: number | undefined
  /** How many parents an actor may have above it; an integer from 1, 32 by default. */
  readonly maximumDepth?: number | undefined
}

const makeSurroundings = Effect.fnUntraced(function* (timeout: Duration.Duration, options: Options) {
  const clock = yield* Clock.Clock
  const services = yield* Effect.context<never>()
  const running = yield* FiberSet.make<unknown>()
  yield* Effect.addFinalizer(() => Effect.timeoutOption(FiberSet.awaitEmpty(running), timeout))
  const background: Archive["background"] = (effect) => {
    const fiber = Effect.runForkWith(services)(effect)
    FiberSet.addUnsafe(running, fiber)
    return fiber
  }
  const changes = new Changes()
  yield* Effect.addFinalizer(() => Effect.sync(() => changes.close()))
  const stores = yield* Replay.stores
  const turns = new Turns((yield* Scheduler.Scheduler).makeDispatcher())
  const now = () => clock.currentTimeMillisUnsafe()
  const surroundings: EngineSurroundings = {
    stores,
    turns,
    limits: yield* Limits.Limits,
    nextId: yield* Uuid.makeGenerator,
    now,
    nanoseconds: () => clock.currentTimeNanosUnsafe(),
    background,
    alarms: new Alarms(stores.events, { background, now, turns }),
    residents: new Residents(count("maximumResident", options.maximumResident ?? Number.POSITIVE_INFINITY)),
    recoveries: yield* Semaphore.make(count("concurrentRecoveries", options.concurrentRecoveries ?? 64)),
    changes,
    deadLetters: yield* DeadLetters.make(background, services)
  }
  return surroundings
})

const make = Effect.fnUntraced(function* (options: Options) {
  const timeout = Duration.millis(
    DurationOption.nonNegative("LocalEngine", "shutdownTimeout", options.shutdownTimeout ?? "30 seconds")
  )
  const surroundings = yield* makeSurroundings(timeout, options)
  const engine = new LocalEngine(surroundings, timeout, count("maximumDepth", options.maximumDepth ?? 32))
  yield* Effect.addFinalizer(() => engine.shutdown())
  const messenger = new Messenger(engine, surroundings)
  const control = new Control(engine, surroundings)
  const directory = new Directory(engine, surroundings)
  const { alarms, changes, deadLetters } = surroundings
  yield* Effect.forkScoped(alarms.run((actor) => engine.named(actor)))

  return ActorSystem.of({
    register: Effect.fnUntraced(function* (behavior) {
      const registration = yield* Effect.acquireRelease(engine.register(behavior), (registration) =>
        engine.unregister(registration)
      )
      yield* Effect.forkScoped(passivateIdle(registration, surroundings))
      const { agentIdPrefix } = behavior.definition.codec
      yield* Effect.acquireRelease(
        Effect.sync(() => alarms.watch(agentIdPrefix)),
        () => Effect.sync(() => alarms.unwatch(agentIdPrefix))
      )
    }),
    spawn: (actor, id) => control.spawn(actor, id),
    spawnChild: (actor, id) => control.spawnChild(actor, id),
    // What a definition's types promise holds for what its codec lets through, so the untyped form serves the typed one.
    ask: (actor, id, command, payload, options) =>
      messenger.ask(actor, id, command, payload, options) as Effect.Effect<never, never>,
    tell: (actor, id, command, payload, options) => messenger.tell(actor, id, command, payload, options),
    askUnsafe: (actor, id, command, payload, options) => messenger.ask(actor, id, command, payload, options),
    stop: (actor, id) => control.stop(actor, id),
    pause: (actor, id) => control.pause(actor, id),
    resume: (actor, id) => control.resume(actor, id),
    restart: (actor, id) => control.restart(actor, id),
    watch: (actor, id) => control.watch(actor, id),
    get: (actor, id) => directory.get(actor, id),
    list: (actor, options) => directory.list(actor, options),
    changes: Stream.flattenIterable(Stream.mapEffect(changes.stream, (page) => engine.tree.withParents(page))),
    deadLetters: deadLetters.stream,
    deadLetterCount: Effect.sync(() => deadLetters.count)
  })
})

/** Throws for a number that makes no sense, since that is a mistake in the program. */
const count = (option: string, value: number): number => {
  if (value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value > 0)) return value
  throw new RangeError(`LocalEngine: ${option} must be an integer from 1, found ${value}`)
}

/** Sends actors to sleep that have had nothing to do for the time their behavior says. */
const passivateIdle = (registration: Registration, { now }: EngineSurroundings): Effect.Effect<void> => {
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
