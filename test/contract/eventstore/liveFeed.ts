/**
 * The live feed: it goes on with what is appended later, and loses nothing on the way.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { EventStore } from "../../../src/EventStore.ts"
import { append, feedEnd, freshId, type It, integers, numbered, ownFeed, read, told } from "./support.ts"

/** Follows the feed in a fiber of its own until it has told so many events of these agents. */
const follow = (agentIds: ReadonlyArray<string>, after: string | undefined, count: number) =>
  Effect.forkChild(
    ownFeed(agentIds, { after, live: true }).pipe(Stream.take(count), Stream.runCollect, Effect.timeout("30 seconds")),
    { startImmediately: true }
  )

export const register = (it: It): void => {
  describe("the live feed", () => {
    it.effect("wakes for every event, also long after it has told the last one", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const start = yield* feedEnd
        const versions: Array<number> = []
        const reader = yield* Effect.forkChild(
          ownFeed([agentId], { after: start, live: true }).pipe(
            Stream.tap(({ event }) => Effect.sync(() => versions.push(event.version))),
            Stream.take(5),
            Stream.runDrain
          )
        )
        for (const version of integers(5)) {
          yield* append(agentId, numbered(1))
          const isTold = Effect.suspend(() => (versions.length === version ? Effect.void : Effect.fail("not told yet")))
          yield* Effect.timeout(Effect.eventually(Effect.delay(isTold, "1 millis")), "20 seconds")
          yield* Effect.sleep("20 millis")
        }
        yield* Fiber.join(reader)
        assert.deepStrictEqual(versions, integers(5))
      })
    )

    it.effect("tells every reader every event once and in the same order, while many write", () =>
      Effect.gen(function* () {
        const agentIds = integers(6).map(freshId)
        const start = yield* feedEnd
        const readers = yield* Effect.forEach(integers(3), () => follow(agentIds, start, 350))
        yield* Effect.forEach(
          integers(12),
          (writer) =>
            Effect.forEach(integers(10), (round) => {
              const agentId = agentIds[(writer * round) % 6] ?? ""
              return append(agentId, numbered((writer % 5) + 1, round))
            }),
          { concurrency: "unbounded", discard: true }
        )
        const [first = [], ...others] = yield* Effect.forEach(readers, Fiber.join)
        for (const other of others) assert.deepStrictEqual(other, first)
        assert.deepStrictEqual(yield* told(agentIds, start, first.length), first)
        for (const agentId of agentIds) {
          const own = first.filter(({ event }) => event.agentId === agentId).map(({ event }) => event)
          assert.deepStrictEqual(own, yield* read(agentId))
        }
      })
    )

    it.effect("loses nothing for a reader that stops and resumes behind every page, while others write", () =>
      Effect.gen(function* () {
        const agentIds = integers(3).map(freshId)
        const start = yield* feedEnd
        const writing = yield* Effect.forkChild(
          Effect.forEach(
            agentIds,
            (agentId) => Effect.forEach(integers(40), (number) => append(agentId, numbered(1, number))),
            { concurrency: "unbounded", discard: true }
          )
        )
        const seen: Array<string> = []
        let after = start
        while (seen.length < 120) {
          const wanted = Math.min((seen.length % 7) + 1, 120 - seen.length)
          const part = yield* Fiber.join(yield* follow(agentIds, after, wanted))
          seen.push(...part.map(({ event }) => `${event.agentId} ${event.version}`))
          after = part.at(-1)?.position
        }
        yield* Fiber.join(writing)
        const entries = yield* told(agentIds, start, 120)
        assert.deepStrictEqual(
          seen,
          entries.map(({ event }) => `${event.agentId} ${event.version}`)
        )
      })
    )

    it.effect("waits for a slow reader, and does not wait for one that went away", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        const start = yield* feedEnd
        const gone = yield* follow([agentId], start, 1_000_000)
        const slow = yield* Effect.forkChild(
          ownFeed([agentId], { after: start, live: true }).pipe(
            Stream.tap(({ event }) => Effect.sleep(event.version % 10 === 0 ? "5 millis" : "0 millis")),
            Stream.take(100),
            Stream.runCollect
          )
        )
        for (const number of integers(50)) yield* append(agentId, numbered(1, number))
        yield* Fiber.interrupt(gone)
        for (const number of integers(50, 51)) yield* append(agentId, numbered(1, number))
        const entries = yield* Effect.timeout(Fiber.join(slow), "30 seconds")
        assert.deepStrictEqual(
          entries.map(({ event }) => event.version),
          integers(100)
        )
        assert.strictEqual((yield* store.head(agentId)).version, 100)
      })
    )
  })
}
