import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { FailureLimit } from "../../layers/auth/jwt/FailureLimit.ts"
import * as Memory from "../../layers/memory/index.ts"
import { freshPrincipal, options, second, secretKey, service } from "./support.ts"

const inMemory = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provide(effect, Layer.fresh(Memory.layer))

const rubbish = Redacted.make("no token")

/** A token of somebody, signed by somebody else. */
const forged = (id: string) =>
  Effect.flatMap(service({ ...options, keys: [secretKey("first")] }), (auth) =>
    Effect.map(auth.issue({ ...freshPrincipal(), id }), ({ accessToken }) =>
      Redacted.make(Redacted.value(accessToken).replace(/.{4}$/, "AAAA"))
    )
  )

describe("whoever fails too often", () => {
  const limited = { ...options, refusals: { times: 3, within: "3 seconds" } } as const

  it.effect("is told to wait, and for how long; after that a refusal is told as such again", () =>
    Effect.gen(function* () {
      const auth = yield* service(limited)
      const fail = Effect.flip(auth.validate(rubbish, { address: "10.0.0.1" }))
      for (const _ of [1, 2, 3]) assert.strictEqual((yield* fail)._tag, "InvalidCredential")
      assert.deepInclude(yield* fail, { _tag: "TooManyAttempts", retryAfter: 1000 })
      yield* TestClock.adjust(400)
      // To fail meanwhile does not make the wait longer.
      assert.deepInclude(yield* fail, { _tag: "TooManyAttempts", retryAfter: 600 })
      yield* TestClock.adjust(600)
      assert.strictEqual((yield* fail)._tag, "InvalidCredential")
      assert.deepInclude(yield* fail, { _tag: "TooManyAttempts", retryAfter: 1000 })
      yield* TestClock.adjust(3 * second)
      for (const _ of [1, 2, 3]) assert.strictEqual((yield* fail)._tag, "InvalidCredential")
    }).pipe(inMemory)
  )

  it.effect("is still let in with what is valid, and keeps nobody else out", () =>
    Effect.gen(function* () {
      const auth = yield* service(limited)
      const [principal, other] = [freshPrincipal(), freshPrincipal()]
      const { accessToken, refreshToken } = yield* auth.issue(principal)
      const { key } = yield* auth.createApiKey(principal, { name: "laptop" })
      const attempt = { address: "10.0.0.1" }
      const forgery = yield* forged(principal.id)
      for (const _ of Array.from({ length: 20 })) yield* Effect.flip(auth.validate(forgery, attempt))
      assert.strictEqual((yield* Effect.flip(auth.validate(rubbish, attempt)))._tag, "TooManyAttempts")
      for (const _ of Array.from({ length: 20 })) yield* auth.validate(accessToken, attempt)
      yield* auth.validateApiKey(key, attempt)
      yield* auth.validate((yield* auth.refresh(refreshToken, attempt)).accessToken, attempt)
      const fromElsewhere = auth.validate(yield* forged(other.id), { address: "10.0.0.2" })
      assert.strictEqual((yield* Effect.flip(fromElsewhere))._tag, "InvalidCredential")
    }).pipe(inMemory)
  )

  it.effect("is counted by the principal that the tokens claim, from however many addresses", () =>
    Effect.gen(function* () {
      const auth = yield* service(limited)
      const forgery = yield* forged("victim")
      const tags: Array<string> = []
      for (const address of ["a", "b", "c", "d", "e"]) {
        tags.push((yield* Effect.flip(auth.validate(forgery, { address })))._tag)
      }
      assert.deepStrictEqual(tags, [
        "InvalidCredential",
        "InvalidCredential",
        "InvalidCredential",
        "TooManyAttempts",
        "TooManyAttempts"
      ])
    }).pipe(inMemory)
  )

  it.effect("is known to the operator, with the reason", () =>
    Effect.gen(function* () {
      const auth = yield* service({ ...options, refusals: { times: 2, within: "1 minute" } })
      const heard = yield* Effect.forkChild(Stream.runCollect(Stream.take(auth.refusals, 4)), {
        startImmediately: true
      })
      const principal = freshPrincipal()
      const { accessToken } = yield* auth.issue(principal)
      yield* auth.revoke(accessToken)
      yield* Effect.flip(auth.validate(accessToken, { address: "10.0.0.1" }))
      yield* Effect.flip(auth.validateApiKey(accessToken, { address: "10.0.0.1" }))
      yield* Effect.flip(auth.refresh(rubbish, { address: "10.0.0.1" }))
      yield* Effect.flip(auth.revoke(Redacted.make("a".repeat(10_000))))
      const at = new Date(0)
      const address = "10.0.0.1"
      assert.deepStrictEqual(yield* Fiber.join(heard), [
        { at, credential: "access token", reason: "Revoked", told: "Revoked", address, principalId: principal.id },
        { at, credential: "API key", reason: "Malformed", told: "Invalid", address, principalId: undefined },
        {
          at,
          credential: "refresh token",
          reason: "Malformed",
          told: "TooManyAttempts",
          address,
          principalId: undefined
        },
        { at, credential: "token", reason: "TooLong", told: "Invalid", address: undefined, principalId: undefined }
      ])
    }).pipe(inMemory)
  )
})

describe("the count of failures", () => {
  it("takes no more memory than it has, whoever fails", () => {
    const limit = new FailureLimit({ times: 3, within: 1000 })
    for (let index = 0; index < 50_000; index++) limit.add(`address ${index}`, index)
    assert.isAtMost(limit.size, 10_000)
  })

  it("lets nothing leak while the clock is set back", () => {
    const limit = new FailureLimit({ times: 1, within: 1000 })
    assert.strictEqual(limit.add("a", 5000), 0)
    assert.strictEqual(limit.add("a", 0), 1000)
    assert.strictEqual(limit.add("a", 1000), 0)
  })
})
