/**
 * Versions, expectations, and all or nothing.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { EventStore } from "../../../src/EventStore.ts"
import * as Limits from "../../../src/Limits.ts"
import {
  append,
  conflict,
  feedEnd,
  five,
  freshId,
  head,
  type It,
  integers,
  numbered,
  numbersOf,
  places,
  read,
  rejected,
  told,
  versionsOf
} from "./support.ts"

export const register = (it: It): void => {
  describe("appending to an agent", () => {
    it.effect("gives versions 1, 2, 3 … without a hole, whatever goes together in one append", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        let version = 0
        for (const count of [1, 3, 1, 7, 2]) {
          const appended = yield* append(agentId, numbered(count, version + 1))
          assert.deepInclude(appended, { agentId, firstVersion: version + 1, version: version + count })
          assert.strictEqual(appended.outcome, "stored")
          version += count
          assert.strictEqual((yield* head(agentId)).version, version)
        }
        const events = yield* read(agentId)
        assert.deepStrictEqual(
          events.map((event) => event.version),
          integers(14)
        )
        assert.deepStrictEqual(numbersOf(events), integers(14))
      })
    )

    it.effect("acknowledges the events as every later read gives them", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const appended = yield* append(agentId, numbered(3))
        assert.deepStrictEqual(yield* read(agentId), appended.events)
        assert.deepStrictEqual(
          appended.events.map((event) => event.id),
          appended.eventIds
        )
        assert.strictEqual(new Set(appended.eventIds).size, 3)
      })
    )

    it.effect("keeps the versions of two agents apart", () =>
      Effect.gen(function* () {
        const [left, right] = [freshId(), freshId()]
        yield* append(left, numbered(2))
        yield* append(right, numbered(1))
        yield* append(left, numbered(1, 3))
        assert.deepStrictEqual(numbersOf(yield* read(left)), [1, 2, 3])
        assert.deepStrictEqual(numbersOf(yield* read(right)), [1])
      })
    )

    it.effect("stores for a new agent when no history is expected, and refuses it for one that has some", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        assert.strictEqual((yield* append(agentId, numbered(1), { expected: "none" })).version, 1)
        yield* conflict(append(agentId, numbered(1), { expected: "none" }), { expected: "none", actual: 1 })
        assert.deepStrictEqual(yield* versionsOf(agentId), [1])
      })
    )

    it.effect("stores at exactly the expected version, and tells both numbers at any other", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        yield* conflict(append(agentId, numbered(1), { expected: 1 }), { expected: 1, actual: 0 })
        assert.strictEqual((yield* append(agentId, numbered(2), { expected: 0 })).version, 2)
        for (const expected of [0, 1, 3, 4, Number.MAX_SAFE_INTEGER]) {
          yield* conflict(append(agentId, numbered(1), { expected }), { expected, actual: 2 })
        }
        assert.strictEqual((yield* append(agentId, numbered(1, 3), { expected: 2 })).version, 3)
        assert.deepStrictEqual(numbersOf(yield* read(agentId)), [1, 2, 3])
      })
    )

    it.effect("stores at whatever version when any is expected", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        assert.strictEqual((yield* append(agentId, numbered(1), { expected: "any" })).version, 1)
        assert.strictEqual((yield* append(agentId, numbered(1, 2), { expected: "any" })).version, 2)
      })
    )

    it.effect("stores nothing of an append that conflicts, its events, commands and place in the feed included", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        // Before the agent is written, since a store may tell of its events later.
        const start = yield* feedEnd
        const agentId = yield* five
        const [id, command] = [freshId(), freshId()]
        const events = [{ type: "number.counted", id }, ...numbered(2)]
        yield* conflict(append(agentId, events, { expected: 4, commands: [{ id: command }] }), {
          expected: 4,
          actual: 5
        })
        assert.strictEqual((yield* store.getEvent(id))._tag, "None")
        assert.strictEqual((yield* store.reply(agentId, command))._tag, "None")
        assert.strictEqual((yield* append(agentId, numbered(1, 6))).version, 6)
        const entries = yield* told([agentId], start, 6)
        assert.deepStrictEqual(
          places(entries),
          integers(6).map((version) => `${agentId} ${version}`)
        )
        assert.deepStrictEqual(numbersOf(yield* read(agentId)), integers(6))
      })
    )

    it.effect("refuses events of which one cannot be stored as a whole, and leaves no hole in the versions", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = yield* five
        const id = freshId()
        const [sixth, eighth] = [
          { type: "number.counted", id, data: { number: 6 } },
          { type: "number.counted", data: { number: 8 } }
        ]
        for (const bad of [() => 7, Number.NaN, new Map(), Symbol("seven"), undefined]) {
          const seventh = { type: "number.counted", data: { deep: [bad] } }
          const error = yield* rejected(append(agentId, [sixth, seventh, eighth]), "InvalidInput")
          assert.include(error.expected, "events/1/data/deep/0")
        }
        assert.strictEqual((yield* head(agentId)).version, 5)
        assert.strictEqual((yield* store.getEvent(id))._tag, "None")
        assert.strictEqual((yield* append(agentId, [sixth, eighth])).firstVersion, 6)
        assert.deepStrictEqual(numbersOf(yield* read(agentId)), [1, 2, 3, 4, 5, 6, 8])
      })
    )

    it.effect("refuses events of which one is too large as a whole", () =>
      Effect.gen(function* () {
        const agentId = yield* five
        const limit = (yield* Limits.Limits).eventBytes
        const large = { type: "text.written", data: { text: "x".repeat(limit) } }
        yield* rejected(append(agentId, [...numbered(1, 6), large, ...numbered(1, 8)]), "InvalidInput")
        assert.deepStrictEqual(yield* versionsOf(agentId), [1, 2, 3, 4, 5])
        assert.strictEqual((yield* append(agentId, numbered(1, 6), { expected: 5 })).version, 6)
      })
    )

    it.effect("refuses an append without events, and expectations that are no version", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        yield* rejected(append(agentId, []), "InvalidInput")
        for (const expected of [-1, 1.5, Number.NaN]) {
          yield* rejected(append(agentId, numbered(1), { expected }), "InvalidInput")
        }
        assert.strictEqual((yield* head(agentId)).presence, "missing")
      })
    )
  })
}
