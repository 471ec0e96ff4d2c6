/** The feed of PostgreSQL, while transactions commit out of order, roll back or stay open. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { append, feedEnd, freshId, head, integers, numbered, ownFeed } from "../contract/eventstore/support.ts"
import * as OpenTransaction from "../support/OpenTransaction.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const schema = TestDatabase.freshSchema()
const layer = Layer.mergeAll(TestDatabase.layer({ schema, feedPollMilliseconds: 5 }), TestDatabase.client)

/** Follows the feed live until it has told so many events of these agents. */
const follow = (agentIds: ReadonlyArray<string>, after: string | undefined, count: number) =>
  Effect.forkChild(
    ownFeed(agentIds, { after, live: true }).pipe(Stream.take(count), Stream.runCollect, Effect.timeout("30 seconds")),
    { startImmediately: true }
  )

/** Reads the feed page by page, each time from the position that was told last, until it has told so many events. */
const resume = (agentIds: ReadonlyArray<string>, after: string | undefined, count: number) =>
  Effect.gen(function* () {
    const entries: Array<Told> = []
    while (entries.length < count) {
      const options = { after: entries.at(-1)?.position ?? after }
      entries.push(...(yield* Stream.runCollect(Stream.take(ownFeed(agentIds, options), 2))))
      yield* Effect.sleep("2 millis")
    }
    return entries
  }).pipe(Effect.timeout("30 seconds"), Effect.forkChild({ startImmediately: true }))

type Told = Effect.Success<ReturnType<typeof toldNow>>[number]

/** What the feed tells now. */
const toldNow = (agentIds: ReadonlyArray<string>, after: string | undefined) =>
  Stream.runCollect(ownFeed(agentIds, { after }))

const inWords = (entries: ReadonlyArray<Told>): ReadonlyArray<string> =>
  entries.map(({ event }) => `${event.agentId} ${event.version}`)

const begin = OpenTransaction.begin(schema)

