import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { Actor } from "../../src/index.ts"

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
    Rpc.make("Withdraw", { payload: { amount: Schema.Int }, success: Schema.Int, error: InsufficientFunds }),
    Rpc.make("Balance", { success: Schema.Int }),
    Rpc.make("Crash"),
    Rpc.make("DepositBadly", { payload: { amount: Schema.Number } })
  ],
  snapshots: { every: 10 }
})

export const AccountBehavior = Account.toLayer({
  Deposit: (_, { amount }) => Account.persist({ _tag: "Deposited", amount }, (state) => state.balance),
  Withdraw: ({ balance }, { amount }) =>
    amount > balance
      ? Effect.fail(new InsufficientFunds({ balance, asked: amount }))
      : Account.persist({ _tag: "Withdrawn", amount }, (state) => state.balance),
  Balance: ({ balance }) => Effect.succeed(balance),
  Crash: () => Effect.die(new Error("boom")),
  DepositBadly: (_, { amount }) => Account.persist({ _tag: "Deposited", amount })
})
