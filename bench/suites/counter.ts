/** The workload of the message suites: a handler adds what a message brings to a count, and nothing is persisted. */
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { Actor } from "../../src/index.ts"

/** How much has been added by all actors of one contender, and who waits for the rest. */
export class Total {
  private total = 0
  private goal = Number.POSITIVE_INFINITY
  private onGoal: () => void = () => {}

  add(amount: number): number {
    this.total += amount
    if (this.total >= this.goal) this.onGoal()
    return this.total
  }

  get value(): number {
    return this.total
  }

  /** Completes when so much is the total. */
  reaches(goal: number): Promise<void> {
    return new Promise((resolve) => {
      this.goal = goal
      this.onGoal = resolve
      if (this.total >= goal) resolve()
    })
  }
}

/** The command, for our actors as for the entities of effect/cluster. */
export const Add = Rpc.make("Add", { payload: { amount: Schema.Int }, success: Schema.Int })

export const Counter = Actor.make("Counter", {
  state: Schema.Struct({ count: Schema.Int }),
  initialState: { count: 0 },
  events: Schema.TaggedUnion({ Added: { amount: Schema.Int } }),
  evolve: ({ count }, { amount }) => ({ count: count + amount }),
  commands: [Add],
  // A sender that is faster than its actor waits for it.
  mailbox: { whenFull: "wait" }
})

export const counterBehavior = (total: Total, options?: Actor.BehaviorOptions) =>
  Counter.toLayer({ Add: (_, { amount }) => Effect.succeed(total.add(amount)) }, options)
