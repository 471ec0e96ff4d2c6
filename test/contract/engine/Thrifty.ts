/**
 * An actor that keeps no more of its history than it must.
 */
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as Actor from "../../../src/Actor.ts"

const Events = Schema.TaggedUnion({
  Counted: {},
  /** Asks for a snapshot. */
  Closed: {},
  /** Makes the predicate throw. */
  Broken: {}
})

export const Thrifty = Actor.make("Thrifty", {
  state: Schema.Struct({ count: Schema.Int }),
  initialState: { count: 0 },
  events: Events,
  evolve: ({ count }) => ({ count: count + 1 }),
  commands: [
    Rpc.make("Count", {
      payload: { events: Schema.Array(Schema.Literals(["Counted", "Closed", "Broken"])) },
      success: Schema.Int
    })
  ],
  snapshots: {
    every: 10,
    when: ({ _tag }, { count }) => {
      if (_tag === "Broken") throw new Error("the predicate is not total")
      return _tag === "Closed" && count > 1
    },
    keep: 2,
    deleteEvents: true
  }
})

export const ThriftyBehavior = Thrifty.toLayer({
  Count: (_, { events }) =>
    Thrifty.persist(
      events.map((tag) => Events.cases[tag].make({})),
      ({ count }) => count
    )
})
