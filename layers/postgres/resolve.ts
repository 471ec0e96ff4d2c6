/**
 * Finds out, append by append, what a batch ran into: repeats, taken ids, conflicts.
 */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { decide, type RecordedCommand } from "../../src/AppendDecision.ts"
import type { EncodedAppend, Head, Outcome, StoredEvent } from "../../src/EventStoreDriver.ts"
import { type HeadRow, headStatement, toHead } from "./heads.ts"
import type { Names } from "./Names.ts"
import { type EventRow, eventColumns, toEvent } from "./rows.ts"

/** Judges each append on its own against what is stored now; `Again` for what could be stored. */
export const makeResolve = (sql: SqlClient.SqlClient, names: Names) => {
  const { commands, events, tenant } = names

  const readEvents = (ids: ReadonlyArray<string>) =>
    sql.unsafe<EventRow & readonly [...unknown[]]>(
      `SELECT agent_id, ${eventColumns} FROM ${events} WHERE tenant = $1 AND id = ANY ($2::text[]) AND data IS NOT NULL`,
      [tenant, ids]
    ).values

  return (appends: ReadonlyArray<EncodedAppend>): Effect.Effect<Array<Outcome>, SqlError> =>
    Effect.gen(function* () {
      const stored = new Map<string, StoredEvent>()
      const eventIds = appends.flatMap((append) => append.events.map((event) => event.id))
      for (const [agentId, ...row] of yield* readEvents(eventIds)) {
        const event = toEvent(String(agentId), row)
        stored.set(event.id, event)
      }
      const recorded = new Map<string, RecordedCommand>()
      const commandIds = appends.flatMap((append) => append.commands.map((command) => command.id))
      if (commandIds.length > 0) {
        const rows = yield* sql.unsafe<Record<string, unknown>>(
          `SELECT agent_id, command_id, reply, first_version::float8, last_version::float8 FROM ${commands}
           WHERE tenant = $1 AND command_id = ANY ($2::text[])`,
          [tenant, commandIds]
        ).values
        for (const [agentId, id, reply, firstVersion, lastVersion] of rows) {
          recorded.set(`${agentId}\0${id}`, {
            reply: String(reply),
            firstVersion: Number(firstVersion),
            lastVersion: Number(lastVersion)
          })
        }
      }
      const heads = new Map<string, Head>()
      for (const agentId of new Set(appends.map((append) => append.agentId))) {
        const rows = yield* sql.unsafe<HeadRow>(headStatement(names), [tenant, agentId])
        heads.set(agentId, toHead(rows[0]))
      }
      return appends.map((append) => {
        const outcome = decide(append, {
          head: (agentId) => heads.get(agentId) ?? toHead(undefined),
          event: (id) => stored.get(id),
          command: (agentId, id) => recorded.get(`${agentId}\0${id}`)
        })
        return outcome._tag === "Stored" ? { _tag: "Again" } : outcome
      })
    })
}
