/**
 * Spawning, stopping, holding, restarting and watching actors.
 */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Actor from "../../../src/Actor.ts"
import type {
  ActorNotRegistered,
  ActorStopped,
  ChildRefused,
  RecoveryFailed,
  SpawnError
} from "../../../src/ActorError.ts"
import type { ActorEnd, ActorInfo } from "../../../src/ActorSystem.ts"
import { CurrentActor } from "../../../src/CurrentActor.ts"
import { type AppendError, InvalidInput, type ReadError } from "../../../src/StoreError.ts"
import * as Ending from "./Ending.ts"
import type { EngineSurroundings, LocalActor } from "./LocalActor.ts"
import type { LocalEngine } from "./LocalEngine.ts"
import type { Registration } from "./Registration.ts"
import type { Orphan } from "./Tree.ts"
import { CurrentWaiter, findCircle } from "./Waiter.ts"

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
      const actor = yield* this.engine.revive(yield* this.find(definition), id)
      const orphan = yield* this.recovered((listener) => actor.onRecovered(listener))
      return yield* this.withParent(orphan)
    })
  }

  spawnChild(
    definition: Actor.Any,
    id: string
  ): Effect.Effect<ActorInfo, SpawnError | ChildRefused | ReadError | AppendError> {
    return Effect.gen({ self: this }, function* () {
      const registration = yield* this.find(definition)
      yield* Effect.fromResult(registration.behavior.definition.codec.validateId(id))
      yield* this.engine.families.adopt(yield* this.running, registration.addressOf(id))
      return yield* this.spawn(definition, id)
    })
  }

  stop(definition: Actor.Any, id: string): Effect.Effect<void, InvalidInput | ActorNotRegistered> {
    return Effect.gen({ self: this }, function* () {
      const registration = yield* this.findValid(definition, id)
      const actor = registration.resident(id)
      const stopping = this.engine.families.stop(registration, id, Ending.stopped)
      if (actor === undefined || !(yield* isWaitedForBy(actor))) return yield* stopping
      this.surroundings.background(stopping)
    })
  }

  pause(definition: Actor.Any, id: string): Effect.Effect<void, SpawnError> {
    return Effect.gen({ self: this }, function* () {
      const actor = yield* this.engine.revive(yield* this.find(definition), id)
      const isWaitedFor = yield* isWaitedForBy(actor)
      yield* Effect.callback<void>((resume) => {
        actor.hold(() => this.surroundings.turns.add(() => resume(Effect.void)))
        if (isWaitedFor) resume(Effect.void)
      })
    })
  }

  resume(definition: Actor.Any, id: string): Effect.Effect<void, InvalidInput | ActorNotRegistered> {
    return Effect.map(this.findValid(definition, id), (registration) => registration.resident(id)?.release())
  }

  restart(definition: Actor.Any, id: string): Effect.Effect<void, SpawnError> {
    return Effect.gen({ self: this }, function* () {
      const registration = yield* this.findValid(definition, id)
      const actor = registration.resident(id)
      // One that is not in memory has nothing to forget.
      if (actor === undefined || actor.ending !== undefined) return yield* Effect.asVoid(this.spawn(definition, id))
      if (yield* isWaitedForBy(actor)) return actor.restart(() => {})
      yield* this.recovered((listener) => actor.restart(listener))
    })
  }

  watch(definition: Actor.Any, id: string): Effect.Effect<ActorEnd, InvalidInput | ActorNotRegistered> {
    return Effect.flatMap(this.findValid(definition, id), (registration) =>
      Effect.callback<ActorEnd>((resume) => {
        const actor = registration.resident(id)
        if (actor === undefined) return resume(Effect.succeed(registration.endOf(id)))
        const unwatch = actor.onEnd((end) => this.surroundings.turns.add(() => resume(Effect.succeed(end))))
        return Effect.sync(unwatch)
      })
    )
  }

  private find(definition: Actor.Any): Effect.Effect<Registration, ActorNotRegistered> {
    return Effect.fromResult(this.engine.registration(definition))
  }

  private findValid(definition: Actor.Any, id: string): Effect.Effect<Registration, InvalidInput | ActorNotRegistered> {
    return Effect.tap(this.find(definition), (registration) =>
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

  private recovered(
    ask: (listener: (exit: Exit.Exit<Orphan, RecoveryFailed | ActorStopped>) => void) => void
  ): Effect.Effect<Orphan, RecoveryFailed | ActorStopped> {
    return Effect.callback((resume) => ask((exit) => this.surroundings.turns.add(() => resume(exit))))
  }

  private withParent(orphan: Orphan): Effect.Effect<ActorInfo> {
    return this.engine.tree.withParents([orphan]).pipe(
      Effect.map(([info]) => info ?? { ...orphan, parent: undefined }),
      // It runs, and that is what was asked for.
      Effect.orElseSucceed(() => ({ ...orphan, parent: undefined }))
    )
  }
}

/** Whether the caller is a handler of this very actor, or of one that it waits for: then it cannot wait for the actor. */
const isWaitedForBy = (actor: LocalActor): Effect.Effect<boolean> =>
  Effect.map(CurrentWaiter, (asker) => asker !== undefined && findCircle(asker, actor) !== undefined)
