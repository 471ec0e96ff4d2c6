/**
 * Where stores keep what they keep: a layer for each database, the same one for all stores on it, so that they share one connection.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { EventStore } from "../../src/EventStore.ts"
import { SnapshotStore } from "../../src/SnapshotStore.ts"
import { Unavailable } from "../../src/StoreError.ts"
import type { Failure } from "./PantheonError.ts"

/** Both stores of one database. */
export type Database = Layer.Layer<EventStore | SnapshotStore, Failure>

/** One thing for each key, made at the first look. */
export const registry = <A>(): ((key: ReadonlyArray<unknown>, make: () => A) => A) => {
  const known = new Map<string, A>()
  return (key, make) => {
    const text = JSON.stringify(key)
    const found = known.get(text) ?? make()
    known.set(text, found)
    return found
  }
}

/** Loads a driver only when a store on it is opened: its package need not be installed for the others. */
export const load = <A>(packageName: string, run: () => Promise<A>): Effect.Effect<A, Unavailable> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      new Unavailable({
        operation: "load the driver",
        reason: "Failed",
        expected: `the package ${packageName}`,
        found: cause instanceof Error ? cause.message : String(cause),
        remedy: `Install it: npm install ${packageName}`,
        cause
      })
  })

/** The events of one database and the snapshots of another. */
export const join = (
  events: Layer.Layer<EventStore, Failure>,
  snapshots: Layer.Layer<SnapshotStore, Failure>
): Database => {
  const keeper = Layer.effect(SnapshotStore, SnapshotStore).pipe(Layer.provide(snapshots))
  const source = Layer.effect(EventStore, EventStore).pipe(Layer.provide(events))
  const journal = Layer.effect(
    EventStore,
    Effect.gen(function* () {
      const store = yield* EventStore
      const kept = yield* SnapshotStore
      // The database of the events knows nothing of these snapshots. They go first: without them nothing is lost.
      return EventStore.of({
        ...store,
        purge: (agentId) => Effect.andThen(kept.deleteAll(agentId), store.purge(agentId))
      })
    })
  ).pipe(Layer.provide(source))
  return Layer.provideMerge(journal, keeper)
}
