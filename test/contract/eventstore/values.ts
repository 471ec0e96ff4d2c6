/**
 * What is stored comes back as it was: data, metadata and everything else of an event.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { NewEvent } from "../../../src/ContextEvent.ts"
import { EventStore } from "../../../src/EventStore.ts"
import type * as Value from "../../../src/Value.ts"
import { append, feedEnd, freshId, type It, integers, ownFeed, read, told } from "./support.ts"

/** Values that a careless store changes. */
const values: { readonly [name: string]: () => Value.Value } = {
  "what JSON has": () => ({ a: null, b: true, c: 1.5, d: "text", e: [1, [2, []]], f: {} }),
  "numbers at their limits": () => [0, -0, 5e-324, 1.7976931348623157e308, Number.MAX_SAFE_INTEGER, 0.1, -1e-7],
  dates: () => [new Date(0), new Date(-1), new Date(8.64e15), new Date("2026-01-01T00:00:00.123Z")],
  bigints: () => [0n, -1n, 2n ** 64n, -(2n ** 200n)],
  bytes: () => [new Uint8Array(), Uint8Array.from(integers(256, 0))],
  "objects that look like tags": () => [{ $date: "x" }, { $bigint: "1" }, { $$bytes: 1 }, { $number: { $date: 1 } }],
  "keys that name parts of every object": () =>
    JSON.parse('{"__proto__":{"polluted":1},"constructor":1,"toString":"x","hasOwnProperty":null,"":0}'),
  "control characters": () => ["\0", "a\0b", "\u0001\u001f\u007f\u0085", "\r\n\t\b\f\v", "\u2028\u2029"],
  "a lone surrogate": () => ["\ud800", "\udfff", "\udc00\ud800", "a\ud83d"],
  "text of many scripts": () => [
    "ünïcödé",
    "日本語",
    "שלום",
    "👩‍👩‍👧‍👦",
    "e\u0301 é",
    "\u{10ffff}",
    "\ufeffmark",
    "\uffff"
  ],
  "text that means something to SQL, JSON or a shell": () => [
    "'; DROP TABLE events; --",
    '"\\"\\\\',
    "$1 :name ? %s {} \\N NULL",
    "\u001f{1,2}",
    "\\u0000"
  ],
  "nested as deep as the limit allows": () => integers(60).reduce<Value.Value>((inner) => [inner], "deep")
}

export const register = (it: It): void => {
  describe("storing values", () => {
    for (const [name, make] of Object.entries(values)) {
      it.effect(`gives ${name} back as they were, in data and metadata, to every kind of reader`, () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const agentId = freshId()
          const start = yield* feedEnd
          const event: NewEvent = { type: "value.stored", data: { value: make() }, metadata: { value: make(), own: 1 } }
          const appended = yield* append(agentId, [event])
          const [id = ""] = appended.eventIds
          const readers = {
            "the acknowledgement": appended.events[0],
            read: (yield* read(agentId))[0],
            "read, 1..1, at most one": (yield* read(agentId, { from: 1, to: 1, limit: 1 }))[0],
            getEvent: yield* Effect.flatMap(store.getEvent(id), Effect.fromOption),
            feed: (yield* told([agentId], start, 1))[0]?.event
          }
          for (const [reader, found] of Object.entries(readers)) {
            assert.deepStrictEqual(found?.data, { value: make() }, reader)
            assert.deepStrictEqual(found?.metadata, { value: make(), own: 1 }, reader)
          }
        })
      )
    }

    it.effect("gives every field of an event back", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const events = [
          { id: freshId(), type: "a.b.c", schemaVersion: 7, timestamp: new Date(-86_400_000), data: { a: 1 } },
          { id: freshId(), type: "ünïcödé 👍", schemaVersion: 0x7fffffff, timestamp: new Date(8.64e15), data: {} },
          { id: freshId(), type: "\ufeffmark", schemaVersion: 1, timestamp: new Date(1.5), data: {} }
        ]
        yield* append(agentId, events)
        assert.deepStrictEqual(
          yield* read(agentId),
          events.map((event, index) => ({ ...event, agentId, version: index + 1, metadata: {} }))
        )
      })
    )

    it.effect("gives the metadata that the library knows, and free fields beside them", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const metadata = {
          correlationId: "c",
          causationId: "b",
          commandId: "a",
          principal: "me@host",
          traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
          free: [1n]
        }
        const appended = yield* append(agentId, [{ type: "a.happened", metadata }])
        assert.deepStrictEqual(appended.events[0]?.metadata, metadata)
        assert.deepStrictEqual((yield* read(agentId, { from: 1, to: 1, limit: 1 }))[0]?.metadata, metadata)
      })
    )

    it.effect("fills in what a writer leaves out: an id, the time, the shape's version and empty objects", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        yield* append(agentId, [{ type: "a.happened" }, { type: "a.happened" }])
        const [first, second] = yield* read(agentId)
        assert.deepInclude(first, { schemaVersion: 1, data: {}, metadata: {} })
        assert.instanceOf(first?.timestamp, Date)
        for (const event of [first, second]) {
          assert.match(event?.id ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
        }
        assert.isBelow(first?.id.localeCompare(second?.id ?? "") ?? 0, 0, "ids ascend")
      })
    )

    it.effect("keeps what it was given though the writer changes it afterwards", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const start = yield* feedEnd
        const data = { list: [1], at: new Date(0) }
        const appended = yield* append(agentId, [{ type: "a.happened", data }])
        data.list.push(2)
        data.at.setTime(1)
        const stored = { list: [1], at: new Date(0) }
        assert.deepStrictEqual(appended.events[0]?.data, stored)
        assert.deepStrictEqual((yield* read(agentId))[0]?.data, stored)
        yield* told([agentId], start, 1)
        assert.deepStrictEqual((yield* Stream.runCollect(ownFeed([agentId], { after: start })))[0]?.event.data, stored)
      })
    )
  })
}
