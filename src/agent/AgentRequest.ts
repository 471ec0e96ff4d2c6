/**
 * What callers of `AgentStateManager` hand over, and what they get beside contexts.
 */
import type { AgentContext } from "../AgentContext.ts"
import type { ContextEvent, NewEvent } from "../ContextEvent.ts"
import type { ReadOptions } from "../EventStore.ts"
import type { Expected } from "../EventStoreDriver.ts"

/** Options of a single write. */
export interface WriteOptions {
  /** `any` (the default), `none` for an agent that must be new, or the version it must have. */
  readonly expected?: Expected | undefined
  /** Makes a retry safe, even one with other content: unique per agent, 1 to 255 characters. */
  readonly commandId?: string | undefined
  /** The id of the event; makes a retry with the same content safe. */
  readonly id?: string | undefined
  /** Of the event; an object of values. */
  readonly metadata?: object | undefined
}

/** Options of writes whose events bring their own ids and metadata. */
export type AppendOptions = Pick<WriteOptions, "expected" | "commandId">

/** What `appendTogether` appends to one of the agents. */
export interface AgentEvents extends Pick<WriteOptions, "expected"> {
  readonly agentId: string
  /** One or more. */
  readonly events: ReadonlyArray<NewEvent>
}

/** Options of writes to several agents; the id of the command is recorded for each of them. */
export type TogetherOptions = Pick<WriteOptions, "commandId">

/** What `updateContext` merges, key by key at the top level. */
export interface Update {
  readonly state?: object | undefined
  /** What is known about the agent beside its state. */
  readonly metadata?: object | undefined
}

/** A version, or the last version at a time. */
export type Moment = { readonly version: number } | { readonly time: Date }

/** Which part of a history; all bounds inclusive. */
export type HistoryOptions = ReadOptions

/** A page of a history. */
export interface History {
  readonly events: ReadonlyArray<ContextEvent>
  /** The options of the next page; `undefined` at the end. */
  readonly next: HistoryOptions | undefined
  /** Versions that were asked for and whose events were deleted; they lie below the events of this page. */
  readonly deleted: { readonly from: number; readonly to: number } | undefined
}

/** An event as it happens, and the agent right after it. */
export interface Change {
  /** Opaque; hand it back as `after` to go on behind this change. */
  readonly position: string
  readonly event: ContextEvent
  readonly context: AgentContext
}

/** Which changes. */
export interface ChangesOptions {
  /** Only of this agent. */
  readonly agentId?: string | undefined
  /** Those behind this position, then live. Without it, those that happen from now on. */
  readonly after?: string | undefined
  /** `beginning` to start with the first event there is, when there is no position yet. */
  readonly from?: "now" | "beginning" | undefined
}
