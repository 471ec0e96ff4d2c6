/**
 * What the end of an actor means to its children and its parent.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { ChildFailed, ChildRefused } from "../../../src/ActorError.ts"
import type { ActorAddress, RunningActor } from "../../../src/CurrentActor.ts"
import type { AppendError, ReadError } from "../../../src/StoreError.ts"
import * as Ending from "./Ending.ts"
import type { LocalActor } from "./LocalActor.ts"
import type { Registration } from "./Registration.ts"
import type { Tree } from "./Tree.ts"

/** How families find their members. */
export interface Registry {
  readonly named: (actor: string) => Registration | undefined
  readonly background: <A>(effect: Effect.Effect<A>) => Fiber.Fiber<A>
}

/** Parents and children of one engine. */
export class Families {
  private readonly tree: Tree
  private readonly registry: Registry
  /** What still goes on because of those who have ended, by agent id. */
  private readonly aftermaths = new Map<string, Fiber.Fiber<void>>()

  constructor(tree: Tree, registry: Registry) {
    this.tree = tree
    this.registry = registry
  }

  /** Makes an actor the child of one that is in memory. */
  adopt(parent: LocalActor, child: RunningActor): Effect.Effect<void, ChildRefused | ReadError | AppendError> {
    return Effect.gen({ self: this }, function* () {
      yield* this.settled(child.agentId)
      if (yield* this.tree.isChild(parent, child)) return
      const count = parent.childCount ?? (yield* Stream.runCount(this.tree.children(parent.agentId)))
      const { maximumChildren } = parent.behavior
      if (count >= maximumChildren) {
        return yield* new ChildRefused({
          actor: child.actor,
          id: child.id,
          parent: parent.agentId,
          reason: "TooManyChildren",
          expected: `at most ${maximumChildren} children`,
          found: `${count} that it has`
        })
      }
      // Counted at once, since a handler may spawn several at the same time.
      parent.childCount = count + 1
      yield* Effect.onError(this.tree.adopt(parent, child), () => Effect.sync(() => this.discount(parent)))
    })
  }

  /** Begins what the end of an actor brings about. */
  afterEnd(member: RunningActor, ending: Ending.Ending): void {
    if (ending.status === "passivated") return
    const aftermath = this.registry.background(
      Effect.ensuring(
        Effect.catch(this.end(member, ending), (error) =>
          Effect.logWarning(`could not tell the family of ${member.agentId} of its end: ${error.message}`)
        ),
        Effect.sync(() => this.aftermaths.delete(member.agentId))
      )
    )
    if (aftermath.pollUnsafe() === undefined) this.aftermaths.set(member.agentId, aftermath)
  }

  /** Completes once nothing goes on any more because of the end of an actor. */
  settled(agentId: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      const aftermath = this.aftermaths.get(agentId)
      return aftermath === undefined ? Effect.void : Effect.asVoid(Fiber.await(aftermath))
    })
  }

  private end(member: RunningActor, ending: Ending.Ending): Effect.Effect<void, ReadError | AppendError> {
    return Effect.gen({ self: this }, function* () {
      const mayComeBack = ending.status === "failed" || ending.parent === undefined
      yield* this.endChildren(member.agentId, mayComeBack ? Ending.orphaned : Ending.stopped)
      if (ending.parent === undefined) return
      const parent = (yield* this.tree.parents([member.agentId])).get(member.agentId)
      if (ending.parent === "told") return yield* this.tell(member, parent, ending.cause)
      if (parent === undefined) return
      yield* this.tree.leave(member.agentId, parent)
      this.discount(this.registry.named(parent.actor)?.resident(parent.id))
    })
  }

  private endChildren(agentId: string, ending: Ending.Ending): Effect.Effect<void, ReadError> {
    return Stream.runForEachArray(this.tree.children(agentId), (children) =>
      Effect.forEach(children, (child) => this.endChild(child, ending), { concurrency: 64, discard: true })
    )
  }

  private endChild(child: ActorAddress, ending: Ending.Ending): Effect.Effect<void> {
    return Effect.suspend(() => {
      const registration = this.registry.named(child.actor)
      // Nothing of this kind runs here, so there is nobody to stop.
      return registration === undefined ? Effect.void : this.stop(registration, child.id, ending)
    })
  }

  /** Ends one actor, in memory or not, and all below it. */
  stop(registration: Registration, id: string, ending: Ending.Ending): Effect.Effect<void> {
    return Effect.suspend(() => {
      const resident = registration.end(id, ending)
      const member = registration.addressOf(id)
      if (resident === undefined) {
        this.afterEnd(member, ending)
        return this.settled(member.agentId)
      }
      return Effect.andThen(Fiber.await(resident.fiber), this.settled(member.agentId))
    })
  }

  private tell(member: RunningActor, parent: ActorAddress | undefined, cause: unknown): Effect.Effect<void> {
    const registration = parent === undefined ? undefined : this.registry.named(parent.actor)
    const found = parent === undefined ? undefined : registration?.demand(parent.id)
    if (found === undefined || Result.isFailure(found)) {
      return Effect.logError(`actor ${member.agentId} escalates, but no parent runs that could deal with it`, cause)
    }
    const { actor, id } = member
    found.success.trouble({
      cause: new ChildFailed({ actor, id, cause }),
      onRestart: () => {
        this.registry.background(this.bringBack(member))
      }
    })
    return Effect.void
  }

  private bringBack({ actor, agentId, id }: RunningActor): Effect.Effect<void> {
    return Effect.suspend(() => {
      const registration = this.registry.named(actor)
      if (registration === undefined) return Effect.void
      return registration.revive(id).pipe(
        // Nobody waits for it, but it is to begin now.
        Effect.map((actor) => actor.onRecovered(() => {})),
        Effect.catch((error) => Effect.logWarning(`could not bring back ${agentId}: ${error.message}`))
      )
    })
  }

  private discount(parent: LocalActor | undefined): void {
    if (parent?.childCount !== undefined && parent.childCount > 0) parent.childCount--
  }
}
