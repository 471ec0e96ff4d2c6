import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { Actor, ActorSystem } from "../../../src/index.ts"
import { behavior, Counter, runtime } from "./support.ts"

/** Hands commands on to each other. */
const Link = Actor.make("Link", {
  state: Schema.Struct({}),
  initialState: {},
  events: Schema.TaggedUnion({ Passed: {} }),
  evolve: (state) => state,
  commands: [
    /** Asks the next link, and so on. */
    Rpc.make("Down", { payload: { left: Schema.Int }, success: Schema.Int }),
    /** Tells the next link, round and round in a ring of the size, for ever. */
    Rpc.make("Round", { payload: { ring: Schema.String, place: Schema.Int, size: Schema.Int } })
  ]
})

const LinkBehavior = Link.toLayer({
  Down: Effect.fnUntraced(function* (_, { left }) {
    if (left === 0) return 0
    const link = (yield* Link.client)(`${left - 1}`)
    return 1 + (yield* Effect.orDie(link.Down({ left: left - 1 })))
  }),
  Round: Effect.fnUntraced(function* (_, { place, ring, size }) {
    const system = yield* ActorSystem.ActorSystem
    const next = (place + 1) % size
    yield* Effect.ignore(system.tell(Link, `${ring}${next}`, "Round", { ring, place: next, size }))
  })
})

describe("actors", () => {
  it.live("that ask each other ten thousand deep all answer", () =>
    Effect.gen(function* () {
      const link = yield* Link.client
      assert.strictEqual(yield* link("10000").Down({ left: 10_000 }), 10_000)
    }).pipe(Effect.provide(runtime(LinkBehavior), { local: true }))
  )

  for (const size of [1, 2, 1000]) {
    it.live(
      `that tell each other something in a ring of ${size}, without end, leave room for timers and for others`,
      () =>
        Effect.gen(function* () {
          const system = yield* ActorSystem.ActorSystem
          const counter = (yield* Counter.client)("a")
          yield* system.tell(Link, "r0", "Round", { ring: "r", place: 0, size })
          for (let tick = 0; tick < 5; tick++) yield* Effect.sleep("1 millis")
          assert.strictEqual(yield* counter.Count(), 1)
          yield* system.stop(Link, "r0")
        }).pipe(Effect.provide(runtime(Layer.merge(LinkBehavior, behavior())), { local: true }))
    )
  }

  it.live("that are asked without pause leave room for timers", () =>
    Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      const asking = yield* Effect.forkChild(Effect.forever(counter.Look()))
      const counting = yield* Effect.forkChild(Effect.forever(counter.Count()))
      for (let tick = 0; tick < 5; tick++) yield* Effect.sleep("1 millis")
      yield* Fiber.interrupt(asking)
      yield* Fiber.interrupt(counting)
      assert.isAbove(yield* counter.Look(), 0)
    }).pipe(Effect.provide(runtime(behavior()), { local: true }))
  )
})
