/**
 * Names of notes, and their listing.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { EventStore } from "../../../src/EventStore.ts"
import * as Note from "../../../src/Note.ts"
import { annotate, append, bodiesOf, byUnits, freshId, type It, integers, notesOf, numbered } from "./support.ts"

const get = (agentId: string, ...names: ReadonlyArray<string>) =>
  EventStore.use((store) => store.getNotes(names.map((name) => ({ agentId, name }))))

export const register = (it: It): void => {
  describe("the name of a note", () => {
    it.effect("is its own, whatever it looks like elsewhere", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const names = [
          ...["a", "A", "a ", "a/", "a-1", "a.b", "é", "e\u0301", "👍", "\uffff", "\u{10ffff}", "n".repeat(255)],
          ...["%", "_", "\\", "a%", "a_", "*", "[a]", "'", '"', "$1", "null", "0", "__proto__", "constructor"]
        ]
        yield* annotate(
          agentId,
          names.map((name, index) => Note.put(name, index, { due: index }))
        )
        for (const [index, name] of names.entries()) {
          assert.deepStrictEqual(yield* get(agentId, name), [{ agentId, name, body: index, due: index }])
          const found = (yield* notesOf(agentId, { prefix: name })).map((note) => note.name)
          assert.deepStrictEqual(found.sort(byUnits), names.filter((other) => other.startsWith(name)).sort(byUnits))
        }
        for (const name of names) {
          yield* annotate(agentId, [Note.remove(name)])
          assert.deepStrictEqual(yield* get(agentId, name), [])
        }
        assert.deepStrictEqual(yield* notesOf(agentId), [])
      })
    )

    it.effect("is known to its own agent only, also when the id of another looks much like its", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const base = freshId()
        const agentIds = ["", "a", "a ", "A", "á", "/a", "-a", "%", "_", "\u{10ffff}"].map((end) => `${base}${end}`)
        for (const agentId of agentIds) yield* annotate(agentId, [Note.put("a", agentId, { due: 1 })])
        const keys = agentIds.flatMap((agentId) => [
          { agentId, name: "a" },
          { agentId, name: "b" }
        ])
        const found = yield* store.getNotes(keys)
        assert.deepStrictEqual(found.map(({ body }) => String(body)).sort(byUnits), [...agentIds].sort(byUnits))
        for (const agentId of agentIds) assert.deepStrictEqual(yield* bodiesOf(agentId), [["a", agentId]])
        assert.deepStrictEqual(yield* store.getNotes([]), [])
      })
    )

    it.effect("gives the listing its order, in pages that together are the whole", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const marks = ["-", "0", "a", "aa", "ab", "b", "z", "é", "\ufffd", "\u{1f44d}", "\u{10ffff}"]
        const names = marks.flatMap((mark) => [mark, `${mark}/1`])
        yield* annotate(
          agentId,
          names.map((name) => Note.put(name, name))
        )
        const order = (yield* notesOf(agentId)).map(({ name }) => name)
        assert.deepStrictEqual([...order].sort(byUnits), [...names].sort(byUnits))
        for (const [place, after] of order.entries()) {
          for (const prefix of ["", ...marks]) {
            const expected = order.slice(place + 1).filter((name) => name.startsWith(prefix))
            const options = prefix === "" ? { after } : { after, prefix }
            assert.deepStrictEqual(
              (yield* notesOf(agentId, options)).map(({ name }) => name),
              expected
            )
            assert.deepStrictEqual(
              (yield* notesOf(agentId, { ...options, limit: 2 })).map(({ name }) => name),
              expected.slice(0, 2)
            )
          }
        }
        assert.deepStrictEqual(yield* notesOf(agentId, { limit: 0 }), [])
      })
    )

    it.effect("may be one of thousands that one append puts and removes", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const names = integers(3000).map((number) => `note ${number}`)
        yield* append(agentId, numbered(1), {
          notes: names.map((name, index) => Note.put(name, index, { due: index }))
        })
        assert.lengthOf(yield* notesOf(agentId), 3000)
        assert.lengthOf(yield* get(agentId, ...names), 3000)
        yield* annotate(agentId, names.slice(1).map(Note.remove))
        assert.deepStrictEqual(yield* bodiesOf(agentId), [["note 1", 0]])
      })
    )
  })
}
