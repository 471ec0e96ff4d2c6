/**
 * What the memory stores share, so that purging an agent reaches its snapshots.
 */
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import type { StoredSnapshot } from "../../src/SnapshotStoreDriver.ts"

/** The snapshots of each agent by version, and all of them by id. */
export class MemoryData extends Context.Service<
  MemoryData,
  {
    readonly snapshots: Map<string, Map<number, StoredSnapshot>>
    readonly snapshotsById: Map<string, StoredSnapshot>
  }
>()("pantheon-state/memory/MemoryData") {}

/** Empty at first; one per built layer. */
export const layer: Layer.Layer<MemoryData> = Layer.sync(MemoryData, () => ({
  snapshots: new Map(),
  snapshotsById: new Map()
}))

/** Forgets all snapshots of an agent. */
export const purgeSnapshots = ({ snapshots, snapshotsById }: MemoryData["Service"], agentId: string): void => {
  for (const { id } of snapshots.get(agentId)?.values() ?? []) snapshotsById.delete(id)
  snapshots.delete(agentId)
}

/** Keeps a snapshot in the place of the one of its version. */
export const saveSnapshot = ({ snapshots, snapshotsById }: MemoryData["Service"], snapshot: StoredSnapshot): void => {
  const versions = snapshots.get(snapshot.agentId) ?? new Map<number, StoredSnapshot>()
  const replaced = versions.get(snapshot.version)
  if (replaced !== undefined) snapshotsById.delete(replaced.id)
  snapshots.set(snapshot.agentId, versions.set(snapshot.version, snapshot))
  snapshotsById.set(snapshot.id, snapshot)
}
