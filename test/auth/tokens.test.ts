import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { SignJWT } from "jose"
import type * as Jwt from "../../layers/auth/jwt.ts"
import * as Memory from "../../layers/memory/index.ts"
import { type AuthService, Permission } from "../../src/index.ts"
import * as Forging from "./forging.ts"
import { freshPrincipal, freshSecret, keyPair, options, refused, secretKey, service } from "./support.ts"

const inMemory = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provide(effect, Layer.fresh(Memory.layer))

// So many that no refusal is told as `TooManyAttempts`.
const patient = { times: 1_000_000, within: "1 second" } as const

const choices = Arbitrary.array(
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffffff }))),
  {
    minLength: 8,
    maxLength: 8
  }
)

const [pair, half] = keyPair("pair", "ES256")
const keys: ReadonlyArray<Jwt.Key> = [pair, secretKey("secret"), keyPair("other", "EdDSA")[0]]

/** What a forger has to work with, and the door that he stands at. */
class Workshop extends Context.Service<
  Workshop,
  Forging.Workshop & { readonly auth: AuthService.AuthService["Service"]; readonly genuine: ReadonlyArray<string> }
>()("test/Workshop") {
  static readonly layer = Layer.effect(
    this,
    Effect.gen(function* () {
      const auths = yield* Effect.forEach(keys, (key) =>
        service({ ...options, refusals: patient, keys: [key, ...keys.filter((other) => other !== key)] })
      )
      const issued = yield* Effect.forEach(auths, (auth) => auth.issue(freshPrincipal("context:read:a")))
      const genuine = issued.map(({ accessToken }) => Redacted.value(accessToken))
      const tokens = [...genuine, ...issued.map(({ refreshToken }) => Redacted.value(refreshToken))]
      const auth = yield* Effect.fromNullishOr(auths[0])
      const publicKey = "publicKey" in half ? half.publicKey : ""
      return { auth, genuine, tokens, publicKey, kids: keys.map(({ id }) => id) }
    })
  ).pipe(Layer.provide(Memory.layer))
}

describe("credentials", () => {
  it.effect("are made of principals only, whoever hands them over", () =>
    Effect.gen(function* () {
      const auth = yield* service(options)
      const wrong: ReadonlyArray<object> = [
        { kind: "king" },
        { permissions: ["context:read:*"] },
        { permissions: undefined }
      ]
      for (const part of wrong) {
        const principal = { ...freshPrincipal(), ...part } as never
        const made: ReadonlyArray<Effect.Effect<unknown, object>> = [
          auth.issue(principal),
          auth.createApiKey(principal, { name: "laptop" })
        ]
        for (const call of made)
          assert.deepInclude(yield* Effect.flip(call), { _tag: "InvalidInput", path: "principal" })
      }
    }).pipe(inMemory)
  )

  it.effect("that are no text are refused as any other", () =>
    Effect.gen(function* () {
      const auth = yield* service({ ...options, refusals: patient })
      for (const shown of [undefined, null, 7, Redacted.make(7)])
        for (const name of ["validate", "refresh", "revoke", "validateApiKey"] as const)
          assert.deepInclude(yield* Effect.flip<unknown, object, never>(auth[name](shown as never)), {
            _tag: "InvalidCredential",
            reason: "Invalid"
          })
    }).pipe(inMemory)
  )
})

