/**
 * A lone event, the usual batch of a store that is not busy: one plain insert behind one look-up.
 *
 * A statement that gives the version back takes a tenth longer, so the version is guessed, and the insert happens only if the guess is right.
 */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { EncodedAppend, EventStoreDriver, Outcome } from "../../src/EventStoreDriver.ts"
import { batchFailure, isLostRace } from "./errors.ts"
import type { Names } from "./Names.ts"

type AppendBatch = EventStoreDriver["appendBatch"]

/** Tries a lone event by itself; leaves to `appendBatch` all else, and what it could not store. */
export const withSingleAppend = (sql: SqlClient.SqlClient, names: Names, appendBatch: AppendBatch): AppendBatch => {
  const statement = insertStatement(names)
  const seen = new SeenVersions()

  const appendMany: AppendBatch = (appends) =>
    Effect.tap(appendBatch(appends), (outcomes) => Effect.sync(() => seen.learn(appends, outcomes)))

  const appendOne = (append: EncodedAppend): ReturnType<AppendBatch> => {
    const { agentId, events, expected } = append
    const [event] = events
    const version = typeof expected === "number" ? expected : expected === "none" ? 0 : seen.get(agentId)
    const values = [event?.id, event?.type, event?.schemaVersion, event?.timestamp, event?.data, event?.metadata]
    return Effect.matchEffect(sql.unsafe(statement, [names.tenant, agentId, version, ...values]).raw, {
      onSuccess: (result) => {
        if (!isOneRow(result)) return appendMany([append])
        seen.set(agentId, version + 1)
        return Effect.succeed<ReadonlyArray<Outcome>>([{ _tag: "Stored", firstVersion: version + 1 }])
      },
      onFailure: (error) => (isLostRace(error) ? appendMany([append]) : Effect.fail(batchFailure(error)))
    })
  }

  return (appends) => {
    const [first] = appends
    const isLone = appends.length === 1 && first?.events.length === 1 && first.commands.length === 0
    return isLone ? appendOne(first) : appendMany(appends)
  }
}

const isOneRow = (result: unknown): boolean =>
  typeof result === "object" && result !== null && "rowCount" in result && result.rowCount === 1

// About five megabytes when full.
const capacity = 50_000

/** The versions of agents as this process saw them last. Others may have written since, so they are only guesses. */
class SeenVersions {
  private readonly versions = new Map<string, number>()

  /** An agent that was never seen is most often new. */
  get(agentId: string): number {
    return this.versions.get(agentId) ?? 0
  }

  set(agentId: string, version: number): void {
    if (this.versions.size >= capacity) this.versions.clear()
    this.versions.set(agentId, version)
  }

  learn(appends: ReadonlyArray<EncodedAppend>, outcomes: ReadonlyArray<Outcome>): void {
    for (const [index, { agentId, events }] of appends.entries()) {
      const outcome = outcomes[index]
      if (outcome?._tag === "Stored") this.set(agentId, outcome.firstVersion + events.length - 1)
      if (outcome?._tag === "Conflict") this.set(agentId, outcome.actual)
    }
  }
}

/** Stores nothing when the agent has another version. Snapshot and transaction id are taken in the order that `PostgresAppend.ts` explains. */
const insertStatement = ({ events }: Names): string => `
INSERT INTO ${events} (tenant, agent_id, version, id, type, schema_version, timestamp, data, metadata, ordinal)
SELECT $1, $2, $3::int8 + 1, $4, $5, $6::int4, $7::int8, $8, $9, 1
WHERE $3::int8 = coalesce(
  (SELECT e.version FROM ${events} e WHERE e.tenant = $1 AND e.agent_id = $2 ORDER BY e.version DESC LIMIT 1), 0)`
