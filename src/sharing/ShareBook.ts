/**
 * The shares in the store: found by their ids and recipients, and written with the events that tell of them.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { AccessPolicy } from "../AccessPolicy.ts"
import { AgentMissing } from "../AgentError.ts"
import * as ShareRecord from "../access/ShareRecord.ts"
import * as AgentEvent from "../agent/AgentEvent.ts"
import * as LostRace from "../agent/LostRace.ts"
import { CurrentPrincipal } from "../CurrentPrincipal.ts"
import type { EventStore } from "../EventStore.ts"
import type { Expected, NoteKey } from "../EventStoreDriver.ts"
import * as Note from "../Note.ts"
import { ShareExists, ShareMissing } from "../ShareError.ts"
import { type AppendError, Conflict, Corrupted, type ReadError, Rejected } from "../StoreError.ts"
import { appendSurely } from "../store/AppendSurely.ts"
import * as Value from "../Value.ts"

type Record = ShareRecord.ShareRecord
type StoreFailure = AppendError | ReadError

/** Why a share is over. */
export type Reason = "revoked" | "declined" | "expired"

/** What is to become of a share. */
export type Revision =
  | { readonly _tag: "Keep" }
  | { readonly _tag: "Change"; readonly to: Record }
  | { readonly _tag: "End"; readonly reason: Reason }

// A live actor may write so often that nobody else ever finds it where it was read. Then the id of the event alone keeps two changes of a share apart.
const patience = 20

// Ids are made by the service, so that what has another shape need not be looked for.
const shape = /^[0-9a-f-]{36}$/

const noteOfId = (id: string): string => `${ShareRecord.idPrefix}${id}`

/** The name of the note that holds what a pinned share shows. */
export const contentNote = (id: string): string => `${ShareRecord.contentPrefix}${id}`

/** Reads and writes shares; asks nobody whether he may. */
export class ShareBook {
  private readonly events: EventStore["Service"]
  private readonly policy: AccessPolicy

  constructor(events: EventStore["Service"], policy: AccessPolicy) {
    this.events = events
    this.policy = policy
  }

  // ---- finding ----

  /** The share of an id, wherever it is; fails when there is none, or it is over with its agent. */
  find(shareId: string): Effect.Effect<Record, ShareMissing | ReadError> {
    if (!shape.test(shareId)) return Effect.fail(new ShareMissing({ shareId }))
    return Effect.gen({ self: this }, function* () {
      const places = yield* Stream.runCollect(this.events.tagged(noteOfId(shareId)))
      const keys = yield* Effect.forEach(places, placeOf)
      const shares = yield* this.standing(yield* this.events.getNotes(keys))
      return shares[0] ?? (yield* new ShareMissing({ shareId }))
    })
  }

  /** The shares of an agent, in an order of the store's own, after one of them. */
  of(agentId: string, after?: Pick<Record, "id" | "recipientId">): Stream.Stream<Record, ReadError> {
    const options = { prefix: ShareRecord.prefix, after: after && ShareRecord.nameOf(after) }
    return this.read(this.events.notes(agentId, options))
  }

  /** The shares of an agent with one recipient. */
  ofFor(agentId: string, recipientId: string): Stream.Stream<Record, ReadError> {
    const notes = this.events.notes(agentId, { prefix: ShareRecord.prefixFor(recipientId) })
    return Stream.filter(this.read(notes), (share) => share.recipientId === recipientId)
  }

  /** The shares with a recipient, of all agents, in an order of the store's own, after one of them. */
  with(recipientId: string, after?: Pick<Record, "id" | "agentId" | "recipientId">): Stream.Stream<Record, ReadError> {
    const key = after && { agentId: after.agentId, name: ShareRecord.nameOf(after) }
    const notes = this.events.tagged(ShareRecord.tagFor(recipientId), { after: key })
    return Stream.filter(this.read(notes), (share) => share.recipientId === recipientId)
  }

  private read(notes: Stream.Stream<Note.Note, ReadError>): Stream.Stream<Record, ReadError> {
    return Stream.flattenIterable(Stream.mapEffect(Stream.chunks(notes), (page) => this.standing(page)))
  }

  /** The shares that notes are, without those of agents that were deleted. */
  private standing(notes: ReadonlyArray<Note.Note>): Effect.Effect<ReadonlyArray<Record>, ReadError> {
    const agentIds = [...new Set(notes.map(({ agentId }) => agentId))]
    return Effect.gen({ self: this }, function* () {
      const keys = agentIds.map((agentId) => ({ agentId, name: ShareRecord.endNote }))
      const over = new Set((yield* this.events.getNotes(keys)).map(({ agentId }) => agentId))
      const ours = notes.filter(({ agentId }) => !over.has(agentId))
      return yield* Effect.forEach(ours, (note) => Effect.fromResult(ShareRecord.decode(note)))
    })
  }

