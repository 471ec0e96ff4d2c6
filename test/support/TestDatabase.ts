/** The PostgreSQL server of the test run, with a schema of the test's own. */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Postgres from "../../layers/postgres/index.ts"

/** The address of the server, which `globalSetup.ts` has started. */
export const url = Redacted.make(process.env["PANTHEON_TEST_DATABASE_URL"] ?? "")

/** A name that no other test uses. */
export const freshSchema = (): string => `t_${crypto.randomUUID().replaceAll("-", "")}`

/** A pool of connections of the test's own. */
export const client = PgClient.layer({ url, maxConnections: 20 })

/** Runs a statement beside the stores. */
export const run = (statement: string, parameters: ReadonlyArray<unknown> = []) =>
  Effect.provide(
    Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe<Record<string, unknown>>(statement, parameters)),
    PgClient.layer({ url, maxConnections: 1 })
  )

/** The name of a schema that goes when the scope closes. */
export const schema = Effect.acquireRelease(Effect.sync(freshSchema), (schema) =>
  Effect.orDie(run(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`))
)

/** The stores in a schema of their own, which goes when the layer does. */
export const layer = (options: Postgres.StoreOptions = {}) => {
  const { schema = freshSchema() } = options
  const dropped = Layer.effectDiscard(
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* Effect.addFinalizer(() => Effect.orDie(sql.unsafe(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`)))
    })
  ).pipe(Layer.provide(client))
  return Layer.provide(Postgres.layer({ url, feedPollMilliseconds: 20, ...options, schema }), dropped)
}
