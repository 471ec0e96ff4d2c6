/**
 * The actor that most tests use: an account whose commands can do everything that a command may do wrong.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Actor from "../../../src/Actor.ts"
import * as Supervision from "../../../src/Supervision.ts"
import { Stage } from "./Stage.ts"

export class InsufficientFunds extends Schema.TaggedError<InsufficientFunds>()("InsufficientFunds", {
  balance: Schema.Int,
  asked: Schema.Int
}) {}

const label = Schema.optionalKey(Schema.String)
const amount = { amount: Schema.Int, label }

const Events = Schema.TaggedUnion({
  Deposited: { amount: Schema.Int },
  Withdrawn: { amount: Schema.Int },
  Noted: { text: Schema.String, at: Schema.Date },
  /** `evolve` throws at it. */
  Poisoned: {}
})

export const Ledger = Actor.make("Ledger", {
  state: Schema.Struct({ balance: Schema.Int, notes: Schema.Int }),
  initialState: { balance: 0, notes: 0 },
  events: Events,
  evolve: (state, event) => {
    switch (event._tag) {
      case "Deposited":
        return { ...state, balance: state.balance + event.amount }
      case "Withdrawn":
        return { ...state, balance: state.balance - event.amount }
      case "Noted":
        return { ...state, notes: state.notes + 1 }
      case "Poisoned":
        throw new Error("evolve is not total")
    }
  },
  commands: [
    Rpc.make("Deposit", { payload: amount, success: Schema.Int }),
    /** The same with a handler that needs a fiber, but waits for nothing. */
    Rpc.make("DepositInFiber", { payload: amount, success: Schema.Int }),
    Rpc.make("DepositMany", { payload: { amounts: Schema.Array(Schema.Int), label }, success: Schema.Int }),
    /** Waits at a gate, then deposits. */
    Rpc.make("DepositAfter", { payload: { gate: Schema.String, ...amount }, success: Schema.Int }),
    Rpc.make("Withdraw", { payload: amount, success: Schema.Int, error: InsufficientFunds }),
    Rpc.make("Balance", { success: Schema.Int }),
    /** Replies with more than JSON knows. */
    Rpc.make("Note", {
      payload: { text: Schema.String, label },
      success: Schema.Struct({ at: Schema.Date, notes: Schema.BigInt })
    }),
    Rpc.make("NoteSilently", { payload: { text: Schema.String, label } }),
    /** Replies with the text, which it does not persist. */
    Rpc.make("Echo", { payload: { text: Schema.String }, success: Schema.String }),
    /** Deposits into another ledger, then into its own. */
    Rpc.make("DepositTwice", { payload: { other: Schema.String, ...amount }, success: Schema.Int }),
    Rpc.make("Die", { payload: { label } }),
    Rpc.make("DieAfter", { payload: { gate: Schema.String } }),
    Rpc.make("Throw"),
    Rpc.make("Interrupt"),
    Rpc.make("DieAfterDeposit", { payload: amount }),
    Rpc.make("DepositFraction", { payload: { amount: Schema.Number } }),
    Rpc.make("Poison"),
    Rpc.make("ThrowInReply", { payload: amount, success: Schema.Int }),
    Rpc.make("ReplyFraction", { payload: amount, success: Schema.Int })
  ],
  snapshots: { every: 10 }
})

const balanceOf = (state: { readonly balance: number }): number => state.balance

/** Restarts soon, and three times at most. */
export const LedgerBehavior = Layer.unwrap(
  Effect.map(Stage, (stage) =>
    Ledger.toLayer(
      {
        Deposit: (_, { amount, label }) => {
          stage.note(label)
          return Ledger.persist({ _tag: "Deposited", amount }, balanceOf)
        },
        DepositInFiber: Effect.fnUntraced(function* (_, { amount, label }) {
          stage.note(label)
          yield* Effect.void
          return yield* Ledger.persist({ _tag: "Deposited", amount }, balanceOf)
        }),
        DepositMany: (_, { amounts, label }) => {
          stage.note(label)
          return Ledger.persist(
            amounts.map((amount) => Events.cases.Deposited.make({ amount })),
            balanceOf
          )
        },
        DepositAfter: Effect.fnUntraced(function* (_, { amount, gate, label }) {
          stage.note(label)
          yield* stage.pass(gate)
          return yield* Ledger.persist({ _tag: "Deposited", amount }, balanceOf)
        }),
        Withdraw: ({ balance }, { amount, label }) => {
          stage.note(label)
          return amount > balance
            ? Effect.fail(new InsufficientFunds({ balance, asked: amount }))
            : Ledger.persist({ _tag: "Withdrawn", amount }, balanceOf)
        },
        Balance: ({ balance }) => Effect.succeed(balance),
        Note: (_, { label, text }) => {
          stage.note(label)
          const at = new Date(86_400_000)
          return Ledger.persist({ _tag: "Noted", text, at }, ({ notes }) => ({ at, notes: BigInt(notes) }))
        },
        NoteSilently: (_, { label, text }) => {
          stage.note(label)
          return Ledger.persist({ _tag: "Noted", text, at: new Date(0) })
        },
        Echo: (_, { text }) => Ledger.persist({ _tag: "Noted", text: "", at: new Date(0) }, () => text),
        DepositTwice: Effect.fnUntraced(function* (_, { amount, other }) {
          const ledger = yield* Ledger.client
          yield* Effect.orDie(ledger(other).Deposit({ amount }))
          return yield* Ledger.persist({ _tag: "Deposited", amount }, balanceOf)
        }),
        Die: (_, { label }) => {
          stage.note(label)
          return Effect.die(new Error("boom"))
        },
        DieAfter: (_, { gate }) => Effect.andThen(stage.pass(gate), Effect.die(new Error("boom"))),
        Throw: () => {
          throw new Error("thrown")
        },
        Interrupt: () => Effect.interrupt,
        DieAfterDeposit: (_, { amount }) =>
          Effect.andThen(Ledger.persist({ _tag: "Deposited", amount }), Effect.die(new Error("too late"))),
        DepositFraction: (_, { amount }) => Ledger.persist({ _tag: "Deposited", amount }),
        Poison: () => Ledger.persist([Events.cases.Deposited.make({ amount: 1 }), Events.cases.Poisoned.make({})]),
        ThrowInReply: (_, { amount }) =>
          Ledger.persist({ _tag: "Deposited", amount }, () => {
            throw new Error("no reply")
          }),
        ReplyFraction: (_, { amount }) => Ledger.persist({ _tag: "Deposited", amount }, () => 0.5)
      },
      { supervision: Supervision.restart({ times: 3, within: "1 minute", schedule: Schedule.spaced("2 millis") }) }
    )
  )
)
