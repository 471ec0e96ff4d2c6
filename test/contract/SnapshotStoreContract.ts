/**
 * What every snapshot store must do, whatever it is made of.
 */
import { describe, it } from "@effect/vitest"
import type * as Layer from "effect/Layer"
import type * as EventStore from "../../src/EventStore.ts"
import type * as SnapshotStore from "../../src/SnapshotStore.ts"
import * as SnapshotStoreModel from "./SnapshotStoreModel.ts"
import * as deleting from "./snapshotstore/deleting.ts"
import * as ids from "./snapshotstore/ids.ts"
import * as races from "./snapshotstore/races.ts"
import * as reading from "./snapshotstore/reading.ts"
import * as refusing from "./snapshotstore/refusing.ts"
import * as saving from "./snapshotstore/saving.ts"
import * as values from "./snapshotstore/values.ts"

/** What the suite runs on. */
export interface Options<E> {
  /** Builds the store, and the event store whose purge must reach the snapshots; it may need nothing else. */
  readonly layer: Layer.Layer<SnapshotStore.SnapshotStore | EventStore.EventStore, E>
}

const themes = [reading, saving, deleting, values, ids, refusing, races, SnapshotStoreModel]

/** Registers the suite under a name such as `the memory store`. */
export const suite = <E>(name: string, { layer }: Options<E>): void => {
  // A real store on a busy machine may need longer than the usual five seconds.
  describe(`${name}, as a snapshot store`, { timeout: 180_000 }, () => {
    it.layer(layer, { excludeTestServices: true, timeout: "60 seconds" })("while it is open", (it) => {
      for (const theme of themes) theme.register(it)
    })
  })
}
