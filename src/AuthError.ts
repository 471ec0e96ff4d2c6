/**
 * The refusals of authentication. They hold nothing secret, and tell a stranger nothing but that he is refused.
 */
import * as Schema from "effect/Schema"

/** What the owner of a credential may know of its refusal; a stranger is always told `Invalid`. */
export const VisibleReason = Schema.Literals([
  /** It is none of ours, or not of this use. */
  "Invalid",
  /** It was good once. */
  "Expired",
  /** It was revoked, or a refresh has replaced it. */
  "Revoked"
])

export type VisibleReason = typeof VisibleReason.Type

const remedies: Record<VisibleReason, string> = {
  Invalid: "Show a credential that was issued here, for this use.",
  Expired: "Refresh it, or sign in again.",
  Revoked: "Sign in again."
}

/** A token or an API key was refused. */
export class InvalidCredential extends Schema.TaggedError<InvalidCredential>("pantheon-state/InvalidCredential")(
  "InvalidCredential",
  { reason: VisibleReason }
) {
  override get message(): string {
    return `the credential was refused (${this.reason}). ${remedies[this.reason]}`
  }
}

/** A credential was refused, like too many before it from this address or for this principal. One that is valid is let in all the same. */
export class TooManyAttempts extends Schema.TaggedError<TooManyAttempts>("pantheon-state/TooManyAttempts")(
  "TooManyAttempts",
  {
    /** Milliseconds until a refusal will be told as such again. */
    retryAfter: Schema.Int
  }
) {
  override get message(): string {
    return `too many credentials were refused. Try again in ${this.retryAfter} ms.`
  }
}
