/**
 * The actor of the random tests: it sleeps as soon as it may, is restarted for ever, and each of its events names the order it came from.
 */
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Actor from "../../../src/Actor.ts"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import * as Supervision from "../../../src/Supervision.ts"

export class Overdrawn extends Schema.TaggedError<Overdrawn>()("Overdrawn", { balance: Schema.Int }) {}

/** How a handler comes to its decision. */
export const Manner = Schema.Literals(["at once", "in a fiber", "after a while"])

const order = { amount: Schema.Int, manner: Manner }

export const Account = Actor.make("ModelAccount", {
  state: Schema.Struct({ balance: Schema.Int }),
  initialState: { balance: 0 },
  events: Schema.TaggedUnion({ Changed: { by: Schema.Int } }),
  evolve: ({ balance }, { by }) => ({ balance: balance + by }),
  commands: [
    Rpc.make("Deposit", { payload: order, success: Schema.Int }),
    /** In two events. */
    Rpc.make("DepositTwice", { payload: order, success: Schema.Int }),
    Rpc.make("Withdraw", { payload: order, success: Schema.Int, error: Overdrawn }),
    Rpc.make("Balance", { payload: order, success: Schema.Int }),
    Rpc.make("Die", { payload: order, success: Schema.Int }),
    /** Makes another account its child; replies with what came of it. */
    Rpc.make("Adopt", { payload: { other: Schema.String }, success: Schema.String })
  ],
  snapshots: { every: 7 }
})

const inManner = <A, E>(manner: typeof Manner.Type, decided: Effect.Effect<A, E>): Effect.Effect<A, E> => {
  switch (manner) {
    case "at once":
      return decided
    case "in a fiber":
      return Effect.andThen(Effect.void, decided)
    case "after a while":
      return Effect.delay(decided, "1 millis")
  }
}

const change = (...amounts: ReadonlyArray<number>) =>
  Account.persist(
    amounts.map((by) => ({ _tag: "Changed", by }) as const),
    ({ balance }) => balance
  )

export const AccountBehavior = Account.toLayer(
  {
    Deposit: (_, { amount, manner }) => inManner(manner, change(amount)),
    DepositTwice: (_, { amount, manner }) => inManner(manner, change(amount, amount)),
    Withdraw: ({ balance }, { amount, manner }) =>
      inManner(
        manner,
        Effect.suspend(() => (amount > balance ? Effect.fail(new Overdrawn({ balance })) : change(-amount)))
      ),
    Balance: ({ balance }, { manner }) => inManner(manner, Effect.succeed(balance)),
    Die: (_, { manner }) => inManner(manner, Effect.die(new Error("boom"))),
    Adopt: (_, { other }) =>
      Effect.match(
        ActorSystem.use((system) => system.spawnChild(Account, other)),
        {
          onSuccess: () => "Adopted",
          onFailure: (error) => (error._tag === "ChildRefused" ? error.reason : error._tag)
        }
      )
  },
  {
    supervision: Supervision.restart({ times: 100_000, schedule: Schedule.spaced("1 millis") }),
    passivateAfter: "3 millis"
  }
)
