/**
 * Who is asking. Whoever lets somebody in, such as the handler of a request, provides the principal to what is done for him:
 *
 * ```ts
 * Effect.provideService(work, CurrentPrincipal.CurrentPrincipal, principal)
 * ```
 *
 * Fibers that are forked by the work inherit it.
 */
import * as Context from "effect/Context"
import * as Schema from "effect/Schema"
import * as Permission from "./Permission.ts"

/** What a principal is. `anonymous` is whoever has shown nothing. */
export const Kind = Schema.Literals(["user", "agent", "service", "anonymous"])

export type Kind = typeof Kind.Type

/** Somebody who acts, and what he may do. Encoded, its permissions are texts. */
export const Principal = Schema.Struct({
  /** 1 to 255 characters, as an agent's. */
  id: Schema.String,
  kind: Kind,
  permissions: Schema.Array(Permission.FromText)
})

export type Principal = typeof Principal.Type

/** Somebody of whom nothing is known; he may do nothing. */
export const anonymous: Principal = { id: "anonymous", kind: "anonymous", permissions: [] }

/** Who is asking; nobody known, unless it was provided. */
export const CurrentPrincipal: Context.Reference<Principal> = Context.Reference<Principal>(
  "pantheon-state/CurrentPrincipal",
  { defaultValue: () => anonymous }
)

/** Whether a principal may do this. */
export const may = (principal: Principal, need: Permission.Need): boolean =>
  Permission.allows(principal.permissions, need)
