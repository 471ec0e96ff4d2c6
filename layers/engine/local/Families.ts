/**
 * What the end of an actor means to its children and its parent.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { type ActorStopped, ChildFailed } from "../../../src/ActorError.ts"
import type { ActorAddress, RunningActor } from "../../../src/CurrentActor.ts"
import type { AppendError, InvalidInput, ReadError } from "../../../src/StoreError.ts"
import type { Adoptions } from "./Adoptions.ts"
import * as Ending from "./Ending.ts"
import type { Relatives } from "./Realm.ts"
import type { Registration } from "./Registration.ts"
import type { Tree } from "./Tree.ts"

/** How families find their members. */
export interface Registry {
  readonly named: (actor: string) => Registration | undefined
  readonly revive: (registration: Registration, id: string) => Effect.Effect<void, InvalidInput | ActorStopped>
  readonly background: <A>(effect: Effect.Effect<A>) => Fiber.Fiber<A>
  /** Unless said, all relatives are here. */
  readonly relatives: Relatives | undefined
}

// A store that fails for a moment must not leave children behind.
const patience = Schedule.upTo(Schedule.exponential("20 millis"), { times: 5 })

/** Parents and children of one engine. */
export class Families {
  /** The relatives that live here. */
  readonly here: Relatives
  private readonly tree: Tree
  private readonly registry: Registry
  private readonly relatives: Relatives
  /** What still goes on because of those who have ended, by agent id. */
  private readonly aftermaths = new Map<string, Fiber.Fiber<void>>()

  constructor(tree: Tree, adoptions: Adoptions, registry: Registry) {
    this.tree = tree
    this.registry = registry
    this.here = {
      end: (child, ending) => this.endHere(child, ending),
      trouble: (parent, child, cause) => this.troubleHere(parent, child, cause),
      bringBack: (child) => this.bringBackHere(child),
      discount: ({ actor, id }) => Effect.sync(() => adoptions.discount(registry.named(actor)?.resident(id))),
      tie: (parent, child) => adoptions.tieHere(parent, child)
    }
    this.relatives = registry.relatives ?? this.here
  }

  /** Begins what the end of an actor brings about. */
  afterEnd(member: RunningActor, ending: Ending.Ending): void {
    if (ending.status === "passivated") return
    const { agentId } = member
    const before = this.aftermaths.get(agentId)
    const end = Effect.andThen(
      before === undefined ? Effect.void : Fiber.await(before),
      Effect.catchCause(Effect.retry(this.end(member, ending), patience), (cause) =>
        Effect.logError(`could not tell the family of ${agentId} of its end`, cause)
      )
    )
    const aftermath = this.registry.background(end)
    this.aftermaths.set(agentId, aftermath)
    aftermath.addObserver(() => {
      if (this.aftermaths.get(agentId) === aftermath) this.aftermaths.delete(agentId)
    })
  }

  /** Whether something still goes on because of the end of an actor. */
  isUnsettled(agentId: string): boolean {
    return this.aftermaths.has(agentId)
  }

  /** Completes once nothing goes on any more because of the end of an actor. */
  settled(agentId: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      const aftermath = this.aftermaths.get(agentId)
      return aftermath === undefined ? Effect.void : Effect.andThen(Fiber.await(aftermath), this.settled(agentId))
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
      // It may end in another way after all, such as by a crash, which means less to its family.
      const rest = Effect.suspend(() =>
        resident.ending === ending ? this.settled(member.agentId) : this.stop(registration, id, ending)
      )
      return Effect.andThen(resident.left, rest)
    })
  }

  private end(member: RunningActor, ending: Ending.Ending): Effect.Effect<void, ReadError | AppendError> {
    return Effect.gen({ self: this }, function* () {
      const mayComeBack = ending.status === "failed" || ending.parent === undefined
      yield* this.endChildren(member.agentId, mayComeBack ? Ending.orphaned : Ending.stopped)
      if (ending.parent === undefined) return
      const parent = yield* this.tree.parent(member.agentId)
      if (ending.parent === "told") {
        return yield* parent === undefined
          ? alone(member, ending.cause)
          : this.relatives.trouble(parent, member, ending.cause)
      }
      if (parent === undefined) return
      yield* this.tree.leave(member.agentId, parent)
      yield* this.relatives.discount(parent)
    })
  }

  private endChildren(agentId: string, ending: Ending.Ending): Effect.Effect<void, ReadError> {
    return Stream.runForEachArray(this.tree.children(agentId), (children) =>
      Effect.forEach(children, (child) => this.relatives.end(child, ending), { concurrency: 64, discard: true })
    )
  }

  private endHere(child: ActorAddress, ending: Ending.Ending): Effect.Effect<void> {
    return Effect.suspend(() => {
      const registration = this.registry.named(child.actor)
      // Nothing of this kind runs here, so there is nobody to stop.
      return registration === undefined ? Effect.void : this.stop(registration, child.id, ending)
    })
  }

  private troubleHere(parent: ActorAddress, child: RunningActor, cause: unknown): Effect.Effect<void> {
    return Effect.suspend(() => {
      const found = this.registry.named(parent.actor)?.demand(parent.id)
      if (found === undefined || Result.isFailure(found)) return alone(child, cause)
      const { actor, id } = child
      found.success.trouble({
        cause: new ChildFailed({ actor, id, cause }),
        onRestart: () => {
          this.registry.background(this.relatives.bringBack(child))
        }
      })
      return Effect.void
    })
  }

  private bringBackHere({ actor, agentId, id }: RunningActor): Effect.Effect<void> {
    return Effect.suspend(() => {
      const registration = this.registry.named(actor)
      if (registration === undefined) return Effect.void
      return Effect.catch(this.registry.revive(registration, id), (error) =>
        Effect.logWarning(`could not bring back ${agentId}: ${error.message}`)
      )
    })
  }
}

const alone = ({ agentId }: RunningActor, cause: unknown): Effect.Effect<void> =>
  Effect.logError(`actor ${agentId} escalates, but no parent runs that could deal with it`, cause)
