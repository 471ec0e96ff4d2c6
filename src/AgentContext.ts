/**
 * An agent as it is, or was, at one version. Every field is derived from the agent's events; none is made up at read time.
 */
import * as Schema from "effect/Schema"
import type * as Value from "./Value.ts"

/** What may be done with an agent. */
export const AgentStatus = Schema.Literals([
  /** It can be read and written. */
  "active",
  /** It can be read; writes are refused until it is restored. */
  "archived",
  /** It stays in its history; it cannot be written any more. */
  "deleted"
])

/** What may be done with an agent. */
export type AgentStatus = typeof AgentStatus.Type

/** The agent that a fork began as. */
export interface AgentParent {
  readonly agentId: string
  /** The version of the parent whose state the fork began with. */
  readonly version: number
}

/** An agent at one version. It is shared by all who read it, and frozen; to change an agent, write to it. */
export interface AgentContext {
  /** The id of the agent's first event; an agent that was purged and written anew gets another. */
  readonly id: string
  readonly agentId: string
  readonly state: Value.Record
  /** The version of the last event that is folded into the state. */
  readonly version: number
  readonly status: AgentStatus
  /** The time of the first event. */
  readonly createdAt: Date
  /** The time of the last event. */
  readonly updatedAt: Date
  /** What is known about the agent beside its state. */
  readonly metadata: Value.Record
  /** Only a fork has one. */
  readonly parent?: AgentParent
  /** When it was deleted, if it was. */
  readonly deletedAt?: Date
}
