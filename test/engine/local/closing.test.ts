import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as LocalEngine from "../../../layers/engine/local.ts"
import * as Memory from "../../../layers/memory/index.ts"
import { ActorSystem, type ContextSnapshot, EventStore, SnapshotStore } from "../../../src/index.ts"
import { behavior, Counter, runtime, type Scripts, settle, start } from "./support.ts"

const engine = LocalEngine.layerWith({ shutdownTimeout: "50 millis" })

/** An engine, what closes it, and the store below, which stays open. */
const open = (scripts: Scripts, stores = Memory.layer) =>
  Effect.gen(function* () {
    const below = yield* Layer.build(Layer.fresh(stores))
    const scope = yield* Scope.make()
    const layer = runtime(behavior(scripts), { engine, stores: Layer.succeedContext(below) })
    const context = yield* Layer.buildWithScope(layer, scope)
    const counter = Effect.runSync(Effect.provide(Counter.client, context))
    const head = Context.get(below, EventStore.EventStore).head("Counter/a")
    return { counter, context, close: Scope.close(scope, Exit.void), head }
  })

describe("an engine that closes", () => {
  it.live("interrupts handlers that take too long, persists nothing of them, and answers every caller", () =>
    Effect.gen(function* () {
      const { close, counter, head } = yield* open({ never: Effect.never })
      const a = counter("a")
      assert.strictEqual(yield* a.Count(), 1)
      const stuck = yield* start(Effect.flip(a.Run({ script: "never" })))
      const behind = yield* Effect.forEach([1, 2], () => start(Effect.flip(a.Count())))
      yield* settle
      yield* close
      for (const fiber of [stuck, ...behind]) {
        assert.deepInclude(yield* Fiber.join(fiber), { _tag: "ActorStopped", reason: "shutdown" })
      }
      assert.strictEqual((yield* head).version, 1)
    })
  )

  it.live("tells whoever wants something of it that it is closed", () =>
    Effect.gen(function* () {
      const { close, context, counter } = yield* open({})
      const system = Context.get(context, ActorSystem.ActorSystem)
      yield* close
      const wanted: ReadonlyArray<Effect.Effect<unknown, object>> = [
        counter("a").Count(),
        system.spawn(Counter, "a"),
        system.pause(Counter, "a"),
        system.restart(Counter, "a"),
        system.stop(Counter, "a"),
        system.resume(Counter, "a"),
        system.watch(Counter, "a"),
        system.get(Counter, "a"),
        Stream.runDrain(system.list(Counter))
      ]
      for (const wanting of wanted) {
        assert.deepInclude(yield* Effect.flip(wanting), { _tag: "ActorStopped", reason: "shutdown" })
      }
    })
  )

  it.live("does not wait for ever for a handler that cannot be interrupted", () =>
    Effect.gen(function* () {
      const gate = Deferred.makeUnsafe<void>()
      const { close, counter, head } = yield* open({ stubborn: Effect.uninterruptible(Deferred.await(gate)) })
      const stuck = yield* start(Effect.flip(counter("a").Run({ script: "stubborn" })))
      yield* settle
      yield* Effect.timeout(close, "5 seconds")
      assert.deepInclude(yield* Fiber.join(stuck), { _tag: "ActorStopped", reason: "shutdown" })
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.strictEqual((yield* head).version, 0)
    })
  )

  it.live("does not say of an append that it came to nothing, when that is not known", () =>
    Effect.gen(function* () {
      for (const hold of [Effect.interruptible, Effect.uninterruptible]) {
        const gate = Deferred.makeUnsafe<void>()
        const slow = Layer.effect(
          EventStore.EventStore,
          Effect.map(EventStore.EventStore, (store) => ({
            ...store,
            append: (append: EventStore.Append) => hold(Effect.andThen(Deferred.await(gate), store.append(append)))
          }))
        ).pipe(Layer.provideMerge(Memory.layer))
        const { close, counter } = yield* open({}, slow)
        const asking = yield* start(Effect.flip(counter("a").Count()))
        yield* settle
        const behind = yield* start(Effect.flip(counter("a").Count()))
        yield* Effect.timeout(close, "5 seconds")
        const error = yield* Fiber.join(asking)
        assert.deepInclude(error, { _tag: "Unknown", agentId: "Counter/a" })
        assert.lengthOf(error._tag === "Unknown" ? error.eventIds : [], 1)
        assert.deepInclude(yield* Fiber.join(behind), { _tag: "ActorStopped", reason: "shutdown" })
        yield* Deferred.succeed(gate, undefined)
      }
    })
  )

  it.live("waits for the snapshots that are being saved, but not for ever", () =>
    Effect.gen(function* () {
      for (const isStuck of [false, true]) {
        const saved: Array<number> = []
        const slow = Layer.effect(
          SnapshotStore.SnapshotStore,
          Effect.map(SnapshotStore.SnapshotStore, (store) => ({
            ...store,
            save: (snapshot: ContextSnapshot.NewSnapshot) =>
              isStuck
                ? Effect.never
                : Effect.delay(
                    Effect.tap(store.save(snapshot), ({ version }) => Effect.sync(() => saved.push(version))),
                    "10 millis"
                  )
          }))
        ).pipe(Layer.provideMerge(Memory.layer))
        const { close, counter } = yield* open({}, slow)
        yield* counter("a").CountMany({ times: 5, text: "" })
        yield* Effect.timeout(close, "5 seconds")
        assert.deepStrictEqual(saved, isStuck ? [] : [5])
      }
    })
  )

  it.live("leaves no fiber behind", () =>
    Effect.gen(function* () {
      let alive = 0
      const count = Layer.succeed(Metric.FiberRuntimeMetrics, {
        recordFiberStart: () => {
          alive++
        },
        recordFiberEnd: () => {
          alive--
        }
      })
      const scripts: Scripts = {
        never: Effect.never,
        "ask b": Effect.flatMap(Counter.client, (client) => client("b").Count())
      }
      const use = Effect.gen(function* () {
        const client = yield* Counter.client
        const system = yield* ActorSystem.ActorSystem
        for (let id = 0; id < 20; id++) yield* client(`${id}`).CountMany({ times: 7, text: "" })
        yield* client("a").Run({ script: "ask b" })
        yield* Effect.exit(client("c").Die())
        yield* system.stop(Counter, "1")
        yield* Effect.forkDetach(client("d").Run({ script: "never" }), { startImmediately: true })
        yield* Effect.timeoutOption(client("e").Run({ script: "never" }), "1 millis")
      })
      yield* use.pipe(
        Effect.provide(
          Layer.provideMerge(runtime(behavior(scripts, { passivateAfter: "5 millis" }), { engine }), count),
          {
            local: true
          }
        )
      )
      yield* Effect.sleep("10 millis")
      assert.strictEqual(alive, 0)
    })
  )
})
