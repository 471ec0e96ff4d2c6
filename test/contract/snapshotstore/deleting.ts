/**
 * Deleting, with exact counts.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { SnapshotStore } from "../../../src/SnapshotStore.ts"
import { at, five, freshId, get, type It, latest, save, timeOf, versionsOf } from "./support.ts"

export const register = (it: It): void => {
  describe("deleting snapshots", () => {
    it.effect("deletes the one of a version, whatever its time, and tells whether there was one", () =>
      Effect.gen(function* () {
        const store = yield* SnapshotStore
        const { agentId, saved } = yield* five
        assert.isTrue(yield* store.delete(agentId, 13))
        assert.deepStrictEqual(yield* latest(agentId, { maxVersion: 13 }), saved.get(12))
        assert.isUndefined(yield* get(saved.get(13)?.id ?? ""))
        assert.isFalse(yield* store.delete(agentId, 13))
        assert.isFalse(yield* store.delete(agentId, 16))
        assert.isFalse(yield* store.delete(freshId(), 13))
        assert.deepStrictEqual(yield* versionsOf(agentId), [15, 14, 12, 11])
      })
    )

    it.effect("deletes all up to a version and a time, both included, and tells how many", () =>
      Effect.gen(function* () {
        const store = yield* SnapshotStore
        const { agentId, saved } = yield* five
        const upTo = (version: number) => ({ maxVersion: version, maxTimestamp: timeOf(version) })
        assert.strictEqual(yield* store.deleteAll(agentId, upTo(13)), 3)
        assert.isUndefined(yield* latest(agentId, upTo(13)))
        assert.deepStrictEqual(yield* latest(agentId, upTo(14)), saved.get(14))
        for (const version of [11, 12, 13]) assert.isUndefined(yield* get(saved.get(version)?.id ?? ""))
        assert.strictEqual(yield* store.deleteAll(agentId, upTo(13)), 0)
      })
    )

    it.effect("keeps what is a millisecond newer than the time", () =>
      Effect.gen(function* () {
        const store = yield* SnapshotStore
        const { agentId, saved } = yield* five
        const justBefore = new Date(timeOf(14).getTime() - 1)
        assert.strictEqual(yield* store.deleteAll(agentId, { maxVersion: 14, maxTimestamp: justBefore }), 3)
        assert.deepStrictEqual(yield* latest(agentId, { maxVersion: 14 }), saved.get(14))
        assert.deepStrictEqual(yield* versionsOf(agentId), [15, 14])
      })
    )

    it.effect("keeps what lies outside each single bound", () =>
      Effect.gen(function* () {
        const store = yield* SnapshotStore
        for (const [criteria, left] of [
          [{ minVersion: 14 }, [13, 12, 11]],
          [{ maxVersion: 12 }, [15, 14, 13]],
          [{ minTimestamp: timeOf(12) }, [11]],
          [{ maxTimestamp: timeOf(14) }, [15]],
          [{ minVersion: 12, maxTimestamp: timeOf(14) }, [15, 11]],
          [{ minVersion: 15, maxVersion: 11 }, [15, 14, 13, 12, 11]]
        ] as const) {
          const { agentId } = yield* five
          assert.strictEqual(yield* store.deleteAll(agentId, criteria), 5 - left.length)
          assert.deepStrictEqual(yield* versionsOf(agentId), [...left])
        }
      })
    )

    it.effect("deletes every one when nothing is said, more than a page of them, and none of another agent", () =>
      Effect.gen(function* () {
        const store = yield* SnapshotStore
        const { agentId: other } = yield* five
        const agentId = freshId()
        for (let version = 1; version <= 150; version++) yield* at(timeOf(version), save(agentId, version))
        assert.strictEqual(yield* store.deleteAll(agentId, { maxTimestamp: timeOf(140), minVersion: 3 }), 138)
        assert.strictEqual(yield* store.deleteAll(agentId), 12)
        assert.strictEqual(yield* store.deleteAll(agentId), 0)
        assert.deepStrictEqual(yield* versionsOf(agentId), [])
        assert.deepStrictEqual(yield* versionsOf(other), [15, 14, 13, 12, 11])
      })
    )

    it.effect("leaves the place free: a deleted version can be saved again", () =>
      Effect.gen(function* () {
        const store = yield* SnapshotStore
        const { agentId } = yield* five
        yield* store.deleteAll(agentId)
        const again = yield* save(agentId, 13, { state: "again" })
        assert.deepStrictEqual(yield* latest(agentId), again)
      })
    )
  })
}
