/**
 * Many appends at once: a batch is only faster, each append stands or falls alone.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type Append, type Appended, EventStore } from "../../../src/EventStore.ts"
import type { AppendError } from "../../../src/StoreError.ts"
import { append, five, freshId, type It, integers, numbered, numbersOf, read } from "./support.ts"

/** Hands them over at once, and tells of each what became of it in a few words. */
const appendAll = (appends: ReadonlyArray<Append>) =>
  EventStore.use((store) => Effect.map(store.appendAll(appends), (results) => results.map(inWords)))

const inWords = (result: Result.Result<Appended, AppendError>): string => {
  if (Result.isSuccess(result)) {
    const { firstVersion, outcome, version } = result.success
    return `${outcome} ${firstVersion}..${version}`
  }
  const error = result.failure
  if (error._tag === "Conflict") return `conflict, is ${error.actual}`
  return error._tag === "Rejected" ? error.reason : "unknown"
}

export const register = (it: It): void => {
  describe("appending many at once", () => {
    it.effect("answers nothing with nothing", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* appendAll([]), [])
      })
    )

    it.effect("answers each append on its own, in order, though some of the batch fail", () =>
      Effect.gen(function* () {
        const present = yield* five
        const fresh = integers(4).map(freshId)
        const [first = "", second = "", third = "", fourth = ""] = fresh
        const known = (yield* read(present))[0]?.id ?? ""
        const answers = yield* appendAll([
          { agentId: first, events: numbered(2) },
          { agentId: present, events: numbered(1), expected: 3 },
          { agentId: second, events: numbered(1), expected: "none" },
          { agentId: present, events: numbered(1), expected: "none" },
          { agentId: third, events: [{ id: known, type: "number.counted", data: { number: 99 } }] },
          { agentId: third, events: numbered(1) },
          { agentId: present, events: [{ type: "number.counted", data: { number: Number.NaN } }] },
          { agentId: "", events: numbered(1) },
          { agentId: fourth, events: [] },
          { agentId: present, events: numbered(1, 6), expected: 5 },
          { agentId: fourth, events: numbered(3) }
        ])
        assert.deepStrictEqual(answers, [
          "stored 1..2",
          "conflict, is 5",
          "stored 1..1",
          "conflict, is 5",
          "EventIdTaken",
          "stored 1..1",
          "InvalidInput",
          "InvalidInput",
          "InvalidInput",
          "stored 6..6",
          "stored 1..3"
        ])
        assert.deepStrictEqual(numbersOf(yield* read(present)), integers(6))
        const counts = yield* Effect.forEach(fresh, (agentId) => Effect.map(read(agentId), (events) => events.length))
        assert.deepStrictEqual(counts, [2, 1, 1, 3])
      })
    )

    it.effect("applies the appends of one agent in order, each to the version that the one before it left", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const answers = yield* appendAll(
          integers(100).map((number) => ({ agentId, events: numbered(1, number), expected: number - 1 }))
        )
        assert.deepStrictEqual(
          answers,
          integers(100).map((version) => `stored ${version}..${version}`)
        )
        assert.deepStrictEqual(numbersOf(yield* read(agentId)), integers(100))
      })
    )

    it.effect("applies them in order whatever each expects", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const answers = yield* appendAll([
          { agentId, events: numbered(1, 1) },
          { agentId, events: numbered(1, 2), expected: 1 },
          { agentId, events: numbered(1, 3) },
          { agentId, events: numbered(1), expected: 2 },
          { agentId, events: numbered(2, 4), expected: 3 },
          { agentId, events: numbered(1), expected: "none" },
          { agentId, events: numbered(1, 6) },
          { agentId, events: numbered(1), expected: 5 },
          { agentId, events: numbered(1, 7), expected: 6 }
        ])
        assert.deepStrictEqual(answers, [
          "stored 1..1",
          "stored 2..2",
          "stored 3..3",
          "conflict, is 3",
          "stored 4..5",
          "conflict, is 5",
          "stored 6..6",
          "conflict, is 6",
          "stored 7..7"
        ])
        assert.deepStrictEqual(numbersOf(yield* read(agentId)), integers(7))
      })
    )

    it.effect("goes on in order after a first one that was wrong", () =>
      Effect.gen(function* () {
        const agentId = yield* five
        const answers = yield* appendAll([
          { agentId, events: numbered(1), expected: 7 },
          { agentId, events: numbered(1, 6) },
          { agentId, events: numbered(1), expected: 5 },
          { agentId, events: numbered(1, 7), expected: 6 }
        ])
        assert.deepStrictEqual(answers, ["conflict, is 5", "stored 6..6", "conflict, is 6", "stored 7..7"])
        assert.deepStrictEqual(numbersOf(yield* read(agentId)), integers(7))
      })
    )

    it.effect("lets the first of several new agents win when both may have no history", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const answers = yield* appendAll([
          { agentId, events: numbered(2), expected: "none" },
          { agentId, events: numbered(1), expected: "none" },
          { agentId, events: numbered(1, 3), expected: 2 },
          { agentId, events: numbered(1, 4) }
        ])
        assert.deepStrictEqual(answers, ["stored 1..2", "conflict, is 2", "stored 3..3", "stored 4..4"])
        assert.deepStrictEqual(numbersOf(yield* read(agentId)), integers(4))
      })
    )

    it.effect("stores an event id that comes twice in the batch once", () =>
      Effect.gen(function* () {
        const [left, right] = [freshId(), freshId()]
        const event = { id: freshId(), type: "number.counted", data: { number: 1 } }
        const answers = yield* appendAll([
          { agentId: left, events: [event] },
          { agentId: left, events: [event] },
          { agentId: left, events: numbered(1, 2) },
          { agentId: right, events: [event] },
          { agentId: right, events: numbered(1) }
        ])
        assert.deepStrictEqual(answers, ["stored 1..1", "repeated 1..1", "stored 2..2", "EventIdTaken", "stored 1..1"])
        assert.deepStrictEqual(numbersOf(yield* read(left)), [1, 2])
        assert.deepStrictEqual(numbersOf(yield* read(right)), [1])
      })
    )

    it.effect("keeps the order of an agent though one of its appends meets a batch mate with the same event id", () =>
      Effect.gen(function* () {
        const [left, right] = [freshId(), freshId()]
        const twin = { id: freshId(), type: "number.counted", data: { number: 1 } }
        const answers = yield* appendAll([
          { agentId: left, events: [twin], expected: 3 },
          { agentId: right, events: [twin] },
          { agentId: right, events: numbered(1, 2) }
        ])
        // The left one fails, so the id is free for the right one, which comes before the append behind it.
        assert.deepStrictEqual(answers, ["conflict, is 0", "stored 1..1", "stored 2..2"])
        assert.deepStrictEqual(numbersOf(yield* read(right)), [1, 2])
      })
    )

    it.effect("lets a chain of versions through though a batch mate's event id is taken", () =>
      Effect.gen(function* () {
        const [chained, other] = [freshId(), freshId()]
        const known = (yield* read(yield* five))[0]?.id ?? ""
        const answers = yield* appendAll([
          { agentId: chained, events: numbered(1, 1), expected: "none" },
          { agentId: other, events: [{ id: known, type: "number.counted", data: { number: 99 } }] },
          { agentId: chained, events: numbered(1, 2), expected: 1 },
          { agentId: chained, events: numbered(1, 3), expected: 2 }
        ])
        assert.deepStrictEqual(answers, ["stored 1..1", "EventIdTaken", "stored 2..2", "stored 3..3"])
        assert.deepStrictEqual(numbersOf(yield* read(chained)), integers(3))
      })
    )

    it.effect("gives the appends of many callers at once their own answers", () =>
      Effect.gen(function* () {
        const agentIds = integers(20).map(freshId)
        const answers = yield* Effect.forEach(
          integers(200),
          (number) => append(agentIds[number % 20] ?? "", numbered(1, number)),
          { concurrency: "unbounded" }
        )
        for (const { agentId, events, firstVersion } of answers) {
          assert.deepStrictEqual(yield* read(agentId, { from: firstVersion, limit: 1 }), events)
        }
        const places = answers.map(({ agentId, version }) => `${agentId} ${version}`)
        assert.strictEqual(new Set(places).size, 200)
      })
    )
  })
}
