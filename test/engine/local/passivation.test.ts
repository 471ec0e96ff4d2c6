import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as LocalEngine from "../../../layers/engine/local.ts"
import * as Memory from "../../../layers/memory/index.ts"
import { ActorSystem, SnapshotStore } from "../../../src/index.ts"
import { behavior, Counter, runtime, type Scripts, settle, start, statusOf } from "./support.ts"

const sleepy = (scripts: Scripts = {}) =>
  Effect.provide(runtime(behavior(scripts, { passivateAfter: "1 minute" })), { local: true })

describe("an idle actor", () => {
  it.effect("leaves the memory after the time its behavior says, and wakes at the next command", () =>
    Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      const system = yield* ActorSystem.ActorSystem
      yield* counter.Count()
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* statusOf("a"), "running")
      yield* counter.Count()
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* statusOf("a"), "running")
      yield* TestClock.adjust("31 seconds")
      assert.strictEqual(yield* statusOf("a"), "passivated")
      const [listed] = yield* Stream.runCollect(system.list(Counter))
      assert.deepInclude(listed, { id: "a", status: "passivated", version: 2 })
      assert.strictEqual(yield* counter.Count(), 3)
      assert.strictEqual(yield* statusOf("a"), "running")
    }).pipe(sleepy())
  )

  it.effect("that was only spawned, or never persisted anything, leaves too", () =>
    Effect.gen(function* () {
      const system = yield* ActorSystem.ActorSystem
      yield* system.spawn(Counter, "a")
      yield* TestClock.adjust("50 seconds")
      assert.strictEqual(yield* statusOf("a"), "running")
      yield* TestClock.adjust("50 seconds")
      assert.strictEqual(yield* statusOf("a"), "unknown")
    }).pipe(sleepy())
  )

  it.effect("stays for ever by default", () =>
    Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      yield* counter.Count()
      yield* TestClock.adjust("10 days")
      assert.strictEqual(yield* statusOf("a"), "running")
    }).pipe(Effect.provide(runtime(behavior()), { local: true }))
  )

  it.effect("may be stopped and spawned while it sleeps", () =>
    Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      const system = yield* ActorSystem.ActorSystem
      yield* counter.Count()
      yield* TestClock.adjust("3 minutes")
      yield* system.stop(Counter, "a")
      assert.deepInclude(yield* Effect.flip(counter.Count()), { _tag: "ActorStopped", reason: "stopped" })
      assert.deepInclude(yield* system.spawn(Counter, "a"), { status: "running", version: 1 })
      assert.strictEqual(yield* counter.Count(), 2)
    }).pipe(sleepy())
  )
})

describe("a cap on the actors in memory", () => {
  it.effect("puts nobody to sleep who has just been told something", () =>
    Effect.gen(function* () {
      const client = yield* Counter.client
      const system = yield* ActorSystem.ActorSystem
      yield* client("a").Count()
      yield* system.tell(Counter, "a", "Count", undefined)
      // Has no room, and comes before "a" has looked at what it was told.
      yield* client("b").Count()
      assert.strictEqual(yield* client("a").Look(), 2)
      assert.strictEqual(yield* statusOf("b"), "passivated")
    }).pipe(
      Effect.provide(runtime(behavior(), { engine: LocalEngine.layerWith({ maximumResident: 1 }) }), { local: true })
    )
  )
})

describe("an actor that is not idle", () => {
  it.effect("stays while a handler runs, however long that takes", () => {
    const gate = Deferred.makeUnsafe<void>()
    return Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      const busy = yield* start(counter.Run({ script: "wait" }))
      yield* settle
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(yield* statusOf("a"), "running")
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(busy), 1)
      yield* TestClock.adjust("50 seconds")
      assert.strictEqual(yield* statusOf("a"), "running")
    }).pipe(sleepy({ wait: Deferred.await(gate) }))
  })

  it.effect("stays while its snapshot is being saved", () => {
    const gate = Deferred.makeUnsafe<void>()
    const slow = Layer.effect(
      SnapshotStore.SnapshotStore,
      Effect.map(SnapshotStore.SnapshotStore, (store) => ({
        ...store,
        save: (snapshot) => Effect.andThen(Deferred.await(gate), store.save(snapshot))
      }))
    )
    const stores = slow.pipe(Layer.provideMerge(Memory.layer))
    return Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      yield* counter.CountMany({ times: 5, text: "" })
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(yield* statusOf("a"), "running")
      yield* Deferred.succeed(gate, undefined)
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(yield* statusOf("a"), "passivated")
    }).pipe(Effect.provide(runtime(behavior({}, { passivateAfter: "1 minute" }), { stores }), { local: true }))
  })
})

describe("a command that meets an actor going to sleep", () => {
  const pauses = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 })))

  it.effect.prop(
    "is not lost, whenever it comes",
    { pauses },
    ({ pauses }) =>
      Effect.gen(function* () {
        const counter = (yield* Counter.client)("a")
        const fibers = []
        for (const pause of pauses) {
          fibers.push(yield* start(counter.Count()))
          yield* TestClock.adjust(pause)
        }
        yield* settle
        const counts = yield* Effect.forEach(fibers, Fiber.join)
        assert.deepStrictEqual(
          counts,
          pauses.map((_, index) => index + 1)
        )
      }).pipe(Effect.provide(runtime(behavior({}, { passivateAfter: "2 millis" })), { local: true })),
    { arbitrary: { runs: 50, size: 20 } }
  )
})
