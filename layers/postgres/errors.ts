/**
 * What an error of the database means to a store.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SqlError } from "effect/sql/SqlError"
import type { BatchFailure } from "../../src/EventStoreDriver.ts"
import { Unavailable } from "../../src/StoreError.ts"

/** The SQLSTATE that the server sent, if it answered at all. */
export const sqlState = (error: SqlError): string | undefined => {
  const { cause } = error.reason
  return typeof cause === "object" &&
    cause !== null &&
    "code" in cause &&
    typeof cause.code === "string" &&
    /^[0-9A-Z]{5}$/.test(cause.code)
    ? cause.code
    : undefined
}

/** For reads, deletions and the opening of the store. */
export const unavailable =
  (name: string, operation: string) =>
  (error: SqlError): Unavailable => {
    const state = sqlState(error)
    const { reason, remedy } = explain(error, state, operation)
    return new Unavailable({
      operation,
      reason,
      expected: `${name} to answer`,
      found: `${error.message}${detail(error)}${state === undefined ? "" : ` (SQLSTATE ${state})`}`,
      remedy,
      ...(quotesUrl(error) ? {} : { cause: error })
    })
  }

/** An error that quotes the whole of a URL, with the password in it, is told in words only. */
const quotesUrl = ({ reason }: SqlError): boolean => reason.cause instanceof TypeError && "input" in reason.cause

const detail = (error: SqlError): string => {
  const { cause } = error.reason
  // A host name may stand for several addresses, each with a failure of its own.
  const causes: ReadonlyArray<unknown> = cause instanceof AggregateError ? cause.errors : [cause]
  const messages = causes.flatMap((cause) => (cause instanceof Error && cause.message !== "" ? [cause.message] : []))
  const others = messages.filter((message) => !error.message.includes(message))
  return others.length === 0 ? "" : `: ${others.join("; ")}`
}

const explain = (
  error: SqlError,
  state: string | undefined,
  operation: string
): { readonly reason: Unavailable["reason"]; readonly remedy: string } => {
  if (state === "3D000") return { reason: "WrongDatabase", remedy: "Create the database, or name one that exists." }
  // Undefined table, undefined schema, undefined column.
  if (state === "42P01" || state === "3F000" || state === "42703") {
    return {
      reason: "NotMigrated",
      remedy: "Build `layerMigrations` with the same schema and prefix first, or use `layer`, which does."
    }
  }
  if (state === "25006")
    return { reason: "WrongDatabase", remedy: "Connect to the primary; this server takes no writes." }
  if (state === "42501") {
    return {
      reason: "Failed",
      remedy:
        operation === "migrate"
          ? "Use `layerStorage` with this role, and build `layerMigrations` once with a role that may create schemas and tables."
          : "Grant the role what `layerStorage` needs: usage of the schema; select, insert, update and delete on its tables."
    }
  }
  // The server is going down or coming up, or has no connection left.
  if (state === "57P01" || state === "57P02" || state === "57P03" || state === "53300") {
    return { reason: "Unreachable", remedy: "Try again in a moment; if it lasts, look after the server." }
  }
  switch (error.reason._tag) {
    case "AuthenticationError":
      return { reason: "Unreachable", remedy: "Check the user name and the password." }
    case "ConnectionError":
      if (/\b(?:connection URL|in URL)\b/.test(error.message)) {
        return {
          reason: "Failed",
          remedy:
            "Write postgresql://user:password@host:5432/database; in the password, write / as %2F, @ as %40, and so on (encodeURIComponent)."
        }
      }
      return {
        reason: "Unreachable",
        remedy: "Check host, port and network, and that the server runs; then try again."
      }
    default:
      return { reason: "Failed", remedy: "See the cause." }
  }
}

/** Runs the statements of one operation, and explains their failure. */
export type Explaining = (
  operation: string
) => <A, R>(statements: Effect.Effect<A, SqlError, R>) => Effect.Effect<A, Unavailable, R>

/**
 * Explains failures for as long as the scope lives, and afterwards that the store is closed: a closed pool would only interrupt its callers.
 */
export const explaining = (name: string): Effect.Effect<Explaining, never, Scope.Scope> =>
  Effect.gen(function* () {
    let isClosed = false
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        isClosed = true
      })
    )
    return (operation) => (statements) => {
      const closed = Effect.suspend(() => Effect.fail(closedStore(name, operation)))
      return Effect.suspend(() => {
        if (isClosed) return closed
        return Effect.catchCause(Effect.mapError(statements, unavailable(name, operation)), (cause) =>
          isClosed && Cause.hasInterruptsOnly(cause) ? closed : Effect.failCause(cause)
        )
      })
    }
  })

const closedStore = (name: string, operation: string): Unavailable =>
  new Unavailable({
    operation,
    reason: "Closed",
    expected: `${name} to be open`,
    found: "a closed store",
    remedy: "Keep the layer of the store alive while you use it."
  })

/** Whether another process wrote the same rows first; then nothing of the statement is stored. */
export const isLostRace = ({ reason }: SqlError): boolean =>
  reason._tag === "UniqueViolation" || reason._tag === "SerializationError" || reason._tag === "DeadlockError"

/** For an append whose statement failed. When unsure: unknown. */
export const batchFailure = (error: SqlError): BatchFailure => ({
  _tag: "BatchFailure",
  certainty: certainty(error),
  cause: unavailable("PostgreSQL", "append")(error)
})

const certainty = (error: SqlError): BatchFailure["certainty"] => {
  // The client gave up before it had a connection, so nothing was sent.
  if ("operation" in error.reason && error.reason.operation === "connect") return "unavailable"
  const state = sqlState(error)
  // The server answered that the statement failed: data (22), constraint (23), transaction (40), syntax or schema (42), resources (53), limits (54).
  if (state !== undefined && /^(?:0A|22|23|25|40|42|53|54|55|57014)/.test(state)) {
    return /^(?:22|23|54)/.test(state) ? "refused" : "unavailable"
  }
  return "unknown"
}
