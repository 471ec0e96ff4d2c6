import * as PgClient from "@effect/sql-pg/PgClient"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as Postgres from "../../layers/postgres/index.ts"
import { EventStore, SnapshotStore } from "../../src/index.ts"
import { PostgresServer } from "../support/PostgresServer.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

let server: PostgresServer

beforeAll(async () => {
  server = await PostgresServer.start()
})
afterAll(() => server.stop())

const note = (agentId: string) => EventStore.append({ agentId, events: [{ type: "a.noted" }] })

const using = <A, E>(use: Effect.Effect<A, E, EventStore.EventStore | SnapshotStore.SnapshotStore>) =>
  Effect.suspend(() => Effect.provide(use, Postgres.layer({ url: Redacted.make(server.url), schema: "crash" })))

const inAMoment = { schedule: Schedule.spaced("50 millis"), times: 200 } as const

describe("a server that asks for a password", () => {
  it.live("lets in who knows it, and tells the others to check it, without showing it", () =>
    Effect.gen(function* () {
      const url = Redacted.make(server.url)
      yield* Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        yield* sql.unsafe("CREATE ROLE guarded LOGIN SUPERUSER PASSWORD 'open sesame'")
        const [row] = yield* sql<{ readonly file: string }>`SELECT current_setting('hba_file') AS file`
        const rules = "host all guarded 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust"
        const lines = `SELECT unnest(string_to_array('${rules}', E'\\n'))`
        yield* sql.unsafe(`COPY (${lines}) TO '${row?.file ?? ""}'`).unprepared
        yield* sql`SELECT pg_reload_conf()`
      }).pipe(Effect.provide(PgClient.layer({ url })))

      const guarded = (password: string | undefined) => {
        const { hostname, port } = new URL(server.url)
        const place = { host: hostname, port: Number(port), database: "postgres", username: "guarded" }
        return Effect.provide(
          note("a"),
          Postgres.layer({ ...place, password: password === undefined ? undefined : Redacted.make(password) })
        )
      }
      // The server reads its rules again in its own time.
      const refused = yield* Effect.retry(Effect.flip(guarded("open barley")), inAMoment)
      assert.deepInclude(refused, { _tag: "Unavailable", reason: "Unreachable" })
      assert.match(refused.message, /password authentication failed.*Check the user name and the password/)
      assert.notInclude(refused.message, "barley")
      assert.deepInclude(yield* Effect.flip(guarded(undefined)), { _tag: "Unavailable", reason: "Unreachable" })
      assert.strictEqual((yield* guarded("open sesame")).version, 1)
    })
  )
})

describe("a server that crashes and comes back under an open store", () => {
  it.live("is told to be away, loses nothing that was acknowledged, and is used again once it is back", () =>
    using(
      Effect.gen(function* () {
        const events = yield* EventStore.EventStore
        const snapshots = yield* SnapshotStore.SnapshotStore
        const acknowledged: Array<string> = []
        const append = Effect.gen(function* () {
          const { eventIds } = yield* note("a")
          acknowledged.push(...eventIds)
        })
        yield* append
        const saved = yield* snapshots.save({ agentId: "a", version: 1, eventId: "e", state: 1 })
        // Half of what this fiber does meets the crash.
        const busy = yield* Effect.forkChild(Effect.forever(Effect.result(append)), { startImmediately: true })
        yield* Effect.sleep("100 millis")
        yield* Effect.promise(() => server.kill())
        yield* Fiber.interrupt(busy)

        const rejected = yield* Effect.retry(
          Effect.filterOrFail(Effect.flip(note("b")), (error) => error._tag === "Rejected"),
          inAMoment
        )
        assert.deepInclude(rejected, { reason: "Unavailable" })
        assert.match(rejected.message, /Nothing was stored/)
        const reads: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
          events.head("a"),
          Stream.runCollect(events.read("a")),
          Stream.runCollect(events.feed()),
          snapshots.latest("a"),
          snapshots.save({ agentId: "a", version: 2, eventId: "e", state: 1 })
        ]
        for (const read of reads) {
          assert.deepInclude(yield* Effect.flip(read), { _tag: "Unavailable", reason: "Unreachable" })
        }

        yield* Effect.promise(() => server.restart())
        assert.strictEqual((yield* Effect.retry(note("b"), inAMoment)).version, 1)
        yield* append
        const stored = yield* Stream.runCollect(events.read("a"))
        const ids = stored.map((event) => event.id)
        assert.isAbove(acknowledged.length, 2)
        assert.deepStrictEqual(
          acknowledged.filter((id) => !ids.includes(id)),
          []
        )
        assert.deepStrictEqual(
          stored.map((event) => event.version),
          stored.map((_, index) => index + 1)
        )
        assert.strictEqual(new Set(ids).size, ids.length)
        assert.deepInclude(yield* snapshots.get(saved.id), { value: saved })
      })
    )
  )
})

describe("a server that ends the connections of an open store", () => {
  const end = (name: string) =>
    TestDatabase.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", [name])

  it.live("is used again over new ones, and repeating what is unknown stores it once", () =>
    Effect.gen(function* () {
      const schema = yield* TestDatabase.schema
      const work = Effect.gen(function* () {
        const store = yield* EventStore.EventStore
        for (let round = 0; round < 10; round++) {
          yield* end(schema)
          const append = store.append({ agentId: "a", events: [{ id: `e${round}`, type: "a.noted" }] })
          let tries = 0
          while (Result.isFailure(yield* Effect.result(append))) if (++tries > 20) assert.fail("still no connection")
          const [last] = yield* Stream.runCollect(store.read("a", { direction: "backward", limit: 1 }))
          assert.deepInclude(last, { id: `e${round}`, version: round + 1 })
        }
      })
      yield* Effect.provide(work, Postgres.layer({ url: TestDatabase.url, schema, applicationName: schema }))
    })
  )

  it.live(
    "leaves the fate of an append unknown that was under way, never rejected, and the next one goes through",
    () =>
      Effect.gen(function* () {
        const schema = yield* TestDatabase.schema
        const waiting = "SELECT 1 AS one FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'"
        const work = Effect.gen(function* () {
          const store = yield* EventStore.EventStore
          const sql = yield* PgClient.PgClient
          const append = store.append({ agentId: "a", events: [{ id: "e1", type: "a.noted" }] })
          // Nobody can write while this transaction is open.
          const unknown = yield* sql.withTransaction(
            Effect.gen(function* () {
              yield* sql.unsafe(`LOCK TABLE "${schema}".events IN EXCLUSIVE MODE`)
              const caller = yield* Effect.forkChild(Effect.flip(append), { startImmediately: true })
              const isWaiting = Effect.map(TestDatabase.run(waiting, [schema]), (rows) => rows.length > 0)
              yield* Effect.repeat(isWaiting, { until: (isWaiting) => isWaiting })
              yield* end(schema)
              return yield* Fiber.join(caller)
            })
          )
          assert.deepInclude(unknown, { _tag: "Unknown", agentId: "a", eventIds: ["e1"] })
          assert.deepInclude(yield* Effect.retry(append, inAMoment), { version: 1 })
          assert.strictEqual((yield* Stream.runCollect(store.read("a"))).length, 1)
        })
        const stores = Postgres.layer({ url: TestDatabase.url, schema, applicationName: schema })
        yield* Effect.provide(work, Layer.merge(stores, TestDatabase.client))
      })
  )
})
