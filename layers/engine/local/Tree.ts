/**
 * Who is whose child. It is kept in the store, as notes of both, so it needs no memory and outlives the process.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { ChildRefused } from "../../../src/ActorError.ts"
import type { ActorInfo } from "../../../src/ActorSystem.ts"
import { ActorAddress, type RunningActor } from "../../../src/CurrentActor.ts"
import * as Note from "../../../src/Note.ts"
import { type AppendError, Corrupted, type ReadError } from "../../../src/StoreError.ts"
import type * as Replay from "../../../src/store/Replay.ts"

/** What a child remembers of its parent. */
const Parent = Schema.Struct({
  ...ActorAddress.fields,
  /** The agent ids of those above it, from the root to the parent. */
  ancestors: Schema.Array(Schema.String)
})

export type Parent = typeof Parent.Type

const parentNote = "parent"
const childPrefix = "child/"

const decodeParent = Schema.decodeUnknownResult(Parent)
const decodeAddress = Schema.decodeUnknownResult(ActorAddress)

/** What is known of an actor but for its parent. */
export type Orphan = Omit<ActorInfo, "parent">

/** The tree in the store. */
export class Tree {
  private readonly events: Replay.Stores["events"]
  private readonly maximumDepth: number

  constructor({ events }: Replay.Stores, maximumDepth: number) {
    this.events = events
    this.maximumDepth = maximumDepth
  }

  /** The parents of those that have one, by agent id. */
  parents(agentIds: ReadonlyArray<string>): Effect.Effect<ReadonlyMap<string, Parent>, ReadError> {
    return Effect.flatMap(
      this.events.getNotes(agentIds.map((agentId) => ({ agentId, name: parentNote }))),
      Effect.fnUntraced(function* (notes) {
        const parents = new Map<string, Parent>()
        for (const { agentId, body } of notes)
          parents.set(agentId, yield* read(decodeParent(body), agentId, parentNote))
        return parents
      })
    )
  }

  withParents(orphans: ReadonlyArray<Orphan>): Effect.Effect<ReadonlyArray<ActorInfo>, ReadError> {
    return Effect.map(this.parents(orphans.map(({ agentId }) => agentId)), (parents) =>
      orphans.map((orphan) => {
        const found = parents.get(orphan.agentId)
        return { ...orphan, parent: found && { actor: found.actor, id: found.id } }
      })
    )
  }

  /** The children of an actor, in memory or not, in an order of the store's own. */
  children(agentId: string): Stream.Stream<ActorAddress, ReadError> {
    return Stream.mapEffect(this.events.notes(agentId, { prefix: childPrefix }), ({ body, name }) =>
      read(decodeAddress(body), agentId, name)
    )
  }

  isChild(parent: RunningActor, child: RunningActor): Effect.Effect<boolean, ReadError> {
    return Effect.map(this.parents([child.agentId]), (parents) => isSame(parents.get(child.agentId), parent))
  }

  /** Makes an actor the child of another, unless it is that already. */
  adopt(parent: RunningActor, child: RunningActor): Effect.Effect<void, ChildRefused | ReadError | AppendError> {
    return Effect.gen({ self: this }, function* () {
      const parents = yield* this.parents([parent.agentId, child.agentId])
      const known = parents.get(child.agentId)
      const ancestors = [...(parents.get(parent.agentId)?.ancestors ?? []), parent.agentId]
      const refusal = this.refuse(child, ancestors, known)
      if (refusal !== undefined)
        return yield* new ChildRefused({ ...addressOf(child), parent: parent.agentId, ...refusal })
      // The parent first: a child that nobody spawned does no harm, one that nobody would stop does.
      yield* this.note(parent.agentId, Note.put(childPrefix + child.agentId, addressOf(child)))
      yield* this.note(child.agentId, Note.put(parentNote, { ...addressOf(parent), ancestors }))
    })
  }

  /** Ends the tie of a child to its parent. */
  leave(agentId: string, { ancestors }: Parent): Effect.Effect<void, AppendError> {
    const parent = ancestors.at(-1) ?? agentId
    return Effect.andThen(
      this.note(agentId, Note.remove(parentNote)),
      this.note(parent, Note.remove(childPrefix + agentId))
    )
  }

  private refuse(child: RunningActor, ancestors: ReadonlyArray<string>, known: Parent | undefined) {
    if (ancestors.includes(child.agentId)) {
      return {
        reason: "Circle",
        expected: "an actor that is not above its parent",
        found: ancestors.join(" > ")
      } as const
    }
    if (known !== undefined) {
      return {
        reason: "OtherParent",
        expected: "no other parent",
        found: `${known.actor} ${JSON.stringify(known.id)}`
      } as const
    }
    if (ancestors.length >= this.maximumDepth) {
      const expected = `at most ${this.maximumDepth} levels`
      return { reason: "TooDeep", expected, found: `${ancestors.length} above it` } as const
    }
    return undefined
  }

  private note(agentId: string, change: Note.Change) {
    return this.events.append({ agentId, expected: "any", events: [], notes: [change] })
  }
}

const isSame = (known: ActorAddress | undefined, { actor, id }: ActorAddress): boolean =>
  known?.actor === actor && known.id === id

const addressOf = ({ actor, id }: ActorAddress): ActorAddress => ({ actor, id })

const read = <A>(result: Result.Result<A, Schema.SchemaError>, agentId: string, name: string) =>
  Effect.fromResult(
    Result.mapError(
      result,
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
