/**
 * What behaviors do. Scripts name them; this process binds the names to plans.
 *
 * ```ts
 * const Behaviors = BehaviorRegistry.layer([
 *   {
 *     name: "read",
 *     plan: ({ goal, outcomes }) =>
 *       Effect.succeed(
 *         outcomes.length === 0
 *           ? { actions: [ScriptAction.tool("open-book", { title: goal })] }
 *           : { actions: [ScriptAction.message("I have read it.")], done: true }
 *       )
 *   }
 * ])
 * ```
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { type BehaviorName, firstVersion } from "./ActorScript.ts"
import type { Message } from "./ContextPort.ts"
import { CurrentPrincipal } from "./CurrentPrincipal.ts"
import { Action, type Outcome } from "./ScriptAction.ts"
import type { Mail } from "./ScriptEvent.ts"
import type * as Value from "./Value.ts"

/** What a plan may go by. */
export interface PlanInput {
  readonly actor: {
    readonly id: string
    readonly name: string
    readonly roleName: string | undefined
    readonly program: string | undefined
    readonly metadata: Value.Record
  }
  /** All goals, joined with `; `. */
  readonly goal: string
  readonly goals: ReadonlyArray<string>
  /** What the `ContextPort` compiled from the sources of the script, just now. */
  readonly context: ReadonlyArray<Message>
  /** The message that the tick is about, if it is about one. */
  readonly message: Mail | undefined
  /** What came of the actions of the last tick and of this one so far, in order. */
  readonly outcomes: ReadonlyArray<Outcome>
}

/** What a plan gives. */
export const PlanResult = Schema.Struct({
  actions: Schema.Array(Action),
  /** Once all this is done without a failure, the goal is reached. */
  done: Schema.optionalKey(Schema.Boolean)
})

/** What a plan gives. */
export type PlanResult = typeof PlanResult.Type

/** Decides what is to be done. Whatever it fails with is recorded, and the next behavior goes on. */
export type Plan<R = never> = (input: PlanInput) => Effect.Effect<PlanResult, unknown, R>

/** A plan with any services. */
// biome-ignore lint/suspicious/noExplicitAny: a bound for inference only
export type AnyPlan = Plan<any>

/** The services that a plan uses. */
export type PlanServices<B> = B extends { readonly plan: infer P }
  ? // biome-ignore lint/suspicious/noExplicitAny: matches every plan
    P extends (...args: ReadonlyArray<any>) => infer Given
    ? Effect.Services<Given>
    : never
  : never

/** A behavior as it is registered. */
export interface Binding<R> {
  readonly name: string
  /** `1` when it is left out. */
  readonly version?: string | undefined
  readonly plan: Plan<R>
}

/** A behavior with any services. */
// biome-ignore lint/suspicious/noExplicitAny: a bound for inference only
export type AnyBinding = Binding<any>

/** The plans of this process, by the names and versions of behaviors. */
export class BehaviorRegistry extends Context.Service<
  BehaviorRegistry,
  {
    /** Binds a plan, in place of the one that was bound before. Actors that lacked it go on. */
    readonly register: <const B extends AnyBinding>(binding: B) => Effect.Effect<void, never, PlanServices<B>>
    /** Forgets a plan; plans that are under way are not disturbed. */
    readonly unregister: (behavior: BehaviorName) => Effect.Effect<void>
    readonly has: (behavior: BehaviorName) => boolean
    /** Gives the plan, as soon as there is one. */
    readonly plan: (behavior: BehaviorName) => Effect.Effect<Plan>
  }
>()("pantheon-state/BehaviorRegistry") {}

/** A registry that holds these behaviors from the start. The services of their plans are requirements of the layer. */
export const layer = <const Bindings extends ReadonlyArray<AnyBinding>>(
  bindings: Bindings
): Layer.Layer<BehaviorRegistry, never, PlanServices<Bindings[number]>> =>
  Layer.effect(
    BehaviorRegistry,
    Effect.gen(function* () {
      const services = yield* Effect.context<PlanServices<Bindings[number]>>()
      const plans = new Map<string, Plan>()
      const awaited = new Map<string, Deferred.Deferred<Plan>>()

      const bind = <R>({ name, plan, version = firstVersion }: Binding<R>, services: Context.Context<R>): void => {
        const key = keyOf({ name, version })
        // Whoever has registered it is not the one who acts.
        const bound: Plan = (input) =>
          Effect.flatMap(CurrentPrincipal, (principal) =>
            Effect.suspend(() => plan(input)).pipe(
              Effect.provideService(CurrentPrincipal, principal),
              Effect.provideContext(services)
            )
          )
        plans.set(key, bound)
        const waiting = awaited.get(key)
        awaited.delete(key)
        if (waiting !== undefined) Deferred.doneUnsafe(waiting, Effect.succeed(bound))
      }

      const wait = (key: string): Deferred.Deferred<Plan> => {
        const waiting = awaited.get(key) ?? Deferred.makeUnsafe<Plan>()
        awaited.set(key, waiting)
        return waiting
      }

      for (const binding of bindings) bind(binding, services)
      return BehaviorRegistry.of({
        register: Effect.fnUntraced(function* <const B extends AnyBinding>(binding: B) {
          bind(binding, yield* Effect.context<PlanServices<B>>())
        }),
        unregister: (behavior) => Effect.sync(() => plans.delete(keyOf(behavior))),
        has: (behavior) => plans.has(keyOf(behavior)),
        plan: (behavior) =>
          Effect.suspend(() => {
            const key = keyOf(behavior)
            const plan = plans.get(key)
            return plan === undefined ? Deferred.await(wait(key)) : Effect.succeed(plan)
          })
      })
    })
  )

/** A registry that holds nothing yet. */
export const layerEmpty: Layer.Layer<BehaviorRegistry> = layer([])

const keyOf = ({ name, version }: BehaviorName): string => JSON.stringify([name, version])
