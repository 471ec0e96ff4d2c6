/**
 * Who may do what: the one place that every service asks before it reads or writes an agent.
 *
 * A service takes the policy when its layer is built, and asks it on each call for the `CurrentPrincipal` of the caller. Without a policy everybody
 * may do everything, as in an app that is its own only user.
 *
 * ```ts
 * const Agents = AgentStateManager.layer().pipe(Layer.provide(AccessPolicy.layerTrusted))
 * ```
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AccessDenied } from "./AccessError.ts"
import type * as Permission from "./Permission.ts"
import type { Unavailable } from "./StoreError.ts"

/** What lets somebody do something: a permission of his own, a share that he holds, or nothing. */
export type Grounds = "permission" | "share" | "none"

/** Decides for the current principal. */
export interface AccessPolicy {
  /**
   * Lets the current principal do this, or not. To be asked before anything is looked up, so that a refusal tells nothing of what exists. When it
   * cannot be known, nobody is let in: `Unavailable`.
   */
  readonly check: (need: Permission.Need) => Effect.Effect<void, AccessDenied | Unavailable>
  /** What that rests on, without a word in the record of who did what; for listings. */
  readonly grounds: (need: Permission.Need) => Effect.Effect<Grounds, Unavailable>
  /** To be called once a share of an agent for a recipient has changed, so that this process heeds it at once. */
  readonly sharesChanged: (agentId: string, recipientId: string) => void
}

/** Lets everybody do everything. Services may tell by it that nothing need be asked. */
export const trusted: AccessPolicy = {
  check: () => Effect.void,
  grounds: () => Effect.succeed("permission"),
  sharesChanged: () => {}
}

/** The policy in force; services take it when their layers are built. */
export const AccessPolicy: Context.Reference<AccessPolicy> = Context.Reference<AccessPolicy>(
  "pantheon-state/AccessPolicy",
  { defaultValue: () => trusted }
)

/** Says aloud that everybody may do everything, which is so as well where nothing is said. */
export const layerTrusted: Layer.Layer<never> = Layer.succeed(AccessPolicy, trusted)
