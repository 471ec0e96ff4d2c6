/**
 * Deleting the beginning of a stream: the events go, the version stays.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { EventStore, type ReadOptions } from "../../../src/EventStore.ts"
import {
  append,
  conflict,
  feedEnd,
  five,
  freshId,
  head,
  type It,
  integers,
  invalid,
  numbered,
  places,
  read,
  told,
  versionsOf
} from "./support.ts"

const deleteEvents = (agentId: string, toVersion: number) =>
  EventStore.use((store) => store.deleteEvents(agentId, toVersion))

/** A window read after events 1 to 3 of five are gone. */
const windows: ReadonlyArray<{ readonly name: string; readonly window: ReadOptions; readonly left: Array<number> }> = [
  { name: "the rest without bounds", window: {}, left: [4, 5] },
  { name: "the rest from the last that was deleted", window: { from: 3 }, left: [4, 5] },
  { name: "nothing up to within what was deleted", window: { from: 1, to: 2 }, left: [] },
  { name: "nothing up to the last that was deleted", window: { from: 1, to: 3 }, left: [] },
  { name: "the rest from the first that is left", window: { from: 4 }, left: [4, 5] },
  { name: "what is left of a window that begins in what was deleted", window: { from: 1, to: 4 }, left: [4] },
  { name: "as many of the rest as the limit allows, not counting what was deleted", window: { limit: 1 }, left: [4] },
  { name: "the rest backward", window: { direction: "backward" }, left: [5, 4] }
]

export const register = (it: It): void => {
  describe("deleting events up to a version", () => {
    for (const { left, name, window } of windows) {
      it.effect(`leaves a reader ${name}`, () =>
        Effect.gen(function* () {
          const agentId = yield* five
          assert.strictEqual(yield* deleteEvents(agentId, 3), 3)
          assert.deepStrictEqual(yield* versionsOf(agentId, window), left)
          assert.strictEqual((yield* head(agentId)).version, 5)
        })
      )
    }

    it.effect("leaves the version and says that the stream is not complete", () =>
      Effect.gen(function* () {
        const agentId = yield* five
        assert.deepStrictEqual(yield* versionsOf(agentId, { from: 0 }), integers(5))
        yield* deleteEvents(agentId, 3)
        assert.deepStrictEqual(yield* versionsOf(agentId, { from: 0 }), [4, 5])
        assert.deepStrictEqual(yield* head(agentId), {
          version: 5,
          firstVersion: 4,
          presence: "present",
          isComplete: false
        })
      })
    )

    it.effect("leaves the version of an agent whose events are all gone, which is not missing", () =>
      Effect.gen(function* () {
        const agentId = yield* five
        assert.strictEqual(yield* deleteEvents(agentId, Number.MAX_SAFE_INTEGER), 5)
        assert.deepStrictEqual(yield* versionsOf(agentId, { from: 0 }), [])
        assert.deepStrictEqual(yield* head(agentId), {
          version: 5,
          firstVersion: 0,
          presence: "present",
          isComplete: false
        })
        yield* conflict(append(agentId, numbered(1), { expected: "none" }), { expected: "none", actual: 5 })
        yield* conflict(append(agentId, numbered(1), { expected: 0 }), { expected: 0, actual: 5 })
        assert.strictEqual((yield* append(agentId, numbered(1), { expected: 5 })).version, 6)
        assert.deepInclude(yield* head(agentId), { version: 6, firstVersion: 6, isComplete: false })
      })
    )

    it.effect("deletes all events again and again, with appends between", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        for (const round of integers(4)) {
          assert.strictEqual((yield* append(agentId, numbered(2))).version, 2 * round)
          assert.strictEqual(yield* deleteEvents(agentId, 2 * round), 2)
          assert.strictEqual(yield* deleteEvents(agentId, 2 * round), 0)
          assert.deepInclude(yield* head(agentId), { version: 2 * round, firstVersion: 0, isComplete: false })
        }
        yield* append(agentId, numbered(3))
        assert.strictEqual(yield* deleteEvents(agentId, 10), 2)
        assert.deepStrictEqual(yield* versionsOf(agentId), [11])
      })
    )

    it.effect("gives the exact count, nothing for what is gone or was never there", () =>
      Effect.gen(function* () {
        const agentId = yield* five
        assert.strictEqual(yield* deleteEvents(agentId, 0), 0)
        assert.isTrue((yield* head(agentId)).isComplete)
        assert.strictEqual(yield* deleteEvents(agentId, 2), 2)
        assert.strictEqual(yield* deleteEvents(agentId, 2), 0)
        assert.strictEqual(yield* deleteEvents(agentId, 4), 2)
        assert.strictEqual(yield* deleteEvents(agentId, 99), 1)
        const unknown = freshId()
        assert.strictEqual(yield* deleteEvents(unknown, 5), 0)
        assert.deepInclude(yield* head(unknown), { version: 0, presence: "missing", isComplete: true })
      })
    )

    it.effect("removes the events from the feed and the look-up by id, and no other agent's", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const start = yield* feedEnd
        const [agentId, other] = [yield* five, yield* five]
        const events = yield* read(agentId)
        yield* told([agentId, other], start, 10)
        yield* deleteEvents(agentId, 3)
        const found = yield* Effect.forEach(events, ({ id }) => Effect.map(store.getEvent(id), Option.isSome))
        assert.deepStrictEqual(found, [false, false, false, true, true])
        const left = [...[4, 5].map((v) => `${agentId} ${v}`), ...integers(5).map((v) => `${other} ${v}`)].sort()
        assert.deepStrictEqual(places(yield* told([agentId, other], start, 7)), left)
        assert.deepStrictEqual(yield* versionsOf(other), integers(5))
      })
    )

    it.effect("keeps the replies of commands, so that a repeated command is still known", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const command = { id: freshId(), reply: "done" }
        yield* append(agentId, numbered(2), { commands: [command] })
        yield* deleteEvents(agentId, 2)
        const again = yield* append(agentId, numbered(1), { commands: [command] })
        assert.deepInclude(again, { outcome: "repeated", firstVersion: 1, version: 2 })
        assert.deepStrictEqual(again.reply, Option.some("done"))
      })
    )

    it.effect("frees the ids of the events", () =>
      Effect.gen(function* () {
        const [agentId, other] = [freshId(), freshId()]
        const event = { id: freshId(), type: "number.counted", data: { number: 1 } }
        yield* append(agentId, [event])
        yield* deleteEvents(agentId, 1)
        assert.deepInclude(yield* append(other, [{ ...event, data: { number: 2 } }]), { outcome: "stored", version: 1 })
      })
    )

    it.effect("refuses a version that is no whole number from zero", () =>
      Effect.gen(function* () {
        const agentId = yield* five
        for (const version of [-1, 0.5, Number.NaN]) yield* invalid(deleteEvents(agentId, version), "toVersion")
        assert.deepStrictEqual(yield* versionsOf(agentId), integers(5))
      })
    )
  })
}
