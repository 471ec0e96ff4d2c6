/**
 * Ids: what looks alike is not the same.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { SnapshotStore } from "../../../src/SnapshotStore.ts"
import { freshId, get, type It, invalid, latest, save, versionsOf } from "./support.ts"

// Each is put behind a fresh text, so that nobody else has used it.
const variants = [
  "", "-1", "/", "//", ":1", "a", "A", "%", "_", "\\", " ", "..", "'", '"', "*", "$1", "\u00e9", "e\u0301", "\u00a0", "\u200d",
  "\u2028", "\ufeff", "\uffff", "\u{1f44d}", "\u{10ffff}", "ı", "İ", "ß", "ss", "__proto__", "00000000000001", "\u4e2d".repeat(219)
] // biome-ignore format: a table

const refused = ["", "x".repeat(256), "\0", "a\nb", "\u007f", "\u0085", "\ud800", "\udc00\ud800"]

export const register = (it: It): void => {
  describe("ids of agents, snapshots and events", () => {
    it.effect("keep apart what looks alike, on saving, listing and deleting", () =>
      Effect.gen(function* () {
        const store = yield* SnapshotStore
        const base = freshId()
        const ids = variants.map((variant) => `${base}${variant}`)
        for (const [index, id] of ids.entries()) {
          yield* save(id, 1, { id, eventId: id, reducer: id, state: index })
          yield* save(id, 2, { state: -index })
        }
        for (const [index, id] of ids.entries()) {
          const first = yield* latest(id, { maxVersion: 1 })
          assert.deepInclude(first, { agentId: id, id, eventId: id, reducer: id, state: index })
          assert.deepStrictEqual(yield* get(id), first)
          assert.deepStrictEqual(yield* versionsOf(id), [2, 1])
        }
        const left = new Set(ids)
        for (const id of ids) {
          assert.strictEqual(yield* store.deleteAll(id), 2)
          left.delete(id)
          for (const other of ids) assert.strictEqual((yield* versionsOf(other)).length, left.has(other) ? 2 : 0)
        }
      })
    )

    it.effect("may mean something to careless code", () =>
      Effect.gen(function* () {
        for (const agentId of ["__proto__", "constructor", "hasOwnProperty", "null", "0", "..", "'", "%", "'; --"]) {
          const saved = yield* save(agentId, 1, { state: agentId })
          assert.deepStrictEqual(yield* latest(agentId, { maxVersion: 1 }), saved)
        }
      })
    )

    for (const id of refused) {
      it.effect(`refuse ${JSON.stringify(id.length > 99 ? `${id.length} letters` : id)} wherever an id is taken`, () =>
        Effect.gen(function* () {
          const store = yield* SnapshotStore
          const agentId = freshId()
          yield* invalid(save(id, 1), "agentId")
          yield* invalid(save(agentId, 1, { id }), "id")
          yield* invalid(save(agentId, 1, { eventId: id }), "eventId")
          if (id !== "") yield* invalid(save(agentId, 1, { reducer: id }), "reducer")
          assert.deepStrictEqual(yield* versionsOf(agentId), [])
          yield* invalid(store.latest(id), "agentId")
          yield* invalid(store.list(id), "agentId")
          yield* invalid(store.delete(id, 1), "agentId")
          yield* invalid(store.deleteAll(id), "agentId")
          yield* invalid(store.get(id), "snapshotId")
        })
      )
    }
  })
}
