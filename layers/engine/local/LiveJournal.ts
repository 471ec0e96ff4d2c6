/**
 * The stream of a running actor: the state it stands at, what is appended to it, and its snapshots.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Tracer from "effect/Tracer"
import type * as Actor from "../../../src/Actor.ts"
import * as ActorJournal from "../../../src/actor/ActorJournal.ts"
import * as ServiceEvents from "../../../src/actor/ServiceEvents.ts"
import { timerPrefix } from "../../../src/actor/TimerNote.ts"
import type { Appended } from "../../../src/EventStore.ts"
import type * as Note from "../../../src/Note.ts"
import { type AppendError, Conflict, type ReadError, Rejected, type Unknown } from "../../../src/StoreError.ts"
import { appendSurely } from "../../../src/store/AppendSurely.ts"
import type * as Replay from "../../../src/store/Replay.ts"
import type * as Value from "../../../src/Value.ts"
import type { Round } from "./Round.ts"

/** What a journal needs of its engine. */
export interface Archive {
  readonly stores: Replay.Stores
  /** Runs something that nobody waits for but the end of the engine. */
  readonly background: <A>(effect: Effect.Effect<A>) => Fiber.Fiber<A>
}

/** The journal of one actor in memory. */
export class LiveJournal {
  readonly agentId: string
  /** Where the actor stands; nothing until it has recovered, and when memory and disk may differ. */
  at: ActorJournal.Recovered | undefined
  /** Why nothing can be appended any more, once an append has met that. */
  closed: ServiceEvents.Closing | undefined
  /** The last version that was seen. */
  version = 0
  isSnapshotting = false
  private readonly id: string
  private readonly definition: Actor.Any
  private readonly archive: Archive
  /** Whether an event since then asks for another. */
  private isSnapshotWished = false
  /** The version of the last snapshot, or of the last try. */
  private snapshotVersion = 0

  constructor(definition: Actor.Any, id: string, archive: Archive) {
    this.agentId = definition.codec.agentId(id)
    this.definition = definition
    this.id = id
    this.archive = archive
  }

  /** Reads where the actor stands; it stands nowhere when nothing can be appended, and why is told. */
  recover(): Effect.Effect<ServiceEvents.Closing | undefined, ReadError> {
    return Effect.map(ActorJournal.recover(this.archive.stores, this.definition, this.id), (recovered) => {
      const { closed } = recovered
      if (closed === undefined) this.at = recovered
      this.version = recovered.version
      this.snapshotVersion = recovered.snapshotVersion
      return closed
    })
  }

  /** The replies that are on record. */
  replies(commandIds: Iterable<string>): Effect.Effect<ReadonlyMap<string, Value.Value>, ReadError> {
    return this.archive.stores.events.replies(this.agentId, [...commandIds])
  }

  /** The notes of those timers that are set, by the names of the timers. */
  timers(names: Iterable<string>): Effect.Effect<ReadonlyMap<string, Note.Note>, ReadError> {
    const keys = Array.from(names, (name) => ({ agentId: this.agentId, name: timerPrefix + name }))
    return Effect.map(
      this.archive.stores.events.getNotes(keys),
      (notes) => new Map(notes.map((note) => [note.name.slice(timerPrefix.length), note]))
    )
  }

  /** Appends a round, and does not rest before it knows. After a failure `at` says what may still be relied upon. */
  append(round: Round): Effect.Effect<void, AppendError> {
    return Effect.matchEffect(within(round.spans, appendSurely(this.archive.stores.events, round.append)), {
      onSuccess: (appended) => this.afterAppend(round, appended),
      onFailure: (error) =>
        error._tag === "Conflict" ? this.afterConflict(round, error) : this.afterFailure(round, error)
    })
  }

