import { createServer } from "node:net"
import { inspect } from "node:util"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Postgres from "../../layers/postgres/index.ts"
import { newest } from "../../layers/postgres/migrations.ts"
import { EventStore, type SnapshotStore } from "../../src/index.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

type Stores = EventStore.EventStore | SnapshotStore.SnapshotStore

const note = (agentId: string) => EventStore.append({ agentId, events: [{ type: "a.noted" }] })

/** Builds the stores, and gives why that fails: typed, with what to do. */
const refusal = <E extends { readonly _tag: string }>(layer: Layer.Layer<Stores, E>) =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(Effect.provide(note("a"), Layer.fresh(layer)))
    for (const name of ["expected", "found", "remedy"]) assert.isNotEmpty(Reflect.get(error, name), String(error))
    assert.notInclude(String(error) + inspect(error, { depth: 20, showHidden: true }), "secret")
    return error
  })

/** The address of the test server with a part of it changed. */
const address = (part: "username" | "port" | "pathname", value: string) => {
  const url = new URL(Redacted.value(TestDatabase.url))
  url[part] = value
  return Redacted.make(url.href)
}

/** The stores on tables that exist, over a client of the test's own. */
const storage = (options: Postgres.StoreOptions, pool: Partial<PgClient.PgPoolConfig> = {}) =>
  Layer.provide(Postgres.layerStorage(options), PgClient.layer({ url: TestDatabase.url, ...pool }))

const migrated = (options: Postgres.StoreOptions) =>
  Effect.provide(
    Effect.void,
    Layer.provide(Postgres.layerMigrations(options), PgClient.layer({ url: TestDatabase.url }))
  )

describe("a database that cannot be reached", () => {
  it.live("is told from one that refuses: no server at the port", () =>
    Effect.gen(function* () {
      const error = yield* refusal(Postgres.layer({ url: address("port", "1") }))
      assert.deepInclude(error, { _tag: "Unavailable", reason: "Unreachable" })
      assert.match(String(error), /ECONNREFUSED/)
      // A code of the network is none of the server's.
      assert.notMatch(String(error), /SQLSTATE/)
    })
  )

  it.live("is told for a server that speaks otherwise, or says nothing", () =>
    Effect.gen(function* () {
      for (const greeting of ["HTTP/1.1 400 Bad Request\r\n\r\n", undefined]) {
        const server = yield* Effect.acquireRelease(
          Effect.callback<ReturnType<typeof createServer>>((resume) => {
            const server = createServer((socket) => {
              socket.on("error", () => {})
              if (greeting !== undefined) socket.end(greeting)
            })
            server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
          }),
          (server) => Effect.sync(() => server.close())
        )
        const bound = server.address()
        const port = typeof bound === "object" && bound !== null ? String(bound.port) : ""
        const url = address("port", port)
        const error = yield* refusal(Postgres.layer({ url, connectTimeout: "300 millis" }))
        assert.deepInclude(error, { _tag: "Unavailable", reason: "Unreachable" }, String(greeting))
      }
    })
  )

  it.live("is told when the server does not have it, or does not know the user", () =>
    Effect.gen(function* () {
      const database = yield* refusal(Postgres.layer({ url: address("pathname", "/no_such_database") }))
      assert.deepInclude(database, { _tag: "Unavailable", reason: "WrongDatabase" })
      assert.match(String(database), /no_such_database/)
      const user = yield* refusal(Postgres.layer({ url: address("username", "no_such_user") }))
      assert.deepInclude(user, { _tag: "Unavailable", reason: "Unreachable" })
      assert.match(String(user), /user name and the password/)
    })
  )

  it.live("is told when the address is none, without the password in it", () =>
    Effect.gen(function* () {
      for (const url of ["postgres://me:secret@[bad:1/x", "postgres://me:secret@127.0.0.1:99999/x", "secret"]) {
        const error = yield* refusal(Postgres.layer({ url: Redacted.make(url) }))
        assert.deepInclude(error, { _tag: "Unavailable", reason: "Failed" })
      }
    })
  )

  it.live("is told when the address or the pool cannot be meant", () =>
    Effect.gen(function* () {
      for (const url of ["", "not an address", "http://localhost/", "postgresql://user:secret@host:99999/db"]) {
        const error = yield* refusal(Postgres.layer({ url: Redacted.make(url) }))
        assert.include(["Unavailable", "InvalidInput"], error._tag, url)
        assert.match(String(error), /postgresql:\/\/user:password@host/, url)
      }
      for (const maxConnections of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        const error = yield* refusal(Postgres.layer({ url: TestDatabase.url, maxConnections }))
        assert.deepInclude(error, { _tag: "InvalidInput", path: "maxConnections" })
      }
      const plain = yield* refusal(Postgres.layer({ url: "postgresql://me:secret@127.0.0.1/db" as never }))
      assert.deepInclude(plain, { _tag: "InvalidInput", path: "url", found: "a value of type string" })
      const error = yield* refusal(Postgres.layer({ url: TestDatabase.url, minConnections: 3, maxConnections: 2 }))
      assert.deepInclude(error, { _tag: "InvalidInput", path: "minConnections" })
    })
  )
})

