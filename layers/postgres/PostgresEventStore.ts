/**
 * Events in PostgreSQL: reading, listing and deleting. Appending is in `PostgresAppend.ts`.
 */
import * as Effect from "effect/Effect"
import type { StoredCommand } from "../../src/AgentImport.ts"
import type { EventStoreDriver } from "../../src/EventStoreDriver.ts"
import { makeDeletion } from "./deletion.ts"
import { withFlatAppend } from "./FlatAppend.ts"
import { makeReadFeed } from "./feed.ts"
import { type HeadRow, headStatement, toHead } from "./heads.ts"
import { makeNotes } from "./notes.ts"
import type { OpenTables } from "./OpenTables.ts"
import { makeAppendBatch } from "./PostgresAppend.ts"
import { makeImportAgent } from "./PostgresImport.ts"
import { eventColumns, toEvent } from "./rows.ts"
import { withSingleAppend } from "./SingleAppend.ts"
import { makeAppendTogether } from "./TogetherAppend.ts"

/** A driver over tables that are up to date. */
export const make = (tables: OpenTables): EventStoreDriver => {
  const { epoch, failing, name, names, sql } = tables
  const { commands, events, tenant } = names
  // Ordered by the column of the table, which has the index, not by that of the answer.
  const stream = (order: "ASC" | "DESC") => `
    SELECT ${eventColumns("nullif(type, $6)")} FROM ${events} e
    WHERE tenant = $1 AND agent_id = $2 AND version BETWEEN $3::int8 AND $4::int8 AND data IS NOT NULL
    ORDER BY e.version ${order} LIMIT $5::int8`
  const forward = stream("ASC")
  const backward = stream("DESC")
  // The agents of a program have few types of events, so that of the event read last is a good guess at the next.
  let usualType = ""
  const readPage = (agentId: string, statement: string, bounds: ReadonlyArray<number>) => {
    const type = usualType
    return Effect.map(
      failing("read stream")(sql.unsafe(statement, [tenant, agentId, ...bounds, type]).values),
      (rows) => {
        const events = rows.map((row) => toEvent(agentId, row, type))
        usualType = events.at(-1)?.type ?? type
        return events
      }
    )
  }
  const head = headStatement(names)
  const feed = makeReadFeed(sql, names, failing, epoch)

  const deletion = makeDeletion(sql, names)

  return {
    name,
    maximumBatch: 1000,
    // While this process makes one, the server writes another and syncs a third.
    concurrentBatches: 3,
    feedPollMilliseconds: names.feedPollMilliseconds,
    appendBatch: withSingleAppend(sql, names, withFlatAppend(sql, names, makeAppendBatch(sql, names))),
    appendTogether: makeAppendTogether(sql, names),
    readHead: (agentId) =>
      Effect.map(failing("read head")(sql.unsafe<HeadRow>(head, [tenant, agentId])), (rows) => toHead(rows[0])),
    readStream: ({ agentId, direction, from, limit, to }) =>
      readPage(agentId, direction === "forward" ? forward : backward, [from, to, limit]),
    readEvent: (eventId) =>
      Effect.map(
        failing("read event")(
          sql.unsafe(
            `SELECT agent_id, ${eventColumns()} FROM ${events} WHERE tenant = $1 AND id = $2 AND data IS NOT NULL`,
            [tenant, eventId]
          ).values
        ),
        ([row]) => (row === undefined ? undefined : toEvent(String(row[0]), row.slice(1)))
      ),
    readReplies: (agentId, commandIds) =>
      failing("read replies")(
        sql.unsafe<{ readonly id: string; readonly reply: string }>(
          `SELECT command_id AS id, reply FROM ${commands} WHERE tenant = $1 AND agent_id = $2 AND command_id = ANY ($3::text[])`,
          [tenant, agentId, commandIds]
        )
      ),
    listCommands: ({ after = "", agentId, limit }) =>
      failing("list commands")(
        sql.unsafe<StoredCommand>(
          `SELECT command_id AS id, reply, first_version::float8 AS "firstVersion", last_version::float8 AS "lastVersion" FROM ${commands}
           WHERE tenant = $1 AND agent_id = $2 AND command_id > $3 ORDER BY command_id LIMIT $4::int8`,
          [tenant, agentId, after, limit]
        )
      ),
    listAgents: ({ after, limit, prefix }) =>
      failing("list agents")(
        // Jumps from agent to agent along the primary key instead of walking over every event.
        sql.unsafe<{ readonly agentId: string; readonly version: number }>(
          `WITH RECURSIVE agent AS (
             (SELECT agent_id FROM ${events} WHERE tenant = $1 AND agent_id > $2 COLLATE "C" AND agent_id >= $3 COLLATE "C" ORDER BY agent_id LIMIT 1)
             UNION ALL
             SELECT (SELECT e.agent_id FROM ${events} e WHERE e.tenant = $1 AND e.agent_id > a.agent_id ORDER BY e.agent_id LIMIT 1)
             FROM agent a WHERE starts_with(a.agent_id, $3)
           )
           SELECT a.agent_id AS "agentId", h.version::float8 AS version FROM agent a
           JOIN LATERAL (SELECT version, data, type FROM ${events} e WHERE e.tenant = $1 AND e.agent_id = a.agent_id ORDER BY version DESC LIMIT 1) h ON true
           WHERE starts_with(a.agent_id, $3) AND (h.data IS NOT NULL OR h.type <> 'purged') LIMIT $4::int8`,
          [tenant, after ?? "", prefix, limit]
        )
      ),
    ...makeNotes(sql, names, failing),
    readFeed: feed.read,
    readFeedEnd: feed.end,
    deleteEvents: (agentId, toVersion) => failing("delete events")(deletion.deleteEvents(agentId, toVersion)),
    purge: (agentId) => failing("purge")(deletion.purge(agentId)),
    importAgent: makeImportAgent(tables)
  }
}
