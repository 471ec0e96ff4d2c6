/**
 * The one pattern language, for ids and names: a text in which at most one `*` stands for any run of characters, none included. A `*` that is meant
 * itself is written `\*`, a backslash `\\`. Matching compares two ends, so its time is linear in the text whatever the pattern.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as AgentId from "./AgentId.ts"
import { InvalidInput } from "./StoreError.ts"

/** A pattern, understood: one text, or all that begin and end in a way. */
export const Pattern = Schema.Union([
  Schema.TaggedStruct("Exactly", { text: Schema.String }),
  Schema.TaggedStruct("Around", { start: Schema.String, end: Schema.String })
])

export type Pattern = typeof Pattern.Type

/** Matches every text: `*`. */
export const everything: Pattern = { _tag: "Around", start: "", end: "" }

/** Whether a pattern matches every text. */
export const isEverything = (pattern: Pattern): boolean =>
  pattern._tag === "Around" && pattern.start === "" && pattern.end === ""

/** Matches this text only, whatever it holds. */
export const exactly = (text: string): Pattern => ({ _tag: "Exactly", text })

/** Whether a text is one of those that the pattern means. */
export const matches = (pattern: Pattern, text: string): boolean =>
  pattern._tag === "Exactly"
    ? text === pattern.text
    : text.length >= pattern.start.length + pattern.end.length &&
      text.startsWith(pattern.start) &&
      text.endsWith(pattern.end)

/** The text of a pattern; `parse` gives the pattern back. */
export const print = (pattern: Pattern): string =>
  pattern._tag === "Exactly" ? escape(pattern.text) : `${escape(pattern.start)}*${escape(pattern.end)}`

const escape = (text: string): string => text.replace(/[\\*]/g, "\\$&")

/** Understands the text of a pattern; what it spells out has the grammar of ids. `subject` names it in the error. */
export const parse = (text: string, subject = "pattern"): Result.Result<Pattern, InvalidInput> => {
  const parts = [""]
  for (let index = 0; index < text.length; index++) {
    const character = text[index] ?? ""
    if (character === "*") {
      parts.push("")
      continue
    }
    const isEscape = character === "\\"
    if (isEscape) index++
    const literal = text[index] ?? ""
    if (isEscape && literal !== "*" && literal !== "\\") {
      return invalid(subject, "a star or a backslash after each backslash", `another at position ${index}`)
    }
    parts[parts.length - 1] += literal
  }
  const [start = "", end, ...more] = parts
  if (more.length > 0) return invalid(subject, "at most one star", `${parts.length - 1} stars`)
  for (const part of end === undefined ? [start] : [start, end].filter((part) => part !== "")) {
    const checked = AgentId.validate(part, subject)
    if (Result.isFailure(checked)) return Result.fail(checked.failure)
  }
  if (end === undefined) return Result.succeed(exactly(start))
  const length = start.length + end.length
  return length > AgentId.maximumLength
    ? invalid(subject, `up to ${AgentId.maximumLength} characters beside the star`, `${length} characters`)
    : Result.succeed({ _tag: "Around", start, end })
}

const invalid = (path: string, expected: string, found: string): Result.Result<never, InvalidInput> =>
  Result.fail(new InvalidInput({ path, expected, found, remedy: "Write a pattern such as team-a/*." }))
