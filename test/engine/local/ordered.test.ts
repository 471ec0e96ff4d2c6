import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { ActorSystem, Supervision } from "../../../src/index.ts"
import { behavior, Counter, runtime, settle, start, statusOf } from "./support.ts"

const restartAndDie = ActorSystem.ActorSystem.use((system) =>
  Effect.andThen(system.restart(Counter, "a"), Effect.die(new Error("boom")))
)

const slow = Effect.provide(
  runtime(
    behavior(
      { "restart and die": restartAndDie },
      { supervision: Supervision.restart({ schedule: Schedule.spaced("1 hour") }) }
    )
  ),
  { local: true }
)

describe("an actor that waits to be restarted after a crash", () => {
  it.effect("is restarted at once when somebody asks for it", () =>
    Effect.gen(function* () {
      const system = yield* ActorSystem.ActorSystem
      const counter = (yield* Counter.client)("a")
      yield* Effect.flip(counter.Die())
      const waiting = yield* start(counter.Count())
      yield* settle
      assert.strictEqual(yield* statusOf("a"), "restarting")
      yield* system.restart(Counter, "a")
      assert.strictEqual(yield* Fiber.join(waiting), 1)
    }).pipe(slow)
  )

  it.effect("does not wait when that was asked for before it crashed", () =>
    Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      yield* Effect.flip(counter.Run({ script: "restart and die" }))
      assert.strictEqual(yield* counter.Count(), 1)
    }).pipe(slow)
  )

  it.effect("may be paused meanwhile, and is so at once", () =>
    Effect.gen(function* () {
      const system = yield* ActorSystem.ActorSystem
      const counter = (yield* Counter.client)("a")
      yield* Effect.flip(counter.Die())
      yield* settle
      yield* system.pause(Counter, "a")
      assert.strictEqual(yield* statusOf("a"), "paused")
      yield* system.resume(Counter, "a")
      assert.strictEqual(yield* counter.Count(), 1)
    }).pipe(slow)
  )

  it.effect("is told of to those who follow the changes", () =>
    Effect.gen(function* () {
      const system = yield* ActorSystem.ActorSystem
      const counter = (yield* Counter.client)("a")
      const told: Array<string> = []
      const reading = yield* start(
        Stream.runForEach(system.changes, ({ status }) => Effect.sync(() => told.push(status)))
      )
      yield* counter.Count()
      yield* settle
      yield* Effect.flip(counter.Die())
      yield* settle
      assert.strictEqual(told.at(-1), "restarting")
      yield* TestClock.adjust("1 hour")
      yield* settle
      assert.strictEqual(told.at(-1), "running")
      yield* Fiber.interrupt(reading)
    }).pipe(slow)
  )
})
