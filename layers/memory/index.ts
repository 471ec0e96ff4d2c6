/**
 * Stores in the memory of this process: for tests, and for state that need not survive. Same contract, same errors as the others, but
 * "on disk" means "in memory".
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as EventStore from "../../src/EventStore.ts"
import * as SnapshotStore from "../../src/SnapshotStore.ts"
import * as MemoryData from "./MemoryData.ts"
import * as MemoryEventStore from "./MemoryEventStore.ts"
import * as MemorySnapshotStore from "./MemorySnapshotStore.ts"

const eventStore = Layer.effect(
  EventStore.EventStore,
  Effect.flatMap(MemoryData.MemoryData, (data) => EventStore.make(MemoryEventStore.make(data)))
)

const snapshotStore = Layer.effect(
  SnapshotStore.SnapshotStore,
  Effect.flatMap(MemoryData.MemoryData, (data) => SnapshotStore.make(MemorySnapshotStore.make(data)))
)

/** Every store at once, empty at first. A new build, by `Layer.fresh` say, is a new memory. */
export const layer: Layer.Layer<EventStore.EventStore | SnapshotStore.SnapshotStore> = Layer.mergeAll(
  eventStore,
  snapshotStore
).pipe(Layer.provide(MemoryData.layer))

/** The event store alone. */
export const layerEventStore: Layer.Layer<EventStore.EventStore> = Layer.provide(eventStore, MemoryData.layer)

/** The snapshot store alone. */
export const layerSnapshotStore: Layer.Layer<SnapshotStore.SnapshotStore> = Layer.provide(
  snapshotStore,
  MemoryData.layer
)
