/**
 * Bad input: refused with the path to it, and nothing is stored.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { SnapshotStore } from "../../../src/SnapshotStore.ts"
import { five, freshId, type It, invalid, latest, save, versionsOf } from "./support.ts"

const badVersions = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]
const badBounds = [-1, 0.5, Number.NaN, Number.NEGATIVE_INFINITY, 2 ** 53]

class Money {
  readonly amount = 1
}

export const register = (it: It): void => {
  describe("refusing bad input", () => {
    it.effect("refuses a version that is none, and says what it found", () =>
      Effect.gen(function* () {
        const store = yield* SnapshotStore
        const agentId = freshId()
        for (const version of badVersions) {
          const error = yield* invalid(save(agentId, version), "version")
          assert.strictEqual(error.found, String(version))
          assert.isNotEmpty(error.remedy)
        }
        for (const version of badBounds) yield* invalid(store.delete(agentId, version), "version")
        for (const schemaVersion of [...badVersions, 2 ** 31]) {
          yield* invalid(save(agentId, 1, { schemaVersion }), "schemaVersion")
        }
        assert.deepStrictEqual(yield* versionsOf(agentId), [])
      })
    )

    it.effect("refuses criteria that are none, deletes nothing for them, and names the bound", () =>
      Effect.gen(function* () {
        const store = yield* SnapshotStore
        const { agentId } = yield* five
        for (const bound of badBounds) {
          for (const name of ["minVersion", "maxVersion"]) {
            const criteria = { [name]: bound }
            yield* invalid(store.latest(agentId, criteria), name)
            yield* invalid(store.list(agentId, criteria), name)
            yield* invalid(store.deleteAll(agentId, criteria), name)
          }
          yield* invalid(store.list(agentId, { limit: bound }), "limit")
          yield* invalid(store.versions(agentId, { limit: bound }), "limit")
          yield* invalid(store.versions(agentId, { maxVersion: bound }), "maxVersion")
        }
        for (const name of ["minTimestamp", "maxTimestamp"]) {
          const criteria = { [name]: new Date(Number.NaN) }
          yield* invalid(store.latest(agentId, criteria), name)
          yield* invalid(store.list(agentId, criteria), name)
          yield* invalid(store.deleteAll(agentId, criteria), name)
        }
        assert.deepStrictEqual(yield* versionsOf(agentId), [15, 14, 13, 12, 11])
      })
    )

    it.effect("refuses a state or metadata that cannot be kept, with the path to what is wrong", () =>
      Effect.gen(function* () {
        const { agentId, saved } = yield* five
        for (const bad of [undefined, Number.NaN, () => 1, Symbol("s"), new Map(), new Money(), new Date(Number.NaN)]) {
          yield* invalid(save(agentId, 16, { state: { items: [0, bad] } }), "state/items/1")
          yield* invalid(save(agentId, 15, { state: { items: [0, bad] } }), "state/items/1")
          yield* invalid(save(agentId, 16, { metadata: { tags: { first: bad } } }), "metadata/tags/first")
        }
        yield* invalid(save(agentId, 16, { state: undefined }), "state")
        yield* invalid(save(agentId, 16, { metadata: [] }), "metadata")
        yield* invalid(save(agentId, 16, { metadata: new Money() }), "metadata")
        const cycle: { self?: unknown } = {}
        cycle.self = cycle
        const error = yield* invalid(save(agentId, 16, { state: cycle }), `state${"/self".repeat(64)}`)
        assert.strictEqual(error.found, "a cycle")
        assert.deepStrictEqual(yield* latest(agentId), saved.get(15))
        assert.deepStrictEqual(yield* versionsOf(agentId), [15, 14, 13, 12, 11])
      })
    )

    it.effect("refuses a state that is larger than the limits say", () =>
      Effect.gen(function* () {
        const { agentId, saved } = yield* five
        const error = yield* invalid(save(agentId, 15, { state: "x".repeat(12 * 1024 * 1024) }), "state")
        assert.match(error.expected, /^at most 12582912 bytes/)
        assert.deepStrictEqual(yield* latest(agentId), saved.get(15))
      })
    )
  })
}
