/**
 * Actors with small mailboxes.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as Actor from "../../../src/Actor.ts"
import * as Supervision from "../../../src/Supervision.ts"
import { Stage } from "./Stage.ts"

/** Is not restarted, and has a small mailbox that fails. */
export const Fragile = Actor.make("Fragile", {
  state: Schema.Struct({ count: Schema.Int }),
  initialState: { count: 0 },
  events: Schema.TaggedUnion({ Counted: {} }),
  evolve: ({ count }) => ({ count: count + 1 }),
  commands: [
    Rpc.make("Count", { success: Schema.Int }),
    Rpc.make("CountAfter", { payload: { gate: Schema.String }, success: Schema.Int }),
    Rpc.make("Die")
  ],
  mailbox: { capacity: 3 },
  snapshots: { every: Number.POSITIVE_INFINITY }
})

const countOf = (state: { readonly count: number }): number => state.count

export const FragileBehavior = Layer.unwrap(
  Effect.map(Stage, (stage) =>
    Fragile.toLayer(
      {
        Count: () => Fragile.persist({ _tag: "Counted" }, countOf),
        CountAfter: (_, { gate }) => Effect.andThen(stage.pass(gate), Fragile.persist({ _tag: "Counted" }, countOf)),
        Die: () => Effect.die(new Error("boom"))
      },
      { supervision: Supervision.stop }
    )
  )
)

/** Its name begins with that of another, and its small mailbox lets senders wait. */
export const Ledger2 = Actor.make("Ledger2", {
  state: Schema.Struct({ amounts: Schema.Array(Schema.Int) }),
  initialState: { amounts: [] },
  events: Schema.TaggedUnion({ Added: { amount: Schema.Int } }),
  evolve: ({ amounts }, { amount }) => ({ amounts: [...amounts, amount] }),
  commands: [
    Rpc.make("Add", { payload: { amount: Schema.Int }, success: Schema.Int }),
    Rpc.make("AddAfter", { payload: { gate: Schema.String, amount: Schema.Int }, success: Schema.Int }),
    Rpc.make("Amounts", { success: Schema.Array(Schema.Int) })
  ],
  mailbox: { capacity: 3, whenFull: "wait" }
})

const lengthOf = (state: { readonly amounts: ReadonlyArray<number> }): number => state.amounts.length

export const Ledger2Behavior = Layer.unwrap(
  Effect.map(Stage, (stage) =>
    Ledger2.toLayer({
      Add: (_, { amount }) => Ledger2.persist({ _tag: "Added", amount }, lengthOf),
      AddAfter: (_, { amount, gate }) =>
        Effect.andThen(stage.pass(gate), Ledger2.persist({ _tag: "Added", amount }, lengthOf)),
      Amounts: ({ amounts }) => Effect.succeed(amounts)
    })
  )
)
