/**
 * The failures of agents, beside those of the stores: each says what was expected, what was found and what to do.
 */
import * as Schema from "effect/Schema"
import type { AppendError, ReadError } from "./StoreError.ts"

const quote = (id: string): string => JSON.stringify(id)

/** The agent was never written, or was purged. */
export class AgentMissing extends Schema.TaggedError<AgentMissing>("pantheon-state/AgentMissing")("AgentMissing", {
  agentId: Schema.String
}) {
  override get message(): string {
    return `agent ${quote(this.agentId)}: expected an agent that was written, found none. Write to it first; that creates it.`
  }
}

/** The agent was deleted: its history can be read, its state is no more, and nothing can be written. */
export class AgentDeleted extends Schema.TaggedError<AgentDeleted>("pantheon-state/AgentDeleted")("AgentDeleted", {
  agentId: Schema.String,
  deletedAt: Schema.Date,
  version: Schema.Int
}) {
  override get message(): string {
    return `agent ${quote(this.agentId)}: expected an agent that lives, found it deleted at ${this.deletedAt.toISOString()} (version ${this.version}). Read it with getContextAt, or purge it to use the id again.`
  }
}

/** The agent is archived: it can be read, not written. */
export class AgentArchived extends Schema.TaggedError<AgentArchived>("pantheon-state/AgentArchived")("AgentArchived", {
  agentId: Schema.String,
  version: Schema.Int
}) {
  override get message(): string {
    return `agent ${quote(this.agentId)}: expected an active agent, found it archived (version ${this.version}). Restore it before you write.`
  }
}

/** The agent has no such version: it has not come so far, or the history there was deleted or purged. */
export class VersionMissing extends Schema.TaggedError<VersionMissing>("pantheon-state/VersionMissing")(
  "VersionMissing",
  {
    agentId: Schema.String,
    /** The version, or the moment, that was asked for. */
    asked: Schema.Union([Schema.Int, Schema.Date]),
    /** The lowest version that still has its event, or 0. */
    first: Schema.Int,
    /** The highest version. */
    last: Schema.Int
  }
) {
  override get message(): string {
    const asked = typeof this.asked === "number" ? `version ${this.asked}` : `a version at ${this.asked.toISOString()}`
    return `agent ${quote(this.agentId)}: expected ${asked}, found the versions ${this.first} to ${this.last}. Ask for one of these.`
  }
}

/** There is no such snapshot. */
export class SnapshotMissing extends Schema.TaggedError<SnapshotMissing>("pantheon-state/SnapshotMissing")(
  "SnapshotMissing",
  { snapshotId: Schema.String }
) {
  override get message(): string {
    return `snapshot ${quote(this.snapshotId)}: expected a snapshot, found none. It may have been deleted; read the agent at its version instead.`
  }
}

/** An operation of a patch could not be applied to the state; nothing was stored. */
export class PatchFailed extends Schema.TaggedError<PatchFailed>("pantheon-state/PatchFailed")("PatchFailed", {
  agentId: Schema.String,
  /** The place of the operation in the patch, from 0. */
  index: Schema.Int,
  op: Schema.String,
  /** The pointer that could not be followed. */
  path: Schema.String,
  expected: Schema.String,
  found: Schema.String
}) {
  override get message(): string {
    return `patch of agent ${quote(this.agentId)}: operation ${this.index} (${this.op} ${quote(this.path)}) expected ${this.expected}, found ${this.found}. Read the agent again and make the patch anew.`
  }
}

/** A registered reducer threw, or gave what cannot be a state; nothing was stored. */
export class ReducerFailed extends Schema.TaggedError<ReducerFailed>("pantheon-state/ReducerFailed")("ReducerFailed", {
  agentId: Schema.String,
  eventType: Schema.String,
  expected: Schema.String,
  found: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `reducer of ${quote(this.eventType)} for agent ${quote(this.agentId)}: expected ${this.expected}, found ${this.found}. Correct the reducer, or the event.`
  }
}

/** The failures of every write to an agent. */
export type AgentWriteError = AgentDeleted | AgentArchived | AppendError | ReadError
