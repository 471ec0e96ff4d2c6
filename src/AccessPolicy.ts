/**
 * Who may do what: the one place that every service asks before it reads or writes an agent.
 *
 * A service takes the policy when its layer is built, and asks it on each call for the `CurrentPrincipal` of the caller. Without a policy everybody
 * may do everything, as in an app that is its own only user.
 *
 * ```ts
 * const Agents = AgentStateManager.layer().pipe(Layer.provide(AccessPolicy.layerScoped()))
 * ```
 *
 * `layerScoped` keeps to this:
 *
 * 1. What no permission of the principal and no share that he holds allows is refused, in words that are the same whether the agent exists or not.
 * 2. A permission is enough, and then nothing is read. A share allows what its level says, if it is live, of all of the agent, accepted, and its time, by the
 *    `Clock` at each check, is not over.
 * 3. A share that was revoked lets nobody in any more: in the process that revoked it, at once; in others that share the store, from a second afterwards. So does one whose agent was
 *    deleted, purged or replaced.
 * 4. Who is asked about often is read anew in the background, so that a check costs no round trip.
 * 5. When the store cannot be asked, nobody is let in by a share: `Unavailable`. Whoever is anonymous holds none.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AccessDenied } from "./AccessError.ts"
import { AuditSink } from "./AuditSink.ts"
import { HeldShares } from "./access/HeldShares.ts"
import * as ScopedPolicy from "./access/ScopedPolicy.ts"
import { EventStore } from "./EventStore.ts"
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
  /**
   * To be called once a share of an agent for a recipient has changed, so that this process heeds it at once; without a recipient when those of all may
   * have, as when the agent is deleted.
   */
  readonly sharesChanged: (agentId: string, recipientId?: string) => void
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

/** Options of the scoped policy. */
export interface ScopedOptions {
  /** Which decisions the `AuditSink` gets: those that are `refused` (the default), with all `changes` that are let through, or `everything`. */
  readonly audit?: ScopedPolicy.Audit | undefined
}

/** Lets a principal do what his permissions and shares allow; the rules are at the head of this module. It tells the `AuditSink`, if there is one below it. */
export const layerScoped = ({ audit = "refused" }: ScopedOptions = {}): Layer.Layer<never, never, EventStore> =>
  Layer.effect(
    AccessPolicy,
    Effect.gen(function* () {
      const shares = yield* HeldShares.make(yield* EventStore)
      return ScopedPolicy.make(shares, yield* AuditSink, audit)
    })
  )
