/**
 * The grammar of ids.
 */
import * as Result from "effect/Result"
import { InvalidInput } from "./StoreError.ts"

/**
 * 1 to 255 UTF-16 units of well-formed Unicode without control characters. `a`, `a-1`, `a/`, `urn:x:1` and `me@host`
 * are five different agents; nothing is trimmed, folded or normalised.
 */
export type AgentId = string

/** The most UTF-16 units an id may have. */
export const maximumLength = 255

// Controls are C0, DEL and C1. The stores use NUL as a separator, so this rule also keeps agents apart.
const control = /\p{Cc}/u
const loneSurrogate = /\p{Cs}/u

/** Checks an id of any kind: of an agent, an event, a snapshot or a command. `subject` names it in the error. */
export const validate = (
  id: unknown,
  subject = "agentId",
  longest = maximumLength
): Result.Result<string, InvalidInput> => {
  const found = refusal(id, longest)
  return found === undefined
    ? Result.succeed(id as string)
    : Result.fail(
        new InvalidInput({
          path: subject,
          expected: `1 to ${longest} characters of well-formed Unicode without control characters`,
          found,
          remedy: "Choose another id."
        })
      )
}

const refusal = (id: unknown, longest: number): string | undefined => {
  if (typeof id !== "string") return id === null ? "null" : `a value of type ${typeof id}`
  if (id.length === 0) return "an empty text"
  if (id.length > longest) return `${id.length} characters`
  if (control.test(id)) return `a control character at position ${id.search(control)}`
  if (loneSurrogate.test(id)) return `half of a surrogate pair at position ${id.search(loneSurrogate)}`
  return undefined
}
