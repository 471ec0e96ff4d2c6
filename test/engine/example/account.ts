// A definition is a value; a client imports it without its behavior.
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { Actor } from "../../../src/index.ts"

export class InsufficientFunds extends Schema.TaggedError<InsufficientFunds>()("InsufficientFunds", {
  balance: Schema.Int,
  asked: Schema.Int
}) {}

export const Account = Actor.make("Account", {
  state: Schema.Struct({ balance: Schema.Int }),
  initialState: { balance: 0 },
  events: Schema.TaggedUnion({ Deposited: { amount: Schema.Int }, Withdrawn: { amount: Schema.Int } }),
  evolve: ({ balance }, event) => ({ balance: balance + (event._tag === "Deposited" ? event.amount : -event.amount) }),
  commands: [
    Rpc.make("Deposit", { payload: { amount: Schema.Int }, success: Schema.Int }),
    Rpc.make("Withdraw", { payload: { amount: Schema.Int }, success: Schema.Int, error: InsufficientFunds })
  ]
})