  // ---- writing ----

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
    return racing((expected) =>
      Effect.gen({ self: this }, function* () {
        const { presence, version } = yield* this.events.head(agentId)
        if (presence === "missing") return yield* new AgentMissing({ agentId })
        const end = yield* this.events.getNotes([{ agentId, name: ShareRecord.endNote }])
        if (end.length > 0) return yield* ended
        yield* this.refuseRival(share)
        yield* this.write(share, AgentEvent.shared, shareData(share), expected(version), notes)
      })
    )
  }

  /**
   * Brings a share to its next revision, or to its end. What is to become of it is decided on the share as it is; when another was faster it is
   * decided anew.
   */
  revise<E>(
    shareId: string,
    decide: (share: Record, at: number) => Effect.Effect<Revision, E>
  ): Effect.Effect<Record, E | ShareMissing | StoreFailure> {
    return racing((expected) =>
      Effect.gen({ self: this }, function* () {
        const found = yield* this.find(shareId)
        // Read before the share that is decided on: whoever changes that takes a version.
        const { version } = yield* this.events.head(found.agentId)
        const share = yield* this.again(found)
        const at = yield* Clock.currentTimeMillis
        const revision = yield* decide(share, at)
        if (revision._tag === "Keep") return share
        const next = { ...(revision._tag === "Change" ? revision.to : share), updatedAt: new Date(at) }
        const counted = { ...next, revision: share.revision + 1 }
        if (revision._tag === "Change") {
          yield* this.write(counted, AgentEvent.shareChanged, shareData(counted), expected(version), [put(counted)])
        } else {
          const { id, ownerId, recipientId } = share
          const data = { shareId: id, ownerId, recipientId, reason: revision.reason }
          yield* this.write(counted, AgentEvent.shareRevoked, data, expected(version), removalsOf(share))
        }
        return counted
      })
    )
  }

  /** Ends a share whose time is over; whether this caller did. */
  expire(note: Note.Note, at: number): Effect.Effect<boolean, StoreFailure> {
    return Effect.gen({ self: this }, function* () {
      const share = yield* Effect.fromResult(ShareRecord.decode(note))
      const end = yield* this.events.getNotes([{ agentId: share.agentId, name: ShareRecord.endNote }])
      if (end.length === 0) {
        const missing = new ShareMissing({ shareId: share.id })
        const decide = (share: Record): Effect.Effect<Revision, ShareMissing> =>
          ShareRecord.isExpired(share, at) ? Effect.succeed({ _tag: "End", reason: "expired" }) : Effect.fail(missing)
        return yield* Effect.as(this.revise(share.id, decide), true)
      }
      // It was over with its agent before; only its notes are still there.
      yield* appendSurely(this.events, { agentId: share.agentId, events: [], notes: removalsOf(share) })
      return false
    }).pipe(Effect.catchTag("ShareMissing", () => Effect.succeed(false)))
  }

  /** The share as it is now. */
  private again(share: Record): Effect.Effect<Record, ShareMissing | ReadError> {
    const key = { agentId: share.agentId, name: ShareRecord.nameOf(share) }
    return Effect.gen({ self: this }, function* () {
      const [note] = yield* this.events.getNotes([key])
      if (note === undefined) return yield* new ShareMissing({ shareId: share.id })
      return yield* Effect.fromResult(ShareRecord.decode(note))
    })
  }

  /** Refuses a share when there is another of the same from the same to the same, whose time is not over. */
  refuseRival(share: Record): Effect.Effect<void, ShareExists | ReadError> {
    return Effect.gen({ self: this }, function* () {
      const at = yield* Clock.currentTimeMillis
      const rival = yield* Stream.runHead(
        Stream.filter(
          this.ofFor(share.agentId, share.recipientId),
          (other) => other.id !== share.id && isSame(other, share) && !ShareRecord.isExpired(other, at)
        )
      )
      if (Option.isSome(rival)) yield* new ShareExists({ agentId: share.agentId, shareId: rival.value.id })
    })
  }

  /** Each revision has an event with an id of its own, which the store keeps once: of two that change one revision, one is refused. */
  private write(
    { agentId, id, recipientId, revision }: Record,
    type: string,
    data: object,
    expected: Expected,
    notes: ReadonlyArray<Note.Change>
  ): Effect.Effect<void, AppendError> {
    return Effect.gen({ self: this }, function* () {
      const { id: principal } = yield* CurrentPrincipal
      const event = { id: `share/${id}/${revision}`, type, data, metadata: { principal } }
      yield* appendSurely(this.events, { agentId, expected, events: [event], notes })
    }).pipe(Effect.ensuring(Effect.sync(() => this.policy.sharesChanged(agentId, recipientId))))
  }
}

const removalsOf = (share: Record): ReadonlyArray<Note.Change> =>
  [ShareRecord.nameOf(share), noteOfId(share.id), contentNote(share.id)].map(Note.remove)

const shareData = (share: Record): object => ({ share: ShareRecord.encode(share) })

const put = (share: Record): Note.Change =>
  Note.put(ShareRecord.nameOf(share), ShareRecord.encode(share), {
    tag: ShareRecord.tagFor(share.recipientId),
    due: share.expiresAt?.getTime()
  })

/** Whether two shares with one recipient are of the same content and parts, from one owner. */
const isSame = (one: Record, other: Record): boolean => {
  const [first, second] = [one, other].map(({ content, ownerId, paths }) =>
    JSON.stringify([ownerId, content._tag === "Pinned" ? content.version : "live", paths ?? null])
  )
  return first === second
}

/** Where the share is that a note finds. */
const placeOf = ({ agentId, body, name }: Note.Note): Effect.Effect<NoteKey, Corrupted> =>
  Value.isRecord(body) && typeof body["name"] === "string"
    ? Effect.succeed({ agentId, name: body["name"] })
    : Effect.fail(
        new Corrupted({
          subject: `note ${JSON.stringify(name)} of agent ${JSON.stringify(agentId)}`,
          expected: "the name of a share",
          found: "another body",
          remedy: "Let ContextSharing alone write notes of this name."
        })
      )

/** Tries again until nobody comes between. */
const racing = <A, E>(
  attempt: (expected: (version: number) => Expected) => Effect.Effect<A, E>,
  lost = 0
): Effect.Effect<A, E> =>
  Effect.catchIf(
    attempt((version) => (lost < patience ? version : "any")),
    (error) => lost < LostRace.mostTries && isLost(error),
    () => Effect.andThen(LostRace.pause(lost), racing(attempt, lost + 1))
  )

const isLost = (error: unknown): boolean =>
  error instanceof Conflict || (error instanceof Rejected && error.reason === "EventIdTaken")
