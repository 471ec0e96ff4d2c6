/**
 * The tables of the predecessor: their names, and what is read of them.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { InvalidInput, Unavailable } from "../../../src/StoreError.ts"
import { sqlState, unavailable } from "../errors.ts"

/** An agent of the predecessor, as far as its events tell without being read. */
export interface Listed {
  readonly agentId: string | null
  /** How many events it has. */
  readonly total: number
  /** The place of the last one that neither archives nor deletes it, from 1; 0 for none. */
  readonly live: number
}

/** A row of the table of events. What is stored as JSON comes as text. */
export interface EventRow {
  readonly id: string | null
  readonly type: string | null
  /** Milliseconds since the epoch. */
  readonly time: number | null
  readonly data: string | null
  readonly metadata: string | null
}

/** The newest snapshot of an agent that has no events. */
export interface SnapshotRow {
  readonly agentId: string | null
  readonly id: string | null
  readonly version: number | null
  readonly time: number | null
  readonly state: string | null
}

/** Reads the tables. Each of the streams takes a connection of its own. */
export interface Tables {
  readonly agents: Stream.Stream<Listed, Unavailable>
  /** The events of an agent, as the predecessor ordered them: by time, then by id. */
  readonly events: (agentId: string) => Stream.Stream<EventRow, Unavailable>
  readonly loneSnapshots: Stream.Stream<SnapshotRow, Unavailable>
}

// As the predecessor, these tables are named without quotes, so that the same names mean the same tables.
const identifier = /^[A-Za-z_]\w{0,62}(?:\.[A-Za-z_]\w{0,62})?$/

/** Checks the name of a table; nothing else comes into the text of a statement. */
export const checkName = (option: string, name: string): Effect.Effect<string, InvalidInput> =>
  identifier.test(name)
    ? Effect.succeed(name)
    : Effect.fail(
        new InvalidInput({
          path: option,
          expected: "the name of a table, or of a schema and a table with a dot between, in letters, digits and _",
          found: JSON.stringify(name),
          remedy: "Pass the name that the predecessor was configured with."
        })
      )

const time = `floor(extract(epoch FROM "timestamp") * 1000)::float8`
const order = `"timestamp", id::text COLLATE "C"`

/** Over names that were checked; without snapshots when there is no table of them. */
export const make = (sql: SqlClient.SqlClient, events: string, snapshots: string | undefined): Tables => {
  const stream = <A extends object>(table: string, statement: string, parameters: ReadonlyArray<unknown> = []) =>
    Stream.mapError(sql.unsafe<A>(statement, parameters).stream, explain(table))
  return {
    agents: stream<Listed>(
      events,
      `SELECT agent_id::text AS "agentId", count(*)::float8 AS total, coalesce(max(place) FILTER (WHERE live), 0)::float8 AS live
       FROM (
         SELECT agent_id, coalesce(type::text, '') NOT IN ('context_archived', 'context_deleted') AS live,
           row_number() OVER (PARTITION BY agent_id ORDER BY ${order}) AS place
         FROM ${events}
       ) event GROUP BY agent_id ORDER BY agent_id`
    ),
    events: (agentId) =>
      stream<EventRow>(
        events,
        `SELECT id::text AS id, type::text AS type, ${time} AS time, data::text AS data, metadata::text AS metadata
         FROM ${events} WHERE agent_id = $1 ORDER BY ${order}`,
        [agentId]
      ),
    loneSnapshots:
      snapshots === undefined
        ? Stream.empty
        : stream<SnapshotRow>(
            snapshots,
            `SELECT DISTINCT ON (agent_id) agent_id::text AS "agentId", id::text AS id, version::float8 AS version, ${time} AS time, state::text AS state
             FROM ${snapshots} s WHERE NOT EXISTS (SELECT FROM ${events} e WHERE e.agent_id = s.agent_id)
             ORDER BY agent_id, version DESC, "timestamp" DESC`
          )
  }
}

const explain =
  (table: string) =>
  (error: SqlError): Unavailable => {
    const failure = unavailable("PostgreSQL", "read the tables of the predecessor")(error)
    const state = sqlState(error)
    if (state === undefined || !/^(?:42P01|3F000|42703)$/.test(state)) return failure
    return new Unavailable({
      operation: failure.operation,
      reason: "WrongDatabase",
      expected: `a table ${table} with the columns of the predecessor`,
      found: failure.found,
      remedy:
        "Connect to the database of the predecessor, and pass `eventsTable` and `snapshotsTable` as it named them.",
      cause: error
    })
  }
