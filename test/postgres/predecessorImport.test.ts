/** Agents of the predecessor's tables come over with their states. */
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Memory from "../../layers/memory/index.ts"
import * as Postgres from "../../layers/postgres/index.ts"
import { AgentStateManager, EventStore, Limits } from "../../src/index.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const { PredecessorImport } = Postgres

interface Row {
  readonly id?: string | null
  readonly type?: string | null
  /** The second of a minute of the year 2024; the time of the row before by default. */
  readonly at?: number | string | null
  readonly data?: unknown
  readonly metadata?: unknown
}

/** Tables as the predecessor made them, but that a test may put into them what it likes. */
const oldTables = Effect.gen(function* () {
  const schema = yield* TestDatabase.schema
  const sql = yield* PgClient.PgClient
  const [events, snapshots] = [`${schema}.agent_context_events`, `${schema}.agent_context_snapshots`]
  yield* sql.unsafe(`CREATE SCHEMA "${schema}"`)
  yield* sql.unsafe(
    `CREATE TABLE ${events} (id text, type varchar(255), agent_id varchar(255), timestamp timestamptz, data jsonb, metadata jsonb,
       version bigint NOT NULL DEFAULT 0, created_at timestamptz DEFAULT now())`
  )
  yield* sql.unsafe(
    `CREATE TABLE ${snapshots} (id text, agent_id varchar(255), timestamp timestamptz, state jsonb, version bigint, event_id text)`
  )
  const insert = (agentId: string | null, rows: ReadonlyArray<Row>) =>
    Effect.forEach(rows, ({ at = 0, data = {}, id = crypto.randomUUID(), metadata = null, type = "context_updated" }) =>
      sql.unsafe(
        `INSERT INTO ${events} (id, agent_id, type, timestamp, data, metadata) VALUES ($1, $2, $3, $4::text::timestamptz, $5::text::jsonb, $6::text::jsonb)`,
        [
          id,
          agentId,
          type,
          typeof at === "number" ? `2024-05-01T00:00:${String(at).padStart(2, "0")}.5Z` : at,
          JSON.stringify(data),
          metadata === null ? null : JSON.stringify(metadata)
        ]
      )
    )
  const snapshot = (agentId: string, version: number, state: object) =>
    sql.unsafe(`INSERT INTO ${snapshots} VALUES ($1, $2, '2024-05-01T00:00:59Z', $3::text::jsonb, $4::int8, $1)`, [
      crypto.randomUUID(),
      agentId,
      JSON.stringify(state),
      version
    ])
  return { schema, events, snapshots, insert, snapshot, tables: { eventsTable: events, snapshotsTable: snapshots } }
})

const states = Layer.provideMerge(AgentStateManager.layer(), Memory.layer)

const test = (
  name: string,
  body: (
    tables: Effect.Success<typeof oldTables>
  ) => Effect.Effect<
    void,
    unknown,
    PgClient.PgClient | Layer.Success<typeof states> | Layer.Success<typeof TestDatabase.client>
  >
) =>
  it.live(
    name,
    () =>
      Effect.scoped(Effect.flatMap(oldTables, body)).pipe(
        Effect.provide(Layer.merge(states, TestDatabase.client), { local: true })
      ),
    30_000
  )

const stateOf = (agentId: string) =>
  AgentStateManager.AgentStateManager.use((manager) => Effect.map(manager.getContext(agentId), ({ state }) => state))

const contextOf = (agentId: string) => AgentStateManager.AgentStateManager.use((manager) => manager.getContext(agentId))

const eventsOf = (agentId: string) => Stream.runCollect(EventStore.read(agentId))

const updated = (state: object, more: object = {}) => ({
  updates: { state },
  previousVersion: 0,
  newVersion: 1,
  ...more
})

