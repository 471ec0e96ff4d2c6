/** Cleaning up on a schedule. */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Memory from "../../layers/memory/index.ts"
import { AccessPolicy, AgentStateManager, AuthService, ContextLifecycle, CurrentPrincipal } from "../../src/index.ts"
import { FaultyStore } from "../contract/index.ts"

const Stores = FaultyStore.layer.pipe(Layer.provide(Layer.fresh(Memory.layer)))

const Lifecycle = ContextLifecycle.layer.pipe(Layer.provideMerge(AgentStateManager.layer()), Layer.provideMerge(Stores))

const hourly = ContextLifecycle.layerCleanUp({ schedule: Schedule.spaced("1 hour") })

const statusOf = (agentId: string) =>
  Effect.gen(function* () {
    const agents = yield* AgentStateManager.AgentStateManager
    return (yield* agents.getContextAt(agentId, { time: new Date(8e15) })).status
  })

/** What is logged while an effect runs. */
const logged = <A, E, R>(effect: Effect.Effect<A, E, R>, lines: Array<string>) =>
  Effect.provide(
    effect,
    Logger.layer([Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${JSON.stringify(message)}`))])
  )

/** Time passes, and a little more, in which what it has set off comes to its end. */
const pass = (duration: Duration.Input) =>
  Effect.andThen(TestClock.adjust(duration), Effect.repeat(TestClock.adjust("1 second"), { times: 20 }))

describe("cleaning up on a schedule", () => {
  it.effect("ends what has expired by then, each time, and is over with its scope", () => {
    const lines: Array<string> = []
    const test = Effect.gen(function* () {
      const { createContext } = yield* ContextLifecycle.ContextLifecycle
      const scope = yield* Scope.make()
      yield* createContext("soon", {}, { expiresAt: new Date(30 * 60_000) })
      yield* createContext("later", {}, { expiresAt: new Date(90 * 60_000) })
      yield* createContext("too late", {}, { expiresAt: new Date(150 * 60_000) })
      yield* Layer.buildWithScope(hourly, scope)
      yield* pass("1 second")
      yield* pass("59 minutes")
      assert.strictEqual(yield* statusOf("soon"), "active")
      yield* pass("2 minutes")
      assert.strictEqual(yield* statusOf("soon"), "deleted")
      assert.strictEqual(yield* statusOf("later"), "active")
      yield* pass("60 minutes")
      assert.strictEqual(yield* statusOf("later"), "deleted")
      yield* Scope.close(scope, Exit.void)
      yield* TestClock.adjust("10 hours")
      assert.strictEqual(yield* statusOf("too late"), "active")
      assert.lengthOf(
        lines.filter((line) => line.includes("cleaned up")),
        2
      )
    })
    return logged(Effect.provide(test, Lifecycle), lines)
  })

  it.effect("logs a clean-up that fails, and goes on with the next one", () => {
    const lines: Array<string> = []
    const test = Effect.gen(function* () {
      const { createContext } = yield* ContextLifecycle.ContextLifecycle
      const faults = yield* FaultyStore.FaultyStore
      yield* createContext("soon", {}, { expiresAt: new Date(1) })
      yield* TestClock.adjust("1 second")
      yield* faults.fail({ on: "due", times: 2 })
      yield* Layer.build(hourly)
      yield* pass("1 second")
      yield* pass("1 hour")
      assert.strictEqual(yield* statusOf("soon"), "active")
      assert.lengthOf(
        lines.filter((line) => line.startsWith("Error") && line.includes("clean-up failed")),
        2
      )
      yield* pass("1 hour")
      assert.strictEqual(yield* statusOf("soon"), "deleted")
    })
    return logged(Effect.scoped(Effect.provide(test, Lifecycle)), lines)
  })

  it.effect("is done by the library itself, whoever has built it", () => {
    const asked: Array<string> = []
    const policy: AccessPolicy.AccessPolicy = {
      ...AccessPolicy.trusted,
      check: ({ action, agentId, resource }) =>
        Effect.map(CurrentPrincipal.CurrentPrincipal, (principal) => {
          const may = CurrentPrincipal.may(principal, { action, agentId, resource })
          asked.push(`${principal.kind} ${principal.id} ${resource}:${action}:${agentId} ${may}`)
        })
    }
    const test = Effect.gen(function* () {
      yield* Layer.build(hourly)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(asked, ["service pantheon/lifecycle lifecycle:admin:pantheon/lifecycle true"])
    })
    const Guarded = Layer.provide(Lifecycle, Layer.succeedContext(Context.make(AccessPolicy.AccessPolicy, policy)))
    return Effect.scoped(Effect.provide(test, Guarded))
  })

  it.effect("cleans up after whoever issues tokens, if there is one", () => {
    const Auth = Layer.mock(AuthService.AuthService, {
      cleanUp: Effect.succeed({ tokens: 2, apiKeys: 1 }),
      refusals: Stream.empty
    })
    return Effect.gen(function* () {
      const { cleanUp } = yield* ContextLifecycle.ContextLifecycle
      assert.deepStrictEqual(yield* cleanUp(), { contexts: 0, metadata: 0, shares: 0, tokens: 2, apiKeys: 1 })
    }).pipe(Effect.provide(Layer.provide(Lifecycle, Auth)))
  })
})
