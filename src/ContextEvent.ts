/**
 * What happened to an agent, once and for all.
 */
import type * as Value from "./Value.ts"

/** Where an event came from. Free fields may be added; these have a meaning to the library. */
export interface Metadata extends Value.Record {
  /** Groups all events of one business transaction. */
  readonly correlationId?: string
  /** The id of the event or command that caused this one. */
  readonly causationId?: string
  /** The command that was answered with this event. */
  readonly commandId?: string
  /** Who acted. */
  readonly principal?: string
  /** W3C Trace Context of the caller. */
  readonly traceparent?: string
}

/** One event as it is stored. */
export interface ContextEvent {
  /** Unique in the store; a UUIDv7 unless the writer chose another. */
  readonly id: string
  readonly agentId: string
  /** 1, 2, 3 … per agent, without gaps, assigned by the store. */
  readonly version: number
  /** Dotted and specific: `task.completed`. */
  readonly type: string
  /** The version of the shape of `data`; 1 unless the writer said otherwise. */
  readonly schemaVersion: number
  /** The writer's clock. Information only: nothing is ordered by it. */
  readonly timestamp: Date
  readonly data: Value.Record
  readonly metadata: Metadata
}

/** An event that is to be appended. What is left out is filled in: id, time, `schemaVersion` 1, empty objects. */
export interface NewEvent {
  /** Choose it to make a retry safe: the same id is stored once. 1 to 255 characters. */
  readonly id?: string | undefined
  /** 1 to 255 characters without controls. */
  readonly type: string
  /** An integer from 1. */
  readonly schemaVersion?: number | undefined
  readonly timestamp?: Date | undefined
  /** An object of values; see the `Value` module for what it may hold. */
  readonly data?: object | undefined
  readonly metadata?: object | undefined
}