describe("a token", () => {
  it.layer(Workshop.layer)("", (it) => {
    it.effect.prop(
      "that was tampered with is refused in one way, ten thousand times, and nothing crashes",
      [choices],
      ([choices]) =>
        Effect.gen(function* () {
          const workshop = yield* Workshop
          let index = 0
          const forgery = Redacted.make(yield* Forging.forge(workshop, (count) => (choices[index++] ?? 0) % count))
          yield* refused(workshop.auth.validate(forgery), "Invalid")
        }),
      { arbitrary: { runs: 10_000 } }
    )

    it.effect("that is genuine is let in after all that", () =>
      Effect.gen(function* () {
        const { auth, genuine } = yield* Workshop
        for (const token of genuine) yield* auth.validate(Redacted.make(token))
      })
    )
  })

  it.effect(
    "is accepted only for its issuer, audience and use, with all its claims, though our key has signed it",
    () =>
      Effect.gen(function* () {
        const secret = freshSecret()
        const auth = yield* service({ ...options, refusals: patient, keys: [{ id: "k", algorithm: "HS256", secret }] })
        const { accessToken } = yield* auth.issue(freshPrincipal("context:read:a"))
        const claims = Forging.decode(Redacted.value(accessToken).split(".")[1])
        const heard = yield* Effect.forkChild(Stream.runCollect(Stream.take(auth.refusals, 16)), {
          startImmediately: true
        })
        const sign = (changed: object, typ = "at+jwt") =>
          Effect.promise(() =>
            new SignJWT({ ...claims, ...changed })
              .setProtectedHeader({ alg: "HS256", kid: "k", typ })
              .sign(Buffer.from(Redacted.value(secret)))
          )
        yield* auth.validate(Redacted.make(yield* sign({})))
        const wrong: ReadonlyArray<readonly [AuthService.RefusalReason, object, string?]> = [
          ["WrongIssuer", { iss: "https://other.test" }],
          ["WrongIssuer", { iss: undefined }],
          ["WrongAudience", { aud: "others" }],
          ["WrongAudience", { aud: undefined }],
          ["WrongUse", {}, "JWT"],
          ["WrongUse", {}, "application/at+jwt"],
          ["WrongClaims", { sub: undefined }],
          ["WrongClaims", { jti: undefined }],
          ["WrongClaims", { jti: "no uuid" }],
          ["WrongClaims", { iat: undefined }],
          ["WrongClaims", { exp: undefined }],
          ["WrongClaims", { nbf: 100 }],
          ["WrongClaims", { kind: "king" }],
          ["WrongClaims", { permissions: ["read"] }],
          ["WrongClaims", { generation: "1" }],
          ["WrongClaims", { until: undefined }]
        ]
        for (const [, changed, typ] of wrong) {
          yield* refused(auth.validate(Redacted.make(yield* sign(changed, typ))), "Invalid")
        }
        const reasons = (yield* Fiber.join(heard)).map(({ reason }) => reason)
        assert.deepStrictEqual(
          reasons,
          wrong.map(([reason]) => reason)
        )
      }).pipe(inMemory)
  )

  it.effect("expires at its time, give or take the skew of clocks, and says so to its owner", () =>
    Effect.gen(function* () {
      const auth = yield* service({
        ...options,
        accessLifetime: "10 minutes",
        refreshLifetime: "1 day",
        clockSkew: "5 seconds"
      })
      yield* TestClock.setTime(1_767_225_600_900)
      const principal = freshPrincipal()
      const tokens = yield* auth.issue(principal)
      assert.strictEqual(tokens.expiresAt.toISOString(), "2026-01-01T00:10:00.000Z")
      assert.strictEqual(tokens.refreshExpiresAt.toISOString(), "2026-01-02T00:00:00.000Z")
      yield* TestClock.setTime(tokens.expiresAt.getTime() + 4_999)
      assert.deepStrictEqual((yield* auth.validate(tokens.accessToken)).expiresAt, tokens.expiresAt)
      yield* TestClock.adjust(1)
      yield* refused(auth.validate(tokens.accessToken), "Expired")
      // The same in a process that has not seen it before.
      yield* refused((yield* service(options)).validate(tokens.accessToken), "Expired")
      yield* auth.validate((yield* auth.refresh(tokens.refreshToken)).accessToken)
      const last = yield* auth.issue(principal)
      yield* TestClock.setTime(last.refreshExpiresAt.getTime() + 5_000)
      yield* refused(auth.refresh(last.refreshToken), "Expired")
    }).pipe(inMemory)
  )

  it.effect("is revoked together with its refresh token even when it has expired", () =>
    Effect.gen(function* () {
      const auth = yield* service(options)
      const { accessToken, expiresAt, refreshToken } = yield* auth.issue(freshPrincipal())
      yield* TestClock.setTime(expiresAt.getTime() + 60_000)
      yield* auth.revoke(accessToken)
      yield* refused(auth.refresh(refreshToken), "Revoked")
      yield* TestClock.adjust("40 days")
      yield* auth.revoke(accessToken)
      yield* refused(auth.revoke(Redacted.make("no token")), "Invalid")
    }).pipe(inMemory)
  )

  it.effect("is not issued when it would be too long to be accepted, nor for a principal without an id", () =>
    Effect.gen(function* () {
      const auth = yield* service(options)
      const principal = freshPrincipal()
      const many = Array.from({ length: 200 }, (_, index) => Permission.make(`context:read:team-${index}/*`))
      yield* auth.validate((yield* auth.issue({ ...principal, permissions: many })).accessToken)
      const tooMany = [...many, ...many]
      const long = yield* Effect.flip(auth.issue({ ...principal, permissions: tooMany }))
      assert.strictEqual(long._tag === "InvalidInput" && long.path, "principal/permissions")
      const nameless = yield* Effect.flip(auth.issue({ ...principal, id: "" }))
      assert.strictEqual(nameless._tag === "InvalidInput" && nameless.path, "principal/id")
    }).pipe(inMemory)
  )
})
