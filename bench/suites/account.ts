/** The actor that is measured. */
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { Actor } from "../../src/index.ts"

export const Account = Actor.make("Account", {
  state: Schema.Struct({ balance: Schema.Int }),
  initialState: { balance: 0 },
  events: Schema.TaggedUnion({ Deposited: { amount: Schema.Int, reference: Schema.String } }),
  evolve: ({ balance }, { amount }) => ({ balance: balance + amount }),
  commands: [
    Rpc.make("Deposit", { payload: { amount: Schema.Int }, success: Schema.Int }),
    Rpc.make("Balance", { success: Schema.Int })
  ]
})

// Brings the event to the size of the others.
const reference =
  "transfer 4711 of the 24th, from the savings account to the current account, as agreed by phone, clerk 12"

/** The event of a deposit of 1, as the actor writes it. */
export const deposited = { type: "Account.Deposited", data: { _tag: "Deposited", amount: 1, reference } }

export const AccountBehavior = Account.toLayer({
  Deposit: (_, { amount }) => Account.persist({ _tag: "Deposited", amount, reference }, (state) => state.balance),
  Balance: ({ balance }) => Effect.succeed(balance)
})
