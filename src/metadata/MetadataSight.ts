/**
 * Who may see an entry, and who may do as its owner does.
 */
import * as Effect from "effect/Effect"
import type { AccessPolicy } from "../AccessPolicy.ts"
import type { MetadataRecord } from "../access/MetadataRecord.ts"
import { CurrentPrincipal, type Principal } from "../CurrentPrincipal.ts"
import type { Action } from "../Permission.ts"
import type { Unavailable } from "../StoreError.ts"

/** Looks at entries for the current principal. What he may do with an agent is asked once. */
export class MetadataSight {
  private readonly policy: AccessPolicy
  private readonly principal: Principal
  private readonly known = new Map<string, boolean>()

  constructor(policy: AccessPolicy, principal: Principal) {
    this.policy = policy
    this.principal = principal
  }

  /** Whether he may see it. Who owns a private entry sees it for as long as he may read the agent's metadata. */
  sees(entry: MetadataRecord): Effect.Effect<boolean, Unavailable> {
    const { agentId, visibility } = entry
    if (visibility === "public" && this.principal.kind !== "anonymous") return Effect.succeed(true)
    return this.may(visibility === "private" && !this.owns(entry) ? "admin" : "read", agentId)
  }

  /** Whether he owns it, or may administer the agent's metadata. */
  rules(entry: MetadataRecord): Effect.Effect<boolean, Unavailable> {
    return this.owns(entry) ? Effect.succeed(true) : this.may("admin", entry.agentId)
  }

  /** Whoever has shown nothing owns nothing, whatever he calls himself. */
  private owns({ owner }: MetadataRecord): boolean {
    return this.principal.kind !== "anonymous" && owner === this.principal.id
  }

  private may(action: Action, agentId: string): Effect.Effect<boolean, Unavailable> {
    const question = `${action} ${agentId}`
    const known = this.known.get(question)
    if (known !== undefined) return Effect.succeed(known)
    return Effect.map(this.policy.grounds({ resource: "metadata", action, agentId }), (grounds) => {
      const may = grounds !== "none"
      this.known.set(question, may)
      return may
    })
  }
}

/** The sight of the current principal. */
export const make = (policy: AccessPolicy): Effect.Effect<MetadataSight> =>
  Effect.map(CurrentPrincipal, (principal) => new MetadataSight(policy, principal))