describe("the import of the predecessor's tables", () => {
  test("gives agents the states that their events told, with versions from 1, by time and then by id", (old) =>
    Effect.gen(function* () {
      yield* old.insert("a", [
        { id: "e", at: 9, data: updated({ last: true, seen: "2024-01-01T00:00:00.000Z" }) },
        { id: "b", at: 1, data: updated({ first: true, nested: { a: 1 }, count: 1 }) },
        { id: "d", at: 5, type: "state_set", data: { count: 3, nested: { b: 2 } } },
        { id: "c", at: 5, type: "state_set", data: { count: 2 } },
        { id: "f", at: 10, type: "state_delete", data: { key: "first" } },
        { id: "g", at: 11, type: "state_delete", data: { key: "first" } },
        { id: "h", at: 12, type: "task.done", data: { task: 7 }, metadata: { by: "me" } }
      ])
      const report = yield* PredecessorImport.run(old.tables)
      assert.deepStrictEqual(report, {
        agents: 1,
        imported: 1,
        present: 0,
        refused: 0,
        events: 7,
        fromSnapshots: 0,
        refusals: []
      })
      assert.deepStrictEqual(yield* stateOf("a"), {
        nested: { b: 2 },
        count: 3,
        last: true,
        seen: "2024-01-01T00:00:00.000Z"
      })
      const events = yield* eventsOf("a")
      assert.deepStrictEqual(
        events.map(({ id, type, version }) => `${version} ${id} ${type}`),
        [
          "1 b context.updated",
          "2 c context.updated",
          "3 d context.updated",
          "4 e context.updated",
          "5 f context.patched",
          "6 g state_delete",
          "7 h task.done"
        ]
      )
      assert.deepStrictEqual(events[0]?.timestamp, new Date("2024-05-01T00:00:01.500Z"))
      assert.deepStrictEqual(events[6]?.data, { task: 7 })
      assert.deepStrictEqual(events[6]?.metadata, { by: "me" })
      assert.deepStrictEqual(events[0]?.metadata, {
        predecessor: { type: "context_updated", data: { previousVersion: 0, newVersion: 1 } }
      })
      const { createdAt, updatedAt } = yield* contextOf("a")
      assert.deepStrictEqual(
        [createdAt.toISOString(), updatedAt.toISOString()].join(),
        "2024-05-01T00:00:01.500Z,2024-05-01T00:00:12.500Z"
      )
    }))

  test("keeps what was said beside the state: metadata, updates without a state, and odd types", (old) =>
    Effect.gen(function* () {
      yield* old.insert("a", [
        { at: 1, data: { updates: { status: "busy", retries: 2 } } },
        { at: 2, data: { updates: { state: { x: { $date: "mine" } }, metadata: { owner: "me" }, version: 9 } } },
        { at: 3, type: "context.updated", data: { state: 5 }, metadata: "just a text" },
        { at: 4, type: "a", data: { deep: [null, 1.5] }, metadata: { predecessor: 1 } },
        { at: 5, type: "state_set", data: JSON.stringify({ "a/b~c": 1 }) },
        { at: 6, type: "state_delete", data: { key: "a/b~c" } },
        { at: 7, type: "empty", data: null }
      ])
      yield* PredecessorImport.run(old.tables)
      const { metadata, state } = yield* contextOf("a")
      assert.deepStrictEqual(state, { status: "busy", retries: 2, x: { $date: "mine" } })
      assert.deepStrictEqual(metadata, { owner: "me" })
      const events = yield* eventsOf("a")
      assert.deepStrictEqual(events[1]?.metadata["predecessor"], {
        type: "context_updated",
        data: { updates: { version: 9 } }
      })
      assert.strictEqual(events[2]?.type, "predecessor.context.updated")
      assert.deepStrictEqual(events[2]?.data, { state: 5 })
      assert.deepStrictEqual(events[2]?.metadata, {
        predecessor: { type: "context.updated", metadata: '"just a text"' }
      })
      assert.deepStrictEqual(events[3]?.metadata, { predecessor: { metadata: { predecessor: 1 } } })
      assert.deepStrictEqual(events[3]?.data, { deep: [null, 1.5] })
      assert.deepStrictEqual(events[6]?.data, {})
    }))

  test("takes an agent for archived or deleted only if nothing was written after it", (old) =>
    Effect.gen(function* () {
      const life = [
        { at: 1, data: updated({ a: 1 }) },
        { at: 2, type: "context_archived", data: { archivedBy: "system" } }
      ]
      yield* old.insert("archived", life)
      yield* old.insert("deleted", [...life, { at: 3, type: "context_deleted", data: { deletedBy: "system" } }])
      yield* old.insert("revived", [...life, { at: 3, type: "context_deleted" }, { at: 4, data: updated({ b: 2 }) }])
      yield* PredecessorImport.run(old.tables)
      assert.strictEqual((yield* contextOf("archived")).status, "archived")
      assert.strictEqual((yield* Effect.flip(contextOf("deleted")))._tag, "AgentDeleted")
      const revived = yield* contextOf("revived")
      assert.strictEqual(revived.status, "active")
      assert.deepStrictEqual(revived.state, { a: 1, b: 2 })
      assert.deepStrictEqual(
        (yield* eventsOf("revived")).map(({ type }) => type),
        ["context.updated", "context_archived", "context_deleted", "context.updated"]
      )
    }))

  test("uses a snapshot, the newest, only for an agent without events", (old) =>
    Effect.gen(function* () {
      yield* old.insert("a", [{ data: updated({ from: "events" }) }])
      yield* old.snapshot("a", 7, { from: "a snapshot" })
      yield* old.snapshot("b", 1, { from: "an old snapshot" })
      yield* old.snapshot("b", 12, { from: "a snapshot" })
      const report = yield* PredecessorImport.run(old.tables)
      assert.deepInclude(report, { agents: 2, imported: 2, events: 2, fromSnapshots: 1 })
      assert.deepStrictEqual(yield* stateOf("a"), { from: "events" })
      assert.deepStrictEqual(yield* stateOf("b"), { from: "a snapshot" })
      const [event] = yield* eventsOf("b")
      assert.deepInclude(event?.metadata["predecessor"], { version: 12 })
      assert.deepInclude(yield* PredecessorImport.run(old.tables), { present: 2, imported: 0 })
    }))

  test("refuses agents as a whole, tells why and of which row, and imports the others", (old) =>
    Effect.gen(function* () {
      const good = { at: 1, data: updated({ a: 1 }) }
      yield* old.insert("good", [good])
      yield* old.insert("", [good])
      yield* old.insert(null, [good])
      yield* old.insert("pantheon/mine", [good])
      yield* old.insert("data", [good, { id: "r1", at: 2, type: "a", data: [1] }])
      yield* old.insert("type", [good, { id: "r2", at: 2, type: null }])
      yield* old.insert("control", [good, { id: "r3", at: 2, type: "a\nb" }])
      yield* old.insert("time", [good, { id: "r4", at: "infinity" }])
      yield* old.insert("no time", [good, { id: "r5", at: null }])
      yield* old.insert("large", [good, { id: "r6", at: 2, type: "a", data: { text: "x".repeat(3000) } }])
      yield* old.insert("twice", [{ id: "same" }, { id: "same", at: 1 }])
      yield* old.snapshot("snapshot", 1, [1])
      const limits = { ...Limits.defaults, eventBytes: 2000 }
      const report = yield* Effect.provideService(PredecessorImport.run(old.tables), Limits.Limits, limits)
      const told = report.refusals.map(({ agentId, reason, rowId }) => `${agentId}: ${reason} ${rowId}`)
      assert.sameMembers(told.slice(0, -1), [
        ": InvalidAgent undefined",
        "null: InvalidAgent undefined",
        "pantheon/mine: InvalidAgent undefined",
        "data: InvalidRow r1",
        "type: InvalidRow r2",
        "control: InvalidRow r3",
        "time: InvalidRow r4",
        "no time: InvalidRow r5",
        "large: InvalidRow r6",
        "twice: IdTaken same"
      ])
      assert.match(told.at(-1) ?? "", /^snapshot: InvalidRow \w+/)
      assert.deepInclude(report, { agents: 12, imported: 1, refused: 11, events: 1 })
      for (const { expected, found, remedy } of report.refusals) {
        for (const text of [expected, found, remedy]) assert.isNotEmpty(text)
      }
      const agents = yield* Stream.runCollect(Stream.unwrap(EventStore.EventStore.useSync((store) => store.agents())))
      assert.deepStrictEqual(
        agents.map(({ agentId }) => agentId),
        ["good"]
      )
    }))

  test("gives rows without an id of their own the same one each time", (old) =>
    Effect.gen(function* () {
      yield* old.insert("a", [
        { id: null, data: updated({ a: 1 }) },
        { id: "", at: 1, data: updated({ b: 1 }) }
      ])
      yield* PredecessorImport.run(old.tables)
      const first = (yield* eventsOf("a")).map(({ id }) => id)
      assert.strictEqual(new Set(first).size, 2)
      const again = Effect.andThen(PredecessorImport.run(old.tables), eventsOf("a"))
      const second = (yield* Effect.provide(again, Layer.fresh(Memory.layer), { local: true })).map(({ id }) => id)
      assert.deepStrictEqual(second, first)
    }))

  test("is begun anew after it was cut off, and goes on; a dry run tells the same and stores nothing", (old) =>
    Effect.gen(function* () {
      for (const agentId of ["a", "b", "c", "d"]) yield* old.insert(agentId, [{ data: updated({ agentId }) }])
      yield* old.insert("bad", [{ type: "a", data: [1] }])
      const dry = yield* PredecessorImport.run({ ...old.tables, dryRun: true })
      assert.deepInclude(dry, { agents: 5, imported: 4, present: 0, refused: 1, events: 4 })
      assert.isTrue(Option.isNone(yield* EventStore.EventStore.use((store) => store.feedEnd)))
      const seen: Array<number> = []
      const cutOff = PredecessorImport.run({
        ...old.tables,
        onProgress: ({ imported }) => {
          seen.push(imported)
          return imported === 2 ? Effect.interrupt : Effect.void
        }
      })
      assert.isTrue((yield* Effect.exit(cutOff))._tag === "Failure")
      assert.deepStrictEqual(seen, [1, 2])
      yield* AgentStateManager.AgentStateManager.use((manager) => manager.setState("a", { since: true }))
      assert.deepInclude(yield* PredecessorImport.run(old.tables), { imported: 2, present: 2, refused: 1 })
      assert.deepStrictEqual(yield* stateOf("a"), { since: true })
    }))

  test("brings several agents at the same time, as many as it is told", (old) =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* sql.unsafe(
        `INSERT INTO ${old.events} (id, agent_id, type, timestamp, data)
         SELECT gen_random_uuid()::text, 'agent ' || n % 60, 'state_set', '2024-01-01'::timestamptz + n * interval '1 second',
           jsonb_build_object('n', n) FROM generate_series(0, 599) n`
      )
      const seen: Array<number> = []
      const report = yield* PredecessorImport.run({
        ...old.tables,
        concurrency: 4,
        onProgress: ({ agents }) => Effect.sync(() => void seen.push(agents))
      })
      assert.deepInclude(report, { imported: 60, events: 600, refused: 0 })
      assert.strictEqual(seen.length, 60)
      for (const n of [0, 7, 59]) assert.deepStrictEqual(yield* stateOf(`agent ${n}`), { n: 540 + n })
      for (const concurrency of [0, 1.5, Number.NaN]) {
        const error = yield* Effect.flip(PredecessorImport.run({ ...old.tables, concurrency }))
        assert.deepInclude(error, { _tag: "InvalidInput", path: "concurrency" })
      }
    }))

  test("brings a long history of large events into PostgreSQL, over a client of few connections", (old) =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* sql.unsafe(
        `INSERT INTO ${old.events} (id, agent_id, type, timestamp, data)
         SELECT gen_random_uuid()::text, 'long', 'state_set', '2024-01-01'::timestamptz + n * interval '1 second',
           jsonb_build_object('n', n, 'text', repeat('x', 1000)) FROM generate_series(1, 5000) n`
      )
      const stores = Postgres.layer({ url: TestDatabase.url, schema: old.schema, maxConnections: 2 })
      const client = PgClient.layer({ url: TestDatabase.url, maxConnections: 2 })
      const importing = Effect.gen(function* () {
        assert.deepInclude(yield* PredecessorImport.run(old.tables), { imported: 1, events: 5000 })
        return [yield* contextOf("long"), yield* Stream.runCount(EventStore.read("long"))] as const
      })
      const [{ state, version }, count] = yield* Effect.provide(
        importing,
        Layer.merge(Layer.provideMerge(AgentStateManager.layer(), stores), client),
        { local: true }
      )
      assert.deepStrictEqual([version, count, state["n"]], [5000, 5000, 5000])
    }))

  test("refuses names that are none, and says so when the tables are not there", (old) =>
    Effect.gen(function* () {
      for (const eventsTable of ["", "a b", "a;b", 'a"b', "a.b.c", "1a"]) {
        const error = yield* Effect.flip(PredecessorImport.run({ eventsTable }))
        assert.deepInclude(error, { _tag: "InvalidInput", path: "eventsTable" })
      }
      const missing = yield* Effect.flip(PredecessorImport.run({ eventsTable: `${old.schema}.none` }))
      assert.deepInclude(missing, { _tag: "Unavailable", reason: "WrongDatabase" })
      yield* old.insert("a", [{ data: updated({ a: 1 }) }])
      const alone = yield* PredecessorImport.run({ eventsTable: old.events, snapshotsTable: false })
      assert.deepInclude(alone, { imported: 1 })
    }))
})
