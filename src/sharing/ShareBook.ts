/**
 * The shares in the store, found by their ids and recipients.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as ShareRecord from "../access/ShareRecord.ts"
import type { EventStore } from "../EventStore.ts"
import type { NoteKey } from "../EventStoreDriver.ts"
import type * as Note from "../Note.ts"
import { ShareExists, ShareMissing } from "../ShareError.ts"
import { Corrupted, type ReadError } from "../StoreError.ts"
import * as Value from "../Value.ts"

type Record = ShareRecord.ShareRecord

// Ids are made by the service, so that what has another shape need not be looked for.
const shape = /^[0-9a-f-]{36}$/

/** The name of the note that finds a share by its id. */
export const noteOfId = (id: string): string => `${ShareRecord.idPrefix}${id}`

/** The name of the note that holds what a pinned share shows. */
export const contentNote = (id: string): string => `${ShareRecord.contentPrefix}${id}`

/** Reads shares; asks nobody whether he may. */
export class ShareBook {
  private readonly events: EventStore["Service"]

  constructor(events: EventStore["Service"]) {
    this.events = events
  }

  /** The share of an id, wherever it is; fails when there is none, or it is over with its agent. */
  find(shareId: string): Effect.Effect<Record, ShareMissing | ReadError> {
    if (!shape.test(shareId)) return Effect.fail(new ShareMissing({ shareId: String(shareId) }))
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

  /** The share as it is now. */
  again(share: Record): Effect.Effect<Record, ShareMissing | ReadError> {
    const key = { agentId: share.agentId, name: ShareRecord.nameOf(share) }
    return Effect.gen({ self: this }, function* () {
      const [note] = yield* this.events.getNotes([key])
      if (note === undefined) return yield* new ShareMissing({ shareId: share.id })
      return yield* Effect.fromResult(ShareRecord.decode(note))
    })
  }

  /** Whether all shares of an agent are over, since it was deleted. */
  isOver(agentId: string): Effect.Effect<boolean, ReadError> {
    return Effect.map(this.events.getNotes([{ agentId, name: ShareRecord.endNote }]), (end) => end.length > 0)
  }

  /** Refuses a share when there is another of the same from the same to the same, whose time is not over; among some, or among all. */
  refuseRival(
    share: Record,
    isAsked: (other: Record) => boolean = () => true
  ): Effect.Effect<void, ShareExists | ReadError> {
    return Effect.gen({ self: this }, function* () {
      const at = yield* Clock.currentTimeMillis
      const rival = yield* Stream.runHead(
        Stream.filter(
          this.ofFor(share.agentId, share.recipientId),
          (other) => isAsked(other) && isRival(other, share) && !ShareRecord.isExpired(other, at)
        )
      )
      if (Option.isSome(rival)) yield* new ShareExists({ agentId: share.agentId, shareId: rival.value.id })
    })
  }
}

/** Whether two shares are of the same content and parts, from one owner to one recipient. */
const isRival = (one: Record, other: Record): boolean => {
  const [first, second] = [one, other].map(({ content, ownerId, paths }) =>
    JSON.stringify([ownerId, content._tag === "Pinned" ? content.version : "live", paths ?? null])
  )
  return one.id !== other.id && first === second
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
