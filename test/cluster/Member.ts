/** An actor that has to do with others, and with time. */
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { Actor, ActorError, ActorSystem } from "../../src/index.ts"

export const Member = Actor.make("Member", {
  state: Schema.Struct({ rung: Schema.Int }),
  initialState: { rung: 0 },
  events: Schema.TaggedUnion({ Rung: {} }),
  evolve: ({ rung }) => ({ rung: rung + 1 }),
  commands: [
    Rpc.make("Wait", { payload: { milliseconds: Schema.Int } }),
    Rpc.make("Ring"),
    Rpc.make("Linger", { payload: { milliseconds: Schema.Int } }),
    Rpc.make("Rung", { success: Schema.Int }),
    // Asks the first to ask the rest.
    Rpc.make("Pass", {
      payload: { path: Schema.Array(Schema.String) },
      success: Schema.Int,
      error: ActorError.ActorDeadlock
    }),
    Rpc.make("Adopt", { payload: { ids: Schema.Array(Schema.String) } })
  ]
})

export const MemberBehavior = Member.toLayer({
  Wait: (_, { milliseconds }) => Member.timers.after("ring", milliseconds, "Ring"),
  Ring: () => Member.persist({ _tag: "Rung" }, () => undefined),
  Linger: (_, { milliseconds }) => Effect.sleep(milliseconds),
  Rung: ({ rung }) => Effect.succeed(rung),
  Pass: (_, { path: [next, ...path] }) => {
    if (next === undefined) return Effect.succeed(0)
    const asked = Effect.flatMap(Member.client, (member) => member(next).Pass({ path }))
    const deeper = Effect.map(asked, (depth) => depth + 1)
    return Effect.catch(deeper, (error) => (error._tag === "ActorDeadlock" ? Effect.fail(error) : Effect.die(error)))
  },
  Adopt: (_, { ids }) =>
    Effect.orDie(
      Effect.flatMap(ActorSystem.ActorSystem, (system) =>
        Effect.forEach(ids, (id) => system.spawnChild(Member, id), { discard: true })
      )
    )
})
