/**
 * Stores in the memory of this process; what they hold is gone when the last object that uses them is closed.
 */
import * as Memory from "../memory/index.ts"
import type { Database } from "./Database.ts"
import { shared } from "./Shared.ts"
import { StoredEvents, StoredSnapshots } from "./Stores.ts"

// Each object is a memory of its own, for all who use that object.
const fresh = (): Database => shared(Memory.layer)

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
