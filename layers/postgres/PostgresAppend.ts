/**
 * Appending to PostgreSQL: a whole batch in one statement, in one round trip, in one transaction of its own.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { BatchFailure, EncodedAppend, EventStoreDriver, Outcome } from "../../src/EventStoreDriver.ts"
import { type Plan, plan } from "./AppendPlan.ts"
import { batchFailure, isLostRace } from "./errors.ts"
import type { Names } from "./Names.ts"
import { lockNotes, writeNotes } from "./notes.ts"
import { makeResolve } from "./resolve.ts"

/** How often a batch that loses races against other processes is tried again. */
const attempts = 50

/** The `appendBatch` of the driver. */
export const makeAppendBatch = (sql: SqlClient.SqlClient, names: Names): EventStoreDriver["appendBatch"] => {
  // Each agent for itself.
  const insert = makeInsert(sql, names, "a.accepted", (outcomes) => outcomes)
  const resolve = makeResolve(sql, names)

  const attempt = (
    appends: ReadonlyArray<EncodedAppend>,
    left: number
  ): Effect.Effect<ReadonlyArray<Outcome>, BatchFailure> =>
    Effect.gen(function* () {
      const outcomes = yield* insert(appends)
      const conflicting = appends.filter((_, index) => outcomes[index]?._tag === "Conflict")
      if (conflicting.length === 0) return outcomes
      // A repeated append conflicts with its own first try, so look before telling.
      const isStored = outcomes.some((outcome) => outcome._tag === "Stored")
      const found = yield* isStored ? Effect.option(resolve(conflicting)) : Effect.asSome(resolve(conflicting))
      return outcomes.map((outcome) => {
        if (outcome._tag !== "Conflict") return outcome
        return Option.isNone(found) ? again : repeatOr(outcome, found.value.shift())
      })
    }).pipe(
      Effect.catch((error: SqlError) =>
        isLostRace(error) && left > 0 ? afterViolation(appends, left) : Effect.fail(batchFailure(error))
      )
    )

  /** An id is stored already, or another process was faster; a new transaction sees which. */
  const afterViolation = (
    appends: ReadonlyArray<EncodedAppend>,
    left: number
  ): Effect.Effect<ReadonlyArray<Outcome>, BatchFailure> =>
    Effect.gen(function* () {
      const judged = judgeInOrder(appends, yield* Effect.mapError(resolve(appends), batchFailure))
      const rest = appends.filter((_, index) => judged[index] === undefined)
      if (rest.length === 0) return judged.map((outcome) => outcome ?? again)
      const isSettled = judged.some((outcome) => outcome !== undefined && outcome._tag !== "Again")
      const tried = attempt(rest, left - 1)
      const outcomes = [...(yield* isSettled ? Effect.orElseSucceed(tried, () => []) : tried)]
      return judged.map((outcome) => outcome ?? outcomes.shift() ?? again)
    })

  return (appends) => attempt(appends, attempts)
}

/** Plans a batch and inserts what it can of it. `accepted` says which rows, and `applied` which of the outcomes then hold. */
export const makeInsert = (
  sql: SqlClient.SqlClient,
  names: Names,
  accepted: string,
  applied: (outcomes: Array<Outcome>) => ReadonlyArray<Outcome>
) => {
  const statement = insertStatement(names, accepted)

  const insert = (plan: Plan): Effect.Effect<Array<Outcome>, SqlError> =>
    Effect.map(sql.unsafe<readonly [bigint, boolean]>(statement, [names.tenant, ...plan.parameters()]).values, (rows) =>
      plan.outcomes(rows.map(([head, accepted]) => ({ head: Number(head), accepted: accepted === true })))
    )

  const insertWithNotes = (
    appends: ReadonlyArray<EncodedAppend>,
    plan: Plan
  ): Effect.Effect<Array<Outcome>, SqlError> =>
    sql.withTransaction(
      Effect.gen(function* () {
        const annotating = appends.filter((append) => append.notes.length > 0)
        yield* lockNotes(
          sql,
          names,
          annotating.map((append) => append.agentId)
        )
        const outcomes = yield* insert(plan)
        const holding = applied(outcomes)
        yield* writeNotes(
          sql,
          names,
          appends.filter((_, index) => holding[index]?._tag === "Stored")
        )
        return outcomes
      })
    )

  return (appends: ReadonlyArray<EncodedAppend>): Effect.Effect<Array<Outcome>, SqlError> => {
    const planned = plan(appends)
    const hasNotes = appends.some((append) => append.notes.length > 0)
    return hasNotes ? insertWithNotes(appends, planned) : insert(planned)
  }
}

