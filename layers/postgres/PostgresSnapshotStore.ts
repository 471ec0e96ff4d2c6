/**
 * Snapshots in PostgreSQL.
 */
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"
import type { SnapshotStoreDriver, StoredCriteria, StoredSnapshot } from "../../src/SnapshotStoreDriver.ts"
import type { Names } from "./Names.ts"
import type { OpenTables } from "./OpenTables.ts"

const columns = `id, agent_id AS "agentId", version::float8 AS version, event_id AS "eventId", state, timestamp::float8 AS timestamp,
  schema_version AS "schemaVersion", reducer, metadata, checksum::float8 AS checksum`

const within = `tenant = $1 AND agent_id = $2 AND version BETWEEN $3::int8 AND $4::int8 AND timestamp BETWEEN $5::int8 AND $6::int8`

/** The snapshots of an agent within bounds, the newest first; takes `withinValues`. */
export const newestFirst = ({ snapshots }: Names): string =>
  `SELECT ${columns} FROM ${snapshots} s WHERE ${within} ORDER BY s.version DESC`

/** Which agent, and which bounds. */
export const withinValues = (
  { tenant }: Names,
  agentId: string,
  criteria: StoredCriteria
): ReadonlyArray<string | number> => [
  tenant,
  agentId,
  criteria.minVersion ?? 0,
  criteria.maxVersion ?? Number.MAX_SAFE_INTEGER,
  criteria.minTimestamp ?? Number.MIN_SAFE_INTEGER,
  criteria.maxTimestamp ?? Number.MAX_SAFE_INTEGER
]

/** A driver over tables that are up to date. */
export const make = ({ failing, name, names, sql }: OpenTables): SnapshotStoreDriver => {
  const { snapshots, tenant } = names
  const save = saveStatement(names)
  const latest = `${newestFirst(names)} LIMIT $7::int8`
  const list: SnapshotStoreDriver["list"] = (agentId, criteria, limit) =>
    failing("read snapshots")(sql.unsafe<StoredSnapshot>(latest, [...withinValues(names, agentId, criteria), limit]))
  return {
    name,
    save: (snapshot) =>
      sql.unsafe(save, snapshotValues(tenant, snapshot)).pipe(
        Effect.as("saved" as const),
        // The only other unique key is that of the id. Another process that saves the same snapshot at this moment violates it too, but not twice.
        Effect.retry({ times: 1, while: isTaken }),
        Effect.catchIf(isTaken, () => Effect.succeed("id taken" as const)),
        failing("save snapshot")
      ),
    readLatest: (agentId, criteria) => Effect.map(list(agentId, criteria, 1), (rows) => rows[0]),
    readById: (snapshotId) =>
      Effect.map(
        failing("read snapshot")(
          sql.unsafe<StoredSnapshot>(`SELECT ${columns} FROM ${snapshots} WHERE tenant = $1 AND id = $2`, [
            tenant,
            snapshotId
          ])
        ),
        (rows) => rows[0]
      ),
    list,
    listVersions: (agentId, { maxVersion, minVersion }, limit) =>
      Effect.map(
        failing("read snapshots")(
          sql.unsafe<{ readonly version: number }>(
            `SELECT version::float8 AS version FROM ${snapshots} s
             WHERE tenant = $1 AND agent_id = $2 AND s.version BETWEEN $3::int8 AND $4::int8 ORDER BY s.version DESC LIMIT $5::int8`,
            [tenant, agentId, minVersion ?? 0, maxVersion ?? Number.MAX_SAFE_INTEGER, limit]
          )
        ),
        (rows) => rows.map(({ version }) => version)
      ),
    delete: (agentId, criteria) =>
      Effect.map(
        failing("delete snapshots")(
          sql.unsafe(
            `DELETE FROM ${snapshots} WHERE ${within} RETURNING version`,
            withinValues(names, agentId, criteria)
          )
        ),
        (rows) => rows.length
      )
  }
}

/** Saves a snapshot in the place of the one of its version. */
export const saveStatement = ({ snapshots }: Names): string => `
INSERT INTO ${snapshots} (tenant, agent_id, version, id, event_id, state, timestamp, schema_version, reducer, metadata, checksum)
VALUES ($1, $2, $3::int8, $4, $5, $6, $7::int8, $8, $9, $10, $11::int8)
ON CONFLICT (tenant, agent_id, version) DO UPDATE SET id = excluded.id, event_id = excluded.event_id, state = excluded.state,
  timestamp = excluded.timestamp, schema_version = excluded.schema_version, reducer = excluded.reducer,
  metadata = excluded.metadata, checksum = excluded.checksum`

/** The parameters of `saveStatement`. */
export const snapshotValues = (tenant: string, snapshot: StoredSnapshot): ReadonlyArray<unknown> => [
  tenant,
  snapshot.agentId,
  snapshot.version,
  snapshot.id,
  snapshot.eventId,
  snapshot.state,
  snapshot.timestamp,
  snapshot.schemaVersion,
  snapshot.reducer,
  snapshot.metadata,
  snapshot.checksum
]

const isTaken = (error: SqlError): boolean => error.reason._tag === "UniqueViolation"
