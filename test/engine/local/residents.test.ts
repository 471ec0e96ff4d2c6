import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as LocalEngine from "../../../layers/engine/local.ts"
import * as Memory from "../../../layers/memory/index.ts"
import { ActorSystem, EventStore } from "../../../src/index.ts"
import { behavior, Counter, runtime, type Scripts, settle, start, statusOf } from "./support.ts"

const limited = (maximumResident: number, scripts: Scripts = {}, passivateAfter?: "1 millis") =>
  Effect.provide(
    runtime(behavior(scripts, { passivateAfter }), { engine: LocalEngine.layerWith({ maximumResident }) }),
    {
      local: true
    }
  )

const count = (id: string) => Effect.flatMap(Counter.client, (client) => client(id).Count())
const tell = (id: string) => ActorSystem.ActorSystem.use((system) => system.tell(Counter, id, "Count", undefined))

/** The ids of those that are in memory. */
const inMemory = Effect.gen(function* () {
  const system = yield* ActorSystem.ActorSystem
  const all = yield* Stream.runCollect(system.list(Counter))
  return all.flatMap(({ id, status }) => (status === "passivated" ? [] : [id])).sort()
})

describe("an engine with a maximum of actors in memory", () => {
  it.effect("puts the one to sleep that was used least recently", () =>
    Effect.gen(function* () {
      for (const id of ["a", "b", "c"]) yield* count(id)
      assert.deepStrictEqual(yield* inMemory, ["a", "b", "c"])
      yield* count("a")
      yield* count("d")
      assert.deepStrictEqual(yield* inMemory, ["a", "c", "d"])
      assert.strictEqual(yield* count("b"), 2)
      assert.deepStrictEqual(yield* inMemory, ["a", "b", "d"])
      yield* Effect.forEach(
        Array.from({ length: 20 }, (_, index) => `${index}`),
        count,
        { concurrency: 5 }
      )
      yield* settle
      assert.lengthOf(yield* inMemory, 3)
    }).pipe(limited(3))
  )

  it.effect("keeps those that are busy or paused, and comes back to its maximum when they are not", () => {
    const gate = Deferred.makeUnsafe<void>()
    return Effect.gen(function* () {
      const system = yield* ActorSystem.ActorSystem
      const client = yield* Counter.client
      yield* system.pause(Counter, "paused")
      const busy = yield* Effect.forEach(["x", "y"], (id) => start(client(id).Run({ script: "wait" })))
      yield* settle
      yield* count("a")
      yield* settle
      assert.deepStrictEqual(yield* inMemory, ["paused", "x", "y"])
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.forEach(busy, Fiber.join)
      yield* system.resume(Counter, "paused")
      yield* settle
      assert.lengthOf(yield* inMemory, 2)
    }).pipe(limited(2, { wait: Deferred.await(gate) }))
  })

  it.effect("does not put one to sleep that has just been given something to do", () =>
    Effect.gen(function* () {
      const system = yield* ActorSystem.ActorSystem
      yield* count("a")
      // Both in one go, before the first has had its turn.
      yield* Effect.andThen(tell("a"), tell("b"))
      yield* settle
      assert.strictEqual(yield* count("a"), 3)
      assert.strictEqual(yield* count("b"), 2)
      assert.strictEqual(yield* system.deadLetterCount, 0)
      yield* count("a")
      const pausing = yield* start(system.pause(Counter, "a"))
      yield* tell("b")
      yield* Fiber.join(pausing)
      assert.strictEqual(yield* statusOf("a"), "paused")
      yield* system.resume(Counter, "a")
      yield* count("a")
      const restarting = yield* start(system.restart(Counter, "a"))
      yield* tell("b")
      yield* Fiber.join(restarting)
    }).pipe(limited(1))
  )

  it.live("runs every command exactly once, whenever it comes", () =>
    Effect.gen(function* () {
      const system = yield* ActorSystem.ActorSystem
      const sent = new Map<string, number>()
      const next = (seed: number) => (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      const caller = (first: number) =>
        Effect.gen(function* () {
          let seed = first
          for (let turn = 0; turn < 400; turn++) {
            seed = next(seed)
            const id = `${(seed >> 8) % 5}`
            const kind = (seed >> 16) % 8
            sent.set(id, (sent.get(id) ?? 0) + 1)
            if (kind < 3) yield* tell(id)
            else yield* count(id)
            if (kind === 5) yield* Effect.yieldNow
            if (kind === 6) yield* Effect.andThen(system.pause(Counter, id), system.resume(Counter, id))
            if (kind === 7) yield* Effect.andThen(system.restart(Counter, id), Effect.sleep(2))
          }
        })
      yield* Effect.forEach([1, 2, 3, 4, 5, 6], caller, { concurrency: "unbounded" })
      const client = yield* Counter.client
      for (const [id, times] of sent) assert.strictEqual(yield* client(id).Look(), times)
      assert.strictEqual(yield* system.deadLetterCount, 0)
    }).pipe(limited(2, {}, "1 millis"))
  )

  it.effect("refuses numbers that make no sense", () =>
    Effect.gen(function* () {
      for (const options of [
        { shutdownTimeout: "soon" as never },
        { shutdownTimeout: -1 },
        { maximumResident: 0 },
        { concurrentRecoveries: 0.5 },
        { maximumDepth: -1 }
      ]) {
        const layer = LocalEngine.layerWith(options).pipe(Layer.provide(Memory.layer))
        const exit = yield* Effect.exit(Effect.scoped(Layer.build(layer)))
        assert.include(Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "", "must be")
      }
    })
  )
})

describe("recoveries", () => {
  it.effect("are no more at a time than the engine allows, and none is forgotten, also after some that fail", () => {
    let [now, most, all] = [0, 0, 0]
    const gate = Deferred.makeUnsafe<void>()
    const counting = Layer.effect(
      EventStore.EventStore,
      Effect.map(EventStore.EventStore, (store) => ({
        ...store,
        head: (agentId: string) =>
          Effect.ensuring(
            Effect.suspend(() => {
              now++
              all++
              most = Math.max(most, now)
              return Effect.andThen(Deferred.await(gate), store.head(agentId.endsWith("5") ? "" : agentId))
            }),
            Effect.sync(() => now--)
          )
      }))
    ).pipe(Layer.provideMerge(Memory.layer))
    return Effect.gen(function* () {
      const ids = Array.from({ length: 20 }, (_, index) => `${index}`)
      const asking = yield* Effect.forEach(ids, (id) => start(Effect.result(count(id))))
      yield* settle
      assert.deepStrictEqual([now, all], [3, 3])
      yield* Deferred.succeed(gate, undefined)
      const results = yield* Effect.forEach(asking, Fiber.join)
      const failed = results.flatMap((result) => (result._tag === "Failure" ? [result.failure._tag] : []))
      assert.deepStrictEqual(failed, ["RecoveryFailed", "RecoveryFailed"])
      assert.deepStrictEqual([now, most], [0, 3])
    }).pipe(
      Effect.provide(
        runtime(behavior(), { engine: LocalEngine.layerWith({ concurrentRecoveries: 3 }), stores: counting }),
        { local: true }
      )
    )
  })
})
