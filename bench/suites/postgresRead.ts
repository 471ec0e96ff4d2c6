/** PostgreSQL: folding a history, and loading an agent that has a long history and a snapshot. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as SqlClient from "effect/sql/SqlClient"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as Postgres from "../../layers/postgres/index.ts"
import { EventStore, SnapshotStore } from "../../src/index.ts"
import { assertCount, callers, callersEffect, compare, type Effort, finely, type Row } from "../harness.ts"
import { open, type TaskCompleted } from "../targets/emmett.ts"
import { connect, poolSize } from "../targets/rawPostgres.ts"
import { eventType, payload } from "../workload.ts"
import { Account, AccountBehavior } from "./account.ts"

const length = 10_000
const agentId = "history"
const schema = "read"
const chunks = Array.from({ length: length / 1000 }, (_, chunk) =>
  Array.from({ length: 1000 }, (_, index) => ({ type: eventType, data: payload(chunk * 1000 + index) }) as const)
)
const expected = Array.from({ length }, (_, index) => payload(index).milliseconds).reduce((sum, each) => sum + each, 0)

export const run = async (effort: Effort, url: string): Promise<ReadonlyArray<Row>> => [
  ...(await fold(effort, url)),
  ...(await load(effort, url))
]

const fold = async (effort: Effort, url: string): Promise<ReadonlyArray<Row>> => {
  const runtime = ManagedRuntime.make(
    Postgres.layer({ url: Redacted.make(url), maxConnections: poolSize, schema: "read" })
  )
  const store = await runtime.runPromise(EventStore.EventStore)
  for (const events of chunks) await runtime.runPromise(store.append({ agentId, events }))
  const raw = connect(url, schema)
  const sql = await raw.runPromise(SqlClient.SqlClient)
  const emmett = await open(url)
  for (const chunk of chunks) await emmett.store.appendToStream<TaskCompleted>(agentId, [...chunk])

  const foldOurs = Stream.runFold(
    store.read(agentId),
    () => 0,
    (sum, event) => sum + Number(event.data["milliseconds"])
  )
  const select = `SELECT version, id, type, schema_version, timestamp, data, metadata FROM "${schema}".events
    WHERE tenant = '' AND agent_id = $1 ORDER BY version`
  const selectRaw = Effect.map(sql.unsafe(select, [agentId]), (rows) => assertCount("rows", rows.length, length))
  const foldEmmett = async () => {
    const { state } = await emmett.store.aggregateStream<number, TaskCompleted>(agentId, {
      initialState: () => 0,
      evolve: (sum: number, event: TaskCompleted) => sum + event.data.milliseconds
    })
    assertCount("sum", state, expected)
  }
  const foldAndCheck = Effect.map(foldOurs, (sum) => assertCount("sum", sum, expected))
  const labels = { suite: "postgres-read", setting: "a history of 10,000 folded", unit: "events" }
  const rows = await compare(finely(effort), labels, [
    {
      name: "pantheon",
      round: async (time) => length * (await runtime.runPromise(callersEffect(1, time, () => foldAndCheck)))
    },
    {
      name: "raw select",
      round: async (time) => length * (await raw.runPromise(callersEffect(1, time, () => selectRaw)))
    },
    { name: "Emmett", round: async (time) => length * (await callers(1, time, foldEmmett)) }
  ])
  await runtime.dispose()
  await raw.dispose()
  await emmett.close()
  return rows
}

const load = async (effort: Effort, url: string): Promise<ReadonlyArray<Row>> => {
  const longHistory = effort.isQuick ? 10_000 : 100_000
  const stores = Postgres.layer({ url: Redacted.make(url), maxConnections: poolSize, schema: "load" })
  const runtime = ManagedRuntime.make(
    AccountBehavior.pipe(Layer.provideMerge(LocalEngine.layer), Layer.provideMerge(stores))
  )
  const deposit = Effect.flatMap(Account.client, (account) => account("long").Deposit({ amount: 1 }))
  await runtime.runPromise(
    Effect.forEach(Array.from({ length: longHistory }), () => deposit, { concurrency: 2000, discard: true })
  )
  const read = Account.readState("long")
  const check = Effect.map(read, ({ state, version }) => {
    assertCount("version", version, longHistory)
    assertCount("balance", state.balance, longHistory)
  })
  // The actor has saved snapshots on its way; one more stands at the very end, as after a passivation.
  await runtime.runPromise(saveLast)
  const raw = connect(url, "load")
  const sql = await raw.runPromise(SqlClient.SqlClient)
  const statement = `SELECT version, id, type, schema_version, timestamp, data, metadata FROM "load".events
    WHERE tenant = '' AND agent_id = $1 AND version = $2`
  let next = 0
  const readRow = () => sql.unsafe(statement, [Account.agentId("long"), (next++ % longHistory) + 1])
  const setting = `an agent of ${longHistory.toLocaleString("en")} events with a snapshot loaded`
  const rows = await compare(effort, { suite: "postgres-read", setting, unit: "loads" }, [
    { name: "pantheon", round: (time) => runtime.runPromise(callersEffect(1, time, () => check)) },
    { name: "raw row by key", round: (time) => raw.runPromise(callersEffect(1, time, readRow)) }
  ])
  await runtime.dispose()
  await raw.dispose()
  return rows
}

/** Saves the state as it is, in the shape in which the actor saves it. */
const saveLast = Effect.gen(function* () {
  const snapshots = yield* SnapshotStore.SnapshotStore
  const store = yield* EventStore.EventStore
  const agentId = Account.agentId("long")
  const { state, version } = yield* Account.readState("long")
  const [latest] = yield* snapshots.list(agentId, { limit: 1 })
  const last = yield* Stream.runHead(store.read(agentId, { from: version }))
  if (latest === undefined || last._tag === "None") throw new Error("the actor has saved no snapshot")
  const { reducer, schemaVersion } = latest
  yield* snapshots.save({ agentId, version, eventId: last.value.id, state, schemaVersion, reducer })
})
