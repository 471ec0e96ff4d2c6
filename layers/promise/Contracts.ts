/**
 * What callers hand over as a store: one of this library, or three methods of their own.
 */
import type { ContextEvent } from "../../src/ContextEvent.ts"
import type { ContextSnapshot } from "./AgentSnapshot.ts"

/** An event as a store of the caller's may give it back. */
export interface EventRow {
  readonly id: string
  readonly type: string
  readonly agentId: string
  readonly timestamp: Date
  readonly data: object
  readonly metadata?: object | null | undefined
  /** Its place in the stream of its agent, from 1; counted when it is left out. */
  readonly version?: number | undefined
  /** 1 when it is left out. */
  readonly schemaVersion?: number | undefined
}

/** A snapshot as a store of the caller's may give it back. */
export interface SnapshotRow {
  readonly id: string
  readonly agentId: string
  readonly timestamp: Date
  readonly state: unknown
  readonly version: number
  readonly eventId: string
  readonly metadata?: object | null | undefined
  readonly schemaVersion?: number | undefined
  /** Names the fold that made the state; a snapshot without it is replaced by a replay. */
  readonly reducer?: string | undefined
}

/** A journal. */
export interface EventStore {
  /** Completes once every later read sees the event. */
  appendEvent(event: ContextEvent): Promise<unknown>
  /** Stores several events of one agent, all or none. Without it, several at once are refused. */
  appendEvents?(events: ReadonlyArray<ContextEvent>): Promise<unknown>
  /** The events of an agent in their order, from a version on; all of them when it is left out. */
  getEvents(agentId: string, fromVersion?: number): Promise<ReadonlyArray<EventRow>>
  getEvent(eventId: string): Promise<EventRow | null | undefined>
}

/** A place for snapshots. */
export interface SnapshotStore {
  saveSnapshot(snapshot: ContextSnapshot): Promise<unknown>
  /** The one with the highest version. */
  getLatestSnapshot(agentId: string): Promise<SnapshotRow | null | undefined>
  getSnapshot(snapshotId: string): Promise<SnapshotRow | null | undefined>
}
