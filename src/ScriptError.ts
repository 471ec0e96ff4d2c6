/**
 * The failures of scripted actors and of the ports that their actions go through: each says what was expected, what was found and what to do.
 */
import * as Schema from "effect/Schema"
import { BehaviorName } from "./ActorScript.ts"

const quote = (text: string): string => JSON.stringify(text)

const list = (names: ReadonlyArray<string>): string => (names.length === 0 ? "none" : names.join(", "))

/** No scripted actor has this id. */
export class ActorMissing extends Schema.TaggedError<ActorMissing>("pantheon-state/ActorMissing")("ActorMissing", {
  id: Schema.String
}) {
  override get message(): string {
    return `scripted actor ${quote(this.id)}: expected one that was spawned, found none. Spawn it first.`
  }
}

/** The id belongs to an actor already. */
export class ActorExists extends Schema.TaggedError<ActorExists>("pantheon-state/ActorExists")("ActorExists", {
  id: Schema.String
}) {
  override get message(): string {
    return `scripted actor ${quote(this.id)}: expected a new id, found an actor that was spawned before. Choose another id, or use that actor.`
  }
}

/** The actor is held, so it does not tick. */
export class ActorHeld extends Schema.TaggedError<ActorHeld>("pantheon-state/ActorHeld")("ActorHeld", {
  id: Schema.String,
  state: Schema.Literals(["paused", "stopped"])
}) {
  override get message(): string {
    return `scripted actor ${quote(this.id)}: expected one that may act, found it ${this.state}. Resume it first.`
  }
}

/** No plans are bound to some behaviors of the actor in this process; it waits for them. */
export class BehaviorsMissing extends Schema.TaggedError<BehaviorsMissing>("pantheon-state/BehaviorsMissing")(
  "BehaviorsMissing",
  { id: Schema.String, behaviors: Schema.Array(BehaviorName) }
) {
  override get message(): string {
    const missing = this.behaviors.map(({ name, version }) => `${quote(name)} version ${version}`)
    return `scripted actor ${quote(this.id)}: expected a plan for each behavior, found none for ${list(missing)}. Register them with the BehaviorRegistry.`
  }
}

/** More messages wait for the actor than it may keep; this one was not taken. */
export class MailFull extends Schema.TaggedError<MailFull>("pantheon-state/MailFull")("MailFull", {
  id: Schema.String,
  capacity: Schema.Int
}) {
  override get message(): string {
    return `scripted actor ${quote(this.id)}: expected room for a message, found ${this.capacity} that wait. Send less, or resume the actor if it is paused.`
  }
}

/** The actor may have no more children, or its children would lie too deep. */
export class SpawnRefused extends Schema.TaggedError<SpawnRefused>("pantheon-state/SpawnRefused")("SpawnRefused", {
  id: Schema.String,
  reason: Schema.Literals(["depth", "children"]),
  limit: Schema.Int
}) {
  override get message(): string {
    const limit = this.reason === "depth" ? `at most ${this.limit} generations` : `at most ${this.limit} children`
    return `scripted actor ${quote(this.id)}: expected ${limit}, found one more asked for. Stop a child, or raise the limit.`
  }
}

/** The script does not allow the tool. */
export class ToolNotAllowed extends Schema.TaggedError<ToolNotAllowed>("pantheon-state/ToolNotAllowed")(
  "ToolNotAllowed",
  { tool: Schema.String, allowed: Schema.Array(Schema.String) }
) {
  override get message(): string {
    return `tool ${quote(this.tool)}: expected one that the script allows (${list(this.allowed)}). Name it in \`tools\` of the script.`
  }
}

/** Nobody has registered the tool. */
export class ToolMissing extends Schema.TaggedError<ToolMissing>("pantheon-state/ToolMissing")("ToolMissing", {
  tool: Schema.String,
  registered: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return `tool ${quote(this.tool)}: expected a registered one (${list(this.registered)}). Register it with the ToolPort.`
  }
}

/** A tool was given arguments that its schema refuses, or answered what its schema refuses. */
export class ToolMisused extends Schema.TaggedError<ToolMisused>("pantheon-state/ToolMisused")("ToolMisused", {
  tool: Schema.String,
  part: Schema.Literals(["arguments", "answer"]),
  found: Schema.String
}) {
  override get message(): string {
    return `tool ${quote(this.tool)}: expected ${this.part} that fit its schema, found ${this.found}. Compare them with the tool's specification.`
  }
}

/** A tool failed. */
export class ToolFailed extends Schema.TaggedError<ToolFailed>("pantheon-state/ToolFailed")("ToolFailed", {
  tool: Schema.String,
  /** Whether the tool's own error says that the rest of the behavior makes no sense now. */
  critical: Schema.Boolean,
  /** The tag of the tool's own error. */
  reason: Schema.String,
  cause: Schema.Defect()
}) {
  override get message(): string {
    const cause = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `tool ${quote(this.tool)} failed: ${cause}`
  }
}

/** A source of context could not be read, or a target not written. */
export class ContextFailed extends Schema.TaggedError<ContextFailed>("pantheon-state/ContextFailed")("ContextFailed", {
  operation: Schema.Literals(["compile", "read", "write", "delete"]),
  /** The id of the source, or the target. */
  target: Schema.String,
  cause: Schema.Defect()
}) {
  override get message(): string {
    const cause = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `context ${quote(this.target)}: could not ${this.operation} it: ${cause}`
  }
}

/** The bus could not take a message. */
export class BusFailed extends Schema.TaggedError<BusFailed>("pantheon-state/BusFailed")("BusFailed", {
  target: Schema.String,
  cause: Schema.Defect()
}) {
  override get message(): string {
    const cause = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `message to ${quote(this.target)}: the bus did not take it: ${cause}`
  }
}

/** A plan or an action took too long, and was interrupted. */
export class TimedOut extends Schema.TaggedError<TimedOut>("pantheon-state/TimedOut")("TimedOut", {
  subject: Schema.String,
  milliseconds: Schema.Number
}) {
  override get message(): string {
    return `${this.subject}: expected an end within ${this.milliseconds} ms, found none. Allow it more time, or do less.`
  }
}
