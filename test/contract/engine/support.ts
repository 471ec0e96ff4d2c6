/**
 * What the tests of engines share.
 */
import { assert, type Vitest } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { AccessPolicy, trusted } from "../../../src/AccessPolicy.ts"
import type { Any } from "../../../src/Actor.ts"
import type { ActorError, ActorStopped } from "../../../src/ActorError.ts"
import { type ActorInfo, ActorSystem } from "../../../src/ActorSystem.ts"
import { EventStore } from "../../../src/EventStore.ts"
import type { SnapshotStore } from "../../../src/SnapshotStore.ts"
import { AccountBehavior } from "./Account.ts"
import { AlarmClockBehavior } from "./AlarmClock.ts"
import * as Faults from "./Faults.ts"
import { faultsOf } from "./faultsOf.ts"
import * as Kin from "./Kin.ts"
import { Ledger, LedgerBehavior } from "./Ledger.ts"
import * as Stage from "./Stage.ts"
import { FragileBehavior, Ledger2Behavior } from "./smallActors.ts"
import { ThriftyBehavior } from "./Thrifty.ts"

/** What the suite runs on. */
export interface Options<E> {
  /** The engine. It is built once for most tests and, beside that one, several times more, over the same stores. */
  readonly engine: Layer.Layer<ActorSystem, E, EventStore | SnapshotStore>
  /** The stores below it. */
  readonly stores: Layer.Layer<EventStore | SnapshotStore, E>
  /**
   * What becomes of an actor that has met another writer, once the callers were told: it is stopped until it is spawned, unless said, or it wakes
   * with the next command, as where its next owner may be another machine.
   */
  readonly afterConflict?: "stopped" | "awake" | undefined
}

/** Where engines may differ. */
export class Traits extends Context.Service<Traits, { readonly afterConflict: "stopped" | "awake" }>()(
  "pantheon-state/test/Traits"
) {}

/** Further engines over the same stores, as after a restart of the process, or beside the first. */
export class Engines extends Context.Service<
  Engines,
  {
    /** Runs an effect with an engine of its own, which is closed afterwards; where everybody is trusted, unless there is a policy. */
    readonly fresh: <A, E, R>(
      effect: Effect.Effect<A, E, R>,
      policy?: AccessPolicy
    ) => Effect.Effect<A, unknown, Exclude<R, ActorSystem>>
  }
>()("pantheon-state/test/Engines") {}

/** Everything that a test may use; the stores are the real ones, those of the engine have faults. */
export type Environment = ActorSystem | EventStore | SnapshotStore | Faults.Faults | Stage.Stage | Engines | Traits

/** Registers tests that have an engine. */
export type It = Vitest.MethodsNonLive<Environment>

export const environment = <E>({
  afterConflict = "stopped",
  engine,
  stores
}: Options<E>): Layer.Layer<Environment, unknown> => {
  const behaviors = Layer.mergeAll(
    LedgerBehavior,
    FragileBehavior,
    Ledger2Behavior,
    AccountBehavior,
    ThriftyBehavior,
    AlarmClockBehavior,
    Kin.layer
  )
  const system = behaviors.pipe(Layer.provideMerge(engine), Layer.provide(Faults.layerStores))
  // Crashes are what the tests are about; nobody needs to read of them.
  const traits = Layer.succeed(Traits, { afterConflict })
  const base = Layer.mergeAll(Faults.layer, Stage.layer, stores, traits, Logger.layer([]))
  const engines = Layer.effect(
    Engines,
    Effect.map(Effect.context<EventStore | SnapshotStore | Faults.Faults | Stage.Stage>(), (context) => ({
      fresh: (effect, policy = trusted) => {
        const around = Layer.merge(Layer.succeedContext(context), Layer.succeed(AccessPolicy, policy))
        return Effect.provide(effect, Layer.fresh(Layer.provide(system, around)), { local: true })
      }
    }))
  )
  return Layer.mergeAll(system, engines).pipe(Layer.provideMerge(base))
}

/** An id that nobody has used. */
export const freshId = (): string => crypto.randomUUID()

/** The integers from `first`. */
export const integers = (count: number, first = 1): Array<number> =>
  Array.from({ length: count }, (_, index) => first + index)

/** A fresh ledger. */
export const freshLedger = Effect.gen(function* () {
  const id = freshId()
  const agentId = Ledger.agentId(id)
  return { id, agentId, ledger: (yield* Ledger.client)(id), faults: yield* faultsOf(agentId) }
})

/** Starts an effect now, up to its first wait. */
export const start = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Fiber.Fiber<A, E>, never, R> =>
  Effect.forkChild(effect, { startImmediately: true })

/** Starts effects now, in order. */
export const startAll = <A, E, R>(
  effects: ReadonlyArray<Effect.Effect<A, E, R>>
): Effect.Effect<ReadonlyArray<Fiber.Fiber<A, E>>, never, R> => Effect.forEach(effects, start)

/** What became of all. */
export const results = <A, E>(fibers: ReadonlyArray<Fiber.Fiber<A, E>>) =>
  Effect.forEach(fibers, (fiber) => Effect.result(Fiber.join(fiber)))

/** The effect must fail with an error of this tag. */
export const fails = <A, E extends { readonly _tag: string }, R, const Tag extends E["_tag"]>(
  effect: Effect.Effect<A, E, R>,
  tag: Tag
): Effect.Effect<Extract<E, { readonly _tag: Tag }>, A, R> =>
  Effect.map(Effect.flip(effect), (error) => {
    assertTag(error, tag)
    return error
  })

export function assertTag<E extends { readonly _tag: string }, Tag extends string>(
  error: E,
  tag: Tag
): asserts error is Extract<E, { readonly _tag: Tag }> {
  assert.strictEqual(error._tag, tag, String(error))
}

/** The effect must fail because the actor is stopped, for this reason. */
export const stopped = <A, R>(effect: Effect.Effect<A, ActorError, R>, reason: ActorStopped["reason"]) =>
  Effect.map(fails(effect, "ActorStopped"), (error) => assert.strictEqual(error.reason, reason))

/** The ledger has met another writer. Where it is stopped then, it is brought back. */
export const afterConflict = (id: string) =>
  Effect.gen(function* () {
    const traits = yield* Traits
    if (traits.afterConflict === "awake") return
    yield* stopped((yield* Ledger.client)(id).Balance(), "conflict")
    assert.deepInclude(yield* info(Ledger, id), { status: "failed" })
    yield* ActorSystem.use((system) => system.spawn(Ledger, id))
  })

/** What the journal holds. */
export const journal = (agentId: string) =>
  Effect.map(
    EventStore.use((store) => Stream.runCollect(store.read(agentId))),
    (events) =>
      events.map((event) => ({ version: event.version, type: event.type, data: event.data, metadata: event.metadata }))
  )

/** The amounts of the deposits in the journal, in order. */
export const deposits = (agentId: string) =>
  Effect.map(journal(agentId), (events) => events.map(({ data }) => data["amount"]))

/** What is known of an actor that must be known. */
export const info = (actor: Any, id: string): Effect.Effect<ActorInfo, unknown, ActorSystem> =>
  Effect.map(
    ActorSystem.use((system) => system.get(actor, id)),
    Option.getOrThrow
  )

/** Waits, for a while, until something holds. */
export const eventually = <E, R>(holds: Effect.Effect<boolean, E, R>): Effect.Effect<void, E, R> =>
  Effect.gen(function* () {
    for (let attempt = 0; attempt < 1000; attempt++) {
      if (yield* holds) return
      yield* Effect.sleep("5 millis")
    }
    assert.fail("it never came to hold")
  })
