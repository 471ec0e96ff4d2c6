/**
 * The tables of a store, once they are known to be up to date.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import { type InvalidInput, Unavailable } from "../../src/StoreError.ts"
import { type Explaining, explaining, unavailable } from "./errors.ts"
import * as migrations from "./migrations.ts"
import * as Names from "./Names.ts"

/** What the drivers need. */
export interface OpenTables {
  /** The store, for error messages. */
  readonly name: string
  readonly names: Names.Names
  readonly sql: SqlClient.SqlClient
  /** That of the `meta` table; positions of another one mean nothing. */
  readonly epoch: number
  readonly failing: Explaining
}

export const name = "PostgreSQL"

/** The client without transformations, which would change the names and values of our own columns. */
export const client = Effect.map(SqlClient.SqlClient, (sql) => sql.withoutTransforms())

/** Checks that the tables are those of this version of the library. */
export const open = (
  options: Names.StoreOptions
): Effect.Effect<OpenTables, Unavailable | InvalidInput, SqlClient.SqlClient | Scope.Scope> =>
  Effect.gen(function* () {
    const names = yield* Names.make(options)
    const sql = yield* client
    const applied = yield* Effect.mapError(migrations.readApplied(sql, names), unavailable(name, "open"))
    if (applied !== migrations.newest) yield* refuseVersion(applied)
    const rows = yield* Effect.mapError(
      sql.unsafe<{ readonly epoch: number; readonly moved: boolean }>(
        `SELECT epoch, cluster IS DISTINCT FROM (SELECT system_identifier::text FROM pg_control_system()) AS moved FROM ${names.meta}`
      ),
      unavailable(name, "open")
    )
    const { epoch, moved } = rows[0] ?? { epoch: 1, moved: false }
    if (moved) yield* refuseCluster
    return { name, names, sql, epoch, failing: yield* explaining(name) }
  })

const refuseVersion = (applied: number): Effect.Effect<never, Unavailable> =>
  Effect.fail(
    new Unavailable({
      operation: "open",
      reason: applied < migrations.newest ? "NotMigrated" : "NewerSchema",
      expected: `tables of version ${migrations.newest}`,
      found: `tables of version ${applied}`,
      remedy:
        applied < migrations.newest
          ? "Build `layerMigrations` with the same schema and prefix first, or use `layer`, which does."
          : "Use the newer version of this library that made the tables."
    })
  )

const refuseCluster: Effect.Effect<never, Unavailable> = Effect.fail(
  new Unavailable({
    operation: "open",
    reason: "WrongDatabase",
    expected: "the database cluster that the events were written in",
    found: "another one: the tables were restored or copied into it",
    remedy:
      "Build `layerMigrations` once; it makes the order of the feed fit the new cluster, and begins a new epoch of positions."
  })
)
