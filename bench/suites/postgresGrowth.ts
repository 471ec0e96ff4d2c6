/** PostgreSQL: appending to a store that holds little, and to one that holds a million events. */
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import * as Postgres from "../../layers/postgres/index.ts"
import { EventStore } from "../../src/index.ts"
import { assertCount, type Contender, compare, type Effort, type Row, summarize } from "../harness.ts"
import { connect, poolSize } from "../targets/rawPostgres.ts"
import { eventType, payload } from "../workload.ts"

const perAgent = 20

// Appends of a round: few, so that the small store stays small.
const appends = { sequential: 200, concurrent: 2560 }

export const run = async (effort: Effort, url: string): Promise<ReadonlyArray<Row>> => {
  const rounds = effort.isQuick ? effort.rounds : 2 * effort.rounds
  const large = await openStore(url, "growth_large", effort.isQuick ? 100_000 : 1_000_000)
  const small = [await openStore(url, "growth_small", 10_000), await openStore(url, "growth_small_too", 10_000)]
  const [first, second] = small.map((store) => [store, large])
  const labels = { suite: "postgres-growth", unit: "events" }
  const rows = [
    ...(await compare(
      { ...effort, rounds },
      { ...labels, setting: "1 in flight" },
      (first ?? []).map((store) => store.contender("the median append", store.medianAppend))
    )),
    ...(await compare(
      { ...effort, rounds },
      { ...labels, setting: "256 in flight" },
      (second ?? []).map((store) => store.contender("all appends", store.manyAppends))
    ))
  ]
  for (const store of [large, ...small]) await store.close()
  return rows
}

/** A store with a history, made by SQL in the shape in which the store writes it. */
const openStore = async (url: string, schema: string, size: number) => {
  const raw = connect(url, schema)
  const agents = size / perAgent
  const fill = Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const { data, metadata } = { data: JSON.stringify(payload(12_345)), metadata: "{}" }
    // Agents take turns, as they do in life, and ids ascend with time.
    yield* sql.unsafe(
      `INSERT INTO "${schema}".events (tenant, agent_id, version, id, type, schema_version, timestamp, data, metadata, ordinal)
       SELECT '', 'agent-' || md5(agent::text), turn, '0190c1a2-' || lpad(to_hex(place), 27, '0'), $1, 1, 1780000000000 + place, $2, $3, place
       FROM (SELECT agent, turn, turn * $4::int8 + agent AS place FROM generate_series(1, ${perAgent}) turn, generate_series(1, $4::int8) agent) row`,
      [eventType, data, metadata, agents]
    )
    yield* sql.unsafe(`VACUUM (ANALYZE) "${schema}".events`).unprepared
    // Else the rounds would wait for what the filling has left to write.
    yield* sql.unsafe("CHECKPOINT").unprepared
  })
  const names = await raw.runPromise(
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const rows = yield* sql.unsafe<{ readonly id: string }>(
        `SELECT 'agent-' || md5(agent::text) AS id FROM generate_series(1, $1::int8) agent`,
        [agents]
      )
      return rows.map((row) => row.id)
    })
  )
  await raw.runPromise(fill)
  const runtime = ManagedRuntime.make(Postgres.layer({ url: Redacted.make(url), maxConnections: poolSize, schema }))
  const store = await runtime.runPromise(EventStore.EventStore)
  let appended = 0
  const append = () =>
    store.append({
      agentId: names[appended % agents] ?? "",
      events: [{ type: eventType, data: payload(appended++) }]
    })

  /** The rate of the median append, one after the other. */
  const medianAppend = async (): Promise<number> => {
    const times: Array<number> = []
    const timed = Effect.suspend(() => {
      const start = performance.now()
      return Effect.map(append(), () => times.push(performance.now() - start))
    })
    await runtime.runPromise(Effect.repeat(timed, { times: appends.sequential - 1 }))
    return 1000 / summarize(times).median
  }

  /** The rate of so many appends by 256 callers. */
  const manyAppends = async (): Promise<number> => {
    const start = performance.now()
    const each = Effect.forEach(Array.from({ length: appends.concurrent }), append, {
      concurrency: 256,
      discard: true
    })
    await runtime.runPromise(each)
    return (appends.concurrent * 1000) / (performance.now() - start)
  }

  const contender = (what: string, round: () => Promise<number>): Contender => ({
    name: `${what} at ${size.toLocaleString("en")}`,
    round,
    verify: () => raw.runPromise(verify(schema, () => size + appended))
  })
  const close = async (): Promise<void> => {
    await runtime.dispose()
    await raw.dispose()
  }
  return { contender, medianAppend, manyAppends, close }
}

const verify = (schema: string, expected: () => number) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* sql.unsafe<{ readonly count: number }>(`SELECT count(*)::int4 AS count FROM "${schema}".events`)
    assertCount("events", rows[0]?.count ?? 0, expected())
  })
