/**
 * What a principal may do: `resource:action:agents`, such as `context:read:team-a/*`.
 *
 * | resource | what it is about |
 * |---|---|
 * | `context` | states, histories and snapshots of agents |
 * | `actor` | commands to actors, and their lives |
 * | `share` | shares of contexts |
 * | `metadata` | metadata of contexts |
 * | `lifecycle` | creating, archiving, deleting, exporting and importing |
 * | `audit` | the record of who did what |
 * | `*` | all of these |
 *
 * The actions are `read`, `write` and `admin`; each allows those before it. `agents` is a `Pattern` of agent ids: one id, or `*` with a beginning,
 * an end, both or neither. Nothing is allowed that no permission allows.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Pattern from "./Pattern.ts"
import { InvalidInput } from "./StoreError.ts"

/** What a permission is about. */
export const Resource = Schema.Literals(["context", "actor", "share", "metadata", "lifecycle", "audit"])

export type Resource = typeof Resource.Type

/** What may be done, the least first. */
export const Action = Schema.Literals(["read", "write", "admin"])

export type Action = typeof Action.Type

/** One permission. */
export const Permission = Schema.Struct({
  resource: Schema.Union([Resource, Schema.Literal("*")]),
  /** This, and what is less. */
  action: Action,
  agents: Pattern.Pattern
})

export type Permission = typeof Permission.Type

/** A permission as it is written. */
export type Text = `${Permission["resource"]}:${Action}:${string}`

/** One thing that somebody wants to do. */
export interface Need {
  readonly resource: Resource
  readonly action: Action
  readonly agentId: string
}

const resources: ReadonlyArray<string> = [...Resource.literals, "*"]
const actions: ReadonlyArray<string> = Action.literals

const isResource = (text: string): text is Permission["resource"] => resources.includes(text)
const isAction = (text: string): text is Action => actions.includes(text)

/** Understands what is written; the pattern is everything after the second colon. `subject` names it in the error. */
export const parse = (text: string, subject = "permission"): Result.Result<Permission, InvalidInput> => {
  const [resource = "", action = ""] = text.split(":", 2)
  if (!isResource(resource)) return invalid(subject, `one of ${resources.join(", ")} before the first colon`, resource)
  if (!isAction(action)) return invalid(subject, `one of ${actions.join(", ")} after the first colon`, action)
  const start = resource.length + action.length + 2
  if (start > text.length) return invalid(subject, "a pattern of agent ids after a second colon", "")
  return Result.map(Pattern.parse(text.slice(start), subject), (agents) => ({ resource, action, agents }))
}

const invalid = (path: string, expected: string, found: string): Result.Result<never, InvalidInput> => {
  const shown = found === "" ? "nothing" : JSON.stringify(found.slice(0, 40))
  return Result.fail(
    new InvalidInput({ path, expected, found: shown, remedy: "Write resource:action:agents, such as context:read:*." })
  )
}

/** A permission that is written in the program. Throws when the pattern breaks its rule, since that is a mistake there. */
export const make = (text: Text): Permission => Result.getOrThrow(parse(text))

/** The permission as it is written; `parse` gives it back. */
export const print = ({ action, agents, resource }: Permission): Text =>
  `${resource}:${action}:${Pattern.print(agents)}`

/** Whether who may do the one may do the other. */
export const includes = (held: Action, needed: Action): boolean => actions.indexOf(needed) <= actions.indexOf(held)

/** Whether one of the permissions allows this. */
export const allows = (permissions: ReadonlyArray<Permission>, { action, agentId, resource }: Need): boolean =>
  permissions.some(
    (permission) =>
      (permission.resource === "*" || permission.resource === resource) &&
      includes(permission.action, action) &&
      Pattern.matches(permission.agents, agentId)
  )

/** Whether one of the permissions allows this with every agent there may be. An agent may be called `*`, so that it is not asked by its id. */
export const allowsEverywhere = (
  permissions: ReadonlyArray<Permission>,
  { action, resource }: Omit<Need, "agentId">
): boolean =>
  permissions.some(
    (permission) =>
      (permission.resource === "*" || permission.resource === resource) &&
      includes(permission.action, action) &&
      Pattern.isEverything(permission.agents)
  )

/** Permissions, written. */
export const FromText = Schema.String.pipe(
  Schema.decodeTo(
    Permission,
    SchemaTransformation.transformEffect({
      decode: (text: string) =>
        Result.match(parse(text), {
          onSuccess: Effect.succeed,
          onFailure: ({ message }) => Effect.fail(new SchemaIssue.InvalidValue({ message }, text))
        }),
      encode: (permission: Permission) => Effect.succeed(print(permission))
    })
  )
)
