/**
 * A place for snapshots of the caller's own, with three methods, as a driver. It knows the latest of an agent only, and deletes nothing.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { SnapshotStoreDriver, StoredCriteria, StoredSnapshot } from "../../src/SnapshotStoreDriver.ts"
import { Corrupted, Unavailable } from "../../src/StoreError.ts"
import * as Checksum from "../../src/store/Checksum.ts"
import * as Value from "../../src/Value.ts"
import { type ContextSnapshot, ofAgent } from "./AgentSnapshot.ts"
import { asking, told } from "./asking.ts"
import type { SnapshotRow, SnapshotStore } from "./Contracts.ts"

const name = "the snapshot store that was handed over"
const ask = asking(name)

/** A driver over the three methods. */
export const make = (store: SnapshotStore): SnapshotStoreDriver => {
  // A snapshot that cannot be had is as good as a damaged one: the events tell the same.
  const latest = (agentId: string): Effect.Effect<StoredSnapshot | undefined, Corrupted> =>
    Effect.flatMap(
      Effect.tryPromise({
        try: async () => await store.getLatestSnapshot(agentId),
        catch: (cause) => corrupted(agentId, "an answer", told(cause), cause)
      }),
      (row) => Effect.fromResult(encodeRow(row))
    )
  const within = (agentId: string, criteria: StoredCriteria) =>
    Effect.map(latest(agentId), (snapshot) =>
      snapshot !== undefined && fits(snapshot, criteria) ? snapshot : undefined
    )

  return {
    name,
    save: (snapshot) =>
      Effect.flatMap(Effect.fromResult(decodeSnapshot(snapshot)), (row) =>
        Effect.as(
          ask("save snapshot", () => store.saveSnapshot(row)),
          "saved"
        )
      ),
    readLatest: within,
    readById: (snapshotId) =>
      Effect.flatMap(
        ask("read snapshot", () => store.getSnapshot(snapshotId)),
        (row) => Effect.fromResult(encodeRow(row))
      ),
    list: (agentId, criteria) => Effect.map(within(agentId, criteria), (found) => (found === undefined ? [] : [found])),
    listVersions: (agentId, { maxVersion, minVersion }) =>
      Effect.map(
        within(agentId, { maxVersion, minVersion, maxTimestamp: undefined, minTimestamp: undefined }),
        (found) => (found === undefined ? [] : [found.version])
      ),
    delete: () =>
      Effect.fail(
        new Unavailable({
          operation: "delete snapshots",
          reason: "Failed",
          expected: "a store that can delete snapshots",
          found: "one with saveSnapshot, getLatestSnapshot and getSnapshot only",
          remedy: "Use a store of this library, or keep all snapshots."
        })
      )
  }
}

const fits = ({ timestamp, version }: StoredSnapshot, criteria: StoredCriteria): boolean =>
  version >= (criteria.minVersion ?? 0) &&
  version <= (criteria.maxVersion ?? Number.POSITIVE_INFINITY) &&
  timestamp >= (criteria.minTimestamp ?? Number.NEGATIVE_INFINITY) &&
  timestamp <= (criteria.maxTimestamp ?? Number.POSITIVE_INFINITY)

const encodeRow = (row: SnapshotRow | null | undefined): Result.Result<StoredSnapshot | undefined, Corrupted> =>
  Result.gen(function* () {
    if (row === null || row === undefined) return undefined
    const { agentId, eventId, id, metadata, reducer = "", schemaVersion = 1, version } = row
    const timestamp = new Date(row.timestamp).getTime()
    if (Number.isNaN(timestamp)) return yield* Result.fail(corrupted(agentId, "a time", String(row.timestamp)))
    const state = yield* encode(agentId, row.state)
    const checksum = Checksum.of(state)
    const encodedMetadata = yield* encode(agentId, metadata ?? {})
    return {
      id,
      agentId,
      version,
      eventId,
      state,
      timestamp,
      schemaVersion,
      reducer,
      metadata: encodedMetadata,
      checksum
    }
  })

const encode = (agentId: string, value: unknown): Result.Result<string, Corrupted> =>
  Result.mapError(Value.encode(value), ({ expected, found, path }) => corrupted(agentId, `${path}: ${expected}`, found))

const corrupted = (agentId: string, expected: string, found: string, cause?: unknown): Corrupted =>
  new Corrupted({
    subject: `snapshot of agent ${JSON.stringify(agentId)} in ${name}`,
    expected,
    found,
    remedy: "Let the store give back what it was given.",
    ...(cause === undefined ? {} : { cause })
  })

const decodeSnapshot = (snapshot: StoredSnapshot): Result.Result<ContextSnapshot, Corrupted> =>
  Result.gen(function* () {
    const { agentId, eventId, id, reducer, schemaVersion, version } = snapshot
    const state = yield* Value.decode(snapshot.state)
    const metadata = yield* Value.decode(snapshot.metadata)
    if (!Value.isRecord(metadata)) return yield* Result.fail(corrupted(agentId, "an object", "something else"))
    const timestamp = new Date(snapshot.timestamp)
    return yield* ofAgent({ id, agentId, version, eventId, state, timestamp, schemaVersion, reducer, metadata })
  })
