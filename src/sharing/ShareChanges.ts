/**
 * How shares are written: with the events that tell of them, and each decided on the shares as they are.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { AccessPolicy } from "../AccessPolicy.ts"
import { AgentMissing } from "../AgentError.ts"
import type { AuditSink } from "../AuditSink.ts"
import * as ShareRecord from "../access/ShareRecord.ts"
import * as AgentEvent from "../agent/AgentEvent.ts"
import { CurrentPrincipal } from "../CurrentPrincipal.ts"
import type { EventStore } from "../EventStore.ts"
import type { Expected } from "../EventStoreDriver.ts"
import * as Note from "../Note.ts"
import { type ShareExists, ShareMissing } from "../ShareError.ts"
import type { AppendError, ReadError } from "../StoreError.ts"
import { appendSurely } from "../store/AppendSurely.ts"
import type * as Value from "../Value.ts"
import * as Overtaking from "./Overtaking.ts"
import * as ShareAudit from "./ShareAudit.ts"
import { contentNote, noteOfId, type ShareBook } from "./ShareBook.ts"

type Record = ShareRecord.ShareRecord
type StoreFailure = AppendError | ReadError

/** Why a share is over. */
export type Reason = "revoked" | "declined" | "expired"

/** What is to become of a share. */
export type Revision<E = never> =
  | { readonly _tag: "Keep" }
  | {
      readonly _tag: "Change"
      readonly to: Record
      /** Looks once more when shares were made or changed since it was decided. */
      readonly review?: (before: ReadonlyArray<Record>) => Effect.Effect<void, E | ReadError>
    }
  | { readonly _tag: "End"; readonly reason: Reason }

/** Writes shares; asks nobody whether he may. */
export class ShareChanges {
  private readonly events: EventStore["Service"]
  private readonly book: ShareBook
  private readonly policy: AccessPolicy
  private readonly sink: AuditSink

  constructor(events: EventStore["Service"], book: ShareBook, policy: AccessPolicy, sink: AuditSink) {
    this.events = events
    this.book = book
    this.policy = policy
    this.sink = sink
  }

  /** Stores a share that is new, and what it shows if it is pinned. `ended` tells why it cannot be when the agent was deleted. */
  create<E>(
    share: Record,
    content: Value.Value | undefined,
    ended: Effect.Effect<never, E>
  ): Effect.Effect<void, E | AgentMissing | ShareExists | StoreFailure> {
    const { agentId, id } = share
    const notes = [
      put(share),
      Note.put(noteOfId(id), { name: ShareRecord.nameOf(share) }, { tag: noteOfId(id) }),
      ...(content === undefined ? [] : [Note.put(contentNote(id), content)])
    ]
    return Overtaking.racing((expect) =>
      Effect.gen({ self: this }, function* () {
        const { presence, version: read } = yield* this.events.head(agentId)
        if (presence === "missing") return yield* new AgentMissing({ agentId })
        if (yield* this.book.isOver(agentId)) return yield* ended
        yield* this.book.refuseRival(share)
        const expected = expect(read)
        const event = { id: idOf(share), type: AgentEvent.shared, data: shareData(share) }
        const stored = yield* this.write(share, event, expected, notes)
        if (expected !== "any") return
        const { isDeleted, isPurged, shares } = yield* Overtaking.between(this.events, agentId, { read, stored })
        if (isPurged) {
          yield* Overtaking.takeBack(this.events, agentId, stored, namesOf(share))
          return yield* new AgentMissing({ agentId })
        }
        if (isDeleted) return yield* ended
        yield* this.yieldTo(shares, share, { _tag: "End", reason: "revoked" })
      })
    )
  }

  /**
   * Brings a share to its next revision, or to its end. What is to become of it is decided on the share as it is; when another was faster it is
   * decided anew.
   */
  revise<E>(
    shareId: string,
    decide: (share: Record, at: number) => Effect.Effect<Revision<E>, E>
  ): Effect.Effect<Record, E | ShareMissing | StoreFailure> {
    return Overtaking.racing((expect, isTaken) =>
      Effect.gen({ self: this }, function* () {
        const found = yield* this.book.find(shareId)
        const { agentId } = found
        // Read before the share that is decided on: whoever changes that takes a version.
        const { version: read } = yield* this.events.head(agentId)
        const share = yield* this.book.again(found)
        const at = yield* Clock.currentTimeMillis
        const revision = yield* decide(share, at)
        if (revision._tag === "Keep") return share
        const next = { ...(revision._tag === "Change" ? revision.to : share), updatedAt: new Date(at) }
        const counted = { ...next, revision: share.revision + 1 }
        const expected = expect(read)
        const stored = yield* this.writeRevision(counted, revision, expected, isTaken ? {} : { id: idOf(counted) })
        if (expected !== "any") return counted
        const { isPurged, shares } = yield* Overtaking.between(this.events, agentId, { read, stored })
        if (isPurged) {
          yield* Overtaking.takeBack(this.events, agentId, stored, namesOf(share))
          return yield* new ShareMissing({ shareId })
        }
        if (revision._tag === "Change" && revision.review !== undefined) yield* revision.review(shares)
        return counted
      })
    )
  }

