/**
 * Snapshots in the memory of this process; gone when the layer closes.
 */
import * as Effect from "effect/Effect"
import type { SnapshotStoreDriver, StoredCriteria, StoredSnapshot } from "../../src/SnapshotStoreDriver.ts"
import { type MemoryData, saveSnapshot } from "./MemoryData.ts"

/** A driver over maps. */
export const make = (data: MemoryData["Service"]): SnapshotStoreDriver => {
  const { snapshots, snapshotsById } = data
  /** Highest version first. */
  const select = (agentId: string, criteria: StoredCriteria): Array<StoredSnapshot> =>
    [...(snapshots.get(agentId)?.values() ?? [])]
      .filter((snapshot) => fits(snapshot, criteria))
      .sort((left, right) => right.version - left.version)

  return {
    name: "the memory store",
    save: (snapshot) =>
      Effect.sync(() => {
        const { agentId, id, version } = snapshot
        const holder = snapshotsById.get(id)
        if (holder !== undefined && holder !== snapshots.get(agentId)?.get(version)) return "id taken"
        saveSnapshot(data, snapshot)
        return "saved"
      }),
    readLatest: (agentId, criteria) => Effect.sync(() => select(agentId, criteria)[0]),
    readById: (snapshotId) => Effect.sync(() => snapshotsById.get(snapshotId)),
    list: (agentId, criteria, limit) => Effect.sync(() => select(agentId, criteria).slice(0, limit)),
    listVersions: (agentId, { maxVersion, minVersion }, limit) =>
      Effect.sync(() => {
        const criteria = { maxVersion, minVersion, maxTimestamp: undefined, minTimestamp: undefined }
        const versions = select(agentId, criteria).map(({ version }) => version)
        return versions.slice(0, limit)
      }),
    delete: (agentId, criteria) =>
      Effect.sync(() => {
        const selected = select(agentId, criteria)
        for (const { id, version } of selected) {
          snapshots.get(agentId)?.delete(version)
          snapshotsById.delete(id)
        }
        return selected.length
      })
  }
}

const fits = ({ timestamp, version }: StoredSnapshot, criteria: StoredCriteria): boolean =>
  version >= (criteria.minVersion ?? 0) &&
  version <= (criteria.maxVersion ?? Number.POSITIVE_INFINITY) &&
  timestamp >= (criteria.minTimestamp ?? Number.NEGATIVE_INFINITY) &&
  timestamp <= (criteria.maxTimestamp ?? Number.POSITIVE_INFINITY)
