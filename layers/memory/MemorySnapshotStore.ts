/**
 * Snapshots in the memory of this process; gone when the layer closes.
 */
import * as Effect from "effect/Effect"
import type { SnapshotStoreDriver, StoredCriteria, StoredSnapshot } from "../../src/SnapshotStoreDriver.ts"
import type { MemoryData } from "./MemoryData.ts"

/** A driver over maps. */
export const make = ({ snapshots }: MemoryData["Service"]): SnapshotStoreDriver => {
  /** Highest version first. */
  const select = (agentId: string, criteria: StoredCriteria): Array<StoredSnapshot> =>
    [...(snapshots.get(agentId)?.values() ?? [])]
      .filter((snapshot) => fits(snapshot, criteria))
      .sort((left, right) => right.version - left.version)

  return {
    name: "the memory store",
    save: (snapshot) =>
      Effect.sync(() => {
        const versions = snapshots.get(snapshot.agentId) ?? new Map<number, StoredSnapshot>()
        snapshots.set(snapshot.agentId, versions.set(snapshot.version, snapshot))
      }),
    readLatest: (agentId, criteria) => Effect.sync(() => select(agentId, criteria)[0]),
    readById: (snapshotId) =>
      Effect.sync(() => {
        for (const versions of snapshots.values()) {
          for (const snapshot of versions.values()) if (snapshot.id === snapshotId) return snapshot
        }
        return undefined
      }),
    list: (agentId, criteria, limit) => Effect.sync(() => select(agentId, criteria).slice(0, limit)),
    delete: (agentId, criteria) =>
      Effect.sync(() => {
        const selected = select(agentId, criteria)
        for (const { version } of selected) snapshots.get(agentId)?.delete(version)
        return selected.length
      })
  }
}

const fits = ({ timestamp, version }: StoredSnapshot, criteria: StoredCriteria): boolean =>
  version >= (criteria.minVersion ?? 0) &&
  version <= (criteria.maxVersion ?? Number.POSITIVE_INFINITY) &&
  timestamp >= (criteria.minTimestamp ?? Number.NEGATIVE_INFINITY) &&
  timestamp <= (criteria.maxTimestamp ?? Number.POSITIVE_INFINITY)
