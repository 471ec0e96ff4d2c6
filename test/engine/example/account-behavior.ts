// What it does, with any services it needs.
import * as Effect from "effect/Effect"
import { Supervision } from "../../../src/index.ts"
import { Account, InsufficientFunds } from "./account.ts"

export const AccountBehavior = Account.toLayer(
  {
    Deposit: (_, { amount }) => Account.persist({ _tag: "Deposited", amount }, (state) => state.balance),
    Withdraw: ({ balance }, { amount }) =>
      amount > balance
        ? Effect.fail(new InsufficientFunds({ balance, asked: amount }))
        : Account.persist({ _tag: "Withdrawn", amount }, (state) => state.balance)
  },
  { supervision: Supervision.restart({ times: 5, within: "1 minute" }), passivateAfter: "5 minutes" }
)
