/**
 * Much at once.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { EventStore } from "../../../src/EventStore.ts"
import * as Limits from "../../../src/Limits.ts"
import {
  append,
  feedEnd,
  freshId,
  head,
  type It,
  integers,
  numbered,
  numbersOf,
  read,
  rejected,
  told
} from "./support.ts"

export const register = (it: It): void => {
  describe("storing much", () => {
    it.effect("stores ten thousand events in one append, which are more values than a statement can bind", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const start = yield* feedEnd
        const appended = yield* append(agentId, numbered(10_000), { expected: "none" })
        assert.deepInclude(appended, { firstVersion: 1, version: 10_000 })
        const events = yield* read(agentId)
        assert.deepStrictEqual(numbersOf(events), integers(10_000))
        const entries = yield* told([agentId], start, 10_000)
        assert.deepStrictEqual(numbersOf(entries.map(({ event }) => event)), integers(10_000))
        assert.strictEqual((yield* append(agentId, numbered(10_000, 10_001))).version, 20_000)
      })
    )

    it.effect("stores three thousand appends to different agents that were handed over at once, and lists them", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const prefix = `${freshId()}/`
        const agentIds = integers(3000).map((number) => `${prefix}${number}`)
        const appends = agentIds.map((agentId, index) => ({ agentId, events: numbered(3, index) }))
        const results = yield* store.appendAll(appends)
        for (const [index, result] of results.entries()) {
          const { agentId, version } = Result.getOrThrow(result)
          assert.deepStrictEqual([agentId, version], [agentIds[index], 3])
        }
        const listed = yield* Stream.runCollect(store.agents({ prefix }))
        assert.deepStrictEqual(listed.map((entry) => entry.agentId).sort(), [...agentIds].sort())
        assert.isTrue(listed.every((entry) => entry.version === 3))
        for (const index of [0, 999, 1000, 2999]) {
          assert.deepStrictEqual(numbersOf(yield* read(agentIds[index] ?? "")), integers(3, index))
        }
      })
    )

    it.effect("stores three thousand appends to one agent that were handed over at once, in their order", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        const results = yield* store.appendAll(
          integers(3000).map((number) => ({ agentId, events: numbered(1, number), expected: number - 1 }))
        )
        assert.deepStrictEqual(
          results.map((result) => Result.getOrThrow(result).version),
          integers(3000)
        )
        assert.deepStrictEqual(numbersOf(yield* read(agentId)), integers(3000))
      })
    )

    it.effect("gives megabytes in one event back, also several such events in one append", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const limit = (yield* Limits.Limits).eventBytes
        const room = limit - '{"text":""}'.length
        const texts = ["x".repeat(room), "\u4e2d".repeat(Math.floor(room / 3)), "\0".repeat(Math.floor(room / 6))]
        yield* append(
          agentId,
          texts.map((text) => ({ type: "text.written", data: { text } }))
        )
        yield* append(agentId, [{ type: "text.written", metadata: { text: texts[0] } }])
        const events = yield* read(agentId)
        for (const [index, text] of texts.entries()) assert.isTrue(events[index]?.data["text"] === text)
        assert.isTrue(events[3]?.metadata["text"] === texts[0])
      })
    )

    it.effect("gives megabytes of bytes in one event back", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const bytes = new Uint8Array(2 * 1024 * 1024).map((_, index) => index % 251)
        yield* append(agentId, [{ type: "bytes.stored", data: { bytes } }])
        const [event] = yield* read(agentId)
        const found = event?.data["bytes"]
        assert.isTrue(found instanceof Uint8Array && found.length === bytes.length)
        assert.isTrue(found instanceof Uint8Array && found.every((byte, index) => byte === bytes[index]))
      })
    )

    it.effect("refuses one byte more than an event may hold", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const limit = (yield* Limits.Limits).eventBytes
        const data = { text: "x".repeat(limit - '{"text":""}'.length + 1) }
        const error = yield* rejected(append(agentId, [{ type: "text.written", data }]), "InvalidInput")
        assert.include(error.found, `${limit + 1}`)
        assert.strictEqual((yield* head(agentId)).presence, "missing")
      })
    )
  })
}