  /** Ends a share whose time is over; whether this caller did. */
  expire(note: Note.Note, at: number): Effect.Effect<boolean, StoreFailure> {
    return Effect.gen({ self: this }, function* () {
      const share = yield* Effect.fromResult(ShareRecord.decode(note))
      if (!(yield* this.book.isOver(share.agentId))) {
        const missing = new ShareMissing({ shareId: share.id })
        const decide = (share: Record): Effect.Effect<Revision, ShareMissing> =>
          ShareRecord.isExpired(share, at) ? Effect.succeed({ _tag: "End", reason: "expired" }) : Effect.fail(missing)
        return yield* Effect.as(this.revise(share.id, decide), true)
      }
      // It was over with its agent before; only its notes are still there.
      const notes = namesOf(share).map(Note.remove)
      yield* appendSurely(this.events, { agentId: share.agentId, events: [], notes })
      return false
    }).pipe(Effect.catchTag("ShareMissing", () => Effect.succeed(false)))
  }

  /** Undoes what was written of a share, if one of those before it is the same. */
  yieldTo(
    before: ReadonlyArray<Record>,
    share: Record,
    undoing: Revision
  ): Effect.Effect<void, ShareExists | ReadError> {
    const ids = new Set(before.map(({ id }) => id))
    if (ids.size === 0) return Effect.void
    return Effect.onError(
      this.book.refuseRival(share, (other) => ids.has(other.id)),
      () => Effect.ignore(this.revise(share.id, () => Effect.succeed(undoing)))
    )
  }

  private writeRevision(
    share: Record,
    revision: Exclude<Revision<unknown>, { readonly _tag: "Keep" }>,
    expected: Expected,
    own: { readonly id?: string }
  ): Effect.Effect<number, AppendError> {
    if (revision._tag === "Change") {
      const event = { ...own, type: AgentEvent.shareChanged, data: shareData(share) }
      return this.write(share, event, expected, [put(share)])
    }
    const { id, ownerId, recipientId } = share
    const data = { shareId: id, ownerId, recipientId, reason: revision.reason }
    const event = { ...own, type: AgentEvent.shareRevoked, data }
    return this.write(share, event, expected, namesOf(share).map(Note.remove))
  }

  /** Gives the version of the event. */
  private write(
    share: Record,
    event: ShareEvent,
    expected: Expected,
    notes: ReadonlyArray<Note.Change>
  ): Effect.Effect<number, AppendError> {
    const { agentId, recipientId } = share
    return Effect.gen({ self: this }, function* () {
      const { id: principal } = yield* CurrentPrincipal
      // Two that end a share write the same, and yet only one of them did.
      const mark = yield* Random.nextInt
      const events = [{ ...event, metadata: { principal, mark } }]
      const { version } = yield* appendSurely(this.events, { agentId, expected, events, notes })
      yield* ShareAudit.done(this.sink, share, event.type, event.data.reason)
      return version
    }).pipe(Effect.ensuring(Effect.sync(() => this.policy.sharesChanged(agentId, recipientId))))
  }
}

/** What tells of a revision of a share. */
interface ShareEvent {
  readonly id?: string
  readonly type: string
  readonly data: { readonly reason?: Reason }
}

/** Each revision has an event with an id of its own, which the store keeps once: of two that change one revision, one is refused. */
const idOf = ({ id, revision }: Record): string => `share/${id}/${revision}`

/** The names of its notes. */
const namesOf = (share: Record): ReadonlyArray<string> => [
  ShareRecord.nameOf(share),
  noteOfId(share.id),
  contentNote(share.id)
]

const shareData = (share: Record): object => ({ share: ShareRecord.encode(share) })

const put = (share: Record): Note.Change =>
  Note.put(ShareRecord.nameOf(share), ShareRecord.encode(share), {
    tag: ShareRecord.tagFor(share.recipientId),
    due: share.expiresAt?.getTime()
  })
