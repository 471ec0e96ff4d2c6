/**
 * The tables of the PostgreSQL stores, and how they came to be. A released migration is never changed; a new one is added.
 */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Names } from "./Names.ts"

/** One step; its place in the list, from 1, is its number. */
type Migration = (names: Names) => ReadonlyArray<string>

const createTables: Migration = ({ commands, events, index, meta, snapshots }) => [
  // Each index costs a fifth of the append rate, so there are three: the stream, the event id, and the feed.
  `CREATE TABLE ${events} (
    tenant text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    schema_version integer NOT NULL,
    timestamp bigint NOT NULL,
    data text,
    metadata text NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    ordinal bigint NOT NULL,
    PRIMARY KEY (tenant, agent_id, version)
  ) WITH (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02)`,
  `COMMENT ON TABLE ${events} IS 'timestamp: milliseconds since the epoch. data: NULL marks a husk that only keeps the highest version of its agent.'`,
  `CREATE UNIQUE INDEX ${index("events", "id")} ON ${events} (tenant, id)`,
  `CREATE INDEX ${index("events", "feed")} ON ${events} (tenant, xid, ordinal)`,
  `CREATE TABLE ${commands} (
    tenant text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    command_id text COLLATE "C" NOT NULL,
    reply text NOT NULL,
    first_version bigint NOT NULL,
    last_version bigint NOT NULL,
    PRIMARY KEY (tenant, agent_id, command_id)
  )`,
  `CREATE TABLE ${snapshots} (
    tenant text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    state text NOT NULL,
    timestamp bigint NOT NULL,
    schema_version integer NOT NULL,
    reducer text NOT NULL,
    metadata text NOT NULL,
    checksum bigint NOT NULL,
    PRIMARY KEY (tenant, agent_id, version),
    UNIQUE (tenant, id)
  )`,
  `CREATE TABLE ${meta} (epoch integer NOT NULL, cluster text)`,
  `INSERT INTO ${meta} (epoch, cluster) VALUES (1, (SELECT system_identifier::text FROM pg_control_system()))`
]

const createNotes: Migration = ({ index, notes }) => [
  `CREATE TABLE ${notes} (
    tenant text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    body text NOT NULL,
    due bigint,
    PRIMARY KEY (tenant, agent_id, name)
  )`,
  `COMMENT ON COLUMN ${notes}.due IS 'milliseconds since the epoch'`,
  `CREATE INDEX ${index("notes", "due")} ON ${notes} (tenant, due, agent_id, name) WHERE due IS NOT NULL`
]

const addTags: Migration = ({ index, notes }) => [
  `ALTER TABLE ${notes} ADD COLUMN tag text COLLATE "C"`,
  `CREATE INDEX ${index("notes", "tag")} ON ${notes} (tenant, tag, agent_id, name) WHERE tag IS NOT NULL`
]

const migrations: ReadonlyArray<Migration> = [createTables, createNotes, addTags]

/** The number of the newest migration that this version of the library knows. */
export const newest = migrations.length

/** Brings the tables up to date. Several processes may try at once: one does it, the others wait and find it done. */
export const migrate = (sql: SqlClient.SqlClient, names: Names): Effect.Effect<void, SqlError> =>
  sql.withTransaction(
    Effect.gen(function* () {
      // A lock of the transaction, since a pooler may give the next statement another session; and of the schema, since stores with
      // different prefixes may want to make it at the same time.
      yield* sql`SELECT pg_advisory_xact_lock(hashtextextended(${names.schema}, 0))`
      yield* sql.unsafe(`CREATE SCHEMA IF NOT EXISTS ${names.schema}`)
      yield* sql.unsafe(
        `CREATE TABLE IF NOT EXISTS ${names.migrations} (number integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`
      )
      const applied = yield* readApplied(sql, names)
      for (const [index, migration] of migrations.entries()) {
        if (index < applied) continue
        for (const statement of migration(names)) yield* sql.unsafe(statement).unprepared
        yield* sql.unsafe(`INSERT INTO ${names.migrations} (number) VALUES ($1)`, [index + 1])
      }
      if (applied === newest) yield* adoptCluster(sql, names)
    })
  )

/** The number of the newest migration that was applied; 0 for none. */
export const readApplied = (sql: SqlClient.SqlClient, names: Names): Effect.Effect<number, SqlError> =>
  Effect.map(
    sql.unsafe<{ readonly newest: number }>(`SELECT coalesce(max(number), 0)::int4 AS newest FROM ${names.migrations}`),
    (rows) => rows[0]?.newest ?? 0
  )

/**
 * Transaction ids mean nothing in another cluster. After a restore into one, the ids of the old events are replaced by one below all that
 * the new cluster gives, in the same order, and a new epoch makes the old positions invalid.
 */
const adoptCluster = (sql: SqlClient.SqlClient, { events, meta }: Names): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    const moved = yield* sql.unsafe(
      `UPDATE ${meta} SET epoch = epoch + 1, cluster = here.id
       FROM (SELECT system_identifier::text AS id FROM pg_control_system()) here
       WHERE cluster IS DISTINCT FROM here.id RETURNING epoch`
    )
    if (moved.length === 0) return
    yield* sql.unsafe(
      `UPDATE ${events} e SET xid = '3', ordinal = o.ordinal
       FROM (SELECT tenant, agent_id, version, row_number() OVER (ORDER BY xid, ordinal) AS ordinal FROM ${events}) o
       WHERE e.tenant = o.tenant AND e.agent_id = o.agent_id AND e.version = o.version`
    )
  })
