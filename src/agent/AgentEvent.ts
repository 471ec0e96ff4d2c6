/**
 * The events that every agent understands. Their types begin with `context.`, which is theirs alone.
 */

/** What a type begins with that no caller may use. */
export const prefix = "context."

/** Merges the top-level keys of `data.state` into the state, and of `data.metadata` into the metadata. */
export const updated = "context.updated"

/** The state becomes `data.state`. */
export const replaced = "context.replaced"

/** Applies `data.patch` (RFC 6902) to the state. */
export const patched = "context.patched"

/** The state is again what it was at version `data.to`. It carries that state, so that it outlives the events that made it. */
export const reverted = "context.reverted"

/** The agent begins with `data.state`, which is that of `data.parent`. */
export const forked = "context.forked"

/** The agent can be read only. */
export const archived = "context.archived"

/** The agent can be written again. */
export const restored = "context.restored"

/** The agent is deleted, once and for all; nothing can be written after it. */
export const deleted = "context.deleted"

/** The context expires at `data.expiresAt`, or never; its state does not change. */
export const expirySet = "context.expiry-set"

/** The agent is shared: `data.share`. This and the two after it are written by `ContextSharing`, and change no state. */
export const shared = "context.shared"

/** A share is another now: `data.share`. */
export const shareChanged = "context.share-changed"

/** The share `data.shareId` is over, for `data.reason`. */
export const shareRevoked = "context.share-revoked"

/** An entry of metadata is now `data.entry`. This and the next are written by `ContextMetadata`, and change no state; of a private entry they tell the id alone. */
export const metadataSet = "context.metadata-set"

/** The entry of metadata `data.entry` is no more, for `data.reason`. */
export const metadataDeleted = "context.metadata-deleted"