// What is settled must be told even if the rest of the batch fails; the rest then fails, or not, in the next one.
const again: Outcome = { _tag: "Again" }

/** What was stored before, or that an id is taken, comes before a conflict. */
const repeatOr = (conflict: Outcome, found: Outcome | undefined): Outcome =>
  found === undefined || found._tag === "Again" || found._tag === "Conflict" ? conflict : found

/**
 * What can be told of each append, when each was judged on its own against what is stored; `undefined` for those to try now. An append
 * that comes behind one that is tried now, and is to the same agent or has the same event id, cannot be judged yet and waits.
 */
const judgeInOrder = (
  appends: ReadonlyArray<EncodedAppend>,
  found: ReadonlyArray<Outcome>
): ReadonlyArray<Outcome | undefined> => {
  const tried = new Set<string>()
  const waiting = new Set<string>()
  return appends.map(({ agentId, events }, index) => {
    const outcome = found[index] ?? again
    if (!waiting.has(agentId)) {
      if (outcome._tag === "Again") {
        tried.add(agentId)
        for (const event of events) tried.add(`\0${event.id}`)
        return undefined
      }
      if (!tried.has(agentId) && !events.some((event) => tried.has(`\0${event.id}`))) return outcome
    }
    waiting.add(agentId)
    return again
  })
}

/**
 * Lists travel as texts joined by the unit separator, which neither ids nor JSON can hold: one parameter a column, and constant text for every
 * size. One list of each `unnest` stands in a SELECT, so that the planner cannot count it; else it would plan short lists anew each time, which
 * takes longer than the insert. The statement takes its snapshot first and its transaction id with the first row it inserts, so whoever sees the head of
 * another transaction has the higher id, and the feed cannot contradict a stream. A race is lost by the unique key, never by skipping a row.
 */
export const insertStatement = ({ commands, events }: Names, accepted: string): string => `
WITH agent AS MATERIALIZED (
  SELECT a.place, a.agent_id, coalesce(h.version, 0) AS head,
    CASE a.required WHEN -2 THEN true WHEN -1 THEN h.version IS NULL OR h.purged ELSE a.required = coalesce(h.version, 0) END AS accepted
  FROM unnest((SELECT string_to_array($2, E'\\x1f')), string_to_array($3, E'\\x1f')::int8[]) WITH ORDINALITY AS a (agent_id, required, place)
  LEFT JOIN LATERAL (
    SELECT e.version, e.data IS NULL AND e.type = 'purged' AS purged
    FROM ${events} e WHERE e.tenant = $1 AND e.agent_id = a.agent_id ORDER BY e.version DESC LIMIT 1
  ) h ON true
), stored AS (
  INSERT INTO ${events} (tenant, agent_id, version, id, type, schema_version, timestamp, data, metadata, ordinal)
  SELECT $1, a.agent_id, a.head + e.step, e.id, e.type, e.schema_version, e.timestamp, e.data, e.metadata, e.ordinal
  FROM unnest(
    (SELECT string_to_array($4, E'\\x1f')::int8[]), string_to_array($5, E'\\x1f')::int8[], string_to_array($6, E'\\x1f'),
    string_to_array($7, E'\\x1f'), string_to_array($8, E'\\x1f')::int4[], string_to_array($9, E'\\x1f')::int8[],
    string_to_array($10, E'\\x1f'), string_to_array($11, E'\\x1f')
  ) WITH ORDINALITY AS e (place, step, id, type, schema_version, timestamp, data, metadata, ordinal)
  JOIN agent a ON a.place = e.place WHERE ${accepted} ORDER BY e.ordinal
), recorded AS (
  INSERT INTO ${commands} (tenant, agent_id, command_id, reply, first_version, last_version)
  SELECT $1, a.agent_id, c.command_id, c.reply, a.head + c.first_step, a.head + c.last_step
  FROM unnest(
    (SELECT string_to_array($12, E'\\x1f')::int8[]), string_to_array($13, E'\\x1f'), string_to_array($14, E'\\x1f'),
    string_to_array($15, E'\\x1f')::int8[], string_to_array($16, E'\\x1f')::int8[]
  ) AS c (place, command_id, reply, first_step, last_step)
  JOIN agent a ON a.place = c.place WHERE ${accepted}
)
SELECT head, accepted FROM agent ORDER BY place`
