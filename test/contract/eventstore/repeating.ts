/**
 * The same event twice: whoever does not know what became of an append may repeat it.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { NewEvent } from "../../../src/ContextEvent.ts"
import { EventStore } from "../../../src/EventStore.ts"
import {
  append,
  conflict,
  five,
  freshId,
  head,
  type It,
  integers,
  numbered,
  numbersOf,
  read,
  rejected,
  versionsOf
} from "./support.ts"

/** Events with ids of their own choice. */
const identified = (count: number, first = 1): ReadonlyArray<NewEvent & { readonly id: string }> =>
  integers(count, first).map((number) => ({ id: freshId(), type: "number.counted", data: { number } }))

export const register = (it: It): void => {
  describe("repeating an append", () => {
    it.effect("gives the first result again, whatever is expected by then, and stores nothing", () =>
      Effect.gen(function* () {
        const agentId = yield* five
        const events = identified(2, 6)
        const first = yield* append(agentId, events, { expected: 5 })
        yield* append(agentId, numbered(1, 8))
        for (const expected of [5, "any", "none", 8, 1] as const) {
          const again = yield* append(agentId, events, { expected })
          assert.deepInclude(again, { outcome: "repeated", firstVersion: 6, version: 7 })
          assert.deepStrictEqual(again.eventIds, first.eventIds)
        }
        assert.deepStrictEqual(numbersOf(yield* read(agentId)), integers(8))
        assert.strictEqual((yield* head(agentId)).version, 8)
      })
    )

    it.effect("knows an event again though the clock of its writer went on", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const event = { id: freshId(), type: "number.counted", data: { number: 1 } }
        yield* append(agentId, [{ ...event, timestamp: new Date(1) }])
        const again = yield* append(agentId, [{ ...event, timestamp: new Date(2) }])
        assert.deepInclude(again, { outcome: "repeated", version: 1 })
        // The event of the first try stands.
        assert.deepStrictEqual((yield* read(agentId))[0]?.timestamp, new Date(1))
      })
    )

    it.effect("knows a part of an append again that is without a gap", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const events = identified(4)
        yield* append(agentId, events)
        assert.deepInclude(yield* append(agentId, events.slice(1, 3)), {
          outcome: "repeated",
          firstVersion: 2,
          version: 3
        })
        assert.deepStrictEqual(yield* versionsOf(agentId), integers(4))
      })
    )

    it.effect("refuses a known id with another body", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const id = freshId()
        const event: NewEvent = { id, type: "a.happened", schemaVersion: 1, data: { a: 1 }, metadata: { b: 2 } }
        yield* append(agentId, [event])
        const others: ReadonlyArray<NewEvent> = [
          { ...event, type: "b.happened" },
          { ...event, schemaVersion: 2 },
          { ...event, data: { a: 2 } },
          { ...event, data: { a: "1" } },
          { ...event, data: { a: 1, b: 2 } },
          { ...event, metadata: { b: 3 } },
          { ...event, metadata: undefined }
        ]
        for (const other of others) {
          const error = yield* rejected(append(agentId, [other]), "EventIdTaken")
          assert.include(error.found, id)
        }
        assert.deepStrictEqual(yield* versionsOf(agentId), [1])
      })
    )

    it.effect("refuses an id that another agent's event has", () =>
      Effect.gen(function* () {
        const [owner, other] = [freshId(), freshId()]
        const events = identified(1)
        yield* append(owner, events)
        yield* rejected(append(other, events), "EventIdTaken")
        yield* rejected(append(other, [...numbered(2), ...events, ...numbered(1)]), "EventIdTaken")
        assert.strictEqual((yield* head(other)).presence, "missing")
        assert.deepStrictEqual(yield* versionsOf(owner), [1])
      })
    )

    it.effect("refuses known ids among new ones, out of order or with a gap, and stores none of them", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        const [a, b, c] = identified(3)
        const [fresh] = identified(1, 4)
        assert.isDefined(a && b && c && fresh)
        if (!a || !b || !c || !fresh) return
        yield* append(agentId, [a, b, c])
        for (const events of [
          [a, b, c, fresh],
          [fresh, a],
          [a, fresh, b],
          [a, c],
          [b, a],
          [c, b, a]
        ]) {
          yield* rejected(append(agentId, events), "EventIdTaken")
        }
        assert.deepStrictEqual(yield* versionsOf(agentId), [1, 2, 3])
        assert.strictEqual((yield* store.getEvent(fresh.id))._tag, "None")
        assert.strictEqual((yield* append(agentId, [fresh], { expected: 3 })).version, 4)
      })
    )

    it.effect("refuses one id twice in one append", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const [event] = identified(1)
        assert.isDefined(event)
        if (!event) return
        yield* rejected(append(agentId, [event, ...numbered(1), event]), "InvalidInput")
        assert.strictEqual((yield* head(agentId)).presence, "missing")
      })
    )

    it.effect("stores once what many callers repeat at the same time, in each of twenty rounds", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        for (const round of integers(20)) {
          const events = identified(2, round)
          const answers = yield* Effect.forEach(integers(8), () => append(agentId, events), {
            concurrency: "unbounded"
          })
          assert.strictEqual(answers.filter(({ outcome }) => outcome === "stored").length, 1)
          for (const answer of answers) {
            assert.deepInclude(answer, { firstVersion: 2 * round - 1, version: 2 * round })
          }
        }
        assert.deepStrictEqual(yield* versionsOf(agentId), integers(40))
      })
    )

    it.effect("lets one agent win an id that several want at the same time, in each of twenty rounds", () =>
      Effect.gen(function* () {
        for (const _ of integers(20)) {
          const agentIds = integers(6).map(freshId)
          const events = identified(1)
          const exits = yield* Effect.forEach(agentIds, (agentId) => Effect.result(append(agentId, events)), {
            concurrency: "unbounded"
          })
          const counts = yield* Effect.forEach(agentIds, (agentId) => Effect.map(versionsOf(agentId), (v) => v.length))
          assert.deepStrictEqual(
            exits.map((exit) => (exit._tag === "Success" ? 1 : 0)),
            counts
          )
          assert.strictEqual(exits.filter((exit) => exit._tag === "Success").length, 1)
        }
      })
    )

    it.effect("lets a caller who was interrupted learn what became of an append by repeating it", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        for (const round of integers(50)) {
          const before = (yield* head(agentId)).version
          const events = identified(2, 2 * round - 1)
          const caller = yield* Effect.forkChild(append(agentId, events), { startImmediately: true })
          for (const _ of integers(round % 5, 0)) yield* Effect.yieldNow
          yield* Fiber.interrupt(caller)
          const between = (yield* head(agentId)).version
          assert.include([before, before + 2], between, "all of an append or nothing")
          const again = yield* append(agentId, events, { expected: before })
          assert.strictEqual(again.outcome, between === before ? "stored" : "repeated")
          assert.deepInclude(again, { firstVersion: before + 1, version: before + 2 })
        }
        assert.deepStrictEqual(numbersOf(yield* read(agentId)), integers(100))
      })
    )

    it.effect("does not take two events with equal bodies for the same one", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const event = { type: "a.happened", data: { a: 1 } }
        yield* append(agentId, [event])
        assert.deepInclude(yield* append(agentId, [event]), { outcome: "stored", version: 2 })
        yield* conflict(append(agentId, [event], { expected: 1 }), { expected: 1, actual: 2 })
      })
    )
  })
}
