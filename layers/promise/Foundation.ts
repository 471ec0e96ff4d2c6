/**
 * The stores that callers hand over, as a layer: those of this library as what they are, others through an adapter.
 */
import * as Layer from "effect/Layer"
import * as Events from "../../src/EventStore.ts"
import * as Snapshots from "../../src/SnapshotStore.ts"
import * as AdaptedEvents from "./AdaptedEvents.ts"
import * as AdaptedSnapshots from "./AdaptedSnapshots.ts"
import type { EventStore, SnapshotStore } from "./Contracts.ts"
import { type Database, join } from "./Database.ts"
import { type Failure, invalidOptions } from "./PantheonError.ts"
import { shared } from "./Shared.ts"
import { StoredEvents, StoredSnapshots } from "./Stores.ts"

/** Where agents live. */
export interface Deps {
  readonly eventStore: EventStore
  readonly snapshotStore: SnapshotStore
}

/** What services are built on. */
export interface Foundation {
  readonly database: Database
  /** To be called when the services have ended. */
  readonly release: () => Promise<void>
}

const adaptedEvents = new WeakMap<EventStore, Layer.Layer<Events.EventStore>>()
const adaptedSnapshots = new WeakMap<SnapshotStore, Layer.Layer<Snapshots.SnapshotStore>>()

/** Throws when they are no stores. */
export const foundation = (owner: string, { eventStore, snapshotStore }: Deps): Foundation => {
  check(owner, "eventStore", eventStore, ["appendEvent", "getEvents", "getEvent"])
  check(owner, "snapshotStore", snapshotStore, ["saveSnapshot", "getLatestSnapshot", "getSnapshot"])
  const events = layerOfEvents(eventStore)
  const snapshots = layerOfSnapshots(snapshotStore)
  const isOne =
    eventStore instanceof StoredEvents &&
    snapshotStore instanceof StoredSnapshots &&
    eventStore.database === snapshotStore.database
  const releases = [eventStore, snapshotStore].flatMap((store) =>
    store instanceof StoredEvents || store instanceof StoredSnapshots ? [store.attach()] : []
  )
  return {
    database: isOne ? eventStore.database : join(events, snapshots),
    release: async () => {
      for (const release of releases) await release()
    }
  }
}

const check = (owner: string, option: string, store: unknown, methods: ReadonlyArray<string>): void => {
  const lacking = methods.find(
    (method) => typeof store !== "object" || store === null || typeof Reflect.get(store, method) !== "function"
  )
  if (lacking !== undefined) throw invalidOptions(owner, option, `a store, with a method ${lacking}`, store)
}

const layerOfEvents = (store: EventStore): Layer.Layer<Events.EventStore, Failure> => {
  if (store instanceof StoredEvents) return store.database
  const layer =
    adaptedEvents.get(store) ?? shared(Layer.effect(Events.EventStore, Events.make(AdaptedEvents.make(store))))
  adaptedEvents.set(store, layer)
  return layer
}

const layerOfSnapshots = (store: SnapshotStore): Layer.Layer<Snapshots.SnapshotStore, Failure> => {
  if (store instanceof StoredSnapshots) return store.database
  const layer =
    adaptedSnapshots.get(store) ??
    shared(Layer.effect(Snapshots.SnapshotStore, Snapshots.make(AdaptedSnapshots.make(store))))
  adaptedSnapshots.set(store, layer)
  return layer
}
