/** The floor: `@effect/sql-pg` alone, on the same tables with the same columns and indexes, promising nothing but the insert. */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import * as Postgres from "../../layers/postgres/index.ts"
import * as Uuid from "../../src/store/Uuid.ts"
import { assertCount, callersEffect } from "../harness.ts"
import { eventType, payload, Visits } from "../workload.ts"
import { assertFirst, type Target } from "./Target.ts"

/** Connections that everybody gets. */
export const poolSize = 8

/** A plain client, with the tables of the store in a schema of its own. */
export const connect = (url: string, schema: string) => {
  const client = PgClient.layer({
    url: Redacted.make(url),
    maxConnections: poolSize,
    maxMessageSize: 128 * 1024 * 1024
  })
  return ManagedRuntime.make(Layer.provideMerge(Postgres.layerMigrations({ schema }), client))
}

const columns = "tenant, agent_id, version, id, type, schema_version, timestamp, data, metadata, ordinal"

/** One insert a statement. */
export const makeSingle = async (name: string, url: string, schema: string): Promise<Target> => {
  const runtime = connect(url, schema)
  const visits = new Visits()
  const { nextId, sql } = await runtime.runPromise(tools)
  const statement = `INSERT INTO "${schema}".events (${columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
  const operation = () => {
    const { agentId, index, visit } = visits.next()
    const now = Date.now()
    const data = JSON.stringify(payload(index))
    return sql.unsafe(statement, ["", agentId, visit, nextId(now), eventType, 1, now, data, "{}", 1])
  }
  return {
    name,
    append: (callers, milliseconds) => runtime.runPromise(callersEffect(callers, milliseconds, operation)),
    verify: () => runtime.runPromise(verify(schema, visits)),
    close: () => runtime.dispose()
  }
}

/** Many inserts a statement, one statement after the other. */
export const makeUnnest = async (
  name: string,
  url: string,
  schema: string,
  rows: number,
  visits: Visits = new Visits()
): Promise<Target> => {
  const runtime = connect(url, schema)
  const { nextId, sql } = await runtime.runPromise(tools)
  const statement = `INSERT INTO "${schema}".events (${columns})
    SELECT '', agent_id, version, id, type, schema_version, timestamp, data, metadata, ordinal
    FROM unnest($1::text[], $2::int8[], $3::text[], $4::text[], $5::int4[], $6::int8[], $7::text[], $8::text[], $9::int8[])
      AS row (agent_id, version, id, type, schema_version, timestamp, data, metadata, ordinal)`
  const operation = () => {
    const table: ReadonlyArray<Array<string | number | bigint>> = [[], [], [], [], [], [], [], [], []]
    const now = Date.now()
    for (let ordinal = 1; ordinal <= rows; ordinal++) {
      const { agentId, index, visit } = visits.next()
      const data = JSON.stringify(payload(index))
      const row = [agentId, visit, nextId(now), eventType, 1, BigInt(now), data, "{}", ordinal]
      for (const [column, value] of row.entries()) table[column]?.push(value)
    }
    return sql.unsafe(statement, table)
  }
  return {
    name,
    append: async (callers, milliseconds) =>
      rows * (await runtime.runPromise(callersEffect(callers, milliseconds, operation))),
    verify: () => runtime.runPromise(verify(schema, visits)),
    close: () => runtime.dispose()
  }
}

const tools = Effect.gen(function* () {
  return { sql: yield* SqlClient.SqlClient, nextId: yield* Uuid.makeGenerator }
})

const verify = (schema: string, visits: Visits) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const total = yield* sql.unsafe<{ readonly count: number }>(
      `SELECT count(*)::int4 AS count FROM "${schema}".events`
    )
    assertCount("events", total[0]?.count ?? 0, visits.count)
    for (const { agentId, first, visits: expected } of visits.sample()) {
      const events = yield* sql.unsafe<{ readonly data: string }>(
        `SELECT data FROM "${schema}".events WHERE tenant = '' AND agent_id = $1 ORDER BY version`,
        [agentId]
      )
      assertCount(`events of ${agentId}`, events.length, expected)
      assertFirst(agentId, JSON.parse(events[0]?.data ?? "null"), first)
    }
  })
