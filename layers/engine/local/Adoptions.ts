/**
 * How actors become children: one adoption of an actor at a time, and none that the tree has no place for.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import { ChildRefused } from "../../../src/ActorError.ts"
import type { ActorAddress, RunningActor } from "../../../src/CurrentActor.ts"
import type { AppendError, ReadError } from "../../../src/StoreError.ts"
import type { LocalActor } from "./LocalActor.ts"
import type { Relatives } from "./Realm.ts"
import { agentIdOf, type Tree } from "./Tree.ts"

/** An adoption that is under way. */
interface Adoption {
  readonly parent: string
  readonly done: Deferred.Deferred<void>
}

/** Why an actor cannot be made a child. */
export type Refusal = Pick<ChildRefused, "reason" | "expected" | "found">

/** The adoptions of one engine. */
export class Adoptions {
  private readonly tree: Tree
  private readonly maximumDepth: number
  private readonly tie: Relatives["tie"]
  private readonly ties = Semaphore.makeUnsafe(1)
  /** By the agent id of the child. */
  private readonly underWay = new Map<string, Adoption>()

  /** Where relatives may be elsewhere, they know how to tie a child that others may want, too. */
  constructor(tree: Tree, maximumDepth: number, relatives: Relatives | undefined) {
    this.tree = tree
    this.maximumDepth = maximumDepth
    this.tie = relatives?.tie ?? ((parent, child) => Effect.as(tree.join(parent, child), undefined))
  }

  /** Makes an actor the child of one that is in memory, unless it is that already. */
  adopt(parent: LocalActor, child: RunningActor): Effect.Effect<void, ChildRefused | ReadError | AppendError> {
    return Effect.suspend(() => {
      const other = this.underWay.get(child.agentId)
      if (other !== undefined) return Effect.andThen(Deferred.await(other.done), this.adopt(parent, child))
      const adoption: Adoption = { parent: parent.agentId, done: Deferred.makeUnsafe() }
      this.underWay.set(child.agentId, adoption)
      return Effect.ensuring(
        this.adoptAlone(parent, child),
        Effect.sync(() => {
          this.underWay.delete(child.agentId)
          Deferred.doneUnsafe(adoption.done, Effect.void)
        })
      )
    })
  }

  /**
   * Ties a child that lives here to a parent that may live elsewhere: one at a time, so that of several parents that want it one gets it. The place
   * is looked at once more, for others may have changed the tree above meanwhile.
   */
  tieHere(parent: RunningActor, child: RunningActor): Effect.Effect<Refusal | undefined, ReadError | AppendError> {
    const tie = Effect.gen({ self: this }, function* () {
      const tied = yield* this.tied(child)
      if (tied !== undefined) return agentIdOf(tied) === parent.agentId ? undefined : otherParent(tied)
      yield* this.tree.join(parent, child)
      const refusal = yield* this.refusePlace(parent, child)
      if (refusal !== undefined) yield* this.tree.leave(child.agentId, parent)
      return refusal
    })
    return this.ties.withPermit(tie)
  }

  /** Those above an actor, from its parent to the root, as far as they count. Adoptions that are under way count, lest two make a circle. */
  above(agentId: string): Effect.Effect<ReadonlyArray<string>, ReadError> {
    return Effect.gen({ self: this }, function* () {
      const path: Array<string> = []
      let current = agentId
      while (path.length <= this.maximumDepth) {
        const parent = this.underWay.get(current)?.parent ?? agentIdOfSome(yield* this.tree.parent(current))
        if (parent === undefined || path.includes(parent)) break
        path.push(parent)
        current = parent
      }
      return path
    })
  }

  /** One child less. */
  discount(parent: LocalActor | undefined): void {
    if (parent?.childCount !== undefined && parent.childCount > 0) parent.childCount--
  }

  private adoptAlone(parent: LocalActor, child: RunningActor) {
    return Effect.gen({ self: this }, function* () {
      const tied = yield* this.tied(child)
      if (tied !== undefined && agentIdOf(tied) === parent.agentId) return
      const refusal =
        (yield* this.refusePlace(parent, child)) ??
        (tied === undefined ? undefined : otherParent(tied)) ??
        (yield* this.refuseCount(parent)) ??
        (yield* this.tieCounted(parent, child))
      if (refusal === undefined) return
      const { actor, id } = child
      return yield* new ChildRefused({ actor, id, parent: parent.agentId, ...refusal })
    })
  }

  private tieCounted(
    parent: LocalActor,
    child: RunningActor
  ): Effect.Effect<Refusal | undefined, ReadError | AppendError> {
    return Effect.onExit(this.tie(parent, child), (exit) =>
      Effect.sync(() => {
        if (Exit.isFailure(exit) || exit.value !== undefined) this.discount(parent)
      })
    )
  }

  /** The parent of an actor, if it knows of that. */
  private tied({ agentId }: RunningActor): Effect.Effect<ActorAddress | undefined, ReadError> {
    return Effect.gen({ self: this }, function* () {
      const known = yield* this.tree.parent(agentId)
      return known !== undefined && (yield* this.tree.isListed(known, agentId)) ? known : undefined
    })
  }

  private refusePlace(parent: RunningActor, child: RunningActor): Effect.Effect<Refusal | undefined, ReadError> {
    return Effect.map(this.above(parent.agentId), (above): Refusal | undefined => {
      const path = [parent.agentId, ...above]
      if (path.includes(child.agentId)) {
        const found = path.toReversed().join(" > ")
        return { reason: "Circle", expected: "an actor that is not above its parent", found }
      }
      if (path.length > this.maximumDepth) {
        const expected = `at most ${this.maximumDepth} above it`
        return { reason: "TooDeep", expected, found: `${path.length}` }
      }
      return undefined
    })
  }

  /** Counts the child at once if there is room, since a handler may spawn several at the same time. */
  private refuseCount(parent: LocalActor): Effect.Effect<Refusal | undefined, ReadError> {
    return Effect.gen({ self: this }, function* () {
      if (parent.childCount === undefined) {
        const stored = yield* Stream.runCount(this.tree.children(parent.agentId))
        // Whoever was sooner has counted the same, and maybe more since.
        parent.childCount ??= stored
      }
      const { maximumChildren } = parent.behavior
      if (parent.childCount >= maximumChildren) {
        const found = `${parent.childCount} that it has`
        return { reason: "TooManyChildren", expected: `at most ${maximumChildren} children`, found }
      }
      parent.childCount++
      return undefined
    })
  }
}

const agentIdOfSome = (address: ActorAddress | undefined): string | undefined =>
  address === undefined ? undefined : agentIdOf(address)

const otherParent = ({ actor, id }: ActorAddress): Refusal => ({
  reason: "OtherParent",
  expected: "no other parent",
  found: `${actor} ${JSON.stringify(id)}`
})
