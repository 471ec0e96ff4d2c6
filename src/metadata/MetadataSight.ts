/**
 * Who may see an entry, and who may do as its owner does.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { AccessPolicy } from "../AccessPolicy.ts"
import type { AuditSink } from "../AuditSink.ts"
import * as MetadataRecord from "../access/MetadataRecord.ts"
import { CurrentPrincipal, type Principal } from "../CurrentPrincipal.ts"
import type * as Note from "../Note.ts"
import type { Action } from "../Permission.ts"
import type { Unavailable } from "../StoreError.ts"

type Record = MetadataRecord.MetadataRecord

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
  sees(entry: Record): Effect.Effect<boolean, Unavailable> {
    const { agentId, visibility } = entry
    if (visibility === "public" && this.principal.kind !== "anonymous") return Effect.succeed(true)
    return this.may(visibility === "private" && !this.owns(entry) ? "admin" : "read", agentId)
  }

  /** The same of a note that should be an entry; one that is none is seen by whoever may administer the agent's metadata. */
  seesNote(note: Note.Note): Effect.Effect<boolean, Unavailable> {
    const entry = MetadataRecord.decode(note)
    return Result.isSuccess(entry) ? this.sees(entry.success) : this.may("admin", note.agentId)
  }

  /** Whether he owns it, or may administer the agent's metadata. */
  rules(entry: Record): Effect.Effect<boolean, Unavailable> {
    return this.owns(entry) ? Effect.succeed(true) : this.may("admin", entry.agentId)
  }

  /** Whoever has shown nothing owns nothing, whatever he calls himself. */
  private owns({ owner }: Record): boolean {
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

/** Tells the operator of a refusal; whoever is refused may be told less. */
export const refuse = (
  sink: AuditSink,
  action: Action,
  { agentId, key }: Pick<Record, "agentId" | "key">,
  reason: string
): Effect.Effect<void> =>
  sink.record({ resource: "metadata", action, agentId, outcome: "refused", reason, details: { key } })
