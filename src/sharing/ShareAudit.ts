/**
 * What the operator is told of shares: who made, changed and ended them, and why somebody was refused, which he himself is not told.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { AuditSink } from "../AuditSink.ts"
import * as ShareRecord from "../access/ShareRecord.ts"
import * as AgentEvent from "../agent/AgentEvent.ts"
import type { ContextSharing } from "../ContextSharing.ts"
import { CurrentPrincipal, type Principal } from "../CurrentPrincipal.ts"
import * as Permission from "../Permission.ts"
import { ShareMissing } from "../ShareError.ts"
import type { ShareBook } from "./ShareBook.ts"

type Record = ShareRecord.ShareRecord
type Service = ContextSharing["Service"]

/** Tells what was done with a share, by the event that was stored. */
export const done = (sink: AuditSink, share: Record, type: string, why?: string): Effect.Effect<void> => {
  const { agentId, id, level, ownerId, recipientId, status } = share
  const reasons: { readonly [type: string]: string } = {
    [AgentEvent.shared]: `${status === "offered" ? "offered to" : "shared with"} ${recipientId}, to ${level}`,
    [AgentEvent.shareChanged]: `the share with ${recipientId} is now ${status}, to ${level}`,
    [AgentEvent.shareRevoked]: `the share with ${recipientId} was ${why}`
  }
  const details = { share: id, owner: ownerId, recipient: recipientId }
  return sink.record({
    resource: "share",
    action: "write",
    agentId,
    outcome: "allowed",
    reason: reasons[type] ?? type,
    details
  })
}

/** Tells of a write outside of what is shared. */
export const outside = (sink: AuditSink, { agentId, id }: Record, pointer: string): Effect.Effect<void> =>
  sink.record({
    resource: "context",
    action: "write",
    agentId,
    outcome: "refused",
    reason: `outside of what is shared: ${JSON.stringify(pointer)}`,
    details: { share: id }
  })

/** Tells of somebody who has shown nothing and wants to share. */
export const anonymous = (sink: AuditSink, agentId: string): Effect.Effect<void> =>
  sink.record({
    resource: "share",
    action: "write",
    agentId,
    outcome: "refused",
    reason: "whoever has shown nothing cannot share"
  })

/** What a call needs of a share: to be its owner, its recipient, somebody who may use it so, or somebody whom it concerns. */
type Need = "owner" | "recipient" | "reader" | "writer" | "anybody"

/** The service, telling of those calls that it answers with `ShareMissing`. */
export const around = (service: Service, sink: AuditSink, book: ShareBook): Service => {
  const telling = <A, E>(need: Need, shareId: string, call: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.tapError(call, (error) => (error instanceof ShareMissing ? refused(sink, book, need, shareId) : Effect.void))
  return {
    ...service,
    accept: (shareId) => telling("recipient", shareId, service.accept(shareId)),
    decline: (shareId) => telling("recipient", shareId, service.decline(shareId)),
    change: (shareId, ...rest) => telling("owner", shareId, service.change(shareId, ...rest)),
    revoke: (shareId) => telling("owner", shareId, service.revoke(shareId)),
    getShare: (shareId) => telling("anybody", shareId, service.getShare(shareId)),
    getSharedContext: (shareId) => telling("reader", shareId, service.getSharedContext(shareId)),
    patchState: (shareId, ...rest) => telling("writer", shareId, service.patchState(shareId, ...rest)),
    updateContext: (shareId, ...rest) => telling("writer", shareId, service.updateContext(shareId, ...rest))
  }
}

const refused = (sink: AuditSink, book: ShareBook, need: Need, shareId: string): Effect.Effect<void> =>
  Effect.gen(function* () {
    const found = yield* Effect.result(book.find(shareId))
    const share = Result.getOrUndefined(found)
    const reason = why(need, share, yield* CurrentPrincipal, yield* Clock.currentTimeMillis)
    const isUse = need === "reader" || need === "writer"
    yield* sink.record({
      resource: isUse ? "context" : "share",
      action: need === "reader" || need === "anybody" ? "read" : "write",
      agentId: share?.agentId,
      outcome: "refused",
      reason,
      details: { share: shareId.slice(0, longestId) }
    })
  })

// What is asked for may be anything, and of any length.
const longestId = 64

const why = (need: Need, share: Record | undefined, { id, kind }: Principal, at: number): string => {
  if (share === undefined) return "there is no such share, or it is over"
  if (kind === "anonymous") return "whoever has shown nothing has no shares"
  if (need === "owner") return `the share is owned by ${share.ownerId}`
  if (share.recipientId !== id) return `the share is for ${share.recipientId}`
  if (ShareRecord.isExpired(share, at)) return "the share has expired"
  if (need === "recipient" || need === "anybody") return "the share was over"
  if (share.status === "offered") return "the share is offered, and not accepted"
  if (share.content._tag === "Pinned") return "what is shared is pinned"
  return Permission.includes(share.level, "write") ? "the share was over" : `the share lets ${share.level} only`
}
