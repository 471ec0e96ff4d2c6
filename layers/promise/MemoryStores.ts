/**
 * Stores in the memory of this process; what they hold is gone with the object.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Memory from "../memory/index.ts"
import type { Database } from "./Database.ts"
import { StoredEvents, StoredSnapshots } from "./Stores.ts"

/** A memory of its own for each object. Its scope stays open, for there is nothing to release, and whoever uses the object next finds what was stored. */
const fresh = (): Database => {
  const memory = Effect.flatMap(Scope.make(), (scope) => Layer.buildWithScope(Layer.fresh(Memory.layer), scope))
  return Layer.effectContext(Effect.runSync(Effect.cached(memory)))
}

/** Events in memory. */
export class MemoryEventStore extends StoredEvents {
  constructor() {
    super("MemoryEventStore", fresh())
  }
}

/** Snapshots in memory. */
export class MemorySnapshotStore extends StoredSnapshots {
  constructor() {
    super("MemorySnapshotStore", fresh())
  }
}
