/**
 * The failures of sharing, beside those of agents and stores.
 */
import * as Schema from "effect/Schema"

/**
 * There is no such share, or it is none of the current principal's, or it does not let him do this: one answer, so that it tells nothing.
 */
export class ShareMissing extends Schema.TaggedError<ShareMissing>("pantheon-state/ShareMissing")("ShareMissing", {
  shareId: Schema.String
}) {
  override get message(): string {
    return `share ${JSON.stringify(this.shareId)}: expected one that lets you do this, found none. Ask whoever shared it with you.`
  }
}

/** The same is shared by the same principal with the same recipient already; nothing was stored. */
export class ShareExists extends Schema.TaggedError<ShareExists>("pantheon-state/ShareExists")("ShareExists", {
  agentId: Schema.String,
  /** The share that there is. */
  shareId: Schema.String
}) {
  override get message(): string {
    return `agent ${JSON.stringify(this.agentId)}: expected what you have not shared with this recipient, found it shared as ${JSON.stringify(this.shareId)}. Change that share, or revoke it first.`
  }
}

/** The share was changed by somebody else meanwhile; nothing was stored. */
export class ShareChanged extends Schema.TaggedError<ShareChanged>("pantheon-state/ShareChanged")("ShareChanged", {
  shareId: Schema.String,
  expected: Schema.Int,
  actual: Schema.Int
}) {
  override get message(): string {
    return `share ${JSON.stringify(this.shareId)}: expected revision ${this.expected}, found revision ${this.actual}. Read the share again and decide anew.`
  }
}
