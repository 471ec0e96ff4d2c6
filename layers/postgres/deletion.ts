/**
 * Deleting events. The newest row of an agent always stays, as a husk without data, so that no version is given twice.
 */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Names } from "./Names.ts"
import { lockNotes } from "./notes.ts"

type Count = { readonly count: number }

/** The deleting part of the driver. */
export const makeDeletion = (sql: SqlClient.SqlClient, names: Names) => {
  const deleteStatement = deleteEvents(names)
  const purge = purgeStatement(names)
  const count = (rows: ReadonlyArray<Count>): number => rows[0]?.count ?? 0
  return {
    deleteEvents: (agentId: string, toVersion: number): Effect.Effect<number, SqlError> =>
      Effect.map(sql.unsafe<Count>(deleteStatement, [names.tenant, agentId, toVersion]), count),
    purge: (agentId: string): Effect.Effect<number, SqlError> =>
      Effect.andThen(lockNotes(sql, names, [agentId]), sql.unsafe<Count>(purge, [names.tenant, agentId])).pipe(
        sql.withTransaction,
        Effect.map(count),
        // Another process appended under the version that the purge wanted to take; the next try sees it.
        Effect.retry({ times: 50, while: (error) => error.reason._tag === "UniqueViolation" })
      )
  }
}

/** The id of a husk. No event can have it, since ids hold no controls. */
export const huskId = (version: string, agentId: string): string => `chr(1) || ${version} || ':' || ${agentId}`

// The husk of a purge is kept until an event above it is deleted: it tells that nothing is missing below the events.
const deleteEvents = ({ events }: Names): string => `
WITH head AS (
  SELECT version, data IS NOT NULL AS live FROM ${events}
  WHERE tenant = $1 AND agent_id = $2 ORDER BY version DESC LIMIT 1 FOR UPDATE
), husk AS (
  UPDATE ${events} e SET data = NULL, metadata = '', type = 'deleted', id = ${huskId("e.version", "e.agent_id")}
  FROM head h WHERE e.tenant = $1 AND e.agent_id = $2 AND e.version = h.version AND h.version <= $3::int8 AND h.live
  RETURNING e.version
), gone AS (
  DELETE FROM ${events} e USING head h
  WHERE e.tenant = $1 AND e.agent_id = $2 AND e.version <= $3::int8 AND e.version < h.version
    AND (e.data IS NOT NULL OR e.type <> 'purged' OR e.version < $3::int8)
  RETURNING e.data IS NOT NULL AS live
)
SELECT ((SELECT count(*) FROM husk) + (SELECT count(*) FROM gone WHERE live))::int4 AS count`

/** Deletes all that an agent has, and leaves a husk one version higher. */
export const purgeStatement = ({ commands, events, notes, snapshots }: Names): string => `
WITH head AS (
  SELECT version, data IS NULL AND type = 'purged' AS purged FROM ${events}
  WHERE tenant = $1 AND agent_id = $2 ORDER BY version DESC LIMIT 1
), husk AS (
  INSERT INTO ${events} (tenant, agent_id, version, id, type, schema_version, timestamp, data, metadata, ordinal)
  SELECT $1, $2, version + 1, ${huskId("(version + 1)", "$2")}, 'purged', 1, 0, NULL, '', 0 FROM head WHERE NOT purged
  RETURNING version
), gone AS (
  DELETE FROM ${events} e USING husk WHERE e.tenant = $1 AND e.agent_id = $2 AND e.version < husk.version
  RETURNING e.data IS NOT NULL AS live
), replies AS (
  DELETE FROM ${commands} WHERE tenant = $1 AND agent_id = $2
), copies AS (
  DELETE FROM ${snapshots} WHERE tenant = $1 AND agent_id = $2
), remarks AS (
  DELETE FROM ${notes} WHERE tenant = $1 AND agent_id = $2
)
SELECT count(*)::int4 AS count FROM gone WHERE live`
