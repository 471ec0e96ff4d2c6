/**
 * Whether what is to be imported clashes with what is there.
 */
import type { ImportChunk, ImportOutcome } from "../../src/AgentImport.ts"
import type { StoredEvent } from "../../src/EventStoreDriver.ts"
import type { MemoryData } from "./MemoryData.ts"

/** The first id that is another's, or occurs twice; what the agent itself has goes with the import. */
export const findTaken = (
  agentId: string,
  chunks: ReadonlyArray<ImportChunk>,
  events: ReadonlyMap<string, StoredEvent>,
  { snapshotsById }: MemoryData["Service"]
): Extract<ImportOutcome, { readonly _tag: "IdTaken" }> | undefined => {
  const eventIds = new Set<string>()
  const snapshotIds = new Set<string>()
  const isTaken = (id: string, own: Set<string>, holder: { readonly agentId: string } | undefined): boolean => {
    const isRepeated = own.has(id)
    own.add(id)
    return isRepeated || (holder !== undefined && holder.agentId !== agentId)
  }
  for (const chunk of chunks) {
    for (const { id } of chunk.events) {
      if (isTaken(id, eventIds, events.get(id))) return { _tag: "IdTaken", of: "event", id }
    }
    for (const { id } of chunk.snapshots) {
      if (isTaken(id, snapshotIds, snapshotsById.get(id))) return { _tag: "IdTaken", of: "snapshot", id }
    }
  }
  return undefined
}
