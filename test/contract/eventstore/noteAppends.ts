/**
 * What becomes of the notes of an append, whatever becomes of the append.
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
  told
} from "./support.ts"

const get = (agentId: string, ...names: ReadonlyArray<string>) =>
  EventStore.use((store) => store.getNotes(names.map((name) => ({ agentId, name }))))

export const register = (it: It): void => {
  describe("the notes of an append", () => {
    it.effect("may come without events: the version stays, and nothing is told in the feed", () =>
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

    it.effect("may be of an agent without history, which stays missing", () =>
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

    it.effect("are not applied when its expectation does not hold", () =>
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

    it.effect("are not applied when it is repeated, answered or refused", () =>
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

    it.effect("are applied again, to the same end, when it has no events and is made twice", () =>
      Effect.gen(function* () {
        const agentId = yield* five
        for (const _ of integers(3)) {
          const notes = [Note.put("a", 1, { due: 5 }), Note.remove("b")]
          assert.deepInclude(yield* annotate(agentId, notes, { expected: 5 }), { outcome: "stored", version: 5 })
        }
        assert.deepStrictEqual(yield* notesOf(agentId), [{ agentId, name: "a", body: 1, due: 5 }])
      })
    )

    it.effect("follow the order of those that share a flush, each judged on its own", () =>
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

    it.effect("stay when events are deleted, and go when the agent is purged", () =>
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

    it.effect("are refused with a name, a body or a time that cannot be stored, or two under one name", () =>
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
