/**
 * Single events for different agents, the usual batch of a busy store: each agent is looked up right before its row is inserted, while the pages of
 * the index are at hand. That takes a fifth less than the statement in `PostgresAppend.ts`, which serves every batch.
 */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { EncodedAppend, EventStoreDriver, Outcome } from "../../src/EventStoreDriver.ts"
import { batchFailure, isLostRace } from "./errors.ts"
import type { Names } from "./Names.ts"

type AppendBatch = EventStoreDriver["appendBatch"]

/** Stores what such a batch can store at once; leaves to `appendBatch` the rest of it, and every other batch. */
export const withFlatAppend = (sql: SqlClient.SqlClient, names: Names, appendBatch: AppendBatch): AppendBatch => {
  const statement = insertStatement(names)

  const appendFlat = (appends: ReadonlyArray<EncodedAppend>): ReturnType<AppendBatch> => {
    // By agent, so that processes which write the same agents wait for each other in one order and never in a circle.
    const places = appends.map((_, index) => index).sort((left, right) => compare(appends[left], appends[right]))
    const rows = places.map((index) => appends[index])
    return Effect.matchEffect(sql.unsafe(statement, [names.tenant, ...parameters(rows)]).values, {
      onSuccess: (stored) => {
        const outcomes = appends.map((): Outcome | undefined => undefined)
        for (const [ordinal, version] of stored) {
          const index = places[Number(ordinal) - 1]
          if (index !== undefined) outcomes[index] = { _tag: "Stored", firstVersion: Number(version) }
        }
        return stored.length === appends.length ? Effect.succeed(settled(outcomes)) : appendRest(appends, outcomes)
      },
      onFailure: (error) => (isLostRace(error) ? appendBatch(appends) : Effect.fail(batchFailure(error)))
    })
  }

  /** Judges what was not stored; it must not keep the others from being told. */
  const appendRest = (appends: ReadonlyArray<EncodedAppend>, outcomes: ReadonlyArray<Outcome | undefined>) => {
    const rest = appends.filter((_, index) => outcomes[index] === undefined)
    const judged = rest.length < appends.length ? Effect.orElseSucceed(appendBatch(rest), () => []) : appendBatch(rest)
    return Effect.map(judged, (found) => {
      const left = [...found]
      return settled(outcomes.map((outcome) => outcome ?? left.shift()))
    })
  }

  return (appends) => (isFlat(appends) ? appendFlat(appends) : appendBatch(appends))
}

const isFlat = (appends: ReadonlyArray<EncodedAppend>): boolean => {
  const agents = new Set<string>()
  for (const { agentId, commands, events, notes } of appends) {
    if (events.length !== 1 || commands.length > 0 || notes.length > 0) return false
    agents.add(agentId)
  }
  return agents.size === appends.length
}

const settled = (outcomes: ReadonlyArray<Outcome | undefined>): ReadonlyArray<Outcome> =>
  outcomes.map((outcome) => outcome ?? { _tag: "Again" })

const compare = (left: EncodedAppend | undefined, right: EncodedAppend | undefined): number =>
  (left?.agentId ?? "") < (right?.agentId ?? "") ? -1 : 1

const separator = "\u001f"
const anyVersion = -1

const parameters = (appends: ReadonlyArray<EncodedAppend | undefined>): ReadonlyArray<string> => {
  const columns: ReadonlyArray<Array<string | number>> = [[], [], [], [], [], [], [], []]
  const [agentIds, required, ids, types, schemaVersions, timestamps, data, metadata] = columns
  for (const append of appends) {
    const event = append?.events[0]
    if (append === undefined || event === undefined) continue
    const { agentId, expected } = append
    agentIds?.push(agentId)
    required?.push(expected === "any" ? anyVersion : expected === "none" ? 0 : expected)
    ids?.push(event.id)
    types?.push(event.type)
    schemaVersions?.push(event.schemaVersion)
    timestamps?.push(event.timestamp)
    data?.push(event.data)
    metadata?.push(event.metadata)
  }
  return columns.map((column) => column.join(separator))
}

/** Leaves out the agents that have another version. The lists, and the order of snapshot and transaction id, are as in `PostgresAppend.ts`. */
const insertStatement = ({ events }: Names): string => `
INSERT INTO ${events} (tenant, agent_id, version, id, type, schema_version, timestamp, data, metadata, ordinal)
SELECT $1, agent_id, head + 1, id, type, schema_version, timestamp, data, metadata, ordinal
FROM (
  SELECT row.*, coalesce(
    (SELECT e.version FROM ${events} e WHERE e.tenant = $1 AND e.agent_id = row.agent_id ORDER BY e.version DESC LIMIT 1), 0) AS head
  FROM unnest(
    (SELECT string_to_array($2, E'\\x1f')), string_to_array($3, E'\\x1f')::int8[], string_to_array($4, E'\\x1f'),
    string_to_array($5, E'\\x1f'), string_to_array($6, E'\\x1f')::int4[], string_to_array($7, E'\\x1f')::int8[],
    string_to_array($8, E'\\x1f'), string_to_array($9, E'\\x1f')
  ) WITH ORDINALITY AS row (agent_id, required, id, type, schema_version, timestamp, data, metadata, ordinal)
  -- Kept apart, so that an agent is looked up once.
  OFFSET 0
) new
WHERE required IN (${anyVersion}, head)
RETURNING ordinal::int4, version::float8`
