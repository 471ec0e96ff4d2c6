/**
 * The failures of metadata, beside those of agents and stores.
 */
import * as Schema from "effect/Schema"

/**
 * There is no such entry, or its time is over, or the current principal may not see it: one answer, so that it tells nothing.
 */
export class MetadataMissing extends Schema.TaggedError<MetadataMissing>("pantheon-state/MetadataMissing")(
  "MetadataMissing",
  { agentId: Schema.String, key: Schema.String }
) {
  override get message(): string {
    return `metadata ${JSON.stringify(this.key)} of agent ${JSON.stringify(this.agentId)}: expected an entry that you may see, found none. Set it, or ask whoever owns it.`
  }
}

/** The entry is at another version than was expected; nothing was stored. */
export class MetadataChanged extends Schema.TaggedError<MetadataChanged>("pantheon-state/MetadataChanged")(
  "MetadataChanged",
  {
    agentId: Schema.String,
    key: Schema.String,
    expected: Schema.Int,
    /** The version of the entry; 0 when there is none. */
    actual: Schema.Int
  }
) {
  override get message(): string {
    return `metadata ${JSON.stringify(this.key)} of agent ${JSON.stringify(this.agentId)}: expected version ${this.expected}, found version ${this.actual}. Read the entry again and decide anew.`
  }
}
