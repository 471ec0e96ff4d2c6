import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { ActorSystem } from "../../../src/index.ts"
import { behavior, Counter, runtime, settle, start } from "./support.ts"

const ask = (id: string, script: string) => Effect.flatMap(Counter.client, (client) => client(id).Run({ script }))
const count = (id: string) => Effect.flatMap(Counter.client, (client) => client(id).Count())
const look = (id: string) => Effect.flatMap(Counter.client, (client) => client(id).Look())

describe("a handler that asks", () => {
  it.effect("another actor gets its answer", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* ask("a", "count b"), 1)
      assert.deepStrictEqual([yield* look("a"), yield* look("b")], [1, 1])
    }).pipe(Effect.provide(runtime(behavior({ "count b": count("b") })), { local: true }))
  )

  it.effect("its own actor is told that it would wait for ever", () => {
    const errors: Array<unknown> = []
    const scripts = { itself: Effect.map(Effect.flip(count("a")), (error) => errors.push(error)) }
    return Effect.gen(function* () {
      assert.strictEqual(yield* ask("a", "itself"), 1)
      const [error] = errors
      assert.deepInclude(error, { _tag: "ActorDeadlock", actor: "Counter", id: "a", command: "Count" })
      assert.deepInclude(error, { circle: ["Counter/a", "Counter/a"] })
      assert.strictEqual(yield* count("a"), 2)
    }).pipe(Effect.provide(runtime(behavior(scripts)), { local: true }))
  })

  it.effect("an actor that waits for it through others is told so, and all of them go on", () => {
    const errors: Array<unknown> = []
    const scripts = {
      "ask b": ask("b", "ask c"),
      "ask c": ask("c", "ask a"),
      "ask a": Effect.map(Effect.flip(count("a")), (error) => errors.push(error))
    }
    return Effect.gen(function* () {
      assert.strictEqual(yield* ask("a", "ask b"), 1)
      const [error] = errors
      assert.deepInclude(error, {
        _tag: "ActorDeadlock",
        circle: ["Counter/c", "Counter/a", "Counter/b", "Counter/c"]
      })
      assert.include(String(error), "waits for")
      for (const id of ["a", "b", "c"]) assert.strictEqual(yield* count(id), 2)
    }).pipe(Effect.provide(runtime(behavior(scripts)), { local: true }))
  })

  it.effect("from several fibers at once is told of each circle", () => {
    const scripts = {
      both: Effect.all([Effect.flip(count("a")), count("b"), ask("b", "back")], { concurrency: "unbounded" }),
      back: Effect.flip(count("a"))
    }
    return Effect.gen(function* () {
      assert.strictEqual(yield* ask("a", "both"), 1)
      assert.deepStrictEqual([yield* look("a"), yield* look("b")], [1, 2])
    }).pipe(Effect.provide(runtime(behavior(scripts)), { local: true }))
  })

  it.effect("may be asked by an actor whose answer it no longer waits for", () => {
    const [first, second] = [Deferred.makeUnsafe<void>(), Deferred.makeUnsafe<void>()]
    const scripts = {
      impatient: Effect.andThen(Effect.timeoutOption(ask("b", "ask a"), "1 second"), Deferred.await(second)),
      "ask a": Effect.andThen(Deferred.await(first), look("a"))
    }
    return Effect.gen(function* () {
      const asking = yield* start(ask("a", "impatient"))
      yield* TestClock.adjust("2 seconds")
      yield* Deferred.succeed(first, undefined)
      yield* settle
      yield* Deferred.succeed(second, undefined)
      assert.strictEqual(yield* Fiber.join(asking), 1)
      assert.strictEqual(yield* look("b"), 1)
    }).pipe(Effect.provide(runtime(behavior(scripts)), { local: true }))
  })

  it.effect("need not wait for the answers that its actor owes for commands before", () => {
    // `a` has run a command of `b`, whose answer it gives after the append; meanwhile it runs the next, which asks `b`.
    const gate = Deferred.makeUnsafe<void>()
    const scripts = {
      "count a": Effect.andThen(Deferred.await(gate), count("a")),
      "ask b": look("b")
    }
    return Effect.gen(function* () {
      const first = yield* start(ask("b", "count a"))
      yield* settle
      yield* Deferred.succeed(gate, undefined)
      const second = yield* start(ask("a", "ask b"))
      assert.strictEqual(yield* Fiber.join(first), 1)
      assert.strictEqual(yield* Fiber.join(second), 2)
    }).pipe(Effect.provide(runtime(behavior(scripts)), { local: true }))
  })

  it.effect("or tells, in the background while it runs, does not keep its actor waiting once it is done", () => {
    const gate = Deferred.makeUnsafe<void>()
    const scripts = {
      background: Effect.forkDetach(ask("b", "ask a"), { startImmediately: true }),
      "ask a": Effect.andThen(Deferred.await(gate), look("a"))
    }
    return Effect.gen(function* () {
      assert.strictEqual(yield* ask("a", "background"), 1)
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.strictEqual(yield* look("b"), 1)
    }).pipe(Effect.provide(runtime(behavior(scripts)), { local: true }))
  })
})

describe("a handler that", () => {
  it.effect("tells its own actor something has it run next", () => {
    const scripts = {
      again: ActorSystem.ActorSystem.use((system) => system.tell(Counter, "a", "Count", undefined))
    }
    return Effect.gen(function* () {
      assert.strictEqual(yield* ask("a", "again"), 1)
      assert.strictEqual(yield* look("a"), 2)
    }).pipe(Effect.provide(runtime(behavior(scripts)), { local: true }))
  })

  it.effect("stops its own actor, or one that waits for it, does not wait for the end", () => {
    const stop = (id: string) => ActorSystem.ActorSystem.use((system) => system.stop(Counter, id))
    const scripts = { "stop a": stop("a"), "ask b": ask("b", "stop a") }
    return Effect.gen(function* () {
      const system = yield* ActorSystem.ActorSystem
      assert.strictEqual(yield* ask("a", "stop a"), 1)
      assert.deepInclude(yield* Effect.flip(look("a")), { _tag: "ActorStopped", reason: "stopped" })
      yield* system.spawn(Counter, "a")
      assert.strictEqual(yield* ask("a", "ask b"), 2)
      assert.deepInclude(yield* Effect.flip(look("a")), { _tag: "ActorStopped", reason: "stopped" })
      assert.strictEqual(yield* look("b"), 1)
    }).pipe(Effect.provide(runtime(behavior(scripts)), { local: true }))
  })

  it.effect("waits does not keep other actors waiting", () => {
    const gate = Deferred.makeUnsafe<void>()
    return Effect.gen(function* () {
      const busy = yield* start(ask("a", "wait"))
      yield* settle
      for (let id = 0; id < 10; id++) assert.strictEqual(yield* count(`b${id}`), 1)
      assert.isUndefined(busy.pollUnsafe())
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(busy), 1)
    }).pipe(Effect.provide(runtime(behavior({ wait: Deferred.await(gate) })), { local: true }))
  })
})