describe("tables that do not fit", () => {
  it.live("are told to be missing when nobody migrated, and nothing is made", () =>
    Effect.gen(function* () {
      const own = yield* TestDatabase.schema
      const error = yield* refusal(storage({ schema: own }))
      assert.deepInclude(error, { _tag: "Unavailable", reason: "NotMigrated", operation: "open" })
      assert.match(String(error), /layerMigrations/)
      assert.deepStrictEqual(yield* TestDatabase.run("SELECT 1 FROM pg_namespace WHERE nspname = $1", [own]), [])
      yield* TestDatabase.run(`CREATE SCHEMA "${own}"`)
      assert.deepInclude(yield* refusal(storage({ schema: own })), { reason: "NotMigrated" })
      yield* migrated({ schema: own })
      // Tables of another prefix are others.
      assert.deepInclude(yield* refusal(storage({ schema: own, tablePrefix: "other_" })), { reason: "NotMigrated" })
      assert.strictEqual((yield* Effect.provide(note("a"), storage({ schema: own }))).version, 1)
    })
  )

  it.live("are told to be newer, with both versions, whether migrations are wanted or not", () =>
    Effect.gen(function* () {
      const own = yield* TestDatabase.schema
      yield* migrated({ schema: own })
      yield* TestDatabase.run(`INSERT INTO "${own}".migrations (number) VALUES (99)`)
      for (const layer of [storage({ schema: own }), Postgres.layer({ url: TestDatabase.url, schema: own })]) {
        const error = yield* refusal(layer)
        assert.deepInclude(error, { _tag: "Unavailable", reason: "NewerSchema", found: "tables of version 99" })
      }
      const numbers = yield* TestDatabase.run(`SELECT number FROM "${own}".migrations ORDER BY number DESC LIMIT 1`)
      assert.deepStrictEqual(numbers, [{ number: 99 }])
    })
  )

  it.live("are told to come from another cluster, until they are migrated there", () =>
    Effect.gen(function* () {
      const own = yield* TestDatabase.schema
      yield* migrated({ schema: own })
      yield* Effect.provide(note("a"), storage({ schema: own }))
      yield* TestDatabase.run(`UPDATE "${own}".meta SET cluster = '1'`)
      assert.deepInclude(yield* refusal(storage({ schema: own })), { _tag: "Unavailable", reason: "WrongDatabase" })
      yield* migrated({ schema: own })
      assert.strictEqual((yield* Effect.provide(note("a"), storage({ schema: own }))).version, 2)
    })
  )
})

