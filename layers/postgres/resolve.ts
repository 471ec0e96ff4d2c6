/**
 * Finds out, append by append, what a batch ran into: repeats, taken ids, conflicts.
 */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { type Decided, decide, type RecordedCommand } from "../../src/AppendDecision.ts"
import type { EncodedAppend, Head, Outcome, StoredEvent } from "../../src/EventStoreDriver.ts"
import type { Names } from "./Names.ts"
import { type EventRow, eventColumns, toEvent } from "./rows.ts"

type Position = Pick<Head, "version" | "presence">

const neverWritten: Position = { version: 0, presence: "missing" }

/** Judges each append on its own against what is stored now; `Again` for what could be stored. */
export const makeResolve = (sql: SqlClient.SqlClient, names: Names) => {
  const judge = makeJudge(sql, names)
  return (appends: ReadonlyArray<EncodedAppend>): Effect.Effect<Array<Outcome>, SqlError> =>
    Effect.map(judge(appends), (decided) =>
      decided.map((outcome) => (outcome._tag === "Stored" ? { _tag: "Again" } : outcome))
    )
}

/** Judges each append on its own against what is stored now; `Stored` for what could be stored. */
export const makeJudge = (sql: SqlClient.SqlClient, names: Names) => {
  const { commands, events, tenant } = names

  const readEvents = (ids: ReadonlyArray<string>) =>
    sql.unsafe<EventRow & readonly [...unknown[]]>(
      `SELECT agent_id, ${eventColumns()} FROM ${events} WHERE tenant = $1 AND id = ANY ($2::text[]) AND data IS NOT NULL`,
      [tenant, ids]
    ).values

  const readHeads = (appends: ReadonlyArray<EncodedAppend>) =>
    Effect.map(
      sql.unsafe<Record<string, unknown>>(
        `SELECT a.agent_id, h.version::float8, h.data IS NULL AND h.type = 'purged'
         FROM unnest($2::text[]) AS a (agent_id) CROSS JOIN LATERAL (
           SELECT e.version, e.data, e.type FROM ${events} e
           WHERE e.tenant = $1 AND e.agent_id = a.agent_id ORDER BY e.version DESC LIMIT 1
         ) h`,
        [tenant, [...new Set(appends.map((append) => append.agentId))]]
      ).values,
      (rows) =>
        new Map(
          rows.map(([agentId, version, purged]): [string, Position] => [
            String(agentId),
            { version: Number(version), presence: purged === true ? "missing" : "present" }
          ])
        )
    )

  return (appends: ReadonlyArray<EncodedAppend>): Effect.Effect<Array<Decided>, SqlError> =>
    Effect.gen(function* () {
      // First, so that whatever moved a head is among the events that are read afterwards: a repeat is never told as a conflict.
      const heads = yield* readHeads(appends)
      const stored = new Map<string, StoredEvent>()
      const eventIds = appends.flatMap((append) => append.events.map((event) => event.id))
      for (const [agentId, ...row] of yield* readEvents(eventIds)) {
        const event = toEvent(String(agentId), row)
        stored.set(event.id, event)
      }
      const recorded = new Map<string, RecordedCommand>()
      const commandIds = appends.flatMap(({ agentId, commands }) => commands.map(({ id }) => [agentId, id] as const))
      if (commandIds.length > 0) {
        const rows = yield* sql.unsafe<Record<string, unknown>>(
          `SELECT c.agent_id, c.command_id, c.reply, c.first_version::float8, c.last_version::float8
           FROM unnest($2::text[], $3::text[]) AS k (agent_id, command_id)
           JOIN ${commands} c ON c.tenant = $1 AND c.agent_id = k.agent_id AND c.command_id = k.command_id`,
          [tenant, commandIds.map(([agentId]) => agentId), commandIds.map(([, id]) => id)]
        ).values
        for (const [agentId, id, reply, firstVersion, lastVersion] of rows) {
          recorded.set(`${agentId}\0${id}`, {
            reply: String(reply),
            firstVersion: Number(firstVersion),
            lastVersion: Number(lastVersion)
          })
        }
      }
      return appends.map((append) =>
        decide(append, {
          head: (agentId) => heads.get(agentId) ?? neverWritten,
          event: (id) => stored.get(id),
          command: (agentId, id) => recorded.get(`${agentId}\0${id}`)
        })
      )
    })
}
