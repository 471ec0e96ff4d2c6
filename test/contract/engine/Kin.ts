/**
 * Actors of one kind under different supervision, for tests of families: their handlers run what a test gives them.
 */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Actor from "../../../src/Actor.ts"
import type { ActorSystem } from "../../../src/ActorSystem.ts"
import * as Supervision from "../../../src/Supervision.ts"
import { Stage } from "./Stage.ts"

const define = <const Name extends string>(name: Name) =>
  Actor.make(name, {
    state: Schema.Struct({ count: Schema.Int }),
    initialState: { count: 0 },
    events: Schema.TaggedUnion({ Counted: {} }),
    evolve: ({ count }) => ({ count: count + 1 }),
    commands: [
      Rpc.make("Count", { success: Schema.Int }),
      Rpc.make("CountAfter", { payload: { gate: Schema.String }, success: Schema.Int }),
      Rpc.make("Look", { success: Schema.Int }),
      Rpc.make("Die"),
      /** Runs what the test has given to the stage. */
      Rpc.make("Run", { payload: { script: Schema.String } }),
      /** Does so by a timer. */
      Rpc.make("RunLater", { payload: { script: Schema.String } })
    ],
    mailbox: { capacity: 100 }
  })

/** A kind of actor that belongs to families. */
export type Kind = ReturnType<typeof define<string>>

/** Is restarted twice, then fails. */
export const Elder = define("Elder")
/** Is restarted once, then escalates. */
export const Minor = define("Minor")
/** Escalates at once. */
export const Needy = define("Needy")
/** May have three children. */
export const Frugal = define("Frugal")
/** Goes to sleep as soon as it may. */
export const Sleeper = define("Sleeper")
/** Its handlers must be quick. */
export const Hasty = define("Hasty")
/** Nobody runs it. */
export const Unborn = define("Unborn")

const behave = (definition: Kind, options: Actor.BehaviorOptions) =>
  Layer.unwrap(
    Effect.map(Stage, (stage) => {
      const count = definition.persist({ _tag: "Counted" }, (state) => state.count)
      return definition.toLayer(
        {
          Count: () => count,
          CountAfter: (_, { gate }) => Effect.andThen(stage.pass(gate), count),
          Look: ({ count }) => Effect.succeed(count),
          Die: () => Effect.die(new Error("boom")),
          Run: (_, { script }) => stage.play(script),
          RunLater: (_, { script }) => definition.timers.after("later", 1, "Run", { script })
        },
        options
      )
    })
  )

const soon = Schedule.spaced("2 millis")
const restarts = (times: number, whenSpent: "stop" | "escalate") =>
  Supervision.restart({ times, within: "1 minute", schedule: soon, whenSpent })

export const layer = Layer.mergeAll(
  behave(Elder, { supervision: restarts(2, "stop"), maximumChildren: 2000 }),
  behave(Minor, { supervision: restarts(1, "escalate") }),
  behave(Needy, { supervision: Supervision.escalate }),
  behave(Frugal, { supervision: restarts(2, "stop"), maximumChildren: 3 }),
  behave(Sleeper, { supervision: restarts(1000, "stop"), passivateAfter: "3 millis" }),
  behave(Hasty, { supervision: restarts(1000, "stop"), handlerTimeout: "30 millis" })
)

/** Runs an effect in the handler of an actor; gives what became of it, once the handler has been answered. */
export const within = <A, E>(definition: Kind, id: string, effect: Effect.Effect<A, E, ActorSystem>) =>
  Effect.gen(function* () {
    const stage = yield* Stage
    const script = crypto.randomUUID()
    const outcome: Array<Exit.Exit<A, E>> = []
    stage.write(
      script,
      Effect.map(Effect.exit(effect), (exit) => {
        outcome.push(exit)
      })
    )
    const actor = (yield* definition.client)(id)
    yield* Effect.orDie(actor.Run({ script }))
    const [exit] = outcome
    if (exit === undefined) return yield* Effect.die(new Error("the script was not run"))
    return yield* exit
  })
