/**
 * Finding notes by their tags.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { EventStore, type TaggedOptions } from "../../../src/EventStore.ts"
import * as Note from "../../../src/Note.ts"
import { annotate, append, byUnits, freshId, type It, integers, notesOf, numbered } from "./support.ts"

const tagged = (tag: string, options?: TaggedOptions) =>
  EventStore.use((store) => Stream.runCollect(store.tagged(tag, options)))

const placeOf = ({ agentId, name }: Note.Note): string => `${agentId} ${name}`

export const register = (it: It): void => {
  describe("what has a tag", () => {
    it.effect("is found by it across agents, whole, and only by it", () =>
      Effect.gen(function* () {
        const [tag, agentId] = [freshId(), freshId()]
        yield* append(agentId, numbered(1), { notes: [Note.put("a", { deep: [1n] }, { tag, due: 7 })] })
        yield* annotate(`${agentId}/`, [
          Note.put("a", 2, { tag }),
          Note.put("b", 3, { tag: `${tag}/` }),
          Note.put("c", 4)
        ])
        const first = { agentId, name: "a", body: { deep: [1n] }, due: 7, tag }
        const second = { agentId: `${agentId}/`, name: "a", body: 2, due: undefined, tag }
        assert.deepStrictEqual(yield* tagged(tag), [first, second])
        assert.deepStrictEqual((yield* tagged(`${tag}/`)).map(placeOf), [`${agentId}/ b`])
        assert.deepStrictEqual(yield* tagged(`${tag}x`), [])
        assert.deepStrictEqual(yield* notesOf(agentId), [first])
        assert.deepStrictEqual(yield* EventStore.use((store) => store.getNotes([{ agentId, name: "a" }])), [first])
      })
    )

    it.effect("is what stands: not what was replaced, removed, purged, or never had the tag", () =>
      Effect.gen(function* () {
        const [tag, other, agentId] = [freshId(), freshId(), freshId()]
        const names = ["moved", "removed", "untagged", "kept"]
        yield* annotate(
          agentId,
          names.map((name) => Note.put(name, 1, { tag }))
        )
        yield* annotate(`${agentId}/`, [Note.put("purged", 1, { tag })])
        yield* annotate(agentId, [
          Note.put("moved", 2, { tag: other }),
          Note.remove("removed"),
          Note.put("untagged", 2),
          Note.put("kept", 2, { tag, due: 5 })
        ])
        yield* EventStore.use((store) => store.purge(`${agentId}/`))
        assert.deepStrictEqual(yield* tagged(tag), [{ agentId, name: "kept", body: 2, due: 5, tag }])
        assert.deepStrictEqual((yield* tagged(other)).map(placeOf), [`${agentId} moved`])
        // Twice in one append of many.
        const changes = [
          Note.put("moved", 3, { tag }),
          Note.put("moved", 4, { tag: other }),
          Note.put("moved", 5, { tag })
        ]
        yield* EventStore.use((store) =>
          store.appendAll(changes.map((note) => ({ agentId, events: [], notes: [note] })))
        )
        assert.deepStrictEqual((yield* tagged(tag)).map(placeOf), [`${agentId} kept`, `${agentId} moved`])
        assert.deepStrictEqual(yield* tagged(other), [])
        yield* EventStore.use((store) => store.purge(agentId))
        assert.deepStrictEqual(yield* tagged(tag), [])
      })
    )

    it.effect("is not there when the append that brings it is in conflict", () =>
      Effect.gen(function* () {
        const [tag, agentId] = [freshId(), freshId()]
        yield* append(agentId, numbered(2))
        const late = append(agentId, numbered(1), { expected: 1, notes: [Note.put("a", 1, { tag })] })
        assert.strictEqual((yield* Effect.flip(late))._tag, "Conflict")
        assert.deepStrictEqual(yield* tagged(tag), [])
      })
    )

    it.effect("comes by agent and name, in pages that together are the whole, also after one that is gone", () =>
      Effect.gen(function* () {
        const [tag, base] = [freshId(), freshId()]
        const names = integers(700).map((number) => `n${number}`)
        for (const agent of integers(3)) {
          yield* annotate(
            `${base}${agent}`,
            names.map((name) => Note.put(name, 1, { tag }))
          )
        }
        const found = yield* tagged(tag)
        assert.lengthOf(found, 2100)
        assert.strictEqual(new Set(found.map(placeOf)).size, 2100)
        assert.deepStrictEqual(
          found.map(({ agentId }) => agentId),
          found.map(({ agentId }) => agentId).sort(byUnits)
        )
        for (const limit of [0, 1, 999, 1000, 1001, 2100, 3000]) {
          assert.deepStrictEqual(yield* tagged(tag, { limit }), found.slice(0, limit))
        }
        for (const place of [0, 698, 699, 700, 1500, 2098, 2099]) {
          const options = { after: found[place], limit: 3 }
          assert.deepStrictEqual(yield* tagged(tag, options), found.slice(place + 1, place + 4))
        }
        const gone = found[800]
        yield* annotate(`${base}2`, [Note.remove(gone?.name ?? "")])
        assert.deepStrictEqual(yield* tagged(tag, { after: gone, limit: 5 }), found.slice(801, 806))
        const ofSecond = found.filter(({ agentId, name }) => agentId === `${base}2` && name !== gone?.name)
        assert.deepStrictEqual(yield* tagged(tag, { agentPrefix: `${base}2` }), ofSecond)
        // A page that begins before the prefix, or behind it.
        assert.deepStrictEqual(yield* tagged(tag, { agentPrefix: `${base}2`, after: found[3] }), ofSecond)
        assert.deepStrictEqual(yield* tagged(tag, { agentPrefix: `${base}2`, after: found[1400] }), [])
      })
    )

    it.effect("is found by tags, agents and names as they are, also those that mean something elsewhere", () =>
      Effect.gen(function* () {
        const base = freshId()
        const marks = [
          "%",
          "_",
          "\\",
          "*",
          "'; --",
          "/",
          ".",
          "x",
          "X",
          "é",
          "e\u0301",
          "__proto__",
          "\uffff",
          "\u{10ffff}"
        ]
        const tags = marks.flatMap((mark) => [`${base}${mark}`, `${base}${mark}1`])
        for (const tag of tags) yield* annotate(`${base}${tag.slice(base.length)}`, [Note.put(tag, 1, { tag })])
        for (const tag of tags) assert.deepStrictEqual((yield* tagged(tag)).map(placeOf), [`${tag} ${tag}`])
        const shared = `${base} all`
        for (const tag of tags) yield* annotate(tag, [Note.put("shared", 1, { tag: shared })])
        for (const mark of marks) {
          const found = (yield* tagged(shared, { agentPrefix: `${base}${mark}` })).map(({ agentId }) => agentId)
          const expected = tags.filter((tag) => tag.startsWith(`${base}${mark}`))
          assert.deepStrictEqual(found.sort(byUnits), expected.sort(byUnits))
        }
      })
    )

    it.effect("may have a tag of 255 characters, and none that is empty, longer, or no id", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const long = `${agentId}${"é".repeat(255 - agentId.length)}`
        yield* annotate(agentId, [Note.put("a", 1, { tag: long })])
        assert.deepStrictEqual((yield* tagged(long)).map(placeOf), [`${agentId} a`])
        for (const tag of ["", `${long}é`, "a\0b", "\ud800"]) {
          const refused = yield* Effect.flip(annotate(agentId, [Note.put("b", 1, { tag })]))
          assert.deepInclude<object>(refused, { _tag: "Rejected", reason: "InvalidInput" })
          assert.strictEqual((yield* Effect.flip(tagged(tag)))._tag, "InvalidInput")
        }
        assert.lengthOf(yield* notesOf(agentId), 1)
      })
    )

    it.effect("is missed by none that reads while others write, and told by none twice", () =>
      Effect.gen(function* () {
        const [tag, base] = [freshId(), freshId()]
        for (const agent of integers(3)) {
          yield* annotate(
            `${base} ${agent}`,
            integers(500).map((number) => Note.put(`stable ${number}`, 1, { tag }))
          )
        }
        let round = 0
        const write = Effect.suspend(() => {
          const number = ++round
          const name = `${number % 5}`
          return annotate(`${base} ${number % 4}`, [number % 3 === 0 ? Note.remove(name) : Note.put(name, 1, { tag })])
        })
        const writer = yield* Effect.forkChild(Effect.forever(write))
        for (const _ of integers(3)) {
          const found = (yield* tagged(tag)).filter(({ name }) => name.startsWith("stable"))
          assert.strictEqual(new Set(found.map(placeOf)).size, found.length)
          assert.lengthOf(found, 1500)
        }
        yield* Fiber.interrupt(writer)
      })
    )
  })
}