describe("options that cannot be meant", () => {
  const long = (length: number) => "x".repeat(length)
  const cases: ReadonlyArray<readonly [path: string, values: ReadonlyArray<Postgres.StoreOptions>]> = [
    [
      "schema",
      ["", "1a", "a b", "a-b", "a.b", 'a"b', "a';--", "\u00fc", "a\0", "a\n", long(41)].map((schema) => ({ schema }))
    ],
    [
      "tablePrefix",
      ["1", "a b", "a-", "a.", 'a"', "';--", "\u00e9", "\0", "a\n", long(21)].map((tablePrefix) => ({ tablePrefix }))
    ],
    ["tenant", ["\0", "a\nb", "\ud800", "a\u001fb", long(256)].map((tenant) => ({ tenant }))],
    ["feedPollMilliseconds", [0, -1, Number.NaN].map((feedPollMilliseconds) => ({ feedPollMilliseconds }))]
  ]
  for (const [path, values] of cases) {
    it.live(`are refused before anything is sent: ${path}`, () =>
      Effect.gen(function* () {
        for (const options of values) {
          for (const layer of [Postgres.layer({ url: TestDatabase.url, ...options }), storage(options)]) {
            assert.deepInclude(yield* refusal(layer), { _tag: "InvalidInput", path }, JSON.stringify(options))
          }
        }
      })
    )
  }

  it.live("do not include names that are odd but legal", () =>
    Effect.gen(function* () {
      const unique = crypto.randomUUID().replaceAll("-", "")
      for (const [schema, tablePrefix] of [
        [`T_${unique}`, "Order_"],
        [`_${unique}`, "_"],
        [`select_${unique}`, "user"],
        [unique.padStart(40, "z"), "x".repeat(20)]
      ] as const) {
        yield* Effect.addFinalizer(() => Effect.orDie(TestDatabase.run(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`)))
        const layer = Postgres.layer({ url: TestDatabase.url, schema, tablePrefix })
        assert.strictEqual((yield* Effect.provide(note("a"), Layer.fresh(layer))).version, 1)
        assert.strictEqual((yield* Effect.provide(note("a"), Layer.fresh(layer))).version, 2)
      }
    })
  )
})

describe("migrations", () => {
  it.live("are applied once, however many processes open the store at the same time", () =>
    Effect.gen(function* () {
      for (let round = 0; round < 3; round++) {
        const own = yield* TestDatabase.schema
        const open = Effect.suspend(() =>
          Effect.provide(note("a"), Layer.fresh(Postgres.layer({ url: TestDatabase.url, schema: own })))
        )
        const appended = yield* Effect.all(
          Array.from({ length: 4 }, () => open),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(appended.map(({ version }) => version).sort(), [1, 2, 3, 4])
        const applied = yield* TestDatabase.run(`SELECT number FROM "${own}".migrations ORDER BY number`)
        assert.deepStrictEqual(
          applied,
          Array.from({ length: newest }, (_, index) => ({ number: index + 1 }))
        )
        assert.deepStrictEqual(yield* TestDatabase.run(`SELECT epoch FROM "${own}".meta`), [{ epoch: 1 }])
      }
    })
  )

  it.live("of stores with different prefixes may make their common schema at the same time", () =>
    Effect.gen(function* () {
      for (let round = 0; round < 3; round++) {
        const own = yield* TestDatabase.schema
        const open = (tablePrefix: string) =>
          Effect.provide(note("a"), Layer.fresh(Postgres.layer({ url: TestDatabase.url, schema: own, tablePrefix })))
        const appended = yield* Effect.all(["", "a_", "b_", "c_"].map(open), { concurrency: "unbounded" })
        assert.deepStrictEqual(
          appended.map(({ version }) => version),
          [1, 1, 1, 1]
        )
      }
    })
  )

  it.live("that fail leave nothing behind, and can be tried again", () =>
    Effect.gen(function* () {
      const own = yield* TestDatabase.schema
      yield* TestDatabase.run(`CREATE SCHEMA "${own}"`)
      // In the way of the last table but one.
      yield* TestDatabase.run(`CREATE TABLE "${own}".snapshots ()`)
      assert.deepInclude(yield* refusal(Postgres.layer({ url: TestDatabase.url, schema: own })), {
        _tag: "Unavailable",
        operation: "migrate"
      })
      const tables = yield* TestDatabase.run("SELECT tablename FROM pg_tables WHERE schemaname = $1", [own])
      assert.deepStrictEqual(tables, [{ tablename: "snapshots" }])
      yield* TestDatabase.run(`DROP TABLE "${own}".snapshots`)
      yield* Effect.provide(note("a"), Postgres.layer({ url: TestDatabase.url, schema: own }))
    })
  )
})
