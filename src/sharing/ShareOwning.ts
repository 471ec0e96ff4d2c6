/**
 * The life of a share: made and changed by its owner, accepted or declined by its recipient, ended by the owner or an administrator.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { AccessDenied } from "../AccessError.ts"
import type { AccessPolicy } from "../AccessPolicy.ts"
import type { AuditSink } from "../AuditSink.ts"
import * as ShareRecord from "../access/ShareRecord.ts"
import type { ContextSharing } from "../ContextSharing.ts"
import { CurrentPrincipal, type Principal } from "../CurrentPrincipal.ts"
import { ShareChanged, type ShareExists, ShareMissing } from "../ShareError.ts"
import type * as Uuid from "../store/Uuid.ts"
import * as ShareAudit from "./ShareAudit.ts"
import type { ShareBook } from "./ShareBook.ts"
import type { Revision, ShareChanges } from "./ShareChanges.ts"
import { isFor, type SharedContents } from "./SharedContents.ts"
import * as ShareTerms from "./ShareTerms.ts"

type Record = ShareRecord.ShareRecord
type Owning = Pick<ContextSharing["Service"], "share" | "accept" | "decline" | "change" | "revoke">

/** Whether a share is somebody's own. */
export const isOf = ({ ownerId }: Record, { id, kind }: Principal): boolean => kind !== "anonymous" && id === ownerId

/** This half of the service. */
export const make = (
  book: ShareBook,
  changes: ShareChanges,
  contents: SharedContents,
  policy: AccessPolicy,
  sink: AuditSink,
  nextId: Uuid.Generator
): Owning => ({
  share: Effect.fnUntraced(function* (request) {
    const owner = yield* CurrentPrincipal
    const { agentId, content, recipientId } = yield* Effect.fromResult(ShareTerms.checkParties(request, owner.id))
    const need = { resource: "share", action: "write", agentId } as const
    yield* policy.check(need)
    if (owner.kind === "anonymous") {
      yield* ShareAudit.anonymous(sink, agentId)
      return yield* new AccessDenied(need)
    }
    const at = yield* Clock.currentTimeMillis
    const terms = yield* Effect.fromResult(ShareTerms.check(request, content !== "live", at))
    const pinned = yield* contents.pin(agentId, content)
    const share: Record = {
      ...terms,
      id: nextId(at),
      agentId,
      ownerId: owner.id,
      recipientId,
      content: pinned.content,
      status: request.needsAcceptance === true ? "offered" : "accepted",
      createdAt: new Date(at),
      updatedAt: new Date(at),
      revision: 1
    }
    yield* changes.create(share, pinned.kept, contents.refuseEnded(agentId))
    return share
  }),

  accept: Effect.fnUntraced(function* (shareId) {
    const principal = yield* CurrentPrincipal
    return yield* changes.revise(shareId, (share, at) => {
      if (!isFor(share, principal) || ShareRecord.isExpired(share, at)) return missing(shareId)
      if (share.status === "accepted") return Effect.succeed<Revision>({ _tag: "Keep" })
      return Effect.succeed<Revision>({ _tag: "Change", to: { ...share, status: "accepted" } })
    })
  }),

  decline: Effect.fnUntraced(function* (shareId) {
    const principal = yield* CurrentPrincipal
    yield* changes.revise(shareId, (share, at) => {
      if (!isFor(share, principal) || ShareRecord.isExpired(share, at)) return missing(shareId)
      return Effect.succeed<Revision>({ _tag: "End", reason: "declined" })
    })
  }),

  change: Effect.fnUntraced(function* (shareId, change, { expectedRevision } = {}) {
    const principal = yield* CurrentPrincipal
    return yield* changes.revise(
      shareId,
      Effect.fnUntraced(function* (share, at) {
        if (!isOf(share, principal)) return yield* missing(shareId)
        const { revision } = share
        if (expectedRevision !== undefined && expectedRevision !== revision) {
          return yield* new ShareChanged({ shareId, expected: expectedRevision, actual: revision })
        }
        const to = yield* Effect.fromResult(ShareTerms.changed(share, change, at))
        yield* book.refuseRival(to)
        const review = (before: ReadonlyArray<Record>) => changes.yieldTo(before, to, { _tag: "Change", to: share })
        return { _tag: "Change", to, review } satisfies Revision<ShareExists>
      })
    )
  }),

  revoke: Effect.fnUntraced(function* (shareId) {
    const principal = yield* CurrentPrincipal
    yield* changes.revise(
      shareId,
      Effect.fnUntraced(function* (share) {
        if (!isOf(share, principal)) {
          const grounds = yield* policy.grounds({ resource: "share", action: "admin", agentId: share.agentId })
          if (grounds !== "permission") return yield* missing(shareId)
        }
        return { _tag: "End", reason: "revoked" } satisfies Revision
      })
    )
  })
})

const missing = (shareId: string): Effect.Effect<never, ShareMissing> => Effect.fail(new ShareMissing({ shareId }))
