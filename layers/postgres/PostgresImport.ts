/**
 * Importing an agent into PostgreSQL: one transaction on one connection, chunk by chunk. The feeds wait for it, as for every open transaction
 * that has written.
 *
 * Its first row takes the version after the agent's, so an append that comes between waits for the end of the transaction, and then meets a
 * conflict; or it was faster, and the import meets one. Where earlier events count as deleted, that row is a husk of type `imported`, which tells
 * the version of the first event in the place of its time.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import {
  type AgentImport,
  baseOf,
  type ImportAgent,
  type ImportChunk,
  type ImportOutcome,
  isAsExpected
} from "../../src/AgentImport.ts"
import { huskId, purgeStatement } from "./deletion.ts"
import { isLostRace } from "./errors.ts"
import { type HeadRow, headStatement, toHead } from "./heads.ts"
import type { Names } from "./Names.ts"
import { lockNotes, writeNotes } from "./notes.ts"
import type { OpenTables } from "./OpenTables.ts"
import { saveStatement, snapshotValues } from "./PostgresSnapshotStore.ts"

/** Rows of a chunk that could not be inserted beside others. */
class Clash {
  readonly of: "event" | "snapshot"
  readonly ids: ReadonlyArray<string>
  readonly error: SqlError

  constructor(of: "event" | "snapshot", ids: ReadonlyArray<string>, error: SqlError) {
    this.of = of
    this.ids = ids
    this.error = error
  }

  /** The id that is taken, if it was not the version. */
  get id(): string | undefined {
    const { cause } = this.error.reason
    const isDetailed = typeof cause === "object" && cause !== null && "detail" in cause
    const detail = isDetailed ? String(cause.detail) : ""
    return this.ids.find((id) => detail.includes(`, ${id})`))
  }
}

/** A failure of the chunks; it may be of any type, such as that of a statement of another database. */
class Broken<E> {
  readonly error: E

  constructor(error: E) {
    this.error = error
  }
}

/** The `importAgent` of the driver. */
export const makeImportAgent = ({ failing, names, sql }: OpenTables): ImportAgent => {
  const { tenant } = names
  const readHead = (agentId: string) =>
    Effect.map(sql.unsafe<HeadRow>(headStatement(names), [tenant, agentId]), ([row]) => toHead(row))

  /** The outcome, once the transaction is over: an append was faster, or an id is taken. */
  const explain = (agent: AgentPlace, clash: Clash): Effect.Effect<ImportOutcome, SqlError> =>
    Effect.flatMap(readHead(agent.agentId), (head): Effect.Effect<ImportOutcome, SqlError> => {
      if (!isAsExpected(agent, head)) return Effect.succeed({ _tag: "Conflict", actual: head.version })
      const { id } = clash
      return id === undefined ? Effect.fail(clash.error) : Effect.succeed({ _tag: "IdTaken", of: clash.of, id })
    })

  return <E, R>(agent: AgentImport<E, R>) =>
    Effect.gen(function* () {
      const { agentId, expected, firstVersion } = agent
      // Made outside the transaction, since what they are made of is no part of it.
      const queue = yield* Stream.toQueue(agent.chunks, { capacity: 1 })
      const chunks = Stream.mapError(Stream.fromQueue(queue), (error) => new Broken(error))
      const transaction = Effect.gen(function* () {
        yield* lockNotes(sql, names, [agentId])
        const head = yield* readHead(agentId)
        if (!isAsExpected(agent, head)) return { _tag: "Conflict", actual: head.version } as const
        if (expected.presence === "present") yield* sql.unsafe(purgeStatement(names), [tenant, agentId])
        const insert = makeInsert(sql, names, agent)
        if (firstVersion !== baseOf(expected) + 1) yield* insert.husks
        yield* Stream.runForEach(chunks, insert.chunk)
        return { _tag: "Imported" } as const
      })
      const ended = yield* sql.withTransaction(transaction).pipe(
        Effect.catchIf(
          (error) => error instanceof Broken || error instanceof Clash,
          (error) => Effect.succeed(error)
        ),
        failing("import")
      )
      if (ended instanceof Broken) return yield* Effect.fail(ended.error)
      return ended instanceof Clash ? yield* failing("import")(explain(agent, ended)) : ended
    }).pipe(Effect.scoped)
}

/** What of an import the statements need. */
type AgentPlace = Omit<AgentImport, "chunks">

