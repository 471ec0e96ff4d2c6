import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as LocalEngine from "../../../layers/engine/local.ts"
import * as Memory from "../../../layers/memory/index.ts"
import { AccessPolicy, ActorSystem, CurrentPrincipal, Permission, StoreError, Supervision } from "../../../src/index.ts"
import { behavior, Counter, settle } from "./support.ts"

const away = new StoreError.Unavailable({
  operation: "read shares",
  reason: "Unreachable",
  expected: "shares",
  found: "none",
  remedy: "Wait."
})

describe("a command that was told", () => {
  const told = ActorSystem.ActorSystem.use((system) => system.tell(Counter, "a", "Count", undefined))
  const dying = ActorSystem.ActorSystem.use((system) => system.tell(Counter, "a", "Die", undefined))

  it.effect("and can no longer be run is a dead letter, and the log says so", () => {
    const gate = Deferred.makeUnsafe<void>()
    const lines: Array<string> = []
    const layer = behavior({ wait: Deferred.await(gate) }, { supervision: Supervision.stop }).pipe(
      Layer.provideMerge(LocalEngine.layer),
      Layer.provideMerge(Memory.layer),
      Layer.provideMerge(Logger.layer([Logger.make(({ message }) => lines.push(String(message)))]))
    )
    return Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      yield* Effect.forkChild(counter.Run({ script: "wait" }), { startImmediately: true })
      yield* settle
      yield* dying
      yield* told
      yield* told
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      const letters = lines.filter((line) => line.includes("dead letter"))
      assert.lengthOf(letters, 2)
      for (const letter of letters) assert.include(letter, "Count to Counter/a")
      assert.strictEqual(lines.filter((line) => line.includes("crashed on Die")).length, 1)
      // Who comes later is told at once.
      assert.deepInclude(yield* Effect.flip(told), { _tag: "ActorStopped", reason: "failed" })
    }).pipe(Effect.provide(layer, { local: true }))
  })

  it.effect("and is a dead letter is told of to those only who may read its actor", () => {
    const gate = Deferred.makeUnsafe<void>()
    const agentId = Counter.agentId("a")
    /** Lets everybody do everything, but nobody see the dead letters of a counter when he has not its permission. */
    const policy: AccessPolicy.AccessPolicy = {
      ...AccessPolicy.trusted,
      grounds: (need) =>
        Effect.map(CurrentPrincipal.CurrentPrincipal, (principal) =>
          CurrentPrincipal.may(principal, need) ? "permission" : "none"
        )
    }
    const layer = behavior({ wait: Deferred.await(gate) }, { supervision: Supervision.stop }).pipe(
      Layer.provideMerge(LocalEngine.layer),
      Layer.provide(Layer.succeed(AccessPolicy.AccessPolicy, policy)),
      Layer.provideMerge(Memory.layer),
      Layer.provideMerge(Logger.layer([]))
    )
    const reader = { id: "ann", kind: "user", permissions: [Permission.make(`actor:read:${agentId}`)] } as const
    return Effect.gen(function* () {
      const system = yield* ActorSystem.ActorSystem
      const seen: Array<string> = []
      const see = (who: string) => Stream.runForEach(system.deadLetters, () => Effect.sync(() => seen.push(who)))
      yield* Effect.forkChild(see("nobody"), { startImmediately: true })
      yield* Effect.forkChild(Effect.provideService(see("ann"), CurrentPrincipal.CurrentPrincipal, reader), {
        startImmediately: true
      })
      const counter = (yield* Counter.client)("a")
      yield* Effect.forkChild(counter.Run({ script: "wait" }), { startImmediately: true })
      yield* settle
      yield* dying
      yield* told
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.deepStrictEqual(seen, ["ann"])
    }).pipe(Effect.provide(layer, { local: true }))
  })

  it.effect("and is a dead letter is told of later when it cannot be known at once who may read its actor", () => {
    const gate = Deferred.makeUnsafe<void>()
    let isKnown = false
    const policy: AccessPolicy.AccessPolicy = {
      ...AccessPolicy.trusted,
      grounds: () => Effect.suspend(() => (isKnown ? Effect.succeed("share") : Effect.fail(away)))
    }
    const layer = behavior({ wait: Deferred.await(gate) }, { supervision: Supervision.stop }).pipe(
      Layer.provideMerge(LocalEngine.layer),
      Layer.provide(Layer.succeed(AccessPolicy.AccessPolicy, policy)),
      Layer.provideMerge(Memory.layer),
      Layer.provideMerge(Logger.layer([]))
    )
    return Effect.gen(function* () {
      const system = yield* ActorSystem.ActorSystem
      const seen: Array<string> = []
      yield* Effect.forkChild(
        Stream.runForEach(system.deadLetters, ({ command }) => Effect.sync(() => seen.push(command))),
        { startImmediately: true }
      )
      const counter = (yield* Counter.client)("a")
      yield* Effect.forkChild(counter.Run({ script: "wait" }), { startImmediately: true })
      yield* settle
      yield* dying
      yield* told
      yield* told
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(seen, [])
      isKnown = true
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(seen, ["Count", "Count"])
    }).pipe(Effect.provide(layer, { local: true }))
  })
})
