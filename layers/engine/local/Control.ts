/**
 * Spawning, stopping, holding, restarting and watching actors.
 *
 * A handler that waited here for another actor could keep that one from what it is waited for, by being asked by it or by being below it in the tree.
 * So orders that handlers give complete at once, and a spawn that would have to wait in a circle fails.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Actor from "../../../src/Actor.ts"
import {
  ActorStopped,
  type ChildRefused,
  type RecoveryFailed,
  type SpawnError,
  type Unregistered
} from "../../../src/ActorError.ts"
import type { ActorEnd, ActorInfo } from "../../../src/ActorSystem.ts"
import { CurrentActor } from "../../../src/CurrentActor.ts"
import { type AppendError, InvalidInput, type ReadError } from "../../../src/StoreError.ts"
import * as Ending from "./Ending.ts"
import type { LocalActor } from "./LocalActor.ts"
import type { LocalEngine } from "./LocalEngine.ts"
import type { Registration } from "./Registration.ts"
import type { EngineSurroundings } from "./Surroundings.ts"
import type { Orphan } from "./Tree.ts"
import { CurrentWaiter, findCircle, release } from "./Waiter.ts"
import type { Listener } from "./Witnesses.ts"

/** Rules the lives of actors. */
export class Control {
  private readonly engine: LocalEngine
  private readonly surroundings: EngineSurroundings

  constructor(engine: LocalEngine, surroundings: EngineSurroundings) {
    this.engine = engine
    this.surroundings = surroundings
  }

  spawn(definition: Actor.Any, id: string): Effect.Effect<ActorInfo, SpawnError> {
    return Effect.gen({ self: this }, function* () {
      const recovered = this.recovered(yield* this.find(definition, id), id, (actor, tell) => actor.onRecovered(tell))
      return yield* this.withParent(yield* recovered)
    })
  }

  spawnChild(
    definition: Actor.Any,
    id: string
  ): Effect.Effect<ActorInfo, SpawnError | ChildRefused | ReadError | AppendError> {
    return Effect.gen({ self: this }, function* () {
      // An end that is under way would undo the tie.
      yield* this.settle(definition, id)
      yield* this.adopt(definition, id)
      return yield* this.spawn(definition, id)
    })
  }

  /** Waits until the last end of an actor is over, if one is under way. */
  settle(definition: Actor.Any, id: string): Effect.Effect<void, InvalidInput | Unregistered> {
    return Effect.flatMap(this.findValid(definition, id), (registration) => this.ended(registration, id))
  }

  /** Makes an actor a child of the one whose handler this is. */
  adopt(
    definition: Actor.Any,
    id: string
  ): Effect.Effect<void, InvalidInput | Unregistered | ChildRefused | ReadError | AppendError> {
    return Effect.gen({ self: this }, function* () {
      const registration = yield* this.findValid(definition, id)
      yield* this.engine.adoptions.adopt(yield* this.running, registration.addressOf(id))
    })
  }

  stop(definition: Actor.Any, id: string): Effect.Effect<void, InvalidInput | Unregistered> {
    return Effect.gen({ self: this }, function* () {
      const registration = yield* this.findValid(definition, id)
      const stopping = this.engine.families.stop(registration, id, Ending.stopped)
      if ((yield* CurrentWaiter) === undefined) return yield* stopping
      this.surroundings.background(stopping)
    })
  }

  pause(definition: Actor.Any, id: string): Effect.Effect<void, SpawnError> {
    return Effect.gen({ self: this }, function* () {
      const quiet = Deferred.makeUnsafe<void>()
      const recovered = this.recovered(yield* this.find(definition, id), id, (actor, tell) => {
        actor.hold(() => this.later(quiet, Exit.void))
        actor.onRecovered(tell)
      })
      yield* recovered
      if ((yield* CurrentWaiter) === undefined) yield* Deferred.await(quiet)
    })
  }

  resume(definition: Actor.Any, id: string): Effect.Effect<void, InvalidInput | Unregistered> {
    return Effect.map(this.findValid(definition, id), (registration) => registration.resident(id)?.release())
  }

  restart(definition: Actor.Any, id: string): Effect.Effect<void, SpawnError> {
    return Effect.gen({ self: this }, function* () {
      const isHandler = (yield* CurrentWaiter) !== undefined
      const recovered = this.recovered(yield* this.find(definition, id), id, (actor, tell) => {
        actor.restart(isHandler ? () => {} : tell)
        if (isHandler) tell(Exit.succeed(actor.info))
      })
      yield* recovered
    })
  }