describe("the feed of PostgreSQL", () => {
  it.layer(layer, { excludeTestServices: true })("while transactions stay open", (it) => {
    it.effect("never passes over an event whose transaction commits late", () =>
      Effect.gen(function* () {
        const [slow, fast] = [freshId(), freshId()]
        const start = yield* feedEnd
        const live = yield* follow([slow, fast], start, 3)
        const transaction = yield* begin
        yield* transaction.insert(slow, 1)
        yield* append(fast, numbered(1))
        yield* append(fast, numbered(1))
        for (const _ of integers(20)) {
          assert.deepStrictEqual(yield* toldNow([slow, fast], start), [])
          yield* Effect.sleep("5 millis")
        }
        assert.isUndefined(live.pollUnsafe())
        yield* transaction.commit
        const expected = [`${slow} 1`, `${fast} 1`, `${fast} 2`]
        assert.deepStrictEqual(inWords(yield* Fiber.join(live)), expected)
        assert.deepStrictEqual(inWords(yield* toldNow([slow, fast], start)), expected)
      })
    )

    it.effect("tells what lies before the oldest open transaction, and ends there", () =>
      Effect.gen(function* () {
        const agentIds = integers(3).map(freshId)
        const [before = "", within = "", after = ""] = agentIds
        const start = yield* feedEnd
        yield* append(before, numbered(2))
        yield* Fiber.join(yield* follow(agentIds, start, 2))
        const transaction = yield* begin
        yield* transaction.insert(within, 1)
        yield* append(after, numbered(1))
        assert.deepStrictEqual(inWords(yield* toldNow(agentIds, start)), [`${before} 1`, `${before} 2`])
        const end = yield* feedEnd
        yield* transaction.commit
        const rest = yield* Fiber.join(yield* follow(agentIds, end, 2))
        assert.deepStrictEqual(inWords(rest), [`${within} 1`, `${after} 1`])
      })
    )

    it.effect("never passes a transaction that takes its id first and inserts last", () =>
      Effect.gen(function* () {
        const [slow, fast] = [freshId(), freshId()]
        const start = yield* feedEnd
        const transaction = yield* begin
        yield* transaction.run("SELECT pg_current_xact_id()::text")
        yield* append(fast, numbered(1))
        assert.deepStrictEqual(yield* toldNow([slow, fast], start), [])
        yield* transaction.insert(slow, 1)
        yield* append(fast, numbered(1))
        assert.deepStrictEqual(yield* toldNow([slow, fast], start), [])
        yield* transaction.commit
        const entries = yield* Fiber.join(yield* follow([slow, fast], start, 3))
        assert.deepStrictEqual(inWords(entries), [`${slow} 1`, `${fast} 1`, `${fast} 2`])
      })
    )

    const orders = [0, 1, 2].flatMap((first) =>
      [0, 1, 2].filter((second) => second !== first).map((second) => [first, second, 3 - first - second])
    )
    for (const order of orders) {
      it.effect(`tells every reader the same when transactions commit in the order ${order.map((n) => n + 1)}`, () =>
        Effect.gen(function* () {
          const agentIds = integers(4).map(freshId)
          const own = agentIds[3] ?? ""
          const start = yield* feedEnd
          const readers = [
            yield* follow(agentIds, start, 10),
            yield* resume(agentIds, start, 10),
            yield* follow(agentIds, start, 10)
          ]
          const transactions = yield* Effect.forEach(agentIds.slice(0, 3), (agentId) =>
            Effect.tap(begin, (transaction) => transaction.insert(agentId, 1, 5))
          )
          // A later statement of the transaction may have a lower place in it.
          for (const index of [2, 0, 1]) yield* transactions[index]?.insert(agentIds[index] ?? "", 2, 6) ?? Effect.void
          for (const index of order) {
            yield* append(own, numbered(1))
            yield* transactions[index]?.commit ?? Effect.void
            yield* Effect.sleep("10 millis")
          }
          yield* append(own, numbered(1))
          const told = yield* Effect.forEach(readers, Fiber.join)
          const words = agentIds.slice(0, 3).flatMap((agentId) => [`${agentId} 1`, `${agentId} 2`])
          const expected = [...words, ...integers(4).map((version) => `${own} ${version}`)]
          for (const entries of told) assert.deepStrictEqual(inWords(entries), expected)
          assert.deepStrictEqual(inWords(yield* toldNow(agentIds, start)), expected)
        })
      )
    }

    it.effect("never tells an event that is rolled back, and does not wait for it any longer", () =>
      Effect.gen(function* () {
        const agentIds = integers(3).map(freshId)
        const [gone = "", kept = "", own = ""] = agentIds
        const start = yield* feedEnd
        const live = yield* follow(agentIds, start, 3)
        const [first, second] = [yield* begin, yield* begin]
        yield* first.insert(gone, 1)
        yield* second.insert(kept, 1)
        yield* second.run("SAVEPOINT a")
        yield* second.insert(kept, 2)
        yield* second.run("ROLLBACK TO a")
        yield* append(own, numbered(1))
        yield* second.commit
        assert.deepStrictEqual(yield* toldNow(agentIds, start), [])
        yield* first.rollback
        yield* append(gone, numbered(1))
        const expected = [`${kept} 1`, `${own} 1`, `${gone} 1`]
        assert.deepStrictEqual(inWords(yield* Fiber.join(live)), expected)
        assert.deepStrictEqual(inWords(yield* toldNow(agentIds, start)), expected)
      })
    )

    it.effect("waits for a transaction that was prepared, whatever becomes of it", () =>
      Effect.gen(function* () {
        const agentIds = integers(3).map(freshId)
        const [kept = "", gone = "", own = ""] = agentIds
        const start = yield* feedEnd
        for (const agentId of [kept, gone]) {
          const transaction = yield* begin
          yield* transaction.insert(agentId, 1)
          yield* transaction.run(`PREPARE TRANSACTION '${agentId}'`)
          yield* transaction.rollback
        }
        yield* append(own, numbered(1))
        assert.deepStrictEqual(yield* toldNow(agentIds, start), [])
        const other = yield* begin
        yield* other.rollback
        yield* other.run(`ROLLBACK PREPARED '${gone}'`)
        assert.deepStrictEqual(yield* toldNow(agentIds, start), [])
        yield* other.run(`COMMIT PREPARED '${kept}'`)
        const entries = yield* Fiber.join(yield* follow(agentIds, start, 2))
        assert.deepStrictEqual(inWords(entries), [`${kept} 1`, `${own} 1`])
      })
    )

    it.effect("tells an append behind the one whose version it had to wait for", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const start = yield* feedEnd
        for (const round of integers(4)) {
          const { version } = yield* head(agentId)
          const transaction = yield* begin
          yield* transaction.insert(agentId, version + 1)
          const waiting = yield* Effect.forkChild(append(agentId, numbered(2)), { startImmediately: true })
          yield* Effect.sleep("20 millis")
          assert.isUndefined(waiting.pollUnsafe())
          yield* round % 2 === 0 ? transaction.rollback : transaction.commit
          const appended = yield* Fiber.join(waiting)
          assert.strictEqual(appended.firstVersion, version + (round % 2 === 0 ? 1 : 2))
        }
        const entries = yield* Fiber.join(yield* follow([agentId], start, 10))
        assert.deepStrictEqual(
          entries.map(({ event }) => event.version),
          integers(10)
        )
      })
    )
  })
})
