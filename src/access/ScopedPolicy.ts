/**
 * Decides by the permissions of the principal, then by the shares that he holds, and refuses all else.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { AccessDenied } from "../AccessError.ts"
import type { AccessPolicy } from "../AccessPolicy.ts"
import { type AuditSink, silent } from "../AuditSink.ts"
import { CurrentPrincipal, may } from "../CurrentPrincipal.ts"
import type * as Permission from "../Permission.ts"
import type { Unavailable } from "../StoreError.ts"
import type { Held, HeldShares } from "./HeldShares.ts"
import * as ShareRecord from "./ShareRecord.ts"

/** Which decisions are recorded: `changes` are writes, administration and refusals. */
export type Audit = "refused" | "changes" | "everything"

type Verdict = AccessPolicy["grounds"] extends (need: Permission.Need) => Effect.Effect<infer Grounds, Unavailable>
  ? { readonly grounds: Grounds; readonly reason: string }
  : never

const byPermission: Verdict = { grounds: "permission", reason: "permission" }
const unknown: Verdict = { grounds: "none", reason: "nobody is signed in" }
const without: Verdict = { grounds: "none", reason: "no permission covers it, and no share" }

export const make = (shares: HeldShares, sink: AuditSink, audit: Audit): AccessPolicy => {
  const isRecorded = ({ grounds }: Verdict, { action }: Permission.Need): boolean =>
    sink !== silent && (grounds === "none" || audit === "everything" || (audit === "changes" && action !== "read"))

  /** Tells the verdict, at once if nothing must be read for it. */
  const judging = <A, E>(
    need: Permission.Need,
    tell: (verdict: Verdict) => Effect.Effect<A, E>
  ): Effect.Effect<A, E | Unavailable> =>
    Effect.withFiber<A, E | Unavailable>((fiber) => {
      const principal = fiber.getRef(CurrentPrincipal)
      if (may(principal, need)) return tell(byPermission)
      if (principal.kind === "anonymous") return tell(unknown)
      if (need.resource === "share" || need.resource === "audit") return tell(without)
      const held = shares.get(need.agentId, principal.id, fiber)
      const judge = (held: Held) => tell(verdictOf(held, need, fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()))
      return Effect.isEffect(held) ? Effect.flatMap(held, judge) : judge(held)
    })

  return {
    check: (need) =>
      judging(need, (verdict) => {
        const answer = verdict.grounds === "none" ? Effect.fail(new AccessDenied(need)) : Effect.void
        if (!isRecorded(verdict, need)) return answer
        const { action, agentId, resource } = need
        const outcome = verdict.grounds === "none" ? "refused" : "allowed"
        return Effect.andThen(sink.record({ resource, action, agentId, outcome, reason: verdict.reason }), answer)
      }),
    grounds: (need) => judging(need, ({ grounds }) => Effect.succeed(grounds)),
    sharesChanged: (agentId, recipientId) =>
      recipientId === undefined ? shares.forgetAll(agentId) : shares.forget(agentId, recipientId)
  }
}

const verdictOf = (held: Held, need: Permission.Need, at: number): Verdict => {
  const [first] = held
  if (first === undefined) return without
  const share = held.find((share) => ShareRecord.allows(share, need, at))
  if (share !== undefined) return { grounds: "share", reason: `share ${share.id} of ${share.ownerId}` }
  const why = ShareRecord.isExpired(first, at) ? "has expired" : `is of level ${first.level}`
  return { grounds: "none", reason: `no permission covers it, and share ${first.id} of ${first.ownerId} ${why}` }
}
