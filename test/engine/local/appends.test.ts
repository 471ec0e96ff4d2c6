import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import * as Memory from "../../../layers/memory/index.ts"
import { EventStore, Limits, StoreError } from "../../../src/index.ts"
import { behavior, Counter, outcome, runtime, settle, start } from "./support.ts"

/** A memory store of which each append does what the test says. */
const storesWith = (
  append: (
    store: EventStore.EventStore["Service"],
    append: EventStore.Append
  ) => Effect.Effect<EventStore.Appended, StoreError.AppendError>
) =>
  Layer.effect(
    EventStore.EventStore,
    Effect.map(EventStore.EventStore, (store) => ({ ...store, append: (one: EventStore.Append) => append(store, one) }))
  ).pipe(Layer.provideMerge(Memory.layer))

const run = (stores: typeof Memory.layer) => Effect.provide(runtime(behavior(), { stores }), { local: true })

describe("what waits together", () => {
  /** Holds the first append back, so that the others wait together. */
  const collected = (sizes: Array<number>, gate: Deferred.Deferred<void>) =>
    storesWith((store, append) => {
      sizes.push(append.events.length)
      const stored = store.append(append)
      return sizes.length === 1 ? Effect.andThen(Deferred.await(gate), stored) : stored
    })

  it.effect("includes what those have to say next who were answered together", () => {
    const sizes: Array<number> = []
    const gate = Deferred.makeUnsafe<void>()
    const stores = storesWith((store, append) => {
      sizes.push(append.events.length)
      return Effect.andThen(sizes.length === 1 ? Deferred.await(gate) : Effect.void, store.append(append))
    })
    return Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      // The first round has one command, and the others wait for it.
      const first = yield* start(Effect.replicateEffect(counter.Count(), 10))
      yield* settle
      const fibers = yield* Effect.forEach(Array(15).keys(), () => start(Effect.replicateEffect(counter.Count(), 10)))
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.forEach([first, ...fibers], Fiber.join)
      assert.deepStrictEqual(sizes, [1, ...Array(9).fill(16), 15])
    }).pipe(run(stores))
  })

  it.effect("is split when it has more events than one append may have", () => {
    const sizes: Array<number> = []
    const gate = Deferred.makeUnsafe<void>()
    return Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      const first = yield* start(counter.Count())
      yield* settle
      const fibers = yield* Effect.forEach([4, 4, 4, 10, 1, 11, 2], (times) =>
        start(counter.CountMany({ times, text: "" }))
      )
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(first), 1)
      const answers = yield* Effect.forEach(fibers, outcome)
      assert.deepStrictEqual(
        answers.map((answer) => (answer._tag === "Success" ? answer.success : answer.failure._tag)),
        [5, 9, 13, 23, 24, "Rejected", 26]
      )
      assert.deepStrictEqual(sizes, [1, 8, 4, 10, 1, 2])
    }).pipe(
      run(collected(sizes, gate)),
      Effect.provideService(Limits.Limits, { ...Limits.defaults, eventsPerAppend: 10 })
    )
  })

  it.effect("is split when it is larger than what stores take in one message", () => {
    const sizes: Array<number> = []
    const gate = Deferred.makeUnsafe<void>()
    const text = "a".repeat(3 * 1024 * 1024)
    return Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      const first = yield* start(counter.Count())
      yield* settle
      const fibers = yield* Effect.forEach([1, 1, 1, 1, 1], (times) => start(counter.CountMany({ times, text })))
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(first)
      assert.deepStrictEqual(yield* Effect.forEach(fibers, Fiber.join), [2, 3, 4, 5, 6])
      assert.deepStrictEqual(sizes, [1, 2, 2, 1])
    }).pipe(run(collected(sizes, gate)))
  })
})

describe("a store that never tells what became of an append", () => {
  for (const isStored of [true, false]) {
    it.effect(
      `is asked again for about ten seconds; then the caller is told, and the actor recovers ${isStored ? "with" : "without"} the events`,
      () => {
        let isSilent = false
        const stores = storesWith((store, append) => {
          if (!isSilent) return store.append(append)
          const unknown = new StoreError.Unknown({ agentId: append.agentId, eventIds: [], cause: "silence" })
          return isStored ? Effect.andThen(store.append(append), unknown) : Effect.fail(unknown)
        })
        return Effect.gen(function* () {
          const counter = (yield* Counter.client)("a")
          yield* counter.Count()
          isSilent = true
          const asking = yield* start(Effect.flip(counter.Count()))
          yield* settle
          const behind = yield* start(counter.Look())
          yield* TestClock.adjust("5 seconds")
          assert.isUndefined(asking.pollUnsafe())
          yield* TestClock.adjust("10 seconds")
          const error = yield* Fiber.join(asking)
          assert.strictEqual(error._tag, "Unknown")
          isSilent = false
          assert.strictEqual(yield* Fiber.join(behind), isStored ? 2 : 1)
          assert.strictEqual(yield* counter.Count(), isStored ? 3 : 2)
        }).pipe(run(stores))
      }
    )
  }
})
