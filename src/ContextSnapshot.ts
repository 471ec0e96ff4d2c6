/**
 * The state of an agent at one version, kept so that a reader need not fold the whole stream.
 */
import type * as Value from "./Value.ts"

/** One snapshot as it is stored. State and position come from one read. */
export interface ContextSnapshot {
  /** Unique in the store; a UUIDv7 unless the writer chose another. */
  readonly id: string
  readonly agentId: string
  /** The version of the last event that is folded into the state; from 1. One snapshot per agent and version. */
  readonly version: number
  /** The id of that event. */
  readonly eventId: string
  readonly state: Value.Value
  /** When it was saved, by the store's clock. */
  readonly timestamp: Date
  /** The version of the shape of `state`. */
  readonly schemaVersion: number
  /** Names the fold that made the state; a reader with another fold replays instead. */
  readonly reducer: string
  readonly metadata: Value.Record
}

/** A snapshot that is to be saved. Id and time are filled in when left out. */
export interface NewSnapshot {
  readonly id?: string | undefined
  readonly agentId: string
  readonly version: number
  readonly eventId: string
  readonly state: unknown
  readonly schemaVersion?: number | undefined
  readonly reducer?: string | undefined
  readonly metadata?: object | undefined
}
