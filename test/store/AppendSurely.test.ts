import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import type { EventStore } from "../../src/EventStore.ts"
import { type AppendError, Conflict, Rejected, Unknown } from "../../src/StoreError.ts"
import { appendSurely } from "../../src/store/AppendSurely.ts"

const agentId = "a"
const unknown = new Unknown({ agentId, eventIds: ["e"], cause: "silence" })
const conflict = new Conflict({ agentId, expected: 0, actual: 1 })
const rejected = (reason: Rejected["reason"]) => new Rejected({ agentId, reason, expected: "", found: "", remedy: "" })
const stored = {
  agentId,
  firstVersion: 1,
  version: 1,
  outcome: "stored",
  reply: Option.none(),
  eventIds: ["e"],
  events: []
} as const

/** What becomes of an append when the store says these things, one after the other, and the last of them for ever. */
const append = (...says: ReadonlyArray<AppendError | typeof stored>) =>
  Effect.gen(function* () {
    let tries = 0
    const store = {
      append: () => {
        const said = says[Math.min(tries++, says.length - 1)] ?? stored
        return "_tag" in said ? Effect.fail(said) : Effect.succeed(said)
      }
    } as unknown as EventStore["Service"]
    const fiber = yield* Effect.forkChild(
      Effect.result(appendSurely(store, { agentId, events: [{ type: "t", data: {} }] })),
      { startImmediately: true }
    )
    let seconds = 0
    for (; fiber.pollUnsafe() === undefined && seconds < 60; seconds++) yield* TestClock.adjust("1 second")
    const result = yield* Fiber.join(fiber)
    return { outcome: result._tag === "Success" ? result.success : result.failure, tries, seconds }
  })

describe("appending surely", () => {
  it.effect("asks once when the store knows", () =>
    Effect.gen(function* () {
      for (const said of [stored, conflict, rejected("Unavailable"), rejected("Closed"), rejected("CommandIdTaken")]) {
        assert.deepStrictEqual(yield* append(said), { outcome: said, tries: 1, seconds: 0 })
      }
    })
  )

  it.effect("asks again when it does not know, until it does", () =>
    Effect.gen(function* () {
      for (const said of [stored, conflict, rejected("EventIdTaken"), rejected("CommandIdTaken")]) {
        assert.deepInclude(yield* append(unknown, unknown, said), { outcome: said, tries: 3 })
      }
      // That nothing was sent this time says nothing of the time before.
      assert.deepInclude(yield* append(unknown, rejected("Unavailable"), rejected("Refused"), stored), {
        outcome: stored,
        tries: 4
      })
    })
  )

  it.effect("gives up after about ten seconds, and at once when the store is closed, without pretending to know", () =>
    Effect.gen(function* () {
      const silent = yield* append(unknown)
      assert.strictEqual(silent.outcome, unknown)
      assert.isTrue(silent.seconds >= 8 && silent.seconds <= 12, `${silent.seconds} seconds`)
      assert.strictEqual((yield* append(unknown, rejected("Unavailable"))).outcome, unknown)
      assert.deepStrictEqual(yield* append(unknown, rejected("Closed")), { outcome: unknown, tries: 2, seconds: 1 })
    })
  )
})
