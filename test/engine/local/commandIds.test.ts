import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as Memory from "../../../layers/memory/index.ts"
import { EventStore } from "../../../src/index.ts"
import { behavior, Counter, runtime, settle, start } from "./support.ts"

describe("a command with an id", () => {
  it.effect("that comes while the ids of others are looked up is not run before its own was", () => {
    const gate = Deferred.makeUnsafe<void>()
    let lookUps = 0
    // The third look-up waits.
    const stores = Layer.effect(
      EventStore.EventStore,
      Effect.map(EventStore.EventStore, (store) => ({
        ...store,
        replies: (agentId: string, ids: ReadonlyArray<string>) =>
          ++lookUps === 2
            ? Effect.andThen(Deferred.await(gate), store.replies(agentId, ids))
            : store.replies(agentId, ids)
      }))
    ).pipe(Layer.provideMerge(Memory.layer))
    return Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      assert.strictEqual(yield* counter.Count(undefined, { commandId: "known" }), 1)
      const first = yield* start(counter.Count(undefined, { commandId: "new" }))
      const withdrawn = yield* start(counter.Count())
      yield* settle
      yield* Fiber.interrupt(withdrawn)
      const late = yield* start(counter.Count(undefined, { commandId: "known" }))
      yield* Deferred.succeed(gate, undefined)
      assert.deepStrictEqual([yield* Fiber.join(first), yield* Fiber.join(late)], [2, 1])
      assert.lengthOf(yield* Stream.runCollect(EventStore.read("Counter/a")), 2)
    }).pipe(Effect.provide(runtime(behavior(), { stores }), { local: true }))
  })
})