  /** Goes on above what services have written meanwhile; anything else is another writer. */
  private afterConflict(round: Round, conflict: Conflict): Effect.Effect<void, AppendError> {
    const { agentId } = this
    const between = { from: round.version, to: conflict.actual }
    return Effect.matchEffect(ServiceEvents.passOver(this.archive.stores.events, agentId, between), {
      onSuccess: (place) => {
        if (typeof place === "string") this.closed = place
        if (place === undefined || typeof place === "string") return this.fallBehind(round, conflict.actual)
        if (this.at !== undefined) this.at = { ...this.at, ...place, presence: "present" }
        this.version = place.version
        round.version = place.version
        return this.append(round)
      },
      // Not stored, and it is not known whether it may be: the next round looks again.
      onFailure: (cause) =>
        Effect.fail(
          new Rejected({
            agentId,
            reason: "Unavailable",
            expected: `to read what came after version ${round.version}`,
            found: cause.message,
            remedy: "Send the command again once the store can be read.",
            cause
          })
        )
    })
  }

  private afterAppend(round: Round, appended: Appended): Effect.Effect<void, AppendError> {
    // Timers alone move nothing.
    if (round.lastEventId === "") return Effect.void
    if (appended.eventIds.length > 0) {
      this.advance(round, appended.version)
      return Effect.void
    }
    // A command of the round is on record already: this append was repeated, or another writer has run the same command.
    return this.archive.stores.events.getEvent(round.lastEventId).pipe(
      Effect.orElseSucceed(() => Option.none()),
      Effect.flatMap((event) => {
        if (Option.isNone(event)) return this.fallBehind(round, appended.version)
        this.advance(round, appended.version)
        return Effect.void
      })
    )
  }

  private afterFailure(round: Round, error: Rejected | Unknown): Effect.Effect<never, AppendError> {
    // Surely not stored: the state before the round still holds, unless another writer came between.
    if (error._tag === "Rejected" && error.reason !== "CommandIdTaken") return Effect.fail(error)
    if (error._tag !== "Rejected") {
      this.at = undefined
      const doubt = `could not learn whether events of ${this.agentId} were stored; its actor recovers from the journal`
      return Effect.andThen(Effect.logWarning(doubt), Effect.fail(error))
    }
    return Effect.matchEffect(this.archive.stores.events.head(this.agentId), {
      onSuccess: (head) => this.fallBehind(round, head.version),
      onFailure: () => this.fallBehind(round, round.version)
    })
  }

  private fallBehind(round: Round, actual: number): Effect.Effect<never, Conflict> {
    this.at = undefined
    return Effect.fail(new Conflict({ agentId: this.agentId, expected: round.version, actual }))
  }

  private advance(round: Round, version: number): void {
    const { at } = this
    if (at === undefined) return
    this.at = { ...at, state: round.state, version, eventId: round.lastEventId, presence: "present" }
    this.version = version
    this.noteWish(round.snapshotWish)
    this.takeSnapshotIfDue()
  }

  private noteWish(wish: Round["snapshotWish"]): void {
    if (Result.isSuccess(wish)) this.isSnapshotWished ||= wish.success
    else this.archive.background(Effect.logWarning(`snapshots.when of ${this.agentId} threw`, wish.failure))
  }

  /** Takes a snapshot, off everybody's path, if enough has happened since the last one, or if the definition asks for it. */
  takeSnapshotIfDue(): void {
    const { archive, at, definition, id } = this
    if (at === undefined || at.eventId === "" || this.isSnapshotting) return
    const isDue = this.isSnapshotWished || at.version - this.snapshotVersion >= definition.snapshots.every
    if (!isDue) return
    this.isSnapshotting = true
    this.isSnapshotWished = false
    this.snapshotVersion = at.version
    archive.background(
      ActorJournal.takeSnapshot(archive.stores, definition, id, at).pipe(
        // The events are on disk, so a missing snapshot costs time only; the next is tried after as many events again.
        Effect.catchCause((cause) => Effect.logWarning(`could not take a snapshot of ${this.agentId}`, cause)),
        Effect.ensuring(
          Effect.sync(() => {
            this.isSnapshotting = false
            this.takeSnapshotIfDue()
          })
        )
      )
    )
  }
}

/** The append belongs to the trace of the first command, and tells of the others. */
const within = <A, E>([first, ...others]: ReadonlyArray<Tracer.Span>, append: Effect.Effect<A, E>) =>
  first === undefined ? append : Effect.withParentSpan(Effect.linkSpans(append, others), first)
