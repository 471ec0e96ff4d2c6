/**
 * Notes in PostgreSQL.
 *
 * Events have a unique key that lets one of two writers win; notes have none, and what a statement read before another transaction ended may
 * be old. So whoever writes notes of an agent first takes its lock, and then reads its version, in a transaction of two or more statements. An
 * append that is repeated because its answer was lost waits for the lock too, and so for the end of its first try.
 */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { EncodedAppend, EventStoreDriver, NoteChange, NoteKey, StoredNote } from "../../src/EventStoreDriver.ts"
import type { Explaining } from "./errors.ts"
import type { Names } from "./Names.ts"

/** The part of the driver that reads notes. */
export const makeNotes = (
  sql: SqlClient.SqlClient,
  names: Names,
  failing: Explaining
): Pick<EventStoreDriver, "getNotes" | "listNotes" | "listDue" | "listTagged"> => {
  const { notes, tenant } = names
  const columns = "n.agent_id, n.name, n.body, n.due::float8, n.tag"
  // Ordered by the columns of the table, which have the indexes.
  const get = `
    SELECT ${columns} FROM unnest($2::text[], $3::text[]) AS k (agent_id, name)
    JOIN ${notes} n ON n.tenant = $1 AND n.agent_id = k.agent_id AND n.name = k.name`
  const list = `
    SELECT ${columns} FROM ${notes} n
    WHERE tenant = $1 AND agent_id = $2 AND n.name > $3 AND n.name >= $4 AND starts_with(n.name, $4)
    ORDER BY n.name LIMIT $5::int8`
  const listDue = `
    SELECT ${columns} FROM ${notes} n
    WHERE tenant = $1 AND n.due <= $2::int8 AND (n.due, n.agent_id, n.name) > ($3::int8, $4, $5) AND starts_with(n.agent_id, $6)
    ORDER BY n.due, n.agent_id, n.name LIMIT $7::int8`
  const listTagged = `
    SELECT ${columns} FROM ${notes} n
    WHERE tenant = $1 AND n.tag = $2 AND (n.agent_id, n.name) > ($3, $4) AND n.agent_id >= $5 AND starts_with(n.agent_id, $5)
    ORDER BY n.agent_id, n.name LIMIT $6::int8`
  const read = (statement: string, parameters: ReadonlyArray<unknown>) =>
    Effect.map(failing("read notes")(sql.unsafe(statement, [tenant, ...parameters]).values), (rows) => rows.map(toNote))

  return {
    getNotes: (keys) => read(get, [keys.map(({ agentId }) => agentId), keys.map(({ name }) => name)]),
    listNotes: ({ after = "", agentId, limit, prefix }) => read(list, [agentId, after, prefix, limit]),
    listDue: ({ after = { due: -1, agentId: "", name: "" }, agentPrefix, limit, until }) =>
      Effect.map(read(listDue, [until, after.due, after.agentId, after.name, agentPrefix, limit]), (found) =>
        found.map((note) => ({ ...note, due: note.due ?? 0 }))
      ),
    listTagged: ({ after = { agentId: "", name: "" }, agentPrefix, limit, tag }) =>
      read(listTagged, [tag, after.agentId, after.name, agentPrefix, limit])
  }
}

/** One note. The types of the columns are those of the table. */
const toNote = ([agentId, name, body, due, tag]: ReadonlyArray<unknown>): StoredNote => ({
  agentId: agentId as string,
  name: name as string,
  body: body as string,
  due: (due as number | null) ?? undefined,
  tag: (tag as string | null) ?? undefined
})

/** Takes the locks of some agents until the transaction ends. Without a transaction id, so the order of the feed is not touched. */
export const lockNotes = (sql: SqlClient.SqlClient, names: Names, agentIds: ReadonlyArray<string>) =>
  // In one order, so that processes never wait for each other in a circle. A few thousand locks stand for all agents: a server has room for so many.
  sql.unsafe(
    `SELECT pg_advisory_xact_lock(space, stripe) FROM (
       SELECT DISTINCT hashtext($1) AS space, hashtext(agent_id) & 4095 AS stripe FROM unnest($2::text[]) AS a (agent_id)
       ORDER BY stripe OFFSET 0
     ) stripes`,
    [`${names.notes} ${names.tenant}`, agentIds]
  )

/** Writes the notes of appends that are stored, in their order. */
export const writeNotes = (
  sql: SqlClient.SqlClient,
  { notes, tenant }: Names,
  stored: ReadonlyArray<EncodedAppend>
): Effect.Effect<unknown, SqlError> => {
  const last = new Map<string, NoteChange & NoteKey>()
  for (const { agentId, notes } of stored) {
    for (const change of notes) last.set(`${agentId}\0${change.name}`, { ...change, agentId })
  }
  if (last.size === 0) return Effect.void
  const changes = [...last.values()]
  return sql.unsafe(writeStatement(notes), [
    tenant,
    changes.map(({ agentId }) => agentId).join(separator),
    changes.map(({ name }) => name).join(separator),
    changes.map(({ body }) => body ?? removed).join(separator),
    changes.map(({ due }) => due ?? timeless).join(separator),
    changes.map(({ tag }) => tag ?? untagged).join(separator)
  ])
}

const separator = "\u001f"
// No JSON text, no time, and no tag.
const removed = "-"
const timeless = -1
const untagged = ""

/** The lists are as in `PostgresAppend.ts`. */
const writeStatement = (notes: string): string => `
WITH change AS MATERIALIZED (
  SELECT * FROM unnest(
    (SELECT string_to_array($2, E'\\x1f')), string_to_array($3, E'\\x1f'), string_to_array($4, E'\\x1f'), string_to_array($5, E'\\x1f')::int8[],
    string_to_array($6, E'\\x1f')
  ) AS c (agent_id, name, body, due, tag)
), gone AS (
  DELETE FROM ${notes} n USING change c
  WHERE n.tenant = $1 AND n.agent_id = c.agent_id AND n.name = c.name AND c.body = '${removed}'
)
INSERT INTO ${notes} (tenant, agent_id, name, body, due, tag)
SELECT $1, agent_id, name, body, nullif(due, ${timeless}), nullif(tag, '${untagged}') FROM change WHERE body <> '${removed}'
ON CONFLICT (tenant, agent_id, name) DO UPDATE SET body = excluded.body, due = excluded.due, tag = excluded.tag`
