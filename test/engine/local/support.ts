/** A small actor, and what the tests of the local engine need around it. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as LocalEngine from "../../../layers/engine/local.ts"
import * as Memory from "../../../layers/memory/index.ts"
import { Actor, ActorSystem, type EventStore, type SnapshotStore } from "../../../src/index.ts"

export const Counter = Actor.make("Counter", {
  state: Schema.Struct({ count: Schema.Int }),
  initialState: { count: 0 },
  events: Schema.TaggedUnion({ Counted: { text: Schema.String } }),
  evolve: ({ count }) => ({ count: count + 1 }),
  commands: [
    Rpc.make("Count", { success: Schema.Int }),
    Rpc.make("CountMany", { payload: { times: Schema.Int, text: Schema.String }, success: Schema.Int }),
    Rpc.make("Look", { success: Schema.Int }),
    Rpc.make("Die", { success: Schema.Int }),
    /** Does what the test says, then counts. */
    Rpc.make("Run", { payload: { script: Schema.String }, success: Schema.Int })
  ],
  snapshots: { every: 5 }
})

/** What `Run` runs, by name. */
export interface Scripts {
  readonly [name: string]: Effect.Effect<unknown, unknown, ActorSystem.ActorSystem>
}

const countOf = (state: { readonly count: number }): number => state.count
const counted = (text = "") => ({ _tag: "Counted", text }) as const

/** The behavior of a counter. */
export const behavior = (scripts: Scripts = {}, options: Actor.BehaviorOptions = {}) =>
  Counter.toLayer(
    {
      Count: () => Counter.persist(counted(), countOf),
      CountMany: (_, { text, times }) => Counter.persist(Array(times).fill(counted(text)), countOf),
      Look: ({ count }) => Effect.succeed(count),
      Die: () => Effect.die(new Error("boom")),
      Run: (_, { script }) =>
        Effect.andThen(
          Effect.orDie(scripts[script] ?? Effect.die("no script")),
          Counter.persist(counted(script), countOf)
        )
    },
    options
  )

/** Behaviors on an engine of their own, on fresh memory, unless there are other stores. */
export const runtime = <E>(
  behaviors: Layer.Layer<never, E, ActorSystem.ActorSystem>,
  {
    engine = LocalEngine.layer,
    stores = Memory.layer
  }: {
    readonly engine?: typeof LocalEngine.layer
    readonly stores?: Layer.Layer<EventStore.EventStore | SnapshotStore.SnapshotStore>
  } = {}
) =>
  Layer.fresh(
    behaviors.pipe(Layer.provideMerge(engine), Layer.provideMerge(stores), Layer.provideMerge(Logger.layer([])))
  )

/** Starts an effect now, up to its first wait. */
export const start = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Fiber.Fiber<A, E>, never, R> =>
  Effect.forkChild(effect, { startImmediately: true })

/** What an actor is doing; nothing when nobody knows of it. */
export const statusOf = (id: string) =>
  Effect.map(
    ActorSystem.ActorSystem.use((system) => system.get(Counter, id)),
    Option.match({ onNone: () => "unknown", onSome: ({ status }) => status })
  )

/** Lets everything that can go on do so. */
export const settle = Effect.gen(function* () {
  for (let turn = 0; turn < 20; turn++) yield* Effect.yieldNow
})

/** The error or the reply. */
export const outcome = <A, E>(fiber: Fiber.Fiber<A, E>) => Effect.result(Fiber.join(fiber))
