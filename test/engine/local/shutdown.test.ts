import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as LocalEngine from "../../../layers/engine/local.ts"
import * as Memory from "../../../layers/memory/index.ts"
import { ActorSystem, EventStore, Supervision } from "../../../src/index.ts"
import { behavior, Counter, runtime, settle, start, statusOf } from "./support.ts"

/** Never read the journal of one actor. */
const stores = Layer.effect(
  EventStore.EventStore,
  Effect.map(EventStore.EventStore, (store) => ({
    ...store,
    head: (agentId: string) => (agentId === "Counter/recovering" ? Effect.never : store.head(agentId))
  }))
).pipe(Layer.provideMerge(Memory.layer))

const scripts = {
  wait: Effect.never,
  "wait stubbornly": Effect.uninterruptible(Effect.never),
  "spawn a child": ActorSystem.ActorSystem.use((system) => system.spawnChild(Counter, "child"))
}

const supervision = Supervision.restart({ schedule: Schedule.spaced("1 hour") })

const layer = runtime(behavior(scripts, { supervision }), {
  engine: LocalEngine.layerWith({ shutdownTimeout: "50 millis" }),
  stores
})

describe("an engine that closes while its actors do all that actors may do", () => {
  it.live("is done in time, and leaves nobody waiting", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(layer, scope)
      const waiting = yield* Effect.gen(function* () {
        const system = yield* ActorSystem.ActorSystem
        const client = yield* Counter.client
        const begin = (effect: Effect.Effect<unknown, unknown>) => start(Effect.exit(effect))
        yield* client("idle").Count()
        yield* client("parent").Run({ script: "spawn a child" })
        yield* system.pause(Counter, "paused")
        yield* Effect.flip(client("restarting").Die())
        const fibers = [
          yield* begin(client("handling").Run({ script: "wait" })),
          yield* begin(client("stubborn").Run({ script: "wait stubbornly" })),
          yield* begin(client("recovering").Count()),
          yield* begin(system.spawn(Counter, "recovering"))
        ]
        yield* settle
        for (const status of ["paused", "restarting", "recovering"]) {
          assert.strictEqual(yield* statusOf(status), status)
        }
        for (const id of ["handling", "stubborn", "recovering", "paused", "restarting"]) {
          fibers.push(
            yield* begin(client(id).Count()),
            yield* begin(system.tell(Counter, id, "Count", undefined)),
            yield* begin(system.watch(Counter, id)),
            yield* begin(system.pause(Counter, id)),
            yield* begin(system.restart(Counter, id)),
            yield* begin(system.stop(Counter, id)),
            yield* begin(system.spawn(Counter, id))
          )
        }
        fibers.push(
          yield* begin(system.stop(Counter, "parent")),
          yield* begin(system.watch(Counter, "idle")),
          yield* begin(Stream.runDrain(system.changes)),
          yield* begin(Stream.runDrain(system.deadLetters))
        )
        return fibers
      }).pipe(Effect.provide(context))
      yield* Effect.timeout(Scope.close(scope, Exit.void), "5 seconds")
      yield* Effect.timeout(Effect.forEach(waiting, Fiber.join), "1 second")
    })
  )
})
