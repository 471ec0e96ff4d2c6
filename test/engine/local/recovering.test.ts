import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Memory from "../../../layers/memory/index.ts"
import { ActorSystem, EventStore, StoreError } from "../../../src/index.ts"
import { behavior, Counter, runtime, settle, start, statusOf } from "./support.ts"

const unreachable = new StoreError.Unavailable({
  operation: "read",
  reason: "Unreachable",
  expected: "a store",
  found: "none",
  remedy: "Wait."
})

describe("an actor that is recovering", () => {
  /** The store answers once the gate is open: with the truth, or not at all. */
  const slow = (gate: Deferred.Deferred<boolean>) =>
    Layer.effect(
      EventStore.EventStore,
      Effect.map(EventStore.EventStore, (store) => ({
        ...store,
        head: (agentId: string) =>
          Effect.flatMap(Deferred.await(gate), (works) => (works ? store.head(agentId) : Effect.fail(unreachable)))
      }))
    ).pipe(Layer.provideMerge(Memory.layer))

  const with_ = (gate: Deferred.Deferred<boolean>) =>
    Effect.provide(runtime(behavior(), { stores: slow(gate) }), { local: true })

  it.effect("says so, keeps what comes, and runs it in order", () => {
    const gate = Deferred.makeUnsafe<boolean>()
    return Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      const fibers = yield* Effect.forEach([1, 2, 3], () => start(counter.Count()))
      yield* settle
      assert.strictEqual(yield* statusOf("a"), "recovering")
      yield* Deferred.succeed(gate, true)
      assert.deepStrictEqual(yield* Effect.forEach(fibers, Fiber.join), [1, 2, 3])
    }).pipe(with_(gate))
  })

  for (const works of [true, false]) {
    it.effect(
      `can be stopped meanwhile, and is stopped then, whether it ${works ? "recovers" : "cannot recover"}`,
      () => {
        const gate = Deferred.makeUnsafe<boolean>()
        return Effect.gen(function* () {
          const counter = (yield* Counter.client)("a")
          const system = yield* ActorSystem.ActorSystem
          const asking = yield* start(Effect.result(counter.Count()))
          yield* settle
          const stopping = yield* start(system.stop(Counter, "a"))
          yield* settle
          yield* Deferred.succeed(gate, works)
          yield* Fiber.join(stopping)
          const answer = yield* Fiber.join(asking)
          assert.strictEqual(
            answer._tag === "Success" ? answer.success : answer.failure._tag,
            works ? 1 : "RecoveryFailed"
          )
          assert.deepInclude(yield* Effect.flip(counter.Count()), { _tag: "ActorStopped", reason: "stopped" })
        }).pipe(with_(gate))
      }
    )
  }
})