  watch(definition: Actor.Any, id: string): Effect.Effect<ActorEnd, InvalidInput | Unregistered> {
    return Effect.flatMap(this.findValid(definition, id), (registration) =>
      Effect.callback<ActorEnd>((resume) => {
        const actor = registration.resident(id)
        if (actor === undefined) return resume(Effect.succeed(registration.endOf(id)))
        const unwatch = actor.onEnd((end) => this.surroundings.turns.call(() => resume(Effect.succeed(end))))
        return Effect.sync(unwatch)
      })
    )
  }

  private find(definition: Actor.Any, id: string): Effect.Effect<Registration, Unregistered> {
    return Effect.fromResult(this.engine.registration(definition, id))
  }

  private findValid(definition: Actor.Any, id: string): Effect.Effect<Registration, InvalidInput | Unregistered> {
    return Effect.tap(this.find(definition, id), (registration) =>
      Effect.fromResult(registration.behavior.definition.codec.validateId(id))
    )
  }

  /** The actor whose handler this is. */
  private readonly running: Effect.Effect<LocalActor, InvalidInput> = Effect.flatMap(CurrentActor, (running) => {
    const actor = running && this.engine.resident(running)
    if (actor !== undefined) return Effect.succeed(actor)
    return Effect.fail(
      new InvalidInput({
        path: "parent",
        expected: "to be called by the handler of an actor of this engine",
        found: running === undefined ? "no handler" : running.agentId,
        remedy: "Spawn children in the handlers of their parent; use spawn elsewhere."
      })
    )
  })

  /**
   * Waits until the last end of an actor is over. In a handler it counts as waiting for that actor, and fails if the actor can only end after
   * the handler has.
   */
  private ended(registration: Registration, id: string): Effect.Effect<void, ActorStopped> {
    return Effect.gen({ self: this }, function* () {
      if (!this.engine.isEnding(registration, id)) return
      const asker = yield* CurrentWaiter
      if (asker === undefined) return yield* this.engine.ended(registration, id)
      const { actor, agentId } = registration.addressOf(id)
      const isBelow = Effect.map(this.engine.adoptions.above(asker.agentId), (above) => above.includes(agentId))
      const mustNotWait = yield* Effect.orElseSucceed(isBelow, () => true)
      // From here on nothing may come between, lest the actor begins to wait for this one meanwhile.
      const leaving = registration.leaving(id)
      if (mustNotWait || (leaving !== undefined && findCircle(asker, leaving) !== undefined)) {
        return yield* new ActorStopped({ actor, id, reason: leaving?.ending?.reason ?? "stopped" })
      }
      if (leaving !== undefined) asker.waitingFor.push(leaving)
      yield* Effect.ensuring(
        this.engine.ended(registration, id),
        Effect.sync(() => {
          if (leaving !== undefined) release(asker, leaving)
        })
      )
    })
  }

  /** Brings an actor into memory, tells it what is wanted of it, and waits until it has recovered, unless it waits for this very handler. */
  private recovered(
    registration: Registration,
    id: string,
    want: (actor: LocalActor, tell: Listener) => void
  ): Effect.Effect<Orphan, InvalidInput | RecoveryFailed | ActorStopped> {
    return Effect.gen({ self: this }, function* () {
      yield* this.ended(registration, id)
      const recovered = Deferred.makeUnsafe<Orphan, RecoveryFailed | ActorStopped>()
      const actor = yield* this.engine.revive(registration, id, (actor) => {
        want(actor, (exit) => this.later(recovered, exit))
        return actor
      })
      const asker = yield* CurrentWaiter
      if (asker === undefined) return yield* Deferred.await(recovered)
      if (findCircle(asker, actor) !== undefined) return actor.info
      asker.waitingFor.push(actor)
      return yield* Effect.ensuring(
        Deferred.await(recovered),
        Effect.sync(() => release(asker, actor))
      )
    })
  }

  private later<A, E>(deferred: Deferred.Deferred<A, E>, exit: Exit.Exit<A, E>): void {
    this.surroundings.turns.call(() => Deferred.doneUnsafe(deferred, exit))
  }

  private withParent(orphan: Orphan): Effect.Effect<ActorInfo> {
    return this.engine.tree.withParents([orphan]).pipe(
      Effect.map(([info]) => info ?? { ...orphan, parent: undefined }),
      // It runs, and that is what was asked for.
      Effect.orElseSucceed(() => ({ ...orphan, parent: undefined }))
    )
  }
}
