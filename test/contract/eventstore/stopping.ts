/**
 * Readers and writers that stop before the end hold nothing back.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { EventStore } from "../../../src/EventStore.ts"
import { append, feedEnd, freshId, head, type It, integers, numbered, numbersOf, ownFeed, read } from "./support.ts"

/** The store must still serve many at once. */
const stillServes = (agentId: string, count: number) =>
  Effect.gen(function* () {
    const reads = yield* Effect.forEach(integers(30), () => read(agentId, { limit: 1500 }), {
      concurrency: "unbounded"
    })
    for (const events of reads) assert.strictEqual(events.length, Math.min(count, 1500))
    assert.strictEqual((yield* append(agentId, numbered(1), { expected: count })).version, count + 1)
  }).pipe(Effect.timeout("30 seconds"))

export const register = (it: It): void => {
  describe("stopping early", () => {
    it.effect("frees what a reader held that takes only a few events, fifty times", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        const start = yield* feedEnd
        yield* append(agentId, numbered(2500))
        for (const round of integers(50)) {
          const wanted = round % 2 === 0 ? 1 : 1001
          const events = yield* Stream.runCollect(Stream.take(store.read(agentId), wanted))
          assert.deepStrictEqual(numbersOf(events), integers(wanted))
          const backward = yield* Stream.runCollect(Stream.take(store.read(agentId, { direction: "backward" }), 2))
          assert.deepStrictEqual(numbersOf(backward), [2500, 2499])
          yield* Stream.runHead(store.agents({ prefix: agentId }))
          yield* Stream.runHead(store.feed({ after: start }))
          if (round % 5 === 0) yield* Stream.runHead(ownFeed([agentId], { after: start, live: true }))
        }
        yield* stillServes(agentId, 2500)
      })
    )

    it.effect("frees what a reader held that is interrupted, fifty times", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        const start = yield* feedEnd
        yield* append(agentId, numbered(2500))
        for (const round of integers(50)) {
          const readers = [
            read(agentId),
            Stream.runDrain(store.feed({ after: start })),
            Stream.runDrain(store.feed({ after: start, live: true })),
            Stream.runDrain(store.agents({ prefix: agentId })),
            head(agentId)
          ]
          const fibers = yield* Effect.forEach(readers, (reader) => Effect.forkChild(reader))
          for (const _ of integers(round % 10, 0)) yield* Effect.yieldNow
          if (round % 5 === 0) yield* Effect.sleep("3 millis")
          yield* Fiber.interruptAll(fibers)
        }
        yield* stillServes(agentId, 2500)
      })
    )

    it.effect("frees what a reader held that fails, fifty times", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        yield* append(agentId, numbered(1500))
        for (const round of integers(50)) {
          const failing = Stream.runForEach(store.read(agentId), (event) =>
            event.version === 30 * round ? Effect.fail("enough") : Effect.void
          )
          assert.strictEqual(yield* Effect.flip(failing), "enough")
        }
        yield* stillServes(agentId, 1500)
      })
    )

    it.effect("stores all or nothing of an append whose caller is interrupted, and serves the others", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        for (const round of integers(50)) {
          const { version } = yield* head(agentId)
          const callers = yield* Effect.forEach(integers(4), (caller) =>
            Effect.forkChild(append(agentId, numbered(3, 100 * round + caller)), { startImmediately: true })
          )
          for (const _ of integers(round % 4, 0)) yield* Effect.yieldNow
          const left = callers.filter((_, index) => index % 2 === 0)
          yield* Fiber.interruptAll(callers.filter((_, index) => index % 2 === 1))
          const answers = yield* Effect.forEach(left, Fiber.join)
          // An append that was on its way when its caller went may still be stored, so look when all is settled.
          const after = yield* head(agentId)
          assert.strictEqual((after.version - version) % 3, 0)
          assert.isAtLeast(after.version, version + 6)
          for (const { events, firstVersion } of answers) {
            assert.deepStrictEqual(yield* read(agentId, { from: firstVersion, limit: 3 }), events)
          }
        }
        const events = yield* read(agentId)
        assert.deepStrictEqual(
          events.map((event) => event.version),
          integers(events.length)
        )
        for (let index = 0; index < events.length; index += 3) {
          const first = Number(events[index]?.data["number"])
          assert.deepStrictEqual(numbersOf(events.slice(index, index + 3)), integers(3, first))
        }
      })
    )

    it.effect("stores all or nothing of each of many appends whose caller is interrupted", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        for (const round of integers(10)) {
          const agentIds = integers(20).map(freshId)
          const appends = agentIds.map((agentId) => ({ agentId, events: numbered(3) }))
          const caller = yield* Effect.forkChild(store.appendAll(appends), { startImmediately: true })
          for (const _ of integers(round % 4, 0)) yield* Effect.yieldNow
          yield* Fiber.interrupt(caller)
          for (const agentId of agentIds) {
            const { version } = yield* head(agentId)
            assert.include([0, 3], version)
            assert.strictEqual((yield* read(agentId)).length, version)
          }
        }
      })
    )
  })
}
