/**
 * What a technology must do to be a snapshot store. The contract is in the comments of `SnapshotStore`.
 */
import type * as Effect from "effect/Effect"
import type { DriverError } from "./EventStoreDriver.ts"

/** A snapshot as it lies in the store. */
export interface StoredSnapshot {
  readonly id: string
  readonly agentId: string
  readonly version: number
  readonly eventId: string
  /** Text of the value encoding: keep it byte for byte. */
  readonly state: string
  /** Milliseconds since the epoch. */
  readonly timestamp: number
  readonly schemaVersion: number
  readonly reducer: string
  readonly metadata: string
  /** Of `state`, by `Checksum.of`. */
  readonly checksum: number
}

/** Bounds, all inclusive; what is `undefined` does not bound. */
export interface StoredCriteria {
  readonly minVersion: number | undefined
  readonly maxVersion: number | undefined
  /** Milliseconds since the epoch. */
  readonly minTimestamp: number | undefined
  readonly maxTimestamp: number | undefined
}

/** Those of the criteria that a store can look up without reading snapshots. */
export type VersionBounds = Pick<StoredCriteria, "minVersion" | "maxVersion">

/** What became of saving a snapshot. */
export type Saved = "saved" | "id taken"

/** What a technology implements. */
export interface SnapshotStoreDriver {
  readonly name: string
  /**
   * Stores it durably; replaces the snapshot of the same agent and version, if there is one, even one that cannot be read. When another
   * snapshot has the id, stores nothing and says so.
   */
  readonly save: (snapshot: StoredSnapshot) => Effect.Effect<Saved, DriverError>
  /** The one with the highest version within the criteria. */
  readonly readLatest: (
    agentId: string,
    criteria: StoredCriteria
  ) => Effect.Effect<StoredSnapshot | undefined, DriverError>
  readonly readById: (snapshotId: string) => Effect.Effect<StoredSnapshot | undefined, DriverError>
  /** Those of an agent within the criteria, highest version first. */
  readonly list: (
    agentId: string,
    criteria: StoredCriteria,
    limit: number
  ) => Effect.Effect<ReadonlyArray<StoredSnapshot>, DriverError>
  /** The versions of those of an agent within the bounds, highest first; of those that cannot be read, too. */
  readonly listVersions: (
    agentId: string,
    bounds: VersionBounds,
    limit: number
  ) => Effect.Effect<ReadonlyArray<number>, DriverError>
  /** Deletes those within the criteria, and gives the exact count. Those that cannot be read too, unless their time is asked for. */
  readonly delete: (agentId: string, criteria: StoredCriteria) => Effect.Effect<number, DriverError>
}
