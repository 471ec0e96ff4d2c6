/**
 * Notes beside the events of an agent.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { EventStore } from "../../../src/EventStore.ts"
import * as Note from "../../../src/Note.ts"
import {
  annotate,
  append,
  bodiesOf,
  byUnits,
  conflict,
  feedEnd,
  five,
  freshId,
  head,
  type It,
  integers,
  invalid,
  notesOf,
  numbered,
  rejected,
  told,
  versionsOf
} from "./support.ts"

const get = (agentId: string, ...names: ReadonlyArray<string>) =>
  EventStore.use((store) => store.getNotes(names.map((name) => ({ agentId, name }))))

export const register = (it: It): void => {
  describe("a note", () => {
    it.effect("is put with events, and read with them", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const body = { text: "a", at: new Date(5), bytes: new Uint8Array([1, 2]), big: 10n, none: null }
        const appended = yield* append(agentId, numbered(2), { notes: [Note.put("deadline", body, { due: 1000 })] })
        assert.deepInclude(appended, { firstVersion: 1, version: 2 })
        assert.deepStrictEqual(yield* get(agentId, "deadline"), [{ agentId, name: "deadline", body, due: 1000 }])
        assert.deepStrictEqual(yield* notesOf(agentId), [{ agentId, name: "deadline", body, due: 1000 }])
        assert.deepStrictEqual(yield* versionsOf(agentId), [1, 2])
      })
    )

    it.effect("is replaced by one of the same name, due time and all", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        yield* append(agentId, numbered(1), { notes: [Note.put("a", 1, { due: 1000 }), Note.put("b", 1)] })
        yield* append(agentId, numbered(1), { notes: [Note.put("a", 2), Note.put("b", 2, { due: 7 })] })
        assert.deepStrictEqual(yield* notesOf(agentId), [
          { agentId, name: "a", body: 2, due: undefined },
          { agentId, name: "b", body: 2, due: 7 }
        ])
      })
    )

    it.effect("is removed, and may be put again", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        yield* append(agentId, numbered(1), { notes: [Note.put("a", 1), Note.put("b", 1)] })
        yield* append(agentId, numbered(1), { notes: [Note.remove("a"), Note.remove("never there")] })
        assert.deepStrictEqual(yield* get(agentId, "a", "never there"), [])
        assert.deepStrictEqual(yield* bodiesOf(agentId), [["b", 1]])
        yield* append(agentId, numbered(1), { notes: [Note.put("a", 3)] })
        assert.deepStrictEqual(yield* bodiesOf(agentId), [
          ["a", 3],
          ["b", 1]
        ])
      })
    )

    it.effect("may come without events; the version stays, and nothing is told in the feed", () =>
      Effect.gen(function* () {
        const start = yield* feedEnd
        const agentId = yield* five
        const before = yield* head(agentId)
        const appended = yield* annotate(agentId, [Note.put("a", 1)], { expected: 5 })
        assert.deepInclude(appended, { agentId, outcome: "stored", firstVersion: 6, version: 5 })
        assert.deepStrictEqual([appended.events, appended.eventIds, appended.reply], [[], [], Option.none()])
        assert.deepStrictEqual(yield* head(agentId), before)
        assert.strictEqual((yield* append(agentId, numbered(1), { expected: 5 })).version, 6)
        assert.lengthOf(yield* told([agentId], start, 6), 6)
        assert.deepStrictEqual(yield* bodiesOf(agentId), [["a", 1]])
      })
    )

    it.effect("may belong to an agent without history, which stays missing", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        assert.deepInclude(yield* annotate(agentId, [Note.put("a", 1)]), { firstVersion: 1, version: 0 })
        yield* annotate(agentId, [Note.put("b", 2)], { expected: "none" })
        yield* annotate(agentId, [Note.put("c", 3)], { expected: 0 })
        assert.deepStrictEqual(yield* head(agentId), {
          version: 0,
          firstVersion: 0,
          presence: "missing",
          isComplete: true
        })
        assert.deepStrictEqual(yield* Stream.runCollect(store.agents({ prefix: agentId })), [])
        assert.deepStrictEqual(yield* bodiesOf(agentId), [
          ["a", 1],
          ["b", 2],
          ["c", 3]
        ])
        assert.strictEqual((yield* append(agentId, numbered(1), { expected: "none" })).version, 1)
      })
    )

    it.effect("is not put or removed when the expectation does not hold", () =>
      Effect.gen(function* () {
        const agentId = yield* five
        yield* annotate(agentId, [Note.put("kept", 1)])
        const notes = [Note.put("new", 1), Note.remove("kept")]
        yield* conflict(annotate(agentId, notes, { expected: 4 }), { expected: 4, actual: 5 })
        yield* conflict(annotate(agentId, notes, { expected: 6 }), { expected: 6, actual: 5 })
        yield* conflict(annotate(agentId, notes, { expected: "none" }), { expected: "none", actual: 5 })
        yield* conflict(append(agentId, numbered(1), { expected: 4, notes }), { expected: 4, actual: 5 })
        assert.deepStrictEqual(yield* bodiesOf(agentId), [["kept", 1]])
        const stranger = freshId()
        yield* conflict(annotate(stranger, notes, { expected: 1 }), { expected: 1, actual: 0 })
        assert.deepStrictEqual(yield* notesOf(stranger), [])
      })
    )

    it.effect("is not put by an append that is repeated, answered or refused", () =>
      Effect.gen(function* () {
        const [agentId, other] = [freshId(), freshId()]
        const events = numbered(2).map((event) => ({ ...event, id: freshId() }))
        const [left, right] = [freshId(), freshId()]
        yield* append(agentId, events, { commands: [{ id: left }], notes: [Note.put("first", 1)] })
        const notes = [Note.put("second", 2), Note.remove("first")]
        assert.strictEqual((yield* append(agentId, events, { notes })).outcome, "repeated")
        const answered = yield* append(agentId, numbered(1), { commands: [{ id: left }], notes })
        assert.strictEqual(answered.outcome, "repeated")
        const commands = [{ id: left }, { id: right }]
        yield* rejected(append(agentId, numbered(1), { commands, notes }), "CommandIdTaken")
        yield* rejected(append(other, events, { notes }), "EventIdTaken")
        assert.deepStrictEqual(yield* bodiesOf(agentId), [["first", 1]])
        assert.deepStrictEqual(yield* notesOf(other), [])
      })
    )

    it.effect("of an append that is made twice is the same as of one", () =>
      Effect.gen(function* () {
        const agentId = yield* five
        for (const _ of integers(3)) {
          const notes = [Note.put("a", 1, { due: 5 }), Note.remove("b")]
          assert.deepInclude(yield* annotate(agentId, notes, { expected: 5 }), { outcome: "stored", version: 5 })
        }
        assert.deepStrictEqual(yield* notesOf(agentId), [{ agentId, name: "a", body: 1, due: 5 }])
      })
    )

    it.effect("follows the order of the appends that share a flush, each judged on its own", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const [agentId, other] = [freshId(), freshId()]
        const results = yield* store.appendAll([
          { agentId, events: [], expected: 0, notes: [Note.put("a", 1), Note.put("b", 1)] },
          { agentId, events: [], expected: 1, notes: [Note.put("wrong", 1), Note.remove("a")] },
          { agentId, events: [], expected: "none", notes: [Note.put("a", 2)] },
          { agentId, events: [], notes: [Note.put("c", 1), Note.remove("b")] },
          { agentId, events: numbered(2), expected: 0, notes: [Note.put("a", 3)] },
          { agentId: other, events: numbered(1) },
          { agentId, events: numbered(1, 3), expected: 0, notes: [Note.put("wrong", 2)] },
          { agentId, events: [], expected: 2, notes: [Note.put("b", 4)] },
          { agentId, events: numbered(1, 3), notes: [Note.put("d", 5), Note.remove("c")] },
          { agentId: other, events: [], expected: 1, notes: [Note.put("a", "other")] }
        ])
        assert.deepStrictEqual(
          results.map((result) =>
            Result.isSuccess(result) ? [result.success.firstVersion, result.success.version] : result.failure._tag
          ),
          [[1, 0], "Conflict", [1, 0], [1, 0], [1, 2], [1, 1], "Conflict", [3, 2], [3, 3], [2, 1]]
        )
        assert.deepStrictEqual(yield* bodiesOf(agentId), [
          ["a", 3],
          ["b", 4],
          ["d", 5]
        ])
        assert.deepStrictEqual(yield* bodiesOf(other), [["a", "other"]])
      })
    )

    it.effect("stays when events are deleted, and goes when the agent is purged", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = yield* five
        const neighbours = ["0", "/", "-1", "\u00ff"].map((suffix) => `${agentId}${suffix}`)
        const notes = [Note.put("a", 1, { due: 5 }), Note.put("b", 2)]
        for (const id of [agentId, ...neighbours]) yield* annotate(id, notes)
        yield* store.deleteEvents(agentId, 5)
        assert.lengthOf(yield* notesOf(agentId), 2)
        assert.strictEqual(yield* store.purge(agentId), 0)
        assert.deepStrictEqual(yield* notesOf(agentId), [])
        const due = yield* Stream.runCollect(store.due({ until: 5, agentPrefix: agentId }))
        assert.deepStrictEqual(due.map((note) => note.agentId).sort(byUnits), [...neighbours].sort(byUnits))
        for (const id of neighbours) assert.lengthOf(yield* notesOf(id), 2)
        // Without history there is nothing to take a version from, but the notes go.
        const stranger = neighbours[0] ?? ""
        assert.strictEqual(yield* store.purge(stranger), 0)
        assert.deepStrictEqual(yield* notesOf(stranger), [])
        assert.strictEqual((yield* head(stranger)).version, 0)
      })
    )

    it.effect("has a name of its own, whatever it looks like elsewhere", () =>
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

    it.effect("belongs to one agent, also to one whose id looks much like another", () =>
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

    it.effect("is listed by name, in pages that together are the whole", () =>
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

    it.effect("may be one of thousands, put and removed by one append", () =>
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

    it.effect("is seen by every reader as soon as it is put, and written in the order of the writers", () =>
      Effect.gen(function* () {
        const agentIds = integers(8).map(freshId)
        yield* Effect.forEach(
          agentIds,
          (agentId) =>
            Effect.gen(function* () {
              for (const round of integers(10)) {
                const events = round % 2 === 0 ? numbered(1) : []
                yield* append(agentId, events, { notes: [Note.put("round", round, { due: round })] })
                assert.deepStrictEqual(yield* get(agentId, "round"), [
                  { agentId, name: "round", body: round, due: round }
                ])
              }
            }),
          { concurrency: "unbounded" }
        )
      })
    )

    it.effect("is refused with a name, a body or a time that cannot be stored, or two under one name", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        const wrong: ReadonlyArray<ReadonlyArray<Note.Change>> = [
          [Note.put("", 1)],
          [Note.put("a\0", 1)],
          [Note.put("n".repeat(256), 1)],
          [Note.remove("")],
          [Note.put("a", undefined)],
          [Note.put("a", () => 1)],
          [Note.put("a", "x".repeat(4 * 1024 * 1024))],
          [Note.put("a", 1, { due: -1 })],
          [Note.put("a", 1, { due: 0.5 })],
          [Note.put("a", 1, { due: Number.NaN })],
          [Note.put("a", 1, { due: Number.POSITIVE_INFINITY })],
          [Note.put("a", 1), Note.remove("a")]
        ]
        for (const notes of wrong) {
          const error = yield* rejected(append(agentId, numbered(1), { notes }), "InvalidInput")
          assert.match(error.expected, /^notes\/[01]\/(name|body|due)/)
        }
        yield* rejected(annotate(agentId, []), "InvalidInput")
        yield* rejected(annotate(agentId, [Note.put("a", 1)], { commands: [{ id: "c" }] }), "InvalidInput")
        assert.strictEqual((yield* head(agentId)).presence, "missing")
        assert.deepStrictEqual(yield* notesOf(agentId), [])
        yield* invalid(get(agentId, ""), "name")
        yield* invalid(get("", "a"), "agentId")
        yield* invalid(notesOf(""), "agentId")
        yield* invalid(notesOf(agentId, { limit: -1 }), "limit")
        yield* invalid(notesOf(agentId, { prefix: "\0" }), "prefix")
        yield* invalid(notesOf(agentId, { after: "" }), "after")
        yield* invalid(Stream.runDrain(store.due({ until: 0.5 })), "until")
        yield* invalid(Stream.runDrain(store.due({ until: 0, agentPrefix: "\0" })), "agentPrefix")
        yield* invalid(Stream.runDrain(store.due({ until: 0, limit: -1 })), "limit")
      })
    )
  })
}
