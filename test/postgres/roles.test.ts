import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as Postgres from "../../layers/postgres/index.ts"
import { EventStore, SnapshotStore } from "../../src/index.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const note = (agentId: string) => EventStore.append({ agentId, events: [{ type: "a.noted" }] })

/** Migrated tables, and a role that may not make any. */
const setting = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const role = TestDatabase.freshSchema()
  yield* Effect.addFinalizer(() =>
    Effect.orDie(Effect.andThen(TestDatabase.run(`DROP OWNED BY "${role}"`), TestDatabase.run(`DROP ROLE "${role}"`)))
  )
  const schema = yield* TestDatabase.schema
  yield* sql.unsafe(`CREATE ROLE "${role}" LOGIN`)
  yield* Effect.provide(Effect.void, Postgres.layerMigrations({ schema }))
  const address = new URL(Redacted.value(TestDatabase.url))
  address.username = role
  const url = Redacted.make(address.href)
  return {
    sql,
    schema,
    role,
    url,
    grant: sql
      .unsafe(`GRANT USAGE ON SCHEMA "${schema}" TO "${role}"`)
      .pipe(
        Effect.andThen(
          sql.unsafe(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${schema}" TO "${role}"`)
        )
      ),
    storage: Layer.provide(Postgres.layerStorage({ schema }), PgClient.layer({ url }))
  }
})

describe("a role without the right to make tables", () => {
  it.live("may do everything with migrated tables", () =>
    Effect.gen(function* () {
      const { grant, storage } = yield* setting
      yield* grant
      yield* Effect.gen(function* () {
        const events = yield* EventStore.EventStore
        const snapshots = yield* SnapshotStore.SnapshotStore
        yield* events.append({ agentId: "a", events: [{ type: "a.noted" }], commands: [{ id: "c", reply: 1 }] })
        yield* events.append({ agentId: "a", events: [{ type: "a.noted" }, { type: "a.noted" }], expected: 1 })
        const saved = yield* snapshots.save({ agentId: "a", version: 3, eventId: "e", state: 1n })
        assert.deepStrictEqual(yield* snapshots.latest("a"), Option.some(saved))
        assert.deepStrictEqual(yield* events.reply("a", "c"), Option.some(1))
        assert.strictEqual((yield* Stream.runCollect(events.feed({ live: true }).pipe(Stream.take(3)))).length, 3)
        assert.strictEqual(yield* events.deleteEvents("a", 1), 1)
        assert.strictEqual(yield* events.purge("a"), 2)
        assert.strictEqual(yield* snapshots.deleteAll("a"), 0)
      }).pipe(Effect.provide(storage))
    }).pipe(Effect.provide(TestDatabase.client))
  )

  it.live("is told to leave the migrations to another role when it asks for them", () =>
    Effect.gen(function* () {
      const { grant, schema, url } = yield* setting
      yield* grant
      const error = yield* Effect.flip(Effect.provide(note("a"), Postgres.layer({ url, schema })))
      assert.deepInclude(error, { _tag: "Unavailable", operation: "migrate", reason: "Failed" })
      assert.match(error.message, /permission denied.*Use `layerStorage` with this role/)
    }).pipe(Effect.provide(TestDatabase.client))
  )

  it.live("is told what to be granted when it lacks rights, and an append is not called stored", () =>
    Effect.gen(function* () {
      const { grant, role, schema, sql, storage } = yield* setting
      const opening = yield* Effect.flip(Effect.provide(note("a"), Layer.fresh(storage)))
      assert.deepInclude(opening, { _tag: "Unavailable", operation: "open", reason: "Failed" })
      assert.match(opening.message, /Grant the role/)
      yield* grant
      yield* sql.unsafe(`REVOKE INSERT ON ALL TABLES IN SCHEMA "${schema}" FROM "${role}"`)
      yield* Effect.gen(function* () {
        const append = yield* Effect.flip(note("a"))
        assert.deepInclude(append, { _tag: "Rejected", reason: "Unavailable" })
        assert.match(append.message, /permission denied.*Nothing was stored.*Grant the role/)
        const snapshots = yield* SnapshotStore.SnapshotStore
        const save = yield* Effect.flip(snapshots.save({ agentId: "a", version: 1, eventId: "e", state: 1 }))
        assert.deepInclude(save, { _tag: "Unavailable", operation: "save snapshot" })
        assert.match(save.message, /Grant the role/)
        const { head } = yield* EventStore.EventStore
        assert.strictEqual((yield* head("a")).version, 0)
      }).pipe(Effect.provide(Layer.fresh(storage)))
    }).pipe(Effect.provide(TestDatabase.client))
  )
})

describe("a role that may only read", () => {
  it.live("reads what is there, and every write is refused for what it is", () =>
    Effect.gen(function* () {
      const { grant, role, schema, sql, storage, url } = yield* setting
      yield* grant
      yield* Effect.provide(note("a"), Layer.fresh(storage))
      yield* sql.unsafe(`ALTER ROLE "${role}" SET default_transaction_read_only = on`)
      yield* Effect.gen(function* () {
        const events = yield* EventStore.EventStore
        const snapshots = yield* SnapshotStore.SnapshotStore
        assert.strictEqual((yield* Stream.runCollect(events.read("a"))).length, 1)
        assert.strictEqual((yield* Stream.runCollect(Stream.take(events.feed({ live: true }), 1))).length, 1)
        assert.isTrue(Option.isNone(yield* snapshots.latest("a")))

        const append = yield* Effect.flip(note("a"))
        assert.deepInclude(append, { _tag: "Rejected", reason: "Unavailable" })
        assert.match(append.message, /read-only.*Nothing was stored.*primary/)
        const writes: Record<string, Effect.Effect<unknown, unknown>> = {
          save: snapshots.save({ agentId: "a", version: 1, eventId: "e", state: 1 }),
          delete: snapshots.delete("a", 1),
          deleteAll: snapshots.deleteAll("a"),
          deleteEvents: events.deleteEvents("a", 1),
          purge: events.purge("a")
        }
        for (const [name, write] of Object.entries(writes)) {
          const error = yield* Effect.flip(write)
          assert.deepInclude(error, { _tag: "Unavailable", reason: "WrongDatabase" }, name)
          assert.match(String(error), /read-only.*primary/, name)
        }
        assert.strictEqual((yield* events.head("a")).version, 1)
      }).pipe(Effect.provide(Layer.fresh(storage)))

      const error = yield* Effect.flip(Effect.provide(note("a"), Postgres.layer({ url, schema })))
      assert.deepInclude(error, { _tag: "Unavailable", operation: "migrate", reason: "WrongDatabase" })
    }).pipe(Effect.provide(TestDatabase.client))
  )
})
