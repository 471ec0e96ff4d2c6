/**
 * The failures that a caller of an actor meets beside the command's own errors and those of the store.
 */
import * as Formatter from "effect/Formatter"
import * as Schema from "effect/Schema"
import type { AccessDenied } from "./AccessError.ts"
import { type AppendError, Corrupted, InvalidInput, Unavailable } from "./StoreError.ts"

const address = {
  /** The name of the definition. */
  actor: Schema.String,
  /** The id of the actor among those of its definition. */
  id: Schema.String
}

/** No behavior is registered under this name in this process. */
export class ActorNotRegistered extends Schema.TaggedError<ActorNotRegistered>("pantheon-state/ActorNotRegistered")(
  "ActorNotRegistered",
  { actor: Schema.String, registered: Schema.Array(Schema.String) }
) {
  override get message(): string {
    const known = this.registered.length === 0 ? "none" : this.registered.join(", ")
    return `no behavior is registered for actor ${JSON.stringify(this.actor)}; registered: ${known}. Provide the layer that \`toLayer\` made.`
  }
}

/** A second behavior under the name of one that is registered. */
export class ActorAlreadyRegistered extends Schema.TaggedError<ActorAlreadyRegistered>(
  "pantheon-state/ActorAlreadyRegistered"
)("ActorAlreadyRegistered", { actor: Schema.String }) {
  override get message(): string {
    return `a behavior for actor ${JSON.stringify(this.actor)} is registered already. Give each definition a name of its own, and build its layer once.`
  }
}

/** Another machine of the cluster runs another definition under this name. */
export class ActorMismatch extends Schema.TaggedError<ActorMismatch>("pantheon-state/ActorMismatch")("ActorMismatch", {
  actor: Schema.String,
  /** What the other machine runs. */
  expected: Schema.String,
  found: Schema.String
}) {
  override get message(): string {
    return `actor ${JSON.stringify(this.actor)} differs from that of another machine of the cluster: expected ${this.expected}; found ${this.found}. Run one version of a definition on all machines: stop those of the old one first. A machine that died is forgotten after 15 seconds.`
  }
}

/** Why a behavior was not registered. */
export type RegisterError = ActorAlreadyRegistered | ActorMismatch

/**
 * The handler of this very command died. Nothing of the command was persisted, it is not tried again, and the actor
 * restarts from its journal as its supervision says.
 */
export class ActorCrashed extends Schema.TaggedError<ActorCrashed>("pantheon-state/ActorCrashed")("ActorCrashed", {
  ...address,
  command: Schema.String,
  cause: Schema.Defect()
}) {
  override get message(): string {
    const cause = this.cause instanceof Error ? this.cause.message : Formatter.format(this.cause)
    return `${this.actor} ${JSON.stringify(this.id)} crashed on ${this.command}: ${cause}`
  }
}

/** Why an actor is not running. */
export const StoppedReason = Schema.Literals([
  /** Stopped on request. Spawn it to go on. */
  "stopped",
  /** It crashed more often than its supervision allows. Spawn it to try again. */
  "failed",
  /** Another process wrote to the same agent. Find that writer, then spawn it again. */
  "conflict",
  /** The whole system is stopping. */
  "shutdown",
  /** Another machine runs it now, or will at once. Send the command again. */
  "moved",
  /** Its agent can be read only, so nothing of it can be stored. Restore that to go on. */
  "archived",
  /** Its agent was deleted. Nothing of it can be stored until that is purged. */
  "deleted"
])

const remedies: { readonly [reason in typeof StoppedReason.Type]: string } = {
  stopped: "Spawn it to go on.",
  failed: "Spawn it to go on.",
  conflict: "Spawn it to go on.",
  shutdown: "Its system is shutting down.",
  moved: "Another machine runs it; send the command again.",
  archived: "Restore its agent to go on.",
  deleted: "Its agent was deleted; purge that to begin anew."
}

/** The actor takes no commands. */
export class ActorStopped extends Schema.TaggedError<ActorStopped>("pantheon-state/ActorStopped")("ActorStopped", {
  ...address,
  reason: StoppedReason
}) {
  override get message(): string {
    // Whoever lists actors asks for none in particular.
    const who = this.id === "" ? this.actor : `${this.actor} ${JSON.stringify(this.id)}`
    return `${who} takes no commands (${this.reason}). ${remedies[this.reason]}`
  }
}

/** The mailbox holds as many commands as its definition allows; this one was not taken. */
export class MailboxFull extends Schema.TaggedError<MailboxFull>("pantheon-state/MailboxFull")("MailboxFull", {
  ...address,
  capacity: Schema.Int
}) {
  override get message(): string {
    return `the mailbox of ${this.actor} ${JSON.stringify(this.id)} is full (${this.capacity}). Send less at once, raise its capacity, or let senders wait.`
  }
}

/** The actor's journal could not be read; the command was not run. */
export class RecoveryFailed extends Schema.TaggedError<RecoveryFailed>("pantheon-state/RecoveryFailed")(
  "RecoveryFailed",
  { ...address, cause: Schema.Union([InvalidInput, Unavailable, Corrupted]) }
) {
  override get message(): string {
    return `${this.actor} ${JSON.stringify(this.id)} could not be brought back: ${this.cause.message}`
  }
}

