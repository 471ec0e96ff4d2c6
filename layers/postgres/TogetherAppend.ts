/**
 * Appends to several agents in PostgreSQL, all or none: the statement of batches, which here inserts only if every agent is as expected. Rows go in by agent as
 * those of batches do, so processes wait for each other in one order.
 */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { type Decided, together } from "../../src/AppendDecision.ts"
import type {
  BatchFailure,
  EncodedAppend,
  EventStoreDriver,
  Outcome,
  TogetherOutcome
} from "../../src/EventStoreDriver.ts"
import { batchFailure, isLostRace } from "./errors.ts"
import type { Names } from "./Names.ts"
import { makeInsert } from "./PostgresAppend.ts"
import { makeJudge } from "./resolve.ts"

/** How often appends that lose races against other processes are tried again. */
const attempts = 50

/** The `appendTogether` of the driver. */
export const makeAppendTogether = (
  sql: SqlClient.SqlClient,
  names: Names
): NonNullable<EventStoreDriver["appendTogether"]> => {
  const insert = makeInsert(sql, names, "(SELECT bool_and(accepted) FROM agent)", (outcomes) =>
    outcomes.every(isStored) ? outcomes : []
  )
  const judge = makeJudge(sql, names)
  // At one moment, since what was stored together must be seen together.
  const judgeAtOnce = (appends: ReadonlyArray<EncodedAppend>): Effect.Effect<ReadonlyArray<Decided>, SqlError> =>
    sql.withTransaction(
      Effect.andThen(sql.unsafe("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"), judge(appends))
    )

  /** Tells what is in the way, or tries again when nothing is any more. */
  const explain = (
    appends: ReadonlyArray<EncodedAppend>,
    left: number,
    last: Effect.Effect<TogetherOutcome, SqlError>
  ): Effect.Effect<TogetherOutcome, SqlError> =>
    Effect.flatMap(judgeAtOnce(appends), (decided) => {
      if (!decided.every(isStored)) return Effect.succeed(together(appends, decided))
      return left > 0 ? attempt(appends, left - 1) : last
    })

  const attempt = (appends: ReadonlyArray<EncodedAppend>, left: number): Effect.Effect<TogetherOutcome, SqlError> =>
    Effect.matchEffect(insert(appends), {
      onSuccess: (outcomes) => {
        const decided = outcomes.flatMap(
          (outcome): ReadonlyArray<Decided> => (outcome._tag === "Again" ? [] : [outcome])
        )
        const found = together(appends, decided)
        return found._tag === "Accepted" ? Effect.succeed(found) : explain(appends, left, Effect.succeed(found))
      },
      onFailure: (error) => (isLostRace(error) ? explain(appends, left, Effect.fail(error)) : Effect.fail(error))
    })

  return (appends): Effect.Effect<TogetherOutcome, BatchFailure> =>
    Effect.mapError(attempt(appends, attempts), batchFailure)
}

const isStored = ({ _tag }: Outcome): boolean => _tag === "Stored"
