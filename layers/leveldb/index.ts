/**
 * The embedded stores: one directory, owned by one process, every write synced to disk before it is answered.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as EventStore from "../../src/EventStore.ts"
import type { DriverError } from "../../src/EventStoreDriver.ts"
import * as SnapshotStore from "../../src/SnapshotStore.ts"
import type { InvalidInput } from "../../src/StoreError.ts"
import * as LevelDatabase from "./LevelDatabase.ts"
import * as LevelEventStore from "./LevelEventStore.ts"
import * as LevelImport from "./LevelImport.ts"
import * as LevelSnapshotStore from "./LevelSnapshotStore.ts"

export type { Options } from "./LevelDatabase.ts"

/** The open directory, for several stores on it. Fails with `Unavailable`: locked by another user, not a store, of a newer format. */
export const layerDatabase = (
  options: LevelDatabase.Options
): Layer.Layer<LevelDatabase.LevelDatabase, DriverError | InvalidInput> =>
  Layer.effect(LevelDatabase.LevelDatabase, Effect.tap(LevelDatabase.make(options), LevelImport.finish))

/** The event store on an open directory. */
export const layerEventStore: Layer.Layer<EventStore.EventStore, DriverError, LevelDatabase.LevelDatabase> =
  Layer.effect(
    EventStore.EventStore,
    Effect.flatMap(LevelDatabase.LevelDatabase, (database) =>
      Effect.flatMap(LevelEventStore.make(database), EventStore.make)
    )
  )

/** The snapshot store on an open directory. */
export const layerSnapshotStore: Layer.Layer<SnapshotStore.SnapshotStore, never, LevelDatabase.LevelDatabase> =
  Layer.effect(
    SnapshotStore.SnapshotStore,
    Effect.flatMap(LevelDatabase.LevelDatabase, (database) =>
      Effect.flatMap(LevelSnapshotStore.make(database), SnapshotStore.make)
    )
  )

/** Every store at once. Opened when the layer is built, closed with it. */
export const layer = (
  options: LevelDatabase.Options
): Layer.Layer<EventStore.EventStore | SnapshotStore.SnapshotStore, DriverError | InvalidInput> =>
  Layer.mergeAll(layerEventStore, layerSnapshotStore).pipe(Layer.provide(layerDatabase(options)))

/** Every store at once, with the options from the configuration. */
export const layerConfig = (
  options: Config.Wrap<LevelDatabase.Options>
): Layer.Layer<EventStore.EventStore | SnapshotStore.SnapshotStore, DriverError | InvalidInput | Config.ConfigError> =>
  Layer.unwrap(Effect.map(Config.unwrap(options), layer))
