/**
 * Ids: what looks alike is not the same.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { EventStore } from "../../../src/EventStore.ts"
import {
  append,
  feedEnd,
  freshId,
  head,
  type It,
  integers,
  invalid,
  numbered,
  read,
  rejected,
  told
} from "./support.ts"

// Each is put behind and before a fresh text, so that nobody else has used it.
const variants = [
  "-1", "/", "//", ":", "a", "A", "-", "_", "%", "\\", " ", "  ", ".", "..", "'", '"', "`", "?", "*", "#", "@host", "$1",
  "\u00e9", "e\u0301", "\u00a0", "\u200b", "\u200d", "\ufeff", "\ufffd", "\uffff", "\u{1f44d}", "\u{10ffff}", "日本語", "ı", "İ", "ß", "ss"
] // biome-ignore format: a table

/** Ids that mean something to careless code. They are not fresh, so tests look at what they change only. */
const loaded = [
  "a", "a-1", "a/", "urn:x:1", "me@host", "%", "_", "__proto__", "constructor", "toString", "hasOwnProperty", "prototype",
  "null", "undefined", "NULL", "0", "-1", "1e3", "true", "{}", "[]", " ", ".", "..", "../..", "\\", "'", '"', "--", ";", "\ufeff", "🙂"
] // biome-ignore format: a table

/** As long as an id may be: 255 UTF-16 units, which may take three times as many bytes. */
const longest = ["x".repeat(219), "\u4e2d".repeat(219), `${"\u{1f642}".repeat(109)}x`]

const refused = [
  "",
  "x".repeat(256),
  "\0",
  "a\0b",
  "a\n",
  "\u007f",
  "\u0085",
  "\u001f",
  "\ud800",
  "a\udc00",
  "\udc00\ud800"
]

