/** The order of PostgreSQL's feed: over the digits of transaction ids, and under several processes. */

import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import * as Postgres from "../../layers/postgres/index.ts"
import { EventStore } from "../../src/EventStore.ts"
import { freshId, integers, numbered } from "../contract/eventstore/support.ts"
import * as OpenTransaction from "../support/OpenTransaction.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const schema = TestDatabase.freshSchema()
const layer = Layer.mergeAll(TestDatabase.layer({ schema, feedPollMilliseconds: 5 }), TestDatabase.client)

/** A store of its own on the same tables, as another process has it. */
const another = Effect.map(
  Layer.build(
    Layer.fresh(Postgres.layer({ url: TestDatabase.url, schema, feedPollMilliseconds: 5, maxConnections: 4 }))
  ),
  (context) => Context.get(context, EventStore)
)

describe("the order of PostgreSQL's feed", () => {
  it.layer(layer, { excludeTestServices: true })("with several writers", (it) => {
    it.effect("is that of numbers, over every page, when transaction ids get a digit longer", () =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const store = yield* EventStore
        // Lower than any id that the server still gives.
        const xids = [9, 10, 11, 99, 100, 101, 102]
        const shuffled = [101, 10, 99, 9, 102, 11, 100]
        for (const xid of shuffled) {
          yield* sql.unsafe(
            `INSERT INTO "${schema}"."events" (tenant, agent_id, version, id, type, schema_version, timestamp, data, metadata, xid, ordinal)
             SELECT '', $1::text, n, $1::text || ' ' || n, 'a.happened', 1, 0, '{}', '{}', $1::xid8, n FROM generate_series(1, 500) n`,
            [String(xid)]
          )
        }
        const entries = yield* Stream.runCollect(Stream.take(store.feed(), 3500))
        const words = entries.map(({ event }) => `${event.agentId} ${event.version}`)
        const expected = xids.flatMap((xid) => integers(500).map((version) => `${xid} ${version}`))
        assert.deepStrictEqual(words, expected)
        for (const place of [0, 499, 500, 999, 1000, 1499, 1500, 2499, 3498]) {
          const rest = yield* Stream.runCollect(
            Stream.take(store.feed({ after: entries[place]?.position }), 3499 - place)
          )
          assert.deepStrictEqual(rest, entries.slice(place + 1))
        }
      })
    )

    it.effect("contradicts no stream and is the same for all, while four pools and open transactions write", () =>
      Effect.gen(function* () {
        const base = freshId()
        const agentIds = integers(3).map((number) => `${base} ${number}`)
        const stores = yield* Effect.forEach(integers(4), () => another)
        const [first] = stores
        if (first === undefined) return assert.fail("no store")
        const start = (yield* first.feedEnd).pipe((end) => (end._tag === "Some" ? end.value : undefined))
        const marker = `${base} end`

        /** Everything of this test, up to the marker that is appended last. */
        const follow = (store: EventStore["Service"], after: string | undefined) =>
          store.feed({ after, live: true }).pipe(
            Stream.filter(({ event }) => event.agentId.startsWith(base)),
            Stream.takeUntil(({ event }) => event.agentId === marker),
            Stream.runCollect,
            Effect.timeout("40 seconds")
          )
        const readers = yield* Effect.forEach(stores.slice(0, 2), (store) => Effect.forkChild(follow(store, start)))

        const write = (store: EventStore["Service"], round: number) =>
          Effect.gen(function* () {
            const agentId = agentIds[yield* Random.nextIntBetween(0, 2)] ?? ""
            const size = yield* Random.nextIntBetween(1, 3)
            const { version } = yield* store.head(agentId)
            const expected = round % 2 === 0 ? version : "any"
            const result = yield* Effect.result(store.append({ agentId, events: numbered(size), expected }))
            if (result._tag === "Success") return size
            assert.strictEqual(result.failure._tag, "Conflict")
            return 0
          })

        /** A transaction that stays open for a while, and rolls back now and then. */
        const hold = (number: number) =>
          Effect.scoped(
            Effect.gen(function* () {
              const transaction = yield* OpenTransaction.begin(schema)
              const agentId = `${base} held ${number}`
              yield* transaction.insert(agentId, 1)
              yield* Effect.sleep(yield* Random.nextIntBetween(0, 15))
              yield* transaction.insert(agentId, 2)
              yield* Effect.sleep(yield* Random.nextIntBetween(0, 15))
              if (number % 3 === 0) yield* transaction.rollback
              else yield* transaction.commit
              return number % 3 === 0 ? 0 : 2
            })
          )

        const holding = yield* Effect.forkChild(Effect.forEach(integers(60), hold, { concurrency: 3 }))
        const sizes = yield* Effect.forEach(
          stores,
          (store) => Effect.forEach(integers(40), (round) => write(store, round), { concurrency: 4 }),
          { concurrency: "unbounded" }
        )
        const held = yield* Fiber.join(holding)
        yield* first.append({ agentId: marker, events: numbered(1) })

        const told = yield* Effect.forEach(readers, Fiber.join)
        const [entries = []] = told
        const count = [...sizes.flat(), ...held].reduce((sum, size) => sum + size, 1)
        assert.strictEqual(entries.length, count)
        assert.deepStrictEqual(told[1], entries)
        for (const agentId of new Set(entries.map(({ event }) => event.agentId))) {
          const own = entries.filter(({ event }) => event.agentId === agentId).map(({ event }) => event)
          assert.deepStrictEqual(
            own.map((event) => event.version),
            integers(own.length)
          )
          assert.deepStrictEqual(own, yield* Stream.runCollect(first.read(agentId)))
        }
        // A third reader who comes late and resumes anywhere.
        for (const place of [0, 1, 50, count - 2]) {
          const rest = yield* follow(stores[2] ?? first, entries[place]?.position)
          assert.deepStrictEqual(rest, entries.slice(place + 1))
        }
      })
    )
  })
})
