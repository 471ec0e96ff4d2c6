import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Postgres from "../../layers/postgres/index.ts"
import { EventStore, SnapshotStore } from "../../src/index.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const note = (agentId: string) => EventStore.append({ agentId, events: [{ type: "a.noted" }] })

/** Some of everything that the stores can do, by several fibers at once. */
const work = Effect.gen(function* () {
  const events = yield* EventStore.EventStore
  const snapshots = yield* SnapshotStore.SnapshotStore
  const live = yield* Effect.forkChild(Stream.runCollect(Stream.take(events.feed({ live: true }), 60)), {
    startImmediately: true
  })
  const one = (number: number) =>
    Effect.gen(function* () {
      const agentId = `agent ${number % 5}`
      yield* events.append({ agentId, events: [{ type: "a.noted", data: { number } }, { type: "a.noted" }] })
      yield* events.append({
        agentId: `lone ${number}`,
        events: [{ type: "a.noted" }],
        commands: [{ id: "c", reply: number }]
      })
      assert.deepStrictEqual(yield* events.reply(`lone ${number}`, "c"), Option.some(number))
      const saved = yield* snapshots.save({ agentId: `lone ${number}`, version: 1, eventId: "e", state: number })
      assert.deepStrictEqual(yield* snapshots.latest(`lone ${number}`), Option.some(saved))
    })
  yield* Effect.all(
    Array.from({ length: 20 }, (_, number) => one(number)),
    { concurrency: "unbounded" }
  )
  assert.strictEqual((yield* Fiber.join(live)).length, 60)
  for (const number of [0, 1, 2, 3, 4]) {
    assert.strictEqual((yield* Stream.runCollect(events.read(`agent ${number}`))).length, 8)
  }
  const conflict = yield* Effect.flip(events.append({ agentId: "lone 1", events: [{ type: "a.noted" }], expected: 7 }))
  assert.deepInclude(conflict, { _tag: "Conflict", expected: 7, actual: 1 })
  assert.strictEqual(yield* events.deleteEvents("agent 1", 3), 3)
  assert.strictEqual(yield* events.purge("lone 2"), 1)
  assert.isTrue(Option.isNone(yield* snapshots.latest("lone 2")))
  assert.strictEqual((yield* Stream.runCollect(events.agents({ prefix: "lone" }))).length, 19)
})

describe("the connections of a PostgreSQL store", () => {
  for (const [what, pool] of [
    // A new session for every statement: nothing that a session could keep is there for the next one, as behind a pooler.
    ["each statement on a connection of its own", { connectionTTL: 0 }],
    ["each statement on a connection of its own, without named statements", { connectionTTL: 0, prepare: false }],
    ["a single connection", { maxConnections: 1 }],
    ["two connections with several statements under way on each", { maxConnections: 2, multiplex: true }]
  ] as const) {
    it.live(`may be anything: ${what}`, () =>
      Effect.gen(function* () {
        const schema = yield* TestDatabase.schema
        const options = { url: TestDatabase.url, schema, feedPollMilliseconds: 20, ...pool }
        yield* Effect.provide(work, Postgres.layer(options))
        if (!("connectionTTL" in pool)) return
        const pid = Effect.flatMap(PgClient.PgClient, (sql) => sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`)
        const [first, second] = yield* Effect.provide(
          Effect.all([pid, pid]),
          PgClient.layer({ url: TestDatabase.url, ...pool })
        )
        assert.notDeepEqual(first, second, "two statements ran in one session")
      })
    )
  }

  it.live("may be those of the application, whatever it does to names and values", () =>
    Effect.gen(function* () {
      const schema = yield* TestDatabase.schema
      const upper = (name: string) => name.toUpperCase()
      const client = PgClient.layer({ url: TestDatabase.url, transformQueryNames: upper, transformResultNames: upper })
      const stores = Postgres.layerClient({ schema, feedPollMilliseconds: 20 })
      yield* Effect.provide(work, Layer.provide(stores, client))
    })
  )

  it.live("leave nothing of the store in the sessions: no settings, no locks, no prepared transaction", () =>
    Effect.gen(function* () {
      const schema = yield* TestDatabase.schema
      const client = PgClient.layer({ url: TestDatabase.url, maxConnections: 1 })
      const session = Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const settings = yield* sql<{
          name: string
          setting: string
        }>`SELECT name, setting FROM pg_settings ORDER BY name`
        const locks = yield* sql`SELECT 1 FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'`
        const listening = yield* sql`SELECT pg_listening_channels()`
        const temporary = yield* sql`SELECT 1 FROM pg_class WHERE relpersistence = 't'`
        return { settings, locks, listening, temporary }
      })
      const stores = Postgres.layerClient({ schema, feedPollMilliseconds: 20 })
      yield* Effect.gen(function* () {
        const before = yield* session
        yield* Effect.provide(work, stores)
        assert.deepStrictEqual(yield* session, before)
        assert.deepStrictEqual([before.locks, before.listening, before.temporary], [[], [], []])
      }).pipe(Effect.provide(client))
    })
  )

  it.live("are given back by readers that stop early or fail", () =>
    Effect.gen(function* () {
      const schema = yield* TestDatabase.schema
      yield* Effect.gen(function* () {
        const events = yield* EventStore.EventStore
        yield* events.append({ agentId: "a", events: Array.from({ length: 3000 }, () => ({ type: "a.noted" })) })
        for (let round = 0; round < 10; round++) {
          assert.strictEqual((yield* Stream.runCollect(Stream.take(events.read("a"), 1))).length, 1)
          yield* Effect.exit(Stream.runForEach(events.read("a"), () => Effect.fail("enough")))
          const reading = yield* Effect.forkChild(Stream.runDrain(events.feed({ live: true })), {
            startImmediately: true
          })
          yield* Fiber.interrupt(reading)
        }
        assert.strictEqual((yield* note("a")).version, 3001)
      }).pipe(Effect.provide(Postgres.layer({ url: TestDatabase.url, schema, maxConnections: 2 })))
    })
  )
})

