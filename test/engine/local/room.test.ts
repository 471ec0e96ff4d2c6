import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { Actor, ActorSystem } from "../../../src/index.ts"
import { behavior, Counter, runtime, settle, start } from "./support.ts"

const ask = (id: string, script: string) => Effect.flatMap(Counter.client, (client) => client(id).Run({ script }))
const look = (id: string) => Effect.flatMap(Counter.client, (client) => client(id).Look())

describe("a handler that meets a mailbox that is full", () => {
  const make = (name: string, whenFull: "fail" | "wait") =>
    Actor.make(name, {
      state: Schema.Struct({ count: Schema.Int }),
      initialState: { count: 0 },
      events: Schema.TaggedUnion({ Counted: {} }),
      evolve: ({ count }) => ({ count: count + 1 }),
      commands: [Rpc.make("Count", { success: Schema.Int }), Rpc.make("Run", { success: Schema.Unknown })],
      mailbox: { capacity: 1, whenFull }
    })
  const Patient = make("Patient", "wait")
  const Strict = make("Strict", "fail")
  const behaviorOf = (definition: typeof Patient, script: Effect.Effect<unknown, unknown, ActorSystem.ActorSystem>) =>
    definition.toLayer({
      Count: () => definition.persist({ _tag: "Counted" }, ({ count }) => count),
      Run: () => Effect.orDie(script)
    })

  it.effect("of its own does not wait for room, which would be for ever, and what it told is not taken", () => {
    const tell = ActorSystem.ActorSystem.use((system) => system.tell(Patient, "a", "Count", undefined))
    const layer = behaviorOf(Patient, Effect.andThen(tell, Effect.flip(tell)))
    return Effect.gen(function* () {
      const patient = (yield* Patient.client)("a")
      assert.deepInclude(yield* patient.Run(), {
        _tag: "ActorDeadlock",
        command: "Count",
        circle: ["Patient/a", "Patient/a"]
      })
      assert.strictEqual(yield* patient.Count(), 2)
    }).pipe(Effect.provide(runtime(layer), { local: true }))
  })

  it.effect("of another waits for room, and may be asked meanwhile by those for whom it does not wait", () => {
    const gate = Deferred.makeUnsafe<void>()
    const layer = Layer.merge(
      behaviorOf(Patient, Deferred.await(gate)),
      behavior({ tell: ActorSystem.ActorSystem.use((system) => system.tell(Patient, "a", "Count", undefined)) })
    )
    return Effect.gen(function* () {
      const patient = (yield* Patient.client)("a")
      const busy = yield* start(patient.Run())
      yield* settle
      const inside = yield* start(patient.Count())
      const telling = yield* start(ask("a", "tell"))
      yield* settle
      assert.isUndefined(telling.pollUnsafe())
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(busy)
      assert.deepStrictEqual([yield* Fiber.join(inside), yield* Fiber.join(telling)], [1, 1])
      assert.strictEqual(yield* patient.Count(), 3)
    }).pipe(Effect.provide(runtime(layer), { local: true }))
  })

  it.effect("is told so, and waits no longer", () => {
    const [first, second] = [Deferred.makeUnsafe<void>(), Deferred.makeUnsafe<void>()]
    const askStrict = Effect.flatMap(Strict.client, (client) => client("a").Count())
    const layer = Layer.merge(
      behaviorOf(Strict, Effect.andThen(Deferred.await(first), look("a"))),
      behavior({ ask: Effect.andThen(Effect.flip(askStrict), Deferred.await(second)) })
    )
    return Effect.gen(function* () {
      const strict = (yield* Strict.client)("a")
      const busy = yield* start(strict.Run())
      yield* settle
      const inside = yield* start(strict.Count())
      const asking = yield* start(ask("a", "ask"))
      yield* settle
      yield* Deferred.succeed(first, undefined)
      yield* settle
      yield* Deferred.succeed(second, undefined)
      assert.strictEqual(yield* Fiber.join(asking), 1)
      assert.strictEqual(yield* Fiber.join(busy), 1)
      assert.strictEqual(yield* Fiber.join(inside), 1)
    }).pipe(Effect.provide(runtime(layer), { local: true }))
  })
})
