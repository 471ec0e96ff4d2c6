/**
 * What runs actors as fibers of one process: the whole of the local engine, and the part of each machine in others.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Scheduler from "effect/Scheduler"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import type { EventStore } from "../../../src/EventStore.ts"
import * as Limits from "../../../src/Limits.ts"
import type { SnapshotStore } from "../../../src/SnapshotStore.ts"
import * as DurationOption from "../../../src/store/DurationOption.ts"
import * as Replay from "../../../src/store/Replay.ts"
import * as Uuid from "../../../src/store/Uuid.ts"
import { Alarms } from "./Alarms.ts"
import { Changes } from "./Changes.ts"
import { Control } from "./Control.ts"
import { DeadLetters } from "./DeadLetters.ts"
import { Directory } from "./Directory.ts"
import type { Archive } from "./LiveJournal.ts"
import { LocalEngine } from "./LocalEngine.ts"
import { Messenger } from "./Messenger.ts"
import type { Realm } from "./Realm.ts"
import type { Registration } from "./Registration.ts"
import { Residents } from "./Residents.ts"
import type { EngineSurroundings } from "./Surroundings.ts"
import { Turns } from "./Turns.ts"

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

/** The parts of it, for engines that are made of several. */
export interface LocalSystem {
  readonly service: ActorSystem["Service"]
  readonly engine: LocalEngine
  readonly messenger: Messenger
  readonly control: Control
  readonly directory: Directory
  readonly surroundings: EngineSurroundings
}

const makeSurroundings = Effect.fnUntraced(function* (timeout: Duration.Duration, options: Options, realm: Realm) {
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
    realm,
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

/** Builds what runs actors in this process, within its scope. */
export const make = Effect.fnUntraced(function* (
  options: Options,
  realm: Realm
): Effect.fn.Return<LocalSystem, never, EventStore | SnapshotStore | Scope.Scope> {
  const timeout = Duration.millis(
    DurationOption.nonNegative("LocalEngine", "shutdownTimeout", options.shutdownTimeout ?? "30 seconds")
  )
  const surroundings = yield* makeSurroundings(timeout, options, realm)
  const engine = new LocalEngine(surroundings, timeout, count("maximumDepth", options.maximumDepth ?? 32))
  yield* Effect.addFinalizer(() => engine.shutdown())
  const messenger = new Messenger(engine, surroundings)
  const control = new Control(engine, surroundings)
  const directory = new Directory(engine, surroundings)
  const { alarms, changes, deadLetters } = surroundings
  yield* Effect.forkScoped(alarms.run((actor) => engine.named(actor)))

  const service = ActorSystem.of({
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
  return { service, engine, messenger, control, directory, surroundings }
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
