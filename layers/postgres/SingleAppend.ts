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
  const { tenant } = names
  const insertFirst = insertStatement(names, "1", isMissing(names))
  const insertNext = insertStatement(names, "$9::int8 + 1", isAtVersion(names))
  const seen = new SeenVersions()

  const appendMany: AppendBatch = (appends) =>
    Effect.tap(appendBatch(appends), (outcomes) => Effect.sync(() => seen.learn(appends, outcomes)))

  const appendOne = (append: EncodedAppend, version: number): ReturnType<AppendBatch> => {
    const { agentId, events } = append
    const [event] = events
    const values = [event?.id, event?.type, event?.schemaVersion, event?.timestamp, event?.data, event?.metadata]
    const statement =
      version === 0
        ? sql.unsafe(insertFirst, [tenant, agentId, ...values])
        : sql.unsafe(insertNext, [tenant, agentId, ...values, version])
    return Effect.matchEffect(statement.raw, {
      onSuccess: (result) => {
        if (!isOneRow(result)) return appendMany([append])
        seen.set(agentId, version + 1, version === 0)
        return Effect.succeed<ReadonlyArray<Outcome>>([{ _tag: "Stored", firstVersion: version + 1 }])
      },
      onFailure: (error) => (isLostRace(error) ? appendMany([append]) : Effect.fail(batchFailure(error)))
    })
  }

  return (appends) => {
    const [first] = appends
    if (first === undefined || appends.length > 1 || !isLone(first)) return appendMany(appends)
    const { agentId, expected } = first
    const version = typeof expected === "number" ? expected : expected === "none" ? 0 : seen.guess(agentId)
    return version === undefined ? appendMany(appends) : appendOne(first, version)
  }
}

const isLone = ({ commands, events, notes }: EncodedAppend): boolean =>
  events.length === 1 && commands.length === 0 && notes.length === 0

const isOneRow = (result: unknown): boolean =>
  typeof result === "object" && result !== null && "rowCount" in result && result.rowCount === 1

// About five megabytes when full.
const capacity = 50_000

const few = 8

/** The versions of agents as this process saw them last. Others may have written since, so they are only guesses. */
class SeenVersions {
  private readonly versions = new Map<string, number>()
  /** Whether the last agent that had not been seen was new: they come in runs, new ones or those of an earlier process. */
  private areStrangersNew = true

  guess(agentId: string): number | undefined {
    return this.versions.get(agentId) ?? (this.areStrangersNew ? 0 : undefined)
  }

  set(agentId: string, version: number, isNew: boolean): void {
    if (!this.versions.has(agentId)) this.areStrangersNew = isNew
    if (this.versions.size >= capacity) this.versions.clear()
    this.versions.set(agentId, version)
  }

  learn(appends: ReadonlyArray<EncodedAppend>, outcomes: ReadonlyArray<Outcome>): void {
    // A busy store has no lone events, and what it knew of its agents grows old; to follow them all would only cost.
    if (appends.length > few) {
      this.versions.clear()
      return
    }
    for (const [index, { agentId, events }] of appends.entries()) {
      const outcome = outcomes[index]
      if (outcome?._tag === "Stored") {
        this.set(agentId, outcome.firstVersion + events.length - 1, outcome.firstVersion === 1)
      } else if (outcome?._tag === "Conflict") {
        this.set(agentId, outcome.actual, outcome.actual === 0)
      }
    }
  }
}

const isMissing = ({ events }: Names): string =>
  `NOT EXISTS (SELECT FROM ${events} WHERE tenant = $1 AND agent_id = $2)`

const isAtVersion = ({ events }: Names): string =>
  `$9 = (SELECT version FROM ${events} WHERE tenant = $1 AND agent_id = $2 ORDER BY version DESC LIMIT 1)`

/**
 * Stores nothing when the agent has another version. Snapshot and transaction id are taken in the order that `PostgresAppend.ts` explains. On
 * one line, since the client compares the text each time.
 */
const insertStatement = ({ events }: Names, version: string, condition: string): string =>
  `INSERT INTO ${events} (tenant, agent_id, version, id, type, schema_version, timestamp, data, metadata, ordinal) ` +
  `SELECT $1, $2, ${version}, $3, $4, $5::int4, $6::int8, $7, $8, 1 WHERE ${condition}`