/**
 * A handler asked an actor that waits, directly or through others, for the asking actor itself; the command was not taken. Use `tell`, or
 * ask from outside of handlers.
 */
export class ActorDeadlock extends Schema.TaggedError<ActorDeadlock>("pantheon-state/ActorDeadlock")("ActorDeadlock", {
  ...address,
  command: Schema.String,
  /** Agent ids: each waits for the next. */
  circle: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return `${this.command} to ${this.actor} ${JSON.stringify(this.id)} would wait for ever: ${this.circle.join(" waits for ")}. Use tell, or ask from outside of handlers.`
  }
}

/** Nobody answered in the time that the caller gave. */
export class AskTimeout extends Schema.TaggedError<AskTimeout>("pantheon-state/AskTimeout")("AskTimeout", {
  ...address,
  command: Schema.String,
  /** Milliseconds. */
  timeout: Schema.Number,
  /** `withdrawn`: it had not begun and will not be run. `begun`: it is being run, and may yet persist what it decides. */
  outcome: Schema.Literals(["withdrawn", "begun"])
}) {
  override get message(): string {
    const what = this.outcome === "withdrawn" ? "had not begun and is not run" : "had begun and may still be persisted"
    return `${this.command} to ${this.actor} ${JSON.stringify(this.id)} got no answer within ${this.timeout} ms; it ${what}. Ask again, with a commandId, so that it is run once only.`
  }
}

/** The handler of a command took longer than its behavior allows; the cause of an `ActorCrashed`. */
export class HandlerTimeout extends Schema.TaggedError<HandlerTimeout>("pantheon-state/HandlerTimeout")(
  "HandlerTimeout",
  {
    ...address,
    command: Schema.String,
    /** Milliseconds. */
    timeout: Schema.Number
  }
) {
  override get message(): string {
    return `the handler of ${this.command} of ${this.actor} ${JSON.stringify(this.id)} was not done within ${this.timeout} ms. Make it faster, or raise handlerTimeout.`
  }
}

/** A child crashed for good and its supervision escalates: the cause of its parent's crash. */
export class ChildFailed extends Schema.TaggedError<ChildFailed>("pantheon-state/ChildFailed")("ChildFailed", {
  ...address,
  cause: Schema.Defect()
}) {
  override get message(): string {
    return `child ${this.actor} ${JSON.stringify(this.id)} has failed and escalates`
  }
}

/** Why an actor cannot become a child of another. */
export const ChildRefusedReason = Schema.Literals([
  /** The tree would be deeper than the engine allows. */
  "TooDeep",
  /** The parent has as many children as its behavior allows. */
  "TooManyChildren",
  /** It is the child of another actor. */
  "OtherParent",
  /** It is the parent itself, or above it in the tree. */
  "Circle"
])

/** The actor was not made a child; nothing was changed. */
export class ChildRefused extends Schema.TaggedError<ChildRefused>("pantheon-state/ChildRefused")("ChildRefused", {
  ...address,
  /** The agent id of the actor that spawned it. */
  parent: Schema.String,
  reason: ChildRefusedReason,
  expected: Schema.String,
  found: Schema.String
}) {
  override get message(): string {
    return `${this.actor} ${JSON.stringify(this.id)} cannot be a child of ${this.parent} (${this.reason}): expected ${this.expected}, found ${this.found}.`
  }
}

/** Why an actor is not to be found: its behavior is not registered, or the engine has closed. */
export type Unregistered = ActorNotRegistered | ActorStopped

/**
 * The actor lives on another machine, and none answered for as long as the engine tries. What was sent may have been run; to send a command once
 * more with the same `commandId` is safe.
 */
export class ActorUnreachable extends Schema.TaggedError<ActorUnreachable>("pantheon-state/ActorUnreachable")(
  "ActorUnreachable",
  {
    ...address,
    /** For how many milliseconds it was tried. */
    tried: Schema.Number,
    /** What the last try met. */
    found: Schema.String
  }
) {
  override get message(): string {
    return `no machine answered for ${this.actor} ${JSON.stringify(this.id)} within ${this.tried} ms: ${this.found}. See that machines of the cluster run and reach each other and the database; then send it again, with the same commandId.`
  }
}

/** Why a command was not taken. */
export type NotTaken =
  | AccessDenied
  | InvalidInput
  | ActorNotRegistered
  | ActorStopped
  | MailboxFull
  | RecoveryFailed
  | ActorDeadlock
  | ActorUnreachable
  | Unavailable

/** What the engine itself may answer to a command. */
export type ActorError = NotTaken | ActorCrashed | AskTimeout | AppendError

/** Why an actor could not be brought into memory. */
export type SpawnError = OrderError | RecoveryFailed

/** Why an order to an actor could not be given. */
export type OrderError = AccessDenied | InvalidInput | Unregistered | ActorUnreachable | Unavailable
