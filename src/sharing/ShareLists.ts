/**
 * Which shares there are, for those whom they concern; and what is counted and cleared away.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { AccessPolicy } from "../AccessPolicy.ts"
import * as AgentId from "../AgentId.ts"
import * as ShareRecord from "../access/ShareRecord.ts"
import type { ContextSharing, PageOptions, SharedContext } from "../ContextSharing.ts"
import { CurrentPrincipal, type Principal } from "../CurrentPrincipal.ts"
import type { EventStore } from "../EventStore.ts"
import { ShareMissing } from "../ShareError.ts"
import { InvalidInput, type ReadError, type Unavailable } from "../StoreError.ts"
import * as ReservedAgents from "../store/ReservedAgents.ts"
import type { ShareBook } from "./ShareBook.ts"
import type { ShareChanges } from "./ShareChanges.ts"
import { isFor, type SharedContents } from "./SharedContents.ts"
import { isOf } from "./ShareOwning.ts"

type Record = ShareRecord.ShareRecord
type Lists = Pick<
  ContextSharing["Service"],
  "getShare" | "sharesOf" | "sharesWith" | "getSharedContexts" | "checkAccess" | "statistics" | "cleanUp"
>

/** This half of the service. */
export const make = (
  events: EventStore["Service"],
  book: ShareBook,
  changes: ShareChanges,
  contents: SharedContents,
  policy: AccessPolicy
): Lists => {
  const mayRead = (agentId: string): Effect.Effect<boolean, Unavailable> =>
    Effect.map(policy.grounds({ resource: "share", action: "read", agentId }), (grounds) => grounds === "permission")

  /** Whether somebody may know of a share. */
  const isVisible = (share: Record, principal: Principal, at: number): Effect.Effect<boolean, Unavailable> => {
    if (isOf(share, principal)) return Effect.succeed(true)
    if (isFor(share, principal) && !ShareRecord.isExpired(share, at)) return Effect.succeed(true)
    return mayRead(share.agentId)
  }

  const visible = (shares: Stream.Stream<Record, ReadError>): Stream.Stream<Record, ReadError> =>
    Stream.filterEffect(shares, (share) =>
      Effect.gen(function* () {
        return yield* isVisible(share, yield* CurrentPrincipal, yield* Clock.currentTimeMillis)
      })
    )

  /** What a share shows, and why it does not, if it does not; nothing when it is over by now. */
  const show = (share: Record): Effect.Effect<ReadonlyArray<SharedContext>> =>
    Effect.map(Effect.result(contents.show(share)), (content) => {
      if (Result.isSuccess(content)) return [{ share, content: Result.succeed(content.success) }]
      const { failure } = content
      return failure._tag === "ShareMissing" ? [] : [{ share, content: Result.fail(failure) }]
    })

  return {
    getShare: Effect.fnUntraced(function* (shareId) {
      const share = yield* book.find(shareId)
      const isShown = yield* isVisible(share, yield* CurrentPrincipal, yield* Clock.currentTimeMillis)
      return isShown ? share : yield* new ShareMissing({ shareId })
    }),

    sharesOf: Effect.fnUntraced(function* (agentId, page = {}) {
      yield* Effect.fromResult(AgentId.validate(agentId))
      return yield* collect(visible(book.of(agentId, page.after)), page)
    }),

    sharesWith: Effect.fnUntraced(function* (recipientId, page = {}) {
      yield* Effect.fromResult(AgentId.validate(recipientId, "recipientId"))
      return yield* collect(visible(book.with(recipientId, page.after)), page)
    }),

    getSharedContexts: Effect.fnUntraced(function* (page = {}) {
      const principal = yield* CurrentPrincipal
      if (principal.kind === "anonymous") return []
      const at = yield* Clock.currentTimeMillis
      const usable = Stream.filter(book.with(principal.id, page.after), (share) => ShareRecord.isEffective(share, at))
      return yield* collect(Stream.flattenIterable(Stream.mapEffect(usable, show, { concurrency: 8 })), page)
    }),

    checkAccess: Effect.fnUntraced(function* (agentId, level) {
      yield* Effect.fromResult(AgentId.validate(agentId))
      const need = { resource: "context", action: level, agentId } as const
      const principal = yield* CurrentPrincipal
      if ((yield* policy.grounds(need)) === "permission") return true
      if (principal.kind === "anonymous") return false
      const at = yield* Clock.currentTimeMillis
      const shares = Stream.filter(book.ofFor(agentId, principal.id), (share) => ShareRecord.allows(share, need, at))
      return Option.isSome(yield* Stream.runHead(shares))
    }),

    statistics: Effect.fnUntraced(function* (agentId) {
      yield* Effect.fromResult(AgentId.validate(agentId))
      const { id, kind } = yield* CurrentPrincipal
      const isOwn = kind !== "anonymous" && id === agentId
      if (!isOwn) yield* policy.check({ resource: "share", action: "read", agentId })
      const at = yield* Clock.currentTimeMillis
      const counts = { created: 0, received: 0, active: 0, expired: 0 }
      const count = (share: Record) => {
        if (ShareRecord.isEffective(share, at)) counts.active++
        if (ShareRecord.isExpired(share, at)) counts.expired++
      }
      yield* Stream.runForEach(book.of(agentId), (share) =>
        Effect.sync(() => {
          counts.created++
          count(share)
        })
      )
      yield* Stream.runForEach(book.with(agentId), (share) =>
        Effect.sync(() => {
          counts.received++
          // What an agent is given of itself was counted above.
          if (share.agentId !== agentId) count(share)
        })
      )
      return counts
    }),

    cleanUp: Effect.gen(function* () {
      yield* policy.check({ resource: "share", action: "admin", agentId: ReservedAgents.everywhere })
      const until = yield* Clock.currentTimeMillis
      const due = Stream.filter(events.due({ until }), ({ name }) => name.startsWith(ShareRecord.prefix))
      const ended = Stream.mapEffect(due, (note) => changes.expire(note, until), { concurrency: 16 })
      return yield* Stream.runCount(Stream.filter(ended, Boolean))
    })
  }
}

const collect = <A, E>(
  items: Stream.Stream<A, E>,
  { limit = 100 }: PageOptions
): Effect.Effect<ReadonlyArray<A>, E | InvalidInput> => {
  if (Number.isSafeInteger(limit) && limit > 0) return Stream.runCollect(Stream.take(items, limit))
  const remedy = "Leave it out for pages of 100."
  return Effect.fail(new InvalidInput({ path: "limit", expected: "an integer from 1", found: String(limit), remedy }))
}
