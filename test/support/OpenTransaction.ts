/** Transactions that insert events by hand and stay open until they are told to end. */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"

/** A transaction on a connection of its own. */
export interface OpenTransaction {
  readonly run: (statement: string, parameters?: ReadonlyArray<unknown>) => Effect.Effect<void, unknown>
  /** Inserts an event as the store would, into the schema of the test. */
  readonly insert: (agentId: string, version: number, ordinal?: number) => Effect.Effect<void, unknown>
  readonly commit: Effect.Effect<void, unknown>
  readonly rollback: Effect.Effect<void, unknown>
}

/** Inserts one event; the transaction's id is the default of its column. */
export const insertStatement = (schema: string): string => `
  INSERT INTO "${schema}"."events" (tenant, agent_id, version, id, type, schema_version, timestamp, data, metadata, ordinal)
  VALUES ('', $1, $2::int8, $1 || ' ' || $2::text || ' ' || gen_random_uuid(), 'a.happened', 1, 0, '{}', '{}', $3::int8)`

/** Begins one. If the test fails, it is rolled back. */
export const begin = (schema: string) =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const connection = yield* sql.reserve
    let isOpen = true
    const run: OpenTransaction["run"] = (statement, parameters = []) =>
      Effect.asVoid(connection.executeUnprepared(statement, parameters, undefined))
    const end = (statement: string) =>
      Effect.suspend(() => {
        isOpen = false
        return run(statement)
      })
    yield* run("BEGIN")
    yield* Effect.addFinalizer(() => (isOpen ? Effect.ignore(end("ROLLBACK")) : Effect.void))
    const insert = insertStatement(schema)
    return {
      run,
      insert: (agentId, version, ordinal = version) => run(insert, [agentId, version, ordinal]),
      commit: end("COMMIT"),
      rollback: end("ROLLBACK")
    } satisfies OpenTransaction
  })
