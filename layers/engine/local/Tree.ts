/**
 * Who is whose child. It is kept in the store, as notes of both, so it needs no memory and outlives the process.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { ActorInfo } from "../../../src/ActorSystem.ts"
import * as ActorCodec from "../../../src/actor/ActorCodec.ts"
import { ActorAddress, type RunningActor } from "../../../src/CurrentActor.ts"
import * as Note from "../../../src/Note.ts"
import { type AppendError, Corrupted, type ReadError } from "../../../src/StoreError.ts"
import type * as Replay from "../../../src/store/Replay.ts"

const parentNote = "parent"
const childPrefix = "child/"

const decodeAddress = Schema.decodeUnknownResult(ActorAddress)

/** What is known of an actor but for its parent. */
export type Orphan = Omit<ActorInfo, "parent">

/** The tree in the store. */
export class Tree {
  private readonly events: Replay.Stores["events"]

  constructor({ events }: Pick<Replay.Stores, "events">) {
    this.events = events
  }

  /** The parents of those that have one, by agent id. */
  parents(agentIds: ReadonlyArray<string>): Effect.Effect<ReadonlyMap<string, ActorAddress>, ReadError> {
    return Effect.flatMap(
      this.events.getNotes(agentIds.map((agentId) => ({ agentId, name: parentNote }))),
      Effect.fnUntraced(function* (notes) {
        const parents = new Map<string, ActorAddress>()
        for (const note of notes) parents.set(note.agentId, yield* read(note))
        return parents
      })
    )
  }

  /** The parent of an actor. */
  parent(agentId: string): Effect.Effect<ActorAddress | undefined, ReadError> {
    return Effect.map(this.parents([agentId]), (parents) => parents.get(agentId))
  }

  /** Whether an actor is among those whom another knows as its children. */
  isListed(parent: ActorAddress, childId: string): Effect.Effect<boolean, ReadError> {
    const note = { agentId: agentIdOf(parent), name: childPrefix + childId }
    return Effect.map(this.events.getNotes([note]), (notes) => notes.length > 0)
  }

  withParents(orphans: ReadonlyArray<Orphan>): Effect.Effect<ReadonlyArray<ActorInfo>, ReadError> {
    return Effect.map(this.parents(orphans.map(({ agentId }) => agentId)), (parents) =>
      orphans.map((orphan) => ({ ...orphan, parent: parents.get(orphan.agentId) }))
    )
  }

  /** The children of an actor, in memory or not, in an order of the store's own. */
  children(agentId: string): Stream.Stream<ActorAddress, ReadError> {
    const pages = Stream.chunks(this.events.notes(agentId, { prefix: childPrefix }))
    return Stream.flattenIterable(Stream.mapEffect(pages, (page) => this.confirm(agentId, page)))
  }

  /** Ties an actor to its parent. */
  join(parent: RunningActor, child: RunningActor): Effect.Effect<void, AppendError> {
    // A tie is one when both know of it, so one that was cut short is none.
    return Effect.andThen(
      this.note(parent.agentId, Note.put(childPrefix + child.agentId, addressOf(child))),
      this.note(child.agentId, Note.put(parentNote, addressOf(parent)))
    )
  }

  /** Ends the tie of an actor to its parent. */
  leave(agentId: string, parent: ActorAddress): Effect.Effect<void, AppendError> {
    return Effect.andThen(
      this.note(agentId, Note.remove(parentNote)),
      this.note(agentIdOf(parent), Note.remove(childPrefix + agentId))
    )
  }

  /** Those of whom the other note tells the same. */
  private confirm(
    agentId: string,
    page: ReadonlyArray<Note.Note>
  ): Effect.Effect<ReadonlyArray<ActorAddress>, ReadError> {
    return Effect.gen({ self: this }, function* () {
      const children = yield* Effect.forEach(page, read)
      const parents = yield* this.parents(children.map(agentIdOf))
      return children.filter((child) => {
        const parent = parents.get(agentIdOf(child))
        return parent !== undefined && agentIdOf(parent) === agentId
      })
    })
  }

  private note(agentId: string, change: Note.Change) {
    return this.events.append({ agentId, expected: "any", events: [], notes: [change] })
  }
}

/** The agent of an actor. */
export const agentIdOf = ({ actor, id }: ActorAddress): string => ActorCodec.agentIdOf(actor, id)

const addressOf = ({ actor, id }: ActorAddress): ActorAddress => ({ actor, id })

const read = ({ agentId, body, name }: Note.Note) =>
  Effect.fromResult(
    Result.mapError(
      decodeAddress(body),
      (cause) =>
        new Corrupted({
          subject: `note ${JSON.stringify(name)} of agent ${JSON.stringify(agentId)}`,
          expected: "a tie between parent and child",
          found: cause.message,
          remedy: "Notes of actors are the engine's own; remove what else was written there.",
          cause
        })
    )
  )
