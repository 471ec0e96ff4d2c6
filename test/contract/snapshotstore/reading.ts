/**
 * Reading: the latest, one by id, and lists.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { SnapshotStore } from "../../../src/SnapshotStore.ts"
import { at, five, freshId, get, type It, integers, latest, save, timeOf, versionsOf } from "./support.ts"

const justBefore = (time: Date, milliseconds: number): Date => new Date(time.getTime() - milliseconds)

export const register = (it: It): void => {
  describe("reading the latest snapshot", () => {
    it.effect("gives none for an unknown agent, whatever the bounds", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        assert.isUndefined(yield* latest(agentId))
        assert.isUndefined(yield* latest(agentId, { minVersion: 0, maxVersion: Number.MAX_SAFE_INTEGER }))
        assert.deepStrictEqual(yield* versionsOf(agentId), [])
        assert.isUndefined(yield* get(freshId()))
      })
    )

    it.effect("gives the highest version, exactly as saving returned it", () =>
      Effect.gen(function* () {
        const { agentId, saved } = yield* five
        assert.deepStrictEqual(yield* latest(agentId), saved.get(15))
        assert.deepStrictEqual((yield* latest(agentId))?.timestamp, timeOf(15))
      })
    )

    it.effect("gives the highest version, not the one that was saved last", () =>
      Effect.gen(function* () {
        const { agentId, saved } = yield* five
        yield* save(agentId, 9)
        yield* save(agentId, 10)
        assert.deepStrictEqual(yield* latest(agentId), saved.get(15))
      })
    )

    it.effect("orders versions as numbers, not as texts", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const versions = [2, 10, 9, 100, 99, 4096, 255, 256, Number.MAX_SAFE_INTEGER, 2 ** 32, 2 ** 31]
        for (const version of versions) yield* save(agentId, version)
        const ascending = versions.toSorted((left, right) => left - right)
        assert.deepStrictEqual(yield* versionsOf(agentId), ascending.toReversed())
        for (const [index, maxVersion] of ascending.entries()) {
          assert.strictEqual((yield* latest(agentId, { maxVersion }))?.version, maxVersion)
          assert.strictEqual((yield* latest(agentId, { maxVersion: maxVersion - 1 }))?.version, ascending[index - 1])
        }
      })
    )

    it.effect("gives none when all are newer than the time asked for", () =>
      Effect.gen(function* () {
        const { agentId } = yield* five
        assert.isUndefined(yield* latest(agentId, { maxTimestamp: new Date(100) }))
        assert.isUndefined(yield* latest(agentId, { maxTimestamp: justBefore(timeOf(11), 1) }))
      })
    )

    it.effect("gives none when all have higher versions than asked for", () =>
      Effect.gen(function* () {
        const { agentId } = yield* five
        for (const maxVersion of [0, 7, 10]) assert.isUndefined(yield* latest(agentId, { maxVersion }))
        assert.isUndefined(yield* latest(agentId, { minVersion: 16 }))
        assert.isUndefined(yield* latest(agentId, { minVersion: 14, maxVersion: 13 }))
      })
    )

    it.effect("gives the highest one up to a version, the bound included", () =>
      Effect.gen(function* () {
        const { agentId, saved } = yield* five
        assert.deepStrictEqual(yield* latest(agentId, { maxVersion: 13 }), saved.get(13))
        yield* SnapshotStore.use((store) => store.delete(agentId, 13))
        assert.deepStrictEqual(yield* latest(agentId, { maxVersion: 13 }), saved.get(12))
      })
    )

    it.effect("gives the highest one within bounds on version and time, both included", () =>
      Effect.gen(function* () {
        const { agentId, saved } = yield* five
        const maxTimestamp = timeOf(13)
        assert.deepStrictEqual(yield* latest(agentId, { maxVersion: 13, maxTimestamp }), saved.get(13))
        assert.deepStrictEqual(yield* latest(agentId, { maxVersion: 15, maxTimestamp }), saved.get(13))
        assert.deepStrictEqual(yield* latest(agentId, { maxTimestamp }), saved.get(13))
        assert.deepStrictEqual(yield* latest(agentId, { maxVersion: 12, maxTimestamp }), saved.get(12))
        assert.deepStrictEqual(yield* latest(agentId, { maxTimestamp: justBefore(maxTimestamp, 1) }), saved.get(12))
        assert.deepStrictEqual(yield* latest(agentId, { minVersion: 13, maxVersion: 13 }), saved.get(13))
        assert.deepStrictEqual(
          yield* latest(agentId, { minTimestamp: maxTimestamp, maxTimestamp, minVersion: 11 }),
          saved.get(13)
        )
        assert.isUndefined(yield* latest(agentId, { minTimestamp: timeOf(14), maxVersion: 13 }))
      })
    )

    it.effect("looks at the times themselves when a clock went back between two versions", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        for (const version of integers(120)) yield* at(new Date(1_000_000 - version), save(agentId, version))
        // The oldest is the highest version, so all are looked at from there down to the one that fits.
        assert.strictEqual((yield* latest(agentId, { minTimestamp: new Date(999_999) }))?.version, 1)
        assert.strictEqual((yield* latest(agentId, { minTimestamp: new Date(999_990) }))?.version, 10)
        assert.deepStrictEqual(yield* versionsOf(agentId, { minTimestamp: new Date(999_997) }), [3, 2, 1])
        assert.strictEqual((yield* latest(agentId, { maxTimestamp: new Date(999_880) }))?.version, 120)
      })
    )

    it.effect("tells snapshots apart that were saved within one millisecond", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const time = timeOf(1)
        for (const version of [1, 2, 3]) yield* at(time, save(agentId, version))
        const bounds = { minTimestamp: time, maxTimestamp: time }
        assert.deepStrictEqual(yield* versionsOf(agentId, bounds), [3, 2, 1])
        assert.strictEqual((yield* latest(agentId, { ...bounds, maxVersion: 2 }))?.version, 2)
      })
    )
  })

  describe("reading a snapshot by its id", () => {
    it.effect("gives exactly what saving returned, and none for the ids of events or agents", () =>
      Effect.gen(function* () {
        const { agentId, saved } = yield* five
        for (const snapshot of saved.values()) {
          assert.deepStrictEqual(yield* get(snapshot.id), snapshot)
          assert.isUndefined(yield* get(snapshot.eventId + agentId))
        }
        assert.isUndefined(yield* get(agentId))
      })
    )
  })

  describe("listing snapshots", () => {
    it.effect("gives all, highest version first, exactly as saving returned them", () =>
      Effect.gen(function* () {
        const { agentId, saved } = yield* five
        const listed = yield* SnapshotStore.use((store) => store.list(agentId))
        assert.deepStrictEqual(listed, [...saved.values()].reverse())
      })
    )

    it.effect("gives those within the criteria, at most as many as asked for, the highest of them", () =>
      Effect.gen(function* () {
        const { agentId } = yield* five
        assert.deepStrictEqual(yield* versionsOf(agentId, { limit: 2 }), [15, 14])
        assert.deepStrictEqual(yield* versionsOf(agentId, { limit: 5 }), [15, 14, 13, 12, 11])
        assert.deepStrictEqual(yield* versionsOf(agentId, { limit: Number.MAX_SAFE_INTEGER }), [15, 14, 13, 12, 11])
        assert.deepStrictEqual(yield* versionsOf(agentId, { limit: 0 }), [])
        assert.deepStrictEqual(yield* versionsOf(agentId, { minVersion: 12, maxVersion: 14 }), [14, 13, 12])
        assert.deepStrictEqual(yield* versionsOf(agentId, { minVersion: 12, maxVersion: 14, limit: 2 }), [14, 13])
        const times = { minTimestamp: timeOf(12), maxTimestamp: timeOf(14) }
        assert.deepStrictEqual(yield* versionsOf(agentId, times), [14, 13, 12])
        assert.deepStrictEqual(yield* versionsOf(agentId, { ...times, limit: 1 }), [14])
        assert.deepStrictEqual(yield* versionsOf(agentId, { ...times, maxVersion: 13 }), [13, 12])
        assert.deepStrictEqual(yield* versionsOf(agentId, { minVersion: 14, maxVersion: 12 }), [])
        assert.deepStrictEqual(yield* versionsOf(agentId, { minTimestamp: timeOf(14), maxTimestamp: timeOf(12) }), [])
      })
    )

    it.effect("gives a hundred when nothing is said about the limit", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        for (const version of integers(103)) yield* save(agentId, version)
        assert.deepStrictEqual(yield* versionsOf(agentId), integers(100, 4).reverse())
        assert.deepStrictEqual(yield* versionsOf(agentId, { limit: 103 }), integers(103).reverse())
        assert.deepStrictEqual(yield* versionsOf(agentId, { maxTimestamp: new Date(0) }), [])
        assert.deepStrictEqual(yield* SnapshotStore.use((store) => store.versions(agentId)), integers(100, 4).reverse())
      })
    )

    it.effect("gives the versions alone, highest first, within the bounds and at most as many as asked for", () =>
      Effect.gen(function* () {
        const { agentId } = yield* five
        yield* save(`${agentId}-1`, 12)
        const store = yield* SnapshotStore
        assert.deepStrictEqual(yield* store.versions(agentId), [15, 14, 13, 12, 11])
        assert.deepStrictEqual(yield* store.versions(agentId, { limit: 2 }), [15, 14])
        assert.deepStrictEqual(yield* store.versions(agentId, { limit: 0 }), [])
        assert.deepStrictEqual(yield* store.versions(agentId, { limit: Number.MAX_SAFE_INTEGER }), [15, 14, 13, 12, 11])
        assert.deepStrictEqual(yield* store.versions(agentId, { minVersion: 12, maxVersion: 14, limit: 2 }), [14, 13])
        assert.deepStrictEqual(yield* store.versions(agentId, { minVersion: 14, maxVersion: 12 }), [])
        assert.deepStrictEqual(yield* store.versions(freshId()), [])
        const largest = Number.MAX_SAFE_INTEGER
        yield* save(agentId, largest)
        assert.deepStrictEqual(yield* store.versions(agentId, { minVersion: 15 }), [largest, 15])
      })
    )
  })
}
