/**
 * The failures of the stores: each says what was expected, what was found and what to do.
 */
import * as Schema from "effect/Schema"

/** What a caller handed over breaks a documented rule; nothing was read or stored. */
export class InvalidInput extends Schema.TaggedError<InvalidInput>("pantheon-state/InvalidInput")("InvalidInput", {
  /** JSON pointer (RFC 6901) to the offending part, below the name of the argument: `data/items/3`. */
  path: Schema.String,
  expected: Schema.String,
  found: Schema.String,
  remedy: Schema.String
}) {
  override get message(): string {
    return `${this.path}: expected ${this.expected}, found ${this.found}. ${this.remedy}`
  }
}

/** The expectation of an append did not hold; nothing was stored. Read again, decide again. */
export class Conflict extends Schema.TaggedError<Conflict>("pantheon-state/Conflict")("Conflict", {
  agentId: Schema.String,
  /** The expectation of the append: a version, or `none` for an agent that must be new. */
  expected: Schema.Union([Schema.Int, Schema.Literal("none")]),
  /** The version that the agent really has; 0 when it was never written. */
  actual: Schema.Int
}) {
  override get message(): string {
    return `agent ${JSON.stringify(this.agentId)}: expected version ${this.expected}, found version ${this.actual}. Read the agent again and decide anew.`
  }
}

/** The reasons for which an append is refused. */
export const RejectedReason = Schema.Literals([
  /** An id, value, size or version breaks a documented rule. */
  "InvalidInput",
  /** The event id is already stored, with another body or for another agent, or only some of the ids are. */
  "EventIdTaken",
  /** One of several command ids of the append is already recorded. */
  "CommandIdTaken",
  /** The store refused the row itself. */
  "Refused",
  /** The store could not be reached, so nothing was sent. */
  "Unavailable",
  /** The store is closed or closing. */
  "Closed",
  /** The store cannot do what was asked for, whatever the input. */
  "Unsupported"
])

/** The append was surely not stored, and why. */
export class Rejected extends Schema.TaggedError<Rejected>("pantheon-state/Rejected")("Rejected", {
  agentId: Schema.String,
  reason: RejectedReason,
  expected: Schema.String,
  found: Schema.String,
  remedy: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `append to agent ${JSON.stringify(this.agentId)} refused (${this.reason}): expected ${this.expected}, found ${this.found}. ${this.remedy}`
  }
}

/** The append may or may not have been stored: repeat it with the same event ids, or read again and decide. */
export class Unknown extends Schema.TaggedError<Unknown>("pantheon-state/Unknown")("Unknown", {
  agentId: Schema.String,
  /** The ids under which the events are stored, if they are. Repeating the append with these ids is safe. */
  eventIds: Schema.Array(Schema.String),
  cause: Schema.Defect()
}) {
  override get message(): string {
    return `append to agent ${JSON.stringify(this.agentId)}: the store did not answer, so it may have been stored. Repeat it with the same event ids.`
  }
}

/**
 * Appends that were to be stored together were not: none of them, unless `failure` is `Unknown`, when all or none of them may have been. Then repeat all with the
 * same event ids.
 */
export class TogetherFailed extends Schema.TaggedError<TogetherFailed>("pantheon-state/TogetherFailed")(
  "TogetherFailed",
  {
    /** The place of the append that was refused, from 0; left out when it was not one of them. */
    index: Schema.optionalKey(Schema.Int),
    /** Why; of the first append when it was not one of them. */
    failure: Schema.Union([Conflict, Rejected, Unknown]),
    /** The ids of the events, append by append; empty when they were refused before they had any. */
    eventIds: Schema.Array(Schema.Array(Schema.String))
  }
) {
  override get message(): string {
    const place = this.index === undefined ? "" : ` because of number ${this.index}`
    const outcome = this.failure._tag === "Unknown" ? "it is not known whether all or none is stored" : "none is stored"
    return `appends together failed${place}, ${outcome}: ${this.failure.message}`
  }
}

/** The store cannot serve now: it is closed, unreachable, locked, not migrated or of a newer schema. */
export class Unavailable extends Schema.TaggedError<Unavailable>("pantheon-state/Unavailable")("Unavailable", {
  /** What was being done, such as `read stream` or `open`. */
  operation: Schema.String,
  reason: Schema.Literals(["Closed", "Locked", "Unreachable", "WrongDatabase", "NotMigrated", "NewerSchema", "Failed"]),
  expected: Schema.String,
  found: Schema.String,
  remedy: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `${this.operation} (${this.reason}): expected ${this.expected}, found ${this.found}. ${this.remedy}`
  }
}

/** What is stored cannot be read back; it is never taken for "none". */
export class Corrupted extends Schema.TaggedError<Corrupted>("pantheon-state/Corrupted")("Corrupted", {
  /** What was being read, such as `event 7 of agent "a"`. */
  subject: Schema.String,
  expected: Schema.String,
  found: Schema.String,
  remedy: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `${this.subject}: expected ${this.expected}, found ${this.found}. ${this.remedy}`
  }
}

/** The three failures of an append. */
export type AppendError = Conflict | Rejected | Unknown

/** The failures of a read, and of deletions. */
export type ReadError = InvalidInput | Unavailable | Corrupted

/** The failures of saving or deleting a snapshot, or of deleting events. */
export type WriteError = InvalidInput | Unavailable
