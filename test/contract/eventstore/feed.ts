/**
 * The feed: every event of the store once, in one order, resumable anywhere.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { EventStore } from "../../../src/EventStore.ts"
import { append, feedEnd, freshId, type It, integers, invalid, numbered, ownFeed, read, told } from "./support.ts"

/** No store gives these. */
const garbage = ["", " ", "garbage", "-1", "1e3", "0x10", "1..2", "..", "∞", "null", "{}", "1;", "\0", "9".repeat(99)]

export const register = (it: It): void => {
  describe("the feed", () => {
    it.effect("tells each event as a read gives it, in the order of its stream, from the first on", () =>
      Effect.gen(function* () {
        const agentIds = integers(5).map(freshId)
        const start = yield* feedEnd
        let count = 0
        for (const round of integers(8)) {
          for (const [index, agentId] of agentIds.entries()) {
            const size = (round * (index + 1)) % 4
            if (size > 0) yield* append(agentId, numbered(size))
            count += size
          }
        }
        const entries = yield* told(agentIds, start, count)
        assert.strictEqual(entries.length, count)
        for (const agentId of agentIds) {
          const own = entries.filter(({ event }) => event.agentId === agentId).map(({ event }) => event)
          assert.deepStrictEqual(own, yield* read(agentId))
        }
        const all = yield* Stream.runCollect(ownFeed(agentIds, {}))
        assert.deepStrictEqual(all, entries, "a feed without a position begins at the first event")
        assert.strictEqual(new Set(entries.map((entry) => entry.position)).size, count)
      })
    )

    it.effect("goes on behind every position, without a loss or a repetition, ended or live", () =>
      Effect.gen(function* () {
        const agentIds = integers(4).map(freshId)
        const store = yield* EventStore
        const start = yield* feedEnd
        // Some share an append, some a flush, some neither.
        for (const round of integers(6)) {
          yield* store.appendAll(agentIds.map((agentId, index) => ({ agentId, events: numbered(index + 1, round) })))
          yield* append(agentIds[0] ?? "", numbered(1))
        }
        const entries = yield* told(agentIds, start, 66)
        assert.strictEqual(entries.length, 66)
        for (const [place, { position }] of entries.entries()) {
          const rest = entries.slice(place + 1)
          assert.deepStrictEqual(yield* Stream.runCollect(ownFeed(agentIds, { after: position })), rest)
          if (place % 5 > 0 || rest.length === 0) continue
          const live = ownFeed(agentIds, { after: position, live: true }).pipe(Stream.take(rest.length))
          assert.deepStrictEqual(yield* Stream.runCollect(live), rest)
        }
      })
    )

    it.effect("goes on over many pages", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const start = yield* feedEnd
        yield* append(agentId, numbered(2500))
        for (const _ of integers(5)) yield* append(agentId, numbered(100))
        const entries = yield* told([agentId], start, 3000)
        assert.deepStrictEqual(
          entries.map(({ event }) => event.version),
          integers(3000)
        )
        for (const place of [0, 998, 999, 1000, 1001, 1999, 2499, 2500, 2501, 2998]) {
          const rest = yield* Stream.runCollect(ownFeed([agentId], { after: entries[place]?.position }))
          assert.deepStrictEqual(
            rest.map((entry) => entry.position),
            entries.slice(place + 1).map((entry) => entry.position)
          )
        }
      })
    )

    it.effect("goes on behind a position whose event is deleted, and behind one within what is deleted", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const [agentId, other] = [freshId(), freshId()]
        const start = yield* feedEnd
        yield* append(agentId, numbered(4))
        yield* append(other, numbered(2))
        yield* append(agentId, numbered(4))
        const entries = yield* told([agentId, other], start, 10)
        yield* store.deleteEvents(agentId, 6)
        const isLeft = ({ event }: (typeof entries)[number]) => event.agentId === other || event.version > 6
        for (const [place, { position }] of entries.entries()) {
          const rest = yield* Stream.runCollect(ownFeed([agentId, other], { after: position }))
          assert.deepStrictEqual(rest, entries.slice(place + 1).filter(isLeft))
        }
        yield* store.purge(agentId)
        yield* store.purge(other)
        for (const { position } of entries) {
          assert.deepStrictEqual(yield* Stream.runCollect(ownFeed([agentId, other], { after: position })), [])
        }
        yield* append(agentId, numbered(1))
        const [last] = yield* told([agentId, other], entries.at(-1)?.position, 1)
        assert.deepInclude(last?.event, { agentId, version: 10 })
      })
    )

    it.effect("ends behind everything that it can tell, and goes on from there with what is new", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        const start = yield* feedEnd
        yield* append(agentId, numbered(3))
        yield* told([agentId], start, 3)
        const end = Option.getOrThrow(yield* store.feedEnd)
        assert.deepStrictEqual(yield* Stream.runCollect(ownFeed([agentId], { after: end })), [])
        yield* append(agentId, numbered(1))
        const entries = yield* told([agentId], end, 1)
        assert.deepStrictEqual(
          entries.map(({ event }) => event.version),
          [4]
        )
        assert.deepStrictEqual(yield* Stream.runCollect(ownFeed([agentId], { after: entries[0]?.position })), [])
      })
    )

    it.effect("does not end before an event that is deleted", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        const start = yield* feedEnd
        yield* append(agentId, numbered(3))
        const entries = yield* told([agentId], start, 3)
        yield* store.deleteEvents(agentId, 3)
        const end = yield* feedEnd
        yield* append(agentId, numbered(1))
        assert.deepStrictEqual(
          (yield* told([agentId], end, 1)).map(({ event }) => event.version),
          [4]
        )
        assert.deepStrictEqual(
          (yield* told([agentId], entries.at(-1)?.position, 1)).map(({ event }) => event.version),
          [4]
        )
      })
    )

    for (const position of garbage) {
      it.effect(`refuses ${JSON.stringify(position.slice(0, 20))} for a position, ended or live`, () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          yield* append(freshId(), numbered(1))
          yield* invalid(Stream.runCollect(store.feed({ after: position })), "after")
          yield* invalid(Stream.runHead(store.feed({ after: position, live: true })), "after")
        })
      )
    }

    it.effect("refuses a position that was changed", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const start = yield* feedEnd
        yield* append(agentId, numbered(1))
        const position = (yield* told([agentId], start, 1))[0]?.position ?? ""
        const changed = [
          `${position} `,
          ` ${position}`,
          `${position}x`,
          `x${position}`,
          `${position}\n`,
          `-${position}`
        ]
        for (const after of [...changed, `${position},${position}`]) {
          yield* invalid(Stream.runCollect(ownFeed([agentId], { after })), "after")
        }
      })
    )
  })
}
