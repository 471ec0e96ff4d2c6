/** A world in which the process of a scripted actor dies at chosen moments, and is started again on the same stores. */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as LocalEngine from "../../layers/engine/local.ts"
import {
  ActorStatePort,
  BehaviorRegistry,
  ContextPort,
  type EventStore,
  MessageBus,
  ScriptAction,
  type SnapshotStore,
  ToolPort
} from "../../src/index.ts"
import { Broken, scriptOf } from "./support.ts"

/** What the actions of a plan will come to. */
export const Kind = Schema.Literals(["works", "fails", "fails critically"])

/** The behaviors of a script: each fails to plan, or plans these actions. */
export const Plans = Schema.NonEmptyArray(Schema.Union([Schema.Literal("no plan"), Schema.NonEmptyArray(Kind)]))

/** When the process dies: at which step, counting plans and the two ends of each action. */
export const Deaths = Schema.NonEmptyArray(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 })))

/** What has happened, over all processes. */
export interface Record {
  /** The ids of the actions that took effect, in order. */
  readonly effects: Array<string>
  /** How often the process died. */
  deaths: number
}

const nameOf = (index: number): string => `behavior-${index}`

/** A process that dies at the steps that are left. Every step is counted over all processes. */
const processOf = (plans: typeof Plans.Type, steps: { left: Array<number>; count: number }, record: Record) =>
  Effect.gen(function* () {
    const death = yield* Deferred.make<void>()
    const step = Effect.suspend(() => {
      const now = steps.count++
      if (!steps.left.includes(now)) return Effect.void
      record.deaths++
      return Effect.andThen(Deferred.succeed(death, undefined), Effect.never)
    })
    const behaviors = plans.map((plan, index) => ({
      name: nameOf(index),
      plan: () =>
        Effect.andThen(
          step,
          plan === "no plan"
            ? Effect.fail("no plan")
            : Effect.succeed({ actions: plan.map((kind) => ScriptAction.tool("act", kind)) })
        )
    }))
    const act = ToolPort.tool({
      name: "act",
      args: Kind,
      run: (kind, { actionId }) =>
        Effect.andThen(
          step,
          Effect.suspend(() => {
            record.effects.push(actionId)
            const outcome = kind === "works" ? Effect.succeed(kind) : new Broken({ critical: kind !== "fails" })
            return Effect.andThen(step, outcome)
          })
        )
    })
    const port = ActorStatePort.layer.pipe(
      Layer.provide([BehaviorRegistry.layer(behaviors), ToolPort.layerMemory([act])]),
      Layer.provide([ContextPort.layerMemory(), MessageBus.layerMemory]),
      Layer.provide(LocalEngine.layerWith({ shutdownTimeout: 0 }))
    )
    return { port, death: Deferred.await(death) }
  })

/** One tick of an actor, in as many processes as it takes. Gives what came of it, and what happened. */
export const tickThrough = Effect.fnUntraced(function* (
  id: string,
  plans: typeof Plans.Type,
  deaths: ReadonlyArray<number>
) {
  const record: Record = { effects: [], deaths: 0 }
  const steps = { left: [...deaths], count: 0 }
  const stores = yield* Effect.context<EventStore.EventStore | SnapshotStore.SnapshotStore>()
  const script = scriptOf(plans.map((_, index) => ({ name: nameOf(index), mode: "persistent" })))
  let isNew = true
  while (true) {
    const { death, port } = yield* processOf(plans, steps, record)
    const scope = yield* Scope.make()
    const services = yield* Layer.buildWithScope(Layer.provide(Layer.fresh(port), Layer.succeedContext(stores)), scope)
    const actors = Context.get(services, ActorStatePort.ActorStatePort)
    if (isNew) yield* actors.spawn(script, "goal", { id })
    isNew = false
    const report = yield* Effect.raceFirst(actors.tick(id), Effect.as(death, undefined))
    yield* Scope.close(scope, Exit.void)
    if (report !== undefined) return { report, record }
  }
})
