/**
 * How actors become children: one adoption of an actor at a time, and none that the tree has no place for.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { ChildRefused } from "../../../src/ActorError.ts"
import type { ActorAddress, RunningActor } from "../../../src/CurrentActor.ts"
import type { AppendError, ReadError } from "../../../src/StoreError.ts"
import type { LocalActor } from "./LocalActor.ts"
import { agentIdOf, type Tree } from "./Tree.ts"

/** An adoption that is under way. */
interface Adoption {
  readonly parent: string
  readonly done: Deferred.Deferred<void>
}

type Refusal = Pick<ChildRefused, "reason" | "expected" | "found">

/** The adoptions of one engine. */
export class Adoptions {
  private readonly tree: Tree
  private readonly maximumDepth: number
  /** By the agent id of the child. */
  private readonly underWay = new Map<string, Adoption>()

  constructor(tree: Tree, maximumDepth: number) {
    this.tree = tree
    this.maximumDepth = maximumDepth
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
      const known = yield* this.tree.parent(child.agentId)
      const isTied = known !== undefined && (yield* this.tree.isListed(known, child.agentId))
      if (isTied && agentIdOf(known) === parent.agentId) return
      const refusal =
        (yield* this.refusePlace(parent, child)) ??
        (isTied ? otherParent(known) : undefined) ??
        (yield* this.refuseCount(parent))
      if (refusal !== undefined) {
        const { actor, id } = child
        return yield* new ChildRefused({ actor, id, parent: parent.agentId, ...refusal })
      }
      yield* Effect.onError(this.tree.join(parent, child), () => Effect.sync(() => this.discount(parent)))
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
