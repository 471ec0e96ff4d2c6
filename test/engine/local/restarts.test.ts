import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Schedule from "effect/Schedule"
import { TestClock } from "effect/testing"
import * as LocalEngine from "../../../layers/engine/local.ts"
import * as Memory from "../../../layers/memory/index.ts"
import { ActorSystem, Supervision } from "../../../src/index.ts"
import { behavior, Counter, outcome, runtime, settle, start, statusOf } from "./support.ts"

/** A counter under supervision. */
const supervised = (supervision?: Supervision.Supervision) =>
  Effect.provide(runtime(behavior({}, { supervision })), { local: true })

/** Crashes, and gives the milliseconds until the actor runs again, in steps of one. */
const pauseAfterCrash = Effect.gen(function* () {
  const counter = (yield* Counter.client)("a")
  yield* Effect.flip(counter.Die())
  const looking = yield* start(counter.Look())
  yield* settle
  let waited = 0
  for (; looking.pollUnsafe() === undefined; waited++) {
    assert.strictEqual(yield* statusOf("a"), "restarting")
    yield* TestClock.adjust(1)
    yield* settle
    if (waited > 10_000) assert.fail("it never ran again")
  }
  yield* Fiber.join(looking)
  return waited
})

describe("an actor that crashes", () => {
  it.effect("waits before each restart as its schedule says", () =>
    Effect.gen(function* () {
      const pauses = []
      for (let crash = 0; crash < 5; crash++) pauses.push(yield* pauseAfterCrash)
      assert.deepStrictEqual(pauses, [3, 6, 12, 24, 48])
    }).pipe(supervised(Supervision.restart({ schedule: Schedule.exponential(3) })))
  )

  it.effect("waits longer each time by default, but not for ever", () =>
    Effect.gen(function* () {
      const pauses = []
      for (let crash = 0; crash < 10; crash++) pauses.push(yield* pauseAfterCrash)
      assert.deepStrictEqual(pauses, [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5000])
    }).pipe(supervised(Supervision.restart({ times: 10, within: "1 hour" })))
  )

  it.effect("is given up when the budget of its window is spent, and not before", () =>
    Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      const crash = Effect.andThen(Effect.flip(counter.Die()), settle)
      for (let minute = 0; minute < 20; minute++) {
        yield* crash
        yield* crash
        assert.strictEqual(yield* counter.Look(), 0)
        yield* TestClock.adjust("61 seconds")
      }
      yield* crash
      yield* TestClock.adjust("40 seconds")
      yield* crash
      assert.strictEqual(yield* counter.Look(), 0)
      yield* TestClock.adjust("19 seconds")
      yield* crash
      assert.deepInclude(yield* Effect.flip(counter.Look()), { _tag: "ActorStopped", reason: "failed" })
      assert.strictEqual(yield* statusOf("a"), "failed")
    }).pipe(supervised(Supervision.restart({ times: 2, within: "1 minute", schedule: Schedule.forever })))
  )

  it.effect("begins its schedule anew after a window without a crash", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual([yield* pauseAfterCrash, yield* pauseAfterCrash], [3, 6])
      yield* TestClock.adjust("61 seconds")
      assert.deepStrictEqual([yield* pauseAfterCrash, yield* pauseAfterCrash], [3, 6])
    }).pipe(supervised(Supervision.restart({ schedule: Schedule.exponential(3) })))
  )

  it.effect("is given up when its schedule ends", () =>
    Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      for (let crash = 0; crash < 2; crash++) {
        yield* Effect.flip(counter.Die())
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* counter.Look(), 0)
      }
      yield* Effect.flip(counter.Die())
      yield* settle
      assert.strictEqual(yield* statusOf("a"), "failed")
    }).pipe(supervised(Supervision.restart({ schedule: Schedule.upTo(Schedule.spaced("1 second"), { times: 2 }) })))
  )

  it.effect("keeps the commands that come while it waits, and runs them in order afterwards", () =>
    Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      const system = yield* ActorSystem.ActorSystem
      yield* Effect.flip(counter.Die())
      const spawning = yield* start(system.spawn(Counter, "a"))
      const fibers = yield* Effect.forEach([1, 2, 3], () => start(counter.Count()))
      yield* TestClock.adjust("59 seconds")
      assert.deepStrictEqual([fibers[0]?.pollUnsafe(), spawning.pollUnsafe()], [undefined, undefined])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Effect.forEach(fibers, Fiber.join), [1, 2, 3])
      assert.deepInclude(yield* Fiber.join(spawning), { status: "running", restarts: 1 })
    }).pipe(supervised(Supervision.restart({ schedule: Schedule.spaced("1 minute") })))
  )

  it.effect("does not make whoever stops it wait for the restart, and still finishes what it has taken", () =>
    Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      const system = yield* ActorSystem.ActorSystem
      yield* Effect.flip(counter.Die())
      yield* settle
      yield* system.stop(Counter, "a")
      assert.strictEqual(yield* statusOf("a"), "stopped")
      yield* system.spawn(Counter, "a")
      yield* Effect.flip(counter.Die())
      const taken = yield* start(counter.Count())
      yield* settle
      yield* system.stop(Counter, "a")
      assert.strictEqual(yield* Fiber.join(taken), 1)
    }).pipe(supervised(Supervision.restart({ schedule: Schedule.spaced("1 hour") })))
  )

  it.effect("on its first command has persisted nothing, and is known all the same", () =>
    Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      const dying = yield* start(counter.Die())
      assert.deepInclude(yield* outcome(dying), { _tag: "Failure" })
      yield* settle
      assert.strictEqual(yield* statusOf("a"), "failed")
    }).pipe(supervised(Supervision.stop))
  )
})

describe("supervision", () => {
  it("refuses numbers that make no sense", () => {
    for (const times of [-1, 0.5, Number.NaN]) assert.throws(() => Supervision.restart({ times }), /times/)
    for (const within of [0, "0 seconds"] as const) assert.throws(() => Supervision.restart({ within }), /within/)
    assert.deepInclude(Supervision.restart({ times: 0 }), { times: 0 })
    assert.deepInclude(Supervision.restart({ times: Number.POSITIVE_INFINITY }), { _tag: "Restart" })
  })

  it.effect("is said to have spent its restarts only if it had some", () =>
    Effect.gen(function* () {
      const told = yield* Effect.forEach(
        [Supervision.escalate, Supervision.stop, Supervision.restart({ times: 0 })],
        Effect.fnUntraced(function* (supervision) {
          const lines: Array<string> = []
          const actors = behavior({}, { supervision }).pipe(
            Layer.provideMerge(LocalEngine.layer),
            Layer.provideMerge(Memory.layer),
            Layer.provideMerge(Logger.layer([Logger.make(({ message }) => lines.push(String(message)))]))
          )
          const crash = Effect.flatMap(Counter.client, (client) => Effect.flip(client("a").Die()))
          yield* Effect.provide(Effect.andThen(crash, settle), actors, { local: true })
          return lines[0]?.split(",Error")[0]
        })
      )
      assert.deepStrictEqual(told, [
        "actor Counter/a crashed on Die and escalates",
        "actor Counter/a crashed on Die and stops",
        "actor Counter/a crashed on Die, has spent its restarts and stops"
      ])
    })
  )
})
