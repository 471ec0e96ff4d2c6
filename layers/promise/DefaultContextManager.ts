/**
 * The manager under its old name.
 */
import type { EventStore, SnapshotStore } from "./Contracts.ts"
import { open } from "./makeAgentStateManager.ts"
import { StateManager } from "./StateManager.ts"

/**
 * The manager of `makeAgentStateManager`, made as before.
 *
 * @deprecated Use `makeAgentStateManager({ eventStore, snapshotStore, snapshotInterval })`.
 */
export class DefaultContextManager<
  Event extends EventStore = EventStore,
  Snapshot extends SnapshotStore = SnapshotStore
> extends StateManager<Event, Snapshot> {
  constructor(eventStore: Event, snapshotStore: Snapshot, snapshotInterval = 100) {
    super(
      { eventStore, snapshotStore },
      ...open("DefaultContextManager", { eventStore, snapshotStore, snapshotInterval })
    )
  }
}
