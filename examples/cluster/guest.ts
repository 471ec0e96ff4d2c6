/** A guest who remembers his visits, and says which machine he was met on. */
import { Config, Effect, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { Actor } from "../../src/index.ts"

export const Guest = Actor.make("Guest", {
  state: Schema.Struct({ visits: Schema.Int }),
  initialState: { visits: 0 },
  events: Schema.TaggedUnion({ Visited: {} }),
  evolve: ({ visits }) => ({ visits: visits + 1 }),
  commands: [Rpc.make("Visit", { success: Schema.Struct({ machine: Schema.String, visits: Schema.Int }) })]
})

export const GuestBehavior = Guest.toLayer({
  Visit: () =>
    Effect.flatMap(Effect.orDie(Config.String("MACHINE_NAME")), (machine) =>
      Guest.persist({ _tag: "Visited" }, ({ visits }) => ({ machine, visits }))
    )
})
