/** What the machines of the bench run: a counter of this library, and a bare entity of effect/cluster that counts in memory. */
import { Persisted, Uninterruptible } from "effect/cluster/ClusterSchema"
import * as Entity from "effect/cluster/Entity"
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { Actor } from "../../src/index.ts"

export const Counter = Actor.make("Counter", {
  state: Schema.Struct({ count: Schema.Int }),
  initialState: { count: 0 },
  events: Schema.TaggedUnion({ Added: { amount: Schema.Int } }),
  evolve: ({ count }, { amount }) => ({ count: count + amount }),
  commands: [
    Rpc.make("Add", { payload: { amount: Schema.Int }, success: Schema.Int }),
    Rpc.make("Get", { success: Schema.Int })
  ]
})

export const CounterBehavior = Counter.toLayer({
  Add: (_, { amount }) => Counter.persist({ _tag: "Added", amount }, ({ count }) => count),
  Get: ({ count }) => Effect.succeed(count)
})

export const Bare = Entity.make("Bare", [
  Rpc.make("Add", { payload: { amount: Schema.Int }, success: Schema.Int }),
  Rpc.make("Get", { success: Schema.Int }),
  Rpc.make("AddDurably", {
    payload: { amount: Schema.Int, id: Schema.String },
    success: Schema.Int,
    primaryKey: ({ id }) => id
  })
    .annotate(Persisted, true)
    .annotate(Uninterruptible, true)
])

export const BareLayer = Bare.toLayer(
  Effect.sync(() => {
    let count = 0
    const add = (amount: number) =>
      Effect.sync(() => {
        count += amount
        return count
      })
    return Bare.of({
      Add: ({ payload }) => add(payload.amount),
      AddDurably: ({ payload }) => add(payload.amount),
      Get: () => Effect.sync(() => count)
    })
  }),
  { concurrency: "unbounded" }
)
