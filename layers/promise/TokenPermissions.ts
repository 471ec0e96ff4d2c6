/**
 * The permissions of tokens, as texts. A single word is about the agent itself: `read` of `agent-1` is `context:read:agent-1`. Everything else is
 * written as `Permission` says, such as `metadata:write:team-a/*`.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Pattern from "../../src/Pattern.ts"
import * as Permission from "../../src/Permission.ts"
import { InvalidInput } from "../../src/StoreError.ts"

const isWord = Schema.is(Permission.Action)

/** Understands one text of an agent. */
export const parse = (
  text: string,
  agentId: string,
  subject = "permission"
): Result.Result<Permission.Permission, InvalidInput> => {
  if (typeof text !== "string") return refuse(subject, "a text", `a value of type ${typeof text}`)
  if (isWord(text)) return Result.succeed({ resource: "context", action: text, agents: Pattern.exactly(agentId) })
  return Permission.parse(text, subject)
}

/** Understands those of a token. */
export const parseAll = (
  texts: ReadonlyArray<string>,
  agentId: string
): Effect.Effect<ReadonlyArray<Permission.Permission>, InvalidInput> =>
  Array.isArray(texts)
    ? Effect.forEach(texts, (text, index) => Effect.fromResult(parse(text, agentId, `permissions/${index}`)))
    : Effect.fromResult(refuse("permissions", "an array of texts", `a value of type ${typeof texts}`))

/** The text; `parse` gives the permission back. */
export const print = (permission: Permission.Permission, agentId: string): string => {
  const { action, agents, resource } = permission
  const isOwn = resource === "context" && agents._tag === "Exactly" && agents.text === agentId
  return isOwn ? action : Permission.print(permission)
}

/** One thing that the agent may do or not. */
export const needOf = (text: string, agentId: string): Result.Result<Permission.Need, InvalidInput> =>
  Result.flatMap(parse(text, agentId), ({ action, agents, resource }) =>
    resource === "*" || agents._tag !== "Exactly"
      ? refuse("permission", "one resource of one agent", JSON.stringify(text))
      : Result.succeed({ resource, action, agentId: agents.text })
  )

const refuse = (path: string, expected: string, found: string): Result.Result<never, InvalidInput> =>
  Result.fail(
    new InvalidInput({ path, expected, found, remedy: "Write read, write or admin, or resource:action:agents." })
  )