const makeInsert = (sql: SqlClient.SqlClient, names: Names, agent: AgentPlace) => {
  const { agentId, expected, firstVersion, version } = agent
  const { tenant } = names
  const base = baseOf(expected)
  const { commandStatement, eventStatement, huskStatement, oldHuskStatement } = statements(names)
  const save = saveStatement(names)
  let next = firstVersion

  const husk = (type: string, version: number) =>
    sql.unsafe(huskStatement, [tenant, agentId, version, type, firstVersion])

  const events = ({ events }: ImportChunk): Effect.Effect<unknown, SqlError | Clash> => {
    if (events.length === 0) return Effect.void
    const first = next
    next += events.length
    const columns = [
      events.map(({ id }) => id),
      events.map(({ type }) => type),
      events.map(({ schemaVersion }) => schemaVersion),
      events.map(({ timestamp }) => timestamp),
      events.map(({ data }) => data),
      events.map(({ metadata }) => metadata)
    ]
    const parameters = [tenant, agentId, first, first - base, ...columns.map((column) => column.join(separator))]
    return Effect.mapError(sql.unsafe(eventStatement, parameters), (error) => clashOf("event", events, error))
  }

  const commands = ({ commands }: ImportChunk): Effect.Effect<unknown, SqlError> => {
    if (commands.length === 0) return Effect.void
    const last = [...new Map(commands.map((command) => [command.id, command])).values()]
    const columns = [
      last.map(({ id }) => id),
      last.map(({ reply }) => reply),
      last.map(({ firstVersion }) => firstVersion),
      last.map(({ lastVersion }) => lastVersion)
    ]
    return sql.unsafe(commandStatement, [tenant, agentId, ...columns.map((column) => column.join(separator))])
  }

  const snapshots = ({ snapshots }: ImportChunk): Effect.Effect<unknown, SqlError | Clash> =>
    Effect.forEach(
      snapshots,
      (snapshot) =>
        Effect.mapError(sql.unsafe(save, snapshotValues(tenant, snapshot)), (error) =>
          clashOf("snapshot", snapshots, error)
        ),
      { discard: true }
    )

  return {
    /** Stand for what was deleted; the husk of a purge would tell that nothing was. */
    husks: Effect.gen(function* () {
      yield* husk("imported", base + 1)
      yield* sql.unsafe(oldHuskStatement, [tenant, agentId, base])
      if (firstVersion === 0 && version > base + 1) yield* husk("deleted", version)
    }),
    chunk: (chunk: ImportChunk) =>
      Effect.gen(function* () {
        yield* events(chunk)
        yield* commands(chunk)
        yield* snapshots(chunk)
        yield* writeNotes(sql, names, [{ agentId, expected: "any", events: [], commands: [], notes: chunk.notes }])
      })
  }
}

const clashOf = (of: Clash["of"], rows: ReadonlyArray<{ readonly id: string }>, error: SqlError): SqlError | Clash =>
  isLostRace(error)
    ? new Clash(
        of,
        rows.map(({ id }) => id),
        error
      )
    : error

const separator = "\u001f"

/** The lists are as in `PostgresAppend.ts`. */
const statements = ({ commands, events }: Names) => ({
  eventStatement: `
INSERT INTO ${events} (tenant, agent_id, version, id, type, schema_version, timestamp, data, metadata, ordinal)
SELECT $1, $2, $3::int8 + place - 1, id, type, schema_version, timestamp, data, metadata, $4::int8 + place - 1
FROM unnest(
  (SELECT string_to_array($5, E'\\x1f')), string_to_array($6, E'\\x1f'), string_to_array($7, E'\\x1f')::int4[],
  string_to_array($8, E'\\x1f')::int8[], string_to_array($9, E'\\x1f'), string_to_array($10, E'\\x1f')
) WITH ORDINALITY AS e (id, type, schema_version, timestamp, data, metadata, place)
ORDER BY place`,
  commandStatement: `
INSERT INTO ${commands} (tenant, agent_id, command_id, reply, first_version, last_version)
SELECT $1, $2, id, reply, first_version, last_version
FROM unnest(
  (SELECT string_to_array($3, E'\\x1f')), string_to_array($4, E'\\x1f'), string_to_array($5, E'\\x1f')::int8[],
  string_to_array($6, E'\\x1f')::int8[]
) AS c (id, reply, first_version, last_version)
ON CONFLICT (tenant, agent_id, command_id) DO UPDATE
SET reply = excluded.reply, first_version = excluded.first_version, last_version = excluded.last_version`,
  huskStatement: `
INSERT INTO ${events} (tenant, agent_id, version, id, type, schema_version, timestamp, data, metadata, ordinal)
VALUES ($1, $2, $3::int8, ${huskId("$3", "$2")}, $4, 1, $5::int8, NULL, '', 0)`,
  oldHuskStatement: `DELETE FROM ${events} WHERE tenant = $1 AND agent_id = $2 AND version <= $3::int8 AND data IS NULL`
})
