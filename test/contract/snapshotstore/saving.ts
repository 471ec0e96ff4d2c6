/**
 * Saving, and saving again.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { SnapshotStore } from "../../../src/SnapshotStore.ts"
import { at, five, freshId, get, type It, invalid, latest, save, timeOf, versionsOf } from "./support.ts"

export const register = (it: It): void => {
  describe("saving a snapshot", () => {
    it.effect("keeps all that was handed over, and fills in what was left out", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const full = {
          id: freshId(),
          agentId,
          version: 3,
          eventId: freshId(),
          state: { total: 15 },
          schemaVersion: 7,
          reducer: "totals/2",
          metadata: { by: "a test", at: new Date(5), of: [1n] }
        }
        const saved = yield* SnapshotStore.use((store) => at(timeOf(3), store.save(full)))
        assert.deepStrictEqual(saved, { ...full, timestamp: timeOf(3) })
        assert.deepStrictEqual(yield* latest(agentId), saved)

        const least = yield* SnapshotStore.use((store) =>
          store.save({ agentId, version: 4, eventId: "e", state: null })
        )
        assert.deepInclude(least, { schemaVersion: 1, reducer: "", metadata: {}, state: null })
        assert.match(least.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/)
        assert.deepStrictEqual(yield* latest(agentId), least)
      })
    )

    it.effect("takes the time from the store's clock, before the epoch too", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        for (const time of [new Date(-8.64e15), new Date(-1), new Date(0), new Date(8.64e15)]) {
          const saved = yield* at(time, save(agentId, 1))
          assert.deepStrictEqual(saved.timestamp, time)
          assert.deepStrictEqual(yield* latest(agentId, { minTimestamp: time, maxTimestamp: time }), saved)
        }
      })
    )

    it.effect("replaces the snapshot of the same version: the payload and the id are new, the old id is gone", () =>
      Effect.gen(function* () {
        const { agentId, saved } = yield* five
        const old = saved.get(15)
        const again = yield* at(timeOf(99), save(agentId, 15, { state: "another", eventId: "another event" }))
        assert.notStrictEqual(again.id, old?.id)
        assert.deepStrictEqual(yield* latest(agentId), again)
        assert.deepStrictEqual(yield* get(again.id), again)
        assert.isUndefined(yield* get(old?.id ?? ""))
        assert.deepStrictEqual(yield* versionsOf(agentId), [15, 14, 13, 12, 11])
        assert.deepStrictEqual(yield* versionsOf(agentId, { maxTimestamp: timeOf(15) }), [14, 13, 12, 11])
      })
    )

    it.effect("replaces a snapshot by one of the same id", () =>
      Effect.gen(function* () {
        const [agentId, id] = [freshId(), freshId()]
        yield* save(agentId, 1, { id, state: "first" })
        const second = yield* save(agentId, 1, { id, state: "second" })
        assert.deepStrictEqual(yield* get(id), second)
        assert.deepStrictEqual(yield* versionsOf(agentId), [1])
      })
    )

    it.effect("refuses the id of another snapshot, of this agent or another, and changes neither", () =>
      Effect.gen(function* () {
        const [agentId, other, id] = [freshId(), freshId(), freshId()]
        const holder = yield* save(agentId, 1, { id })
        const second = yield* save(agentId, 2)
        for (const taken of [save(agentId, 2, { id }), save(agentId, 3, { id }), save(other, 1, { id })]) {
          const error = yield* invalid(taken, "id")
          assert.include(error.found, id)
        }
        assert.deepStrictEqual(yield* get(id), holder)
        assert.deepStrictEqual(yield* latest(agentId), second)
        assert.deepStrictEqual(yield* versionsOf(agentId), [2, 1])
        assert.isUndefined(yield* latest(other))
      })
    )

    it.effect("takes an id again once its snapshot was replaced or deleted", () =>
      Effect.gen(function* () {
        const store = yield* SnapshotStore
        const [agentId, other, id] = [freshId(), freshId(), freshId()]
        yield* save(agentId, 1, { id })
        yield* save(agentId, 1)
        yield* save(agentId, 2, { id })
        assert.isTrue(yield* store.delete(agentId, 2))
        const third = yield* save(other, 1, { id })
        assert.deepStrictEqual(yield* get(id), third)
      })
    )

    it.effect("keeps the snapshots of two agents apart", () =>
      Effect.gen(function* () {
        const [left, right] = [freshId(), freshId()]
        const first = yield* save(left, 1, { state: "left" })
        const second = yield* save(right, 1, { state: "right" })
        assert.deepStrictEqual(yield* latest(left), first)
        assert.deepStrictEqual(yield* latest(right), second)
      })
    )
  })
}