describe("the configuration of a PostgreSQL store", () => {
  const options = {
    url: Config.Redacted("URL"),
    schema: Config.String("SCHEMA"),
    maxConnections: Config.Int("CONNECTIONS"),
    tenant: Config.String("TENANT").pipe(Config.withDefault("acme"))
  }
  const run = (configuration: object) =>
    Effect.provide(note("a"), Layer.fresh(Postgres.layerConfig(options))).pipe(
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(configuration))
    )

  it.live("is read when the layer is built", () =>
    Effect.gen(function* () {
      const schema = yield* TestDatabase.schema
      const appended = yield* run({ URL: Redacted.value(TestDatabase.url), SCHEMA: schema, CONNECTIONS: 2 })
      assert.strictEqual(appended.version, 1)
      const tenants = yield* TestDatabase.run(`SELECT tenant FROM "${schema}".events`)
      assert.deepStrictEqual(tenants, [{ tenant: "acme" }])
    })
  )

  it.live("gives a typed error that names what is missing or wrong", () =>
    Effect.gen(function* () {
      const good = { URL: Redacted.value(TestDatabase.url), SCHEMA: TestDatabase.freshSchema(), CONNECTIONS: 2 }
      for (const [configuration, tag, text] of [
        [{}, "ConfigError", /URL/],
        [{ ...good, SCHEMA: undefined }, "ConfigError", /SCHEMA/],
        [{ ...good, CONNECTIONS: "many" }, "ConfigError", /CONNECTIONS/],
        [{ ...good, SCHEMA: 'a"b' }, "InvalidInput", /schema: expected .*letters/],
        [{ ...good, TENANT: "\u0007" }, "InvalidInput", /tenant: expected/],
        [{ ...good, CONNECTIONS: 0 }, "InvalidInput", /maxConnections: expected/],
        [{ ...good, URL: "postgresql://somebody@localhost:1/x" }, "Unavailable", /ECONNREFUSED/]
      ] as const) {
        const error = yield* Effect.flip(run(configuration))
        assert.strictEqual(error._tag, tag, String(error))
        assert.match(String(error), text)
      }
    })
  )
})

describe("using a PostgreSQL store after it was closed", () => {
  for (const [what, isOwn] of [
    ["with its own connections", true],
    ["while the application's connections stay open", false]
  ] as const) {
    it.live(`refuses appends as closed, and tells every other call that it is closed: ${what}`, () =>
      Effect.gen(function* () {
        const schema = yield* TestDatabase.schema
        const layer = isOwn ? Postgres.layer({ url: TestDatabase.url, schema }) : Postgres.layerClient({ schema })
        const scope = yield* Scope.make()
        const context = yield* Layer.buildWithScope(layer, scope)
        const events = Context.get(context, EventStore.EventStore)
        const snapshots = Context.get(context, SnapshotStore.SnapshotStore)
        yield* events.append({ agentId: "a", events: [{ type: "a.noted", id: "e" }] })
        yield* Scope.close(scope, Exit.void)

        const append = yield* Effect.flip(events.append({ agentId: "a", events: [{ type: "a.noted" }] }))
        assert.deepInclude(append, { _tag: "Rejected", reason: "Closed" })
        const calls: Record<string, Effect.Effect<unknown, unknown>> = {
          read: Stream.runCollect(events.read("a")),
          getEvent: events.getEvent("e"),
          head: events.head("a"),
          reply: events.reply("a", "c"),
          agents: Stream.runCollect(events.agents()),
          feed: Stream.runCollect(events.feed()),
          liveFeed: Stream.runCollect(events.feed({ live: true })),
          feedEnd: events.feedEnd,
          deleteEvents: events.deleteEvents("a", 1),
          purge: events.purge("a"),
          save: snapshots.save({ agentId: "a", version: 2, eventId: "e", state: 1 }),
          latest: snapshots.latest("a"),
          get: snapshots.get("s"),
          list: snapshots.list("a"),
          delete: snapshots.delete("a", 1),
          deleteAll: snapshots.deleteAll("a")
        }
        for (const [name, call] of Object.entries(calls)) {
          const error = yield* Effect.flip(Effect.timeout(call, "5 seconds"))
          assert.deepInclude(error, { _tag: "Unavailable", reason: "Closed" }, name)
        }
      }).pipe(Effect.provide(TestDatabase.client))
    )
  }

  it.live("may be closed while reads are under way: each is answered, or told that it is closed", () =>
    Effect.gen(function* () {
      const schema = yield* TestDatabase.schema
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(Postgres.layer({ url: TestDatabase.url, schema }), scope)
      const events = Context.get(context, EventStore.EventStore)
      yield* events.append({ agentId: "a", events: Array.from({ length: 3000 }, () => ({ type: "a.noted" })) })
      const reads = Array.from({ length: 30 }, () => Effect.exit(Stream.runCollect(events.read("a"))))
      const [exits] = yield* Effect.all(
        [Effect.all(reads, { concurrency: "unbounded" }), Scope.close(scope, Exit.void)],
        { concurrency: 2 }
      )
      for (const exit of exits) {
        if (Exit.isSuccess(exit)) assert.strictEqual(exit.value.length, 3000)
        else assert.match(String(exit.cause), /Unavailable.*Closed/s)
      }
    })
  )
})
