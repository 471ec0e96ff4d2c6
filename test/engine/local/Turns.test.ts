import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Scheduler from "effect/Scheduler"
import { Turns } from "../../../layers/engine/local/Turns.ts"

const make = Effect.map(Scheduler.Scheduler, (scheduler) => new Turns(scheduler.makeDispatcher()))

describe("turns", () => {
  it.live("run what is added in order, one after the other, and not at once", () =>
    Effect.gen(function* () {
      const turns = yield* make
      const log: Array<string> = []
      turns.call(() => {
        log.push("a begins")
        turns.call(() => log.push("c"))
        log.push("a ends")
      })
      turns.call(() => log.push("b"))
      assert.deepStrictEqual(log, [])
      yield* Effect.promise(() => Promise.resolve())
      assert.deepStrictEqual(log, ["a begins", "a ends", "b", "c"])
    })
  )

  it.live("let timers have their turn, whatever follows from what", () =>
    Effect.gen(function* () {
      const turns = yield* make
      let count = 0
      let isOver = false
      const again = () => {
        count++
        if (!isOver) turns.call(again)
      }
      turns.call(again)
      yield* Effect.sleep("1 millis")
      isOver = true
      yield* Effect.sleep("1 millis")
      const seen = count
      assert.isAbove(seen, 1000)
      yield* Effect.sleep("1 millis")
      assert.strictEqual(count, seen)
    })
  )

  it("go on with the others when one throws", () => {
    const scheduled: Array<() => void> = []
    const microtasks: Array<() => void> = []
    const real = globalThis.queueMicrotask
    globalThis.queueMicrotask = (task) => microtasks.push(task)
    try {
      const turns = new Turns({ scheduleTask: (task) => scheduled.push(task), flush: () => {} })
      const log: Array<string> = []
      turns.call(() => {
        throw new Error("an observer's mistake")
      })
      turns.call(() => log.push("b"))
      assert.throws(() => microtasks[0]?.(), "an observer's mistake")
      assert.lengthOf(scheduled, 1)
      scheduled[0]?.()
      turns.call(() => log.push("c"))
      microtasks[1]?.()
      assert.deepStrictEqual(log, ["b", "c"])
    } finally {
      globalThis.queueMicrotask = real
    }
  })
})
