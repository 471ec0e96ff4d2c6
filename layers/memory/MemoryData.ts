/**
 * What the memory stores share, so that purging an agent reaches its snapshots.
 */
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import type { StoredSnapshot } from "../../src/SnapshotStoreDriver.ts"

/** The snapshots of each agent by version. */
export class MemoryData extends Context.Service<
  MemoryData,
  { readonly snapshots: Map<string, Map<number, StoredSnapshot>> }
>()("pantheon-state/memory/MemoryData") {}

/** Empty at first; one per built layer. */
export const layer: Layer.Layer<MemoryData> = Layer.sync(MemoryData, () => ({ snapshots: new Map() }))
