/**
 * The stores on PostgreSQL (13 or newer), for several processes at once. Needs nothing of a session, so it works behind a pooler in transaction mode.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as SqlClient from "effect/sql/SqlClient"
import * as EventStore from "../../src/EventStore.ts"
import * as SnapshotStore from "../../src/SnapshotStore.ts"
import { InvalidInput, type Unavailable } from "../../src/StoreError.ts"
import { unavailable } from "./errors.ts"
import * as migrations from "./migrations.ts"
import * as Names from "./Names.ts"
import * as OpenTables from "./OpenTables.ts"
import * as PairedReads from "./PairedReads.ts"
import * as PostgresEventStore from "./PostgresEventStore.ts"
import * as PostgresSnapshotStore from "./PostgresSnapshotStore.ts"

export type { StoreOptions } from "./Names.ts"
export * as PredecessorImport from "./PredecessorImport.ts"

/** How to reach the database, and where the store lives in it. */
export interface Options extends PgClient.PgPoolConfig, Names.StoreOptions {}

type Stores = EventStore.EventStore | SnapshotStore.SnapshotStore
type LayerError = Unavailable | InvalidInput

/** Creates or updates the tables; needs DDL rights. Several processes may build it at once. */
export const layerMigrations = (
  options: Names.StoreOptions = {}
): Layer.Layer<never, LayerError, SqlClient.SqlClient> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const names = yield* Names.make(options)
      yield* Effect.mapError(
        migrations.migrate(yield* OpenTables.client, names),
        unavailable(OpenTables.name, "migrate")
      )
    })
  )

/** The event store on tables that are up to date; needs no DDL rights. */
export const layerEventStore = (
  options: Names.StoreOptions = {}
): Layer.Layer<EventStore.EventStore, LayerError, SqlClient.SqlClient> =>
  Layer.effect(
    EventStore.EventStore,
    Effect.flatMap(OpenTables.open(options), (tables) => EventStore.make(PostgresEventStore.make(tables)))
  )

/** The snapshot store on tables that are up to date; needs no DDL rights. */
export const layerSnapshotStore = (
  options: Names.StoreOptions = {}
): Layer.Layer<SnapshotStore.SnapshotStore, LayerError, SqlClient.SqlClient> =>
  Layer.effect(
    SnapshotStore.SnapshotStore,
    Effect.flatMap(OpenTables.open(options), (tables) => SnapshotStore.make(PostgresSnapshotStore.make(tables)))
  )

/** Every store on an existing client and up-to-date tables; needs no DDL rights. */
export const layerStorage = (options: Names.StoreOptions = {}): Layer.Layer<Stores, LayerError, SqlClient.SqlClient> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const tables = yield* OpenTables.open(options)
      const { events, snapshots } = PairedReads.make(tables, {
        events: PostgresEventStore.make(tables),
        snapshots: PostgresSnapshotStore.make(tables)
      })
      return Context.make(EventStore.EventStore, yield* EventStore.make(events)).pipe(
        Context.add(SnapshotStore.SnapshotStore, yield* SnapshotStore.make(snapshots))
      )
    })
  )

/** Every store on an existing client, migrations included. */
export const layerClient = (options: Names.StoreOptions = {}): Layer.Layer<Stores, LayerError, SqlClient.SqlClient> =>
  Layer.provide(layerStorage(options), layerMigrations(options))

/** A pool without room would let everybody wait for ever, and a URL in plain text would be a defect of the client. */
const checkPool = ({
  maxConnections = 10,
  minConnections = 0,
  url
}: PgClient.PgPoolConfig): Effect.Effect<void, InvalidInput> => {
  const refuse = (path: string, expected: string, found: number | string) =>
    Effect.fail(new InvalidInput({ path, expected, found: String(found), remedy: "Change the option of the layer." }))
  if (url !== undefined && !Redacted.isRedacted(url))
    return refuse("url", "a Redacted text", `a value of type ${typeof url}`)
  if (!Number.isSafeInteger(maxConnections) || maxConnections < 1) {
    return refuse("maxConnections", "an integer from 1", maxConnections)
  }
  return Number.isSafeInteger(minConnections) && minConnections >= 0 && minConnections <= maxConnections
    ? Effect.void
    : refuse("minConnections", `an integer from 0 to ${maxConnections}`, minConnections)
}

/** A connection pool, for several stores on it. */
export const layerPool = (options: PgClient.PgPoolConfig): Layer.Layer<SqlClient.SqlClient, LayerError> => {
  // One value of the largest size must fit into a message.
  const config = { applicationName: "pantheon-state", maxMessageSize: 128 * 1024 * 1024, ...options }
  return Layer.unwrap(Effect.as(checkPool(options), PgClient.layer(config))).pipe(
    Layer.catchTag("SqlError", (error) =>
      Layer.effectContext(Effect.fail(unavailable(OpenTables.name, "connect")(error)))
    )
  )
}

/** Every store on a connection pool of its own, migrations included. */
export const layer = (options: Options): Layer.Layer<Stores, LayerError> => {
  const { feedPollMilliseconds, schema, tablePrefix, tenant, ...pool } = options
  return Layer.provide(layerClient({ feedPollMilliseconds, schema, tablePrefix, tenant }), layerPool(pool))
}

/** Every store on a connection pool of its own, with the options from the configuration. */
export const layerConfig = (options: Config.Wrap<Options>): Layer.Layer<Stores, LayerError | Config.ConfigError> =>
  Layer.unwrap(Effect.map(Config.unwrap(options), layer))
