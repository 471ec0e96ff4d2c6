/**
 * The failures of `ContextLifecycle` beside those of the stores and of `AgentStateManager`.
 */
import * as Schema from "effect/Schema"
import { AgentStatus } from "./AgentContext.ts"

/** There is such a context already; a deleted one counts. */
export class ContextExists extends Schema.TaggedError<ContextExists>("pantheon-state/ContextExists")("ContextExists", {
  agentId: Schema.String,
  version: Schema.Int,
  /** Left out when the agent's state need not be known to refuse. */
  status: Schema.optionalKey(AgentStatus)
}) {
  override get message(): string {
    const { agentId, status = "used", version } = this
    return `agent ${JSON.stringify(agentId)}: expected an id that is free, found one that is ${status}, at version ${version}. Choose another id, or purge the agent to use its id again.`
  }
}

/** What was to be exported changed while it was read: events were deleted, or the agent was purged. */
export class ExportBroken extends Schema.TaggedError<ExportBroken>("pantheon-state/ExportBroken")("ExportBroken", {
  agentId: Schema.String,
  expected: Schema.String,
  found: Schema.String
}) {
  override get message(): string {
    return `export of agent ${JSON.stringify(this.agentId)}: expected ${this.expected}, found ${this.found}. Throw away what was written, and export the agent again.`
  }
}

/** Why a text cannot be imported. */
export const ImportRefusal = Schema.Literals([
  /** It does not begin as an export does. */
  "NotAnExport",
  /** A newer version of this library wrote it. */
  "NewerFormat",
  /** A line is not what it must be. */
  "Malformed",
  /** A line holds more than the limits allow. */
  "TooLarge",
  /** A line stands where it must not. */
  "Order",
  /** An event is missing. */
  "Gap",
  /** It ends too early. */
  "Truncated",
  /** It goes on behind its end. */
  "TrailingData",
  /** It does not hold as much as it says. */
  "Counts",
  /** It was changed. */
  "Checksum",
  /** An id that it must keep is that of something else in the store. */
  "IdTaken"
])

/** A text cannot be imported; nothing was stored. */
export class ImportRefused extends Schema.TaggedError<ImportRefused>("pantheon-state/ImportRefused")("ImportRefused", {
  reason: ImportRefusal,
  /** The number of the line, from 1; 0 when it is about the whole. */
  line: Schema.Int,
  expected: Schema.String,
  found: Schema.String,
  remedy: Schema.String
}) {
  override get message(): string {
    const place = this.line === 0 ? "import" : `import, line ${this.line}`
    return `${place} (${this.reason}): expected ${this.expected}, found ${this.found}. ${this.remedy}`
  }
}
