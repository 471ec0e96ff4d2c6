/**
 * Makes secrets unreadable before anything is kept.
 */
import * as Result from "effect/Result"
import * as Value from "../Value.ts"

/** What stands in the place of a secret. */
export const redacted = "[redacted]"

// Longer texts are cut before anything is looked for in them; a secret that is cut is still found by how it begins.
const longestText = 1000

const longestId = 255
const mostParts = 100
const deepest = 6
const largest = 4096

/** Names under which secrets are handed about, in any spelling. */
const secretName =
  /token|secret|passw|passphrase|pwd|authori[sz]ation|api[^a-z0-9]*key|cookie|credential|private[^a-z0-9]*key|bearer|jwt/iu

const secrets: ReadonlyArray<RegExp> = [
  // A JSON object in base64url, as each JWT begins.
  /(?:eyJ|eyA|ewo|ewk|ew0)[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*/gu,
  // Whatever else has three parts as a JWT.
  /(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]*/gu,
  // API keys of this library.
  /pk_[A-Za-z0-9_-]{20,}/gu,
  /\b(?:bearer|basic)\s+[^\s"',;]+/giu,
  // The user and password of a URL, also where what has a meaning in URLs stands in the password as it is.
  /(?<=:\/\/)[^\s"'<>]+(?=@)/gu,
  // `password=…` and the like, within a text.
  /(?<=(?:token|secret|password|passwd|pwd|api[_-]?key)["']?\s*[=:]\s*["']?)[^\s"',;&]+/giu
]

// Narrower, so that no id of an agent is taken for one.
const secretsInIds: ReadonlyArray<RegExp> = [
  /(?<![A-Za-z0-9_-])(?:eyJ|eyA|ewo|ewk|ew0)[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*/gu,
  /pk_[A-Za-z0-9_-]{22}_[A-Za-z0-9_-]{43}/gu
]

/** A text without secrets, cut when it is long. */
export const text = (text: string, longest = longestText): string => clean(text, secrets, longest)

/** An id; somebody may have shown a token in the place of one. */
export const id = (text: string): string => clean(text, secretsInIds, longestId)

const clean = (text: string, secrets: ReadonlyArray<RegExp>, longest: number): string =>
  cut(
    secrets.reduce((found, secret) => found.replace(secret, redacted), cut(text, longestText)),
    longest
  )

const cut = (text: string, longest: number): string => (text.length > longest ? `${text.slice(0, longest)}…` : text)

/** Details without secrets. What is deeper or more than is worth keeping is left out, and the place says so. */
export const details = (value: Value.Record): Value.Record => {
  const readable = new Redaction().record(value, 0)
  const encoded = Value.encode(readable, "details", undefined, largest)
  return Result.isSuccess(encoded) ? readable : { omitted: `more than ${largest} bytes, or no values` }
}

class Redaction {
  private left = mostParts

  record(record: Value.Record, depth: number): Value.Record {
    const entries = Object.entries(record).slice(0, this.left)
    return Object.fromEntries(
      entries.map(([name, value]) => [text(name, 100), secretName.test(name) ? redacted : this.value(value, depth + 1)])
    )
  }

  private value(value: Value.Value, depth: number): Value.Value {
    if (--this.left < 0 || depth > deepest) return "[omitted]"
    if (typeof value === "string") return text(value)
    if (value instanceof Uint8Array) return `[${value.length} bytes]`
    if (Array.isArray(value)) return value.slice(0, this.left).map((item: Value.Value) => this.value(item, depth + 1))
    return Value.isRecord(value) ? this.record(value, depth) : value
  }
}
