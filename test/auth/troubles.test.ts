import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import * as TestClock from "effect/testing/TestClock"
import * as Memory from "../../layers/memory/index.ts"
import { EventStore, Note } from "../../src/index.ts"
import * as FaultyStore from "../contract/FaultyStore.ts"
import { freshPrincipal, options, refused, second, service } from "./support.ts"

const stores = FaultyStore.layer.pipe(Layer.provide(Memory.layer))

const onFaulty = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provide(effect, stores, { local: true })

describe("when the store cannot be asked", () => {
  it.effect("nobody is let in, nothing is issued, and the error says so", () =>
    Effect.gen(function* () {
      const faults = yield* FaultyStore.FaultyStore
      const auth = yield* service(options)
      const principal = freshPrincipal()
      const { accessToken, refreshToken } = yield* auth.issue(principal)
      const { id, key } = yield* auth.createApiKey(principal, { name: "laptop" })
      for (const on of ["appends", "reads"] as const) yield* faults.fail({ on, times: Number.POSITIVE_INFINITY })
      const asked: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }>> = [
        auth.issue(principal),
        auth.validate(accessToken),
        auth.refresh(refreshToken),
        auth.revoke(accessToken),
        auth.revokeAll(principal.id),
        auth.createApiKey(principal, { name: "server" }),
        auth.validateApiKey(key),
        auth.apiKeys(principal.id),
        auth.revokeApiKey(id),
        auth.cleanUp
      ]
      for (const [index, effect] of asked.entries()) {
        const error = yield* Effect.flip(effect)
        assert.strictEqual(error._tag, "Unavailable", `number ${index}`)
      }
      yield* faults.heal
      yield* auth.validate(accessToken)
      yield* auth.validateApiKey(key)
    }).pipe(onFaulty)
  )

  it.effect("an answer is trusted for half a second, and no longer", () =>
    Effect.gen(function* () {
      const faults = yield* FaultyStore.FaultyStore
      const auth = yield* service(options)
      const { accessToken } = yield* auth.issue(freshPrincipal())
      const before = yield* faults.asked({ on: "reads" })
      for (const _ of Array.from({ length: 50 })) yield* auth.validate(accessToken)
      assert.strictEqual((yield* faults.asked({ on: "reads" })) - before, 1)
      yield* TestClock.adjust(500)
      yield* auth.validate(accessToken)
      yield* faults.fail({ on: "reads" })
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* Effect.flip(auth.validate(accessToken)))._tag, "Unavailable")
    }).pipe(onFaulty)
  )

  it.effect("a slow answer is as old as the question, and what was revoked meanwhile stays revoked", () =>
    Effect.gen(function* () {
      const faults = yield* FaultyStore.FaultyStore
      const auth = yield* service(options)
      const { accessToken } = yield* auth.issue(freshPrincipal())
      const held = yield* faults.hold({ on: "reads", times: 1 })
      const slow = yield* Effect.forkChild(auth.validate(accessToken), { startImmediately: true })
      yield* held.arrival
      yield* auth.revoke(accessToken)
      yield* held.release
      yield* Fiber.await(slow)
      yield* refused(auth.validate(accessToken), "Revoked")
    }).pipe(onFaulty)
  )
})

describe("a refresh whose answer the store has lost", () => {
  it.effect("gives the new tokens all the same, once", () =>
    Effect.gen(function* () {
      const faults = yield* FaultyStore.FaultyStore
      const auth = yield* service(options)
      const { refreshToken } = yield* auth.issue(freshPrincipal())
      yield* faults.loseAnswer()
      const refreshing = yield* Effect.forkChild(auth.refresh(refreshToken), { startImmediately: true })
      while (refreshing.pollUnsafe() === undefined) yield* TestClock.adjust(second)
      const exit = yield* Fiber.await(refreshing)
      assert.isTrue(Exit.isSuccess(exit))
      if (Exit.isSuccess(exit)) yield* auth.validate(exit.value.accessToken)
      yield* refused(auth.refresh(refreshToken), "Revoked")
    }).pipe(onFaulty)
  )
})

describe("notes that somebody else has written", () => {
  it.effect("let nobody in", () =>
    Effect.gen(function* () {
      const auth = yield* service(options)
      const store = yield* EventStore.EventStore
      const principal = freshPrincipal()
      yield* auth.revokeAll(principal.id)
      const { accessToken } = yield* auth.issue(principal)
      const agent = yield* Stream.runHead(store.agents({ prefix: "pantheon/auth/" }))
      const { agentId } = yield* Effect.fromOption(agent)
      for (const body of [null, {}, { generation: "1" }, { generation: Number.MAX_VALUE }]) {
        yield* store.append({ agentId, events: [], notes: [Note.put("generation", body)] })
        yield* TestClock.adjust(second)
        assert.strictEqual((yield* Effect.flip(auth.validate(accessToken)))._tag, "Unavailable")
      }
    }).pipe(onFaulty)
  )
})

describe("what is secret", () => {
  it.effect("stands in no log, span or error", () =>
    Effect.gen(function* () {
      const said: Array<string> = []
      const logger = Logger.make((entry) => {
        said.push(JSON.stringify([entry.message, String(entry.cause)]))
      })
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          said.push(span.name)
          return span
        }
      })
      const faults = yield* FaultyStore.FaultyStore
      const principal = freshPrincipal()
      const secrets = yield* Effect.gen(function* () {
        const auth = yield* service(options)
        const { accessToken, refreshToken } = yield* auth.issue(principal)
        const { key } = yield* auth.createApiKey(principal, { name: "laptop" })
        const tell = (effect: Effect.Effect<unknown, unknown>) =>
          Effect.map(Effect.exit(effect), (exit) => said.push(`${JSON.stringify(exit)} ${exit}`))
        const forgery = Redacted.make(`${Redacted.value(accessToken)}A`)
        for (const credential of [accessToken, refreshToken, key, forgery]) {
          yield* tell(auth.validate(credential))
          yield* tell(auth.validateApiKey(credential))
          yield* faults.fail({ on: "reads", times: 2 })
          yield* tell(auth.refresh(credential))
          yield* tell(auth.revoke(credential))
          yield* faults.heal
          yield* tell(auth.refresh(credential))
          yield* tell(Effect.succeed({ accessToken, refreshToken, key }))
        }
        return [accessToken, refreshToken, key]
      }).pipe(
        Effect.withSpan("test"),
        Effect.provideService(Tracer.Tracer, tracer),
        Effect.provideService(References.MinimumLogLevel, "All"),
        Effect.provide(Logger.layer([logger]))
      )
      assert.isAbove(said.length, 20)
      const parts = secrets.flatMap((secret) => Redacted.value(secret).split("."))
      for (const text of said) for (const part of parts) assert.notInclude(text, part)
    }).pipe(onFaulty)
  )
})