export const register = (it: It): void => {
  describe("telling ids apart", () => {
    it.effect("keeps agents apart whose ids look alike", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const base = freshId()
        const agentIds = [base, ...variants.flatMap((variant) => [`${base}${variant}`, `${variant}${base}`])]
        assert.strictEqual(new Set(agentIds).size, agentIds.length)
        const start = yield* feedEnd
        const command = { id: "the same for all" }
        const append = (agentId: string, index: number) => ({
          agentId,
          events: [{ id: `${agentId} event`, type: "a.happened", data: { index } }],
          commands: [{ ...command, reply: index }]
        })
        const results = yield* store.appendAll(agentIds.map(append))
        for (const result of results) assert.isTrue(result._tag === "Success" && result.success.outcome === "stored")
        const entries = yield* told(agentIds, start, agentIds.length)
        const fed = new Map(entries.map(({ event }) => [event.agentId, event]))
        for (const [index, agentId] of agentIds.entries()) {
          const events = yield* read(agentId)
          assert.deepStrictEqual(
            events.map((event) => [event.agentId, event.id, event.data["index"]]),
            [[agentId, `${agentId} event`, index]]
          )
          assert.deepStrictEqual(fed.get(agentId), events[0])
          assert.deepStrictEqual(yield* store.getEvent(`${agentId} event`), Option.fromUndefinedOr(events[0]))
          assert.deepStrictEqual(yield* store.reply(agentId, command.id), Option.some(index))
        }
        const listed = yield* Stream.runCollect(store.agents({ prefix: base }))
        assert.deepStrictEqual(
          new Set(listed.map((entry) => entry.agentId)),
          new Set(agentIds.filter((agentId) => agentId.startsWith(base)))
        )
      })
    )

    it.effect("deletes and purges one agent and no other that looks like it", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const base = freshId()
        const agentIds = variants.map((variant) => `${base}${variant}`)
        yield* store.appendAll(agentIds.map((agentId) => ({ agentId, events: numbered(2) })))
        const left = new Set(agentIds)
        for (const [index, agentId] of agentIds.entries()) {
          if (index % 2 === 0) yield* store.purge(agentId)
          else yield* store.deleteEvents(agentId, 2)
          left.delete(agentId)
          const counts = yield* Effect.forEach(agentIds, (other) => Effect.map(read(other), (events) => events.length))
          assert.deepStrictEqual(
            counts,
            agentIds.map((other) => (left.has(other) ? 2 : 0))
          )
        }
      })
    )

    for (const agentId of loaded) {
      it.effect(`takes ${JSON.stringify(agentId)} for an id like any other`, () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const before = yield* head(agentId)
          const [event, command] = [freshId(), `${agentId}${freshId()}`]
          const appended = yield* append(agentId, [{ id: event, type: agentId }], {
            commands: [{ id: command, reply: agentId }]
          })
          assert.strictEqual(appended.version, before.version + 1)
          assert.deepStrictEqual(yield* read(agentId, { from: appended.version, limit: 1 }), appended.events)
          assert.deepStrictEqual(yield* store.reply(agentId, command), Option.some(agentId))
          const [listed] = yield* Stream.runCollect(
            Stream.filter(store.agents({ prefix: agentId }), (entry) => entry.agentId === agentId)
          )
          assert.isAtLeast(listed?.version ?? 0, appended.version)
        })
      )
    }

    it.effect("takes ids that are as long as they may be, together in one append", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        for (const long of longest) {
          const agentId = `${freshId()}${long}`
          assert.strictEqual(agentId.length, 255)
          const id = `${freshId()}${long}`
          const command = { id: agentId, reply: 1 }
          yield* append(agentId, [{ id, type: `${long}${"-".repeat(36)}` }], { commands: [command] })
          assert.deepStrictEqual(
            (yield* read(agentId)).map((event) => event.id),
            [id]
          )
          assert.deepStrictEqual(yield* store.reply(agentId, agentId), Option.some(1))
          const shorter = agentId.slice(0, -1)
          assert.deepStrictEqual(shorter.isWellFormed() ? yield* read(shorter) : [], [])
        }
      })
    )

    for (const id of refused) {
      it.effect(
        `refuses the id ${JSON.stringify(id.length > 99 ? `${id.length} letters` : id)} wherever one is taken`,
        () =>
          Effect.gen(function* () {
            const store = yield* EventStore
            const agentId = freshId()
            yield* rejected(append(id, numbered(1)), "InvalidInput")
            yield* rejected(append(agentId, [{ id, type: "a.happened" }]), "InvalidInput")
            yield* rejected(append(agentId, [{ type: id }]), "InvalidInput")
            yield* rejected(append(agentId, numbered(1), { commands: [{ id }] }), "InvalidInput")
            assert.strictEqual((yield* head(agentId)).presence, "missing")
            yield* invalid(read(id), "agentId")
            yield* invalid(head(id), "agentId")
            yield* invalid(store.getEvent(id), "eventId")
            yield* invalid(store.reply(id, "command"), "agentId")
            yield* invalid(store.reply(agentId, id), "commandId")
            yield* invalid(store.deleteEvents(id, 1), "agentId")
            yield* invalid(store.purge(id), "agentId")
            yield* invalid(Stream.runCollect(store.agents({ after: id })), "after")
            if (id !== "") yield* invalid(Stream.runCollect(store.agents({ prefix: id })), "prefix")
          })
      )
    }

    it.effect("tells the ids of events apart whose order in bytes is not that of their letters", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const base = freshId()
        const ids = variants.flatMap((variant) => [`${variant}${base}`, `${base}${variant}`])
        const agentId = freshId()
        for (const [index, id] of ids.entries()) {
          yield* append(agentId, [{ id, type: "a.happened", data: { index } }])
          // An id that is known must be recognised, wherever it stands among those that were stored before.
          const again = yield* append(agentId, [{ id, type: "a.happened", data: { index } }])
          assert.deepInclude(again, { outcome: "repeated", version: index + 1 })
        }
        for (const [index, id] of ids.entries()) {
          const event = yield* Effect.flatMap(store.getEvent(id), Effect.fromOption)
          assert.strictEqual(event.data["index"], index)
        }
        assert.deepStrictEqual(
          (yield* read(agentId)).map((event) => event.version),
          integers(ids.length)
        )
      })
    )
  })
}
