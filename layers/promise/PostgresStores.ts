/**
 * Stores on PostgreSQL, for several processes at once. Needs the package `@effect/sql-pg`.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { SqlClient } from "effect/sql/SqlClient"
import type { StoreOptions } from "../postgres/index.ts"
import { type Database, load, registry } from "./Database.ts"
import { type Failure, invalidOptions } from "./PantheonError.ts"
import { shared } from "./Shared.ts"
import { StoredEvents, StoredSnapshots } from "./Stores.ts"

/** Where the tables are. */
export interface PostgresTables extends Omit<StoreOptions, "tablePrefix"> {
  /**
   * The name of the table; `events` and `snapshots` by default. What stands before that is common to all tables of the store: `agent_events` and
   * `agent_snapshots` lie in one store. Any other name, at most 19 letters, digits and `_`, is that of a store of its own.
   */
  readonly tableName?: string | undefined
}

/** How to reach the database: by an address, for which stores share one pool, or through a client that is there already. */
export type PostgresOptions = PostgresTables &
  (
    | {
        /** `postgresql://user:password@host/database`. It is not shown in errors or logs. */
        readonly connectionString: string
        /** How many connections the pool has at most; 10 by default. The first store on an address says so for all. */
        readonly maxConnections?: number | undefined
      }
    | {
        /** A client of `effect/sql`, which stays open. */
        readonly client: SqlClient
      }
  )

type Pool = Layer.Layer<SqlClient, Failure>

const pools = registry<Pool>()
const databases = new WeakMap<Pool, ReturnType<typeof registry<Database>>>()
const clients = new WeakMap<SqlClient, Pool>()

const driver = load("@effect/sql-pg", () => import("../postgres/index.ts"))

const open = (owner: string, kind: "events" | "snapshots", options: PostgresOptions): Database => {
  const pool = poolOf(owner, options)
  const { feedPollMilliseconds, schema, tableName = kind, tenant } = options
  if (typeof tableName !== "string") throw invalidOptions(owner, "tableName", "a name", tableName)
  const tablePrefix = tableName.endsWith(kind) ? tableName.slice(0, -kind.length) : `${tableName}_`
  const known = databases.get(pool) ?? registry<Database>()
  databases.set(pool, known)
  return known([schema, tablePrefix, tenant], () =>
    shared(
      Layer.unwrap(
        Effect.map(driver, (Postgres) => Postgres.layerClient({ feedPollMilliseconds, schema, tablePrefix, tenant }))
      ).pipe(Layer.provide(pool))
    )
  )
}

const poolOf = (owner: string, options: PostgresOptions): Pool => {
  if (typeof options !== "object" || options === null) {
    throw invalidOptions(owner, "its argument", "an object with connectionString or client", options)
  }
  if ("client" in options) return poolOfClient(owner, options.client)
  const { connectionString, maxConnections } = options
  if (typeof connectionString !== "string" || !/^postgres(?:ql)?:\/\//.test(connectionString)) {
    throw invalidOptions(owner, "connectionString", "an address like postgresql://…", connectionString)
  }
  return pools([connectionString], () =>
    shared(
      Layer.unwrap(
        Effect.map(driver, (Postgres) => Postgres.layerPool({ url: Redacted.make(connectionString), maxConnections }))
      )
    )
  )
}

const poolOfClient = (owner: string, client: SqlClient): Pool => {
  if (typeof client !== "function" || !("unsafe" in client)) {
    throw invalidOptions(owner, "client", "a client of effect/sql", client)
  }
  const tag = load("effect", () => import("effect/sql/SqlClient"))
  const pool = clients.get(client) ?? Layer.unwrap(Effect.map(tag, ({ SqlClient }) => Layer.succeed(SqlClient, client)))
  clients.set(client, pool)
  return pool
}

/** Events in PostgreSQL. */
export class PostgresEventStore extends StoredEvents {
  constructor(options: PostgresOptions) {
    super("PostgresEventStore", open("PostgresEventStore", "events", options))
  }
}

/** Snapshots in PostgreSQL. */
export class PostgresSnapshotStore extends StoredSnapshots {
  constructor(options: PostgresOptions) {
    super("PostgresSnapshotStore", open("PostgresSnapshotStore", "snapshots", options))
  }
}
