/**
 * What every event store must do, whatever it is made of.
 */
import { describe, it } from "@effect/vitest"
import type * as Layer from "effect/Layer"
import type * as EventStore from "../../src/EventStore.ts"
import * as EventStoreModel from "./EventStoreModel.ts"
import * as agents from "./eventstore/agents.ts"
import * as appending from "./eventstore/appending.ts"
import * as appendingTogether from "./eventstore/appendingTogether.ts"
import * as batches from "./eventstore/batches.ts"
import * as closing from "./eventstore/closing.ts"
import * as commands from "./eventstore/commands.ts"
import * as deleting from "./eventstore/deleting.ts"
import * as dueNotes from "./eventstore/dueNotes.ts"
import * as feed from "./eventstore/feed.ts"
import * as ids from "./eventstore/ids.ts"
import * as importing from "./eventstore/importing.ts"
import * as liveFeed from "./eventstore/liveFeed.ts"
import * as noteAppends from "./eventstore/noteAppends.ts"
import * as noteNames from "./eventstore/noteNames.ts"
import * as notes from "./eventstore/notes.ts"
import * as purging from "./eventstore/purging.ts"
import * as races from "./eventstore/races.ts"
import * as reading from "./eventstore/reading.ts"
import * as repeating from "./eventstore/repeating.ts"
import * as sizes from "./eventstore/sizes.ts"
import * as stopping from "./eventstore/stopping.ts"
import * as taggedNotes from "./eventstore/taggedNotes.ts"
import * as values from "./eventstore/values.ts"

/** What the suite runs on. */
export interface Options<E> {
  /**
   * Builds the store; it may need nothing else. If it gives a `SnapshotStore` too, purging must reach the snapshots. It is built once for
   * most tests and, after that is closed, several times more.
   */
  readonly layer: Layer.Layer<EventStore.EventStore, E>
  /** `false` for a store whose driver has no `appendTogether`, which must say so; `true` by default. */
  readonly together?: boolean | undefined
}

const themes = [
  reading,
  appending,
  batches,
  repeating,
  commands,
  deleting,
  purging,
  importing,
  values,
  ids,
  sizes,
  agents,
  notes,
  noteAppends,
  noteNames,
  dueNotes,
  taggedNotes,
  feed,
  liveFeed,
  races,
  stopping,
  EventStoreModel
]

/** Registers the suite under a name such as `the memory store`. */
export const suite = <E>(name: string, { layer, together = true }: Options<E>): void => {
  // A real store on a busy machine may need longer than the usual five seconds.
  describe(`${name}, as an event store`, { timeout: 180_000 }, () => {
    it.layer(layer, { excludeTestServices: true, timeout: "60 seconds" })("while it is open", (it) => {
      for (const theme of themes) theme.register(it)
      if (together) {
        appendingTogether.register(it)
        EventStoreModel.registerTogether(it)
      } else {
        appendingTogether.registerRefusal(it)
      }
    })
    closing.register(layer)
    if (together) closing.registerTogether(layer)
  })
}
