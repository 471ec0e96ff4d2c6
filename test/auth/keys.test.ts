import { generateKeyPairSync } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Jwt from "../../layers/auth/jwt.ts"
import * as Memory from "../../layers/memory/index.ts"
import { AuthService, StoreError } from "../../src/index.ts"
import { freshPrincipal, freshSecret, keyPair, options, refused, secretKey, service } from "./support.ts"

const refusal = (changed: Partial<Jwt.Options>) =>
  Effect.flip(Effect.provide(Layer.build(Jwt.layer({ ...options, ...changed })), Memory.layer))

const withSecret = (secret: string): ReadonlyArray<Jwt.Key> => [
  { id: "first", algorithm: "HS256", secret: Redacted.make(secret) }
]

const inMemory = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provide(effect, Layer.fresh(Memory.layer))

describe("the keys of a layer", () => {
  it.effect("may be a secret, or a pair of ES256 or EdDSA, whose public half is enough to let in", () =>
    Effect.gen(function* () {
      for (const algorithm of ["ES256", "EdDSA"] as const) {
        const [whole, half] = keyPair("pair", algorithm)
        const issuing = yield* service({ ...options, keys: [whole] })
        const letting = yield* service({ ...options, keys: [secretKey("own"), half] })
        const principal = freshPrincipal("context:read:*")
        const { accessToken } = yield* issuing.issue(principal)
        assert.deepStrictEqual((yield* letting.validate(accessToken)).principal, principal)
        const [, stranger] = keyPair("pair", algorithm)
        yield* refused(
          (yield* service({ ...options, keys: [secretKey("own"), stranger] })).validate(accessToken),
          "Invalid"
        )
      }
    }).pipe(inMemory)
  )

  it.effect("rotate: what the old one signed is good as long as it is there, and the first signs", () =>
    Effect.gen(function* () {
      const [old, young] = [secretKey("2026-01"), secretKey("2026-07")]
      const principal = freshPrincipal()
      const before = yield* service({ ...options, keys: [old] })
      const prepared = yield* service({ ...options, keys: [old, young] })
      const during = yield* service({ ...options, keys: [young, old] })
      const after = yield* service({ ...options, keys: [young] })
      const [byOld, byYoung] = [yield* before.issue(principal), yield* during.issue(principal)]
      for (const auth of [before, prepared, during]) yield* auth.validate(byOld.accessToken)
      for (const auth of [prepared, during, after]) yield* auth.validate(byYoung.accessToken)
      yield* refused(before.validate(byYoung.accessToken), "Invalid")
      yield* refused(after.validate(byOld.accessToken), "Invalid")
      yield* after.validate((yield* during.refresh(byOld.refreshToken)).accessToken)
    }).pipe(inMemory)
  )

  it.effect("are refused when they are weak, with the length that they must have and without a word of them", () =>
    Effect.gen(function* () {
      for (const secret of ["", "hush", "a".repeat(31), "é".repeat(15), "abc".repeat(20)]) {
        const error = yield* refusal({ keys: withSecret(secret) })
        assert.instanceOf(error, StoreError.InvalidInput)
        assert.deepInclude(error, { path: "keys/0/secret", expected: "at least 32 random bytes" })
        if (secret !== "") assert.notInclude(JSON.stringify(error) + error.message, secret)
      }
      assert.strictEqual((yield* refusal({ keys: withSecret("x".repeat(31)) })).found, "31 bytes")
    })
  )

  it.effect("are refused when they are of another kind than their algorithm, or cannot be read", () =>
    Effect.gen(function* () {
      const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey
      const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey
      const ed25519 = generateKeyPairSync("ed25519").privateKey
      for (const key of [rsa, p384, ed25519]) {
        const privateKey = Redacted.make(`${key.export({ format: "pem", type: "pkcs8" })}`)
        const error = yield* refusal({ keys: [{ id: "a", algorithm: "ES256", privateKey }] })
        assert.deepInclude(error, { path: "keys/0/privateKey", expected: "a PEM of a key on P-256" })
      }
      const privateKey = Redacted.make("-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----")
      const error = yield* refusal({ keys: [{ id: "a", algorithm: "EdDSA", privateKey }] })
      assert.strictEqual(error.found, "a text that is none")
      assert.notInclude(error.message, "hush")
      const publicKey = "no key"
      assert.strictEqual(
        (yield* refusal({ keys: [{ id: "a", algorithm: "EdDSA", publicKey }] })).path,
        "keys/0/publicKey"
      )
    })
  )

  it.effect("are refused with what is wrong when a program without types hands over something else", () =>
    Effect.gen(function* () {
      const secret = Redacted.value(freshSecret())
      const wrong: ReadonlyArray<readonly [string, string, unknown]> = [
        ["keys", "a value of type undefined", undefined],
        ["keys/0/algorithm", "none", [{ id: "a", algorithm: "none", secret }]],
        ["keys/0/secret", "a value of type string", [{ id: "a", algorithm: "HS256", secret }]],
        ["keys/0/secret", "a value of type undefined", [{ id: "a", algorithm: "HS256" }]],
        ["keys/0/privateKey", "a value of type string", [{ id: "a", algorithm: "ES256", privateKey: secret }]]
      ]
      for (const [path, found, keys] of wrong) {
        const error = yield* refusal({ keys: keys as never })
        assert.deepInclude(error, { _tag: "InvalidInput", path, found })
        assert.notInclude(error.message, secret)
      }
    })
  )

  it.effect("are refused when none can sign, or two have one id", () =>
    Effect.gen(function* () {
      const [, half] = keyPair("half", "ES256")
      assert.strictEqual((yield* refusal({ keys: [] })).found, "none")
      assert.strictEqual((yield* refusal({ keys: [half, secretKey("a")] })).found, "a public key")
      assert.strictEqual((yield* refusal({ keys: [secretKey("a"), secretKey("a")] })).path, "keys/1/id")
      assert.strictEqual((yield* refusal({ keys: [secretKey("")] })).path, "keys/0/id")
    })
  )
})

describe("the options of a layer", () => {
  it.effect("are refused when they make no sense", () =>
    Effect.gen(function* () {
      const wrong: ReadonlyArray<readonly [string, Partial<Jwt.Options>]> = [
        ["issuer", { issuer: "" }],
        ["issuer", { issuer: undefined as never }],
        ["audience", { audience: "x".repeat(256) }],
        ["accessLifetime", { accessLifetime: 0 }],
        ["accessLifetime", { accessLifetime: "1500 millis" }],
        ["accessLifetime", { accessLifetime: Number.NaN }],
        ["refreshLifetime", { refreshLifetime: "Infinity" }],
        ["refreshLifetime", { accessLifetime: "2 hours", refreshLifetime: "1 hour" }],
        ["apiKeyLifetime", { apiKeyLifetime: "-1 days" }],
        ["clockSkew", { clockSkew: "6 minutes" }],
        ["refusals/times", { refusals: { times: 0, within: "1 minute" } }],
        ["refusals/within", { refusals: { times: 1, within: 0 } }]
      ]
      for (const [path, changed] of wrong) assert.strictEqual((yield* refusal(changed)).path, path)
    })
  )

  it.effect("may come from the configuration", () =>
    Effect.gen(function* () {
      const config = {
        issuer: Config.String("JWT_ISSUER"),
        audience: Config.succeed("agents"),
        keys: Config.map(
          Config.Redacted("JWT_SECRET"),
          (secret): ReadonlyArray<Jwt.Key> => [{ id: "first", algorithm: "HS256", secret }]
        ),
        accessLifetime: Config.Duration("JWT_LIFETIME")
      }
      const build = (values: object) =>
        Layer.build(Jwt.layerConfig(config)).pipe(
          Effect.flatMap((context) =>
            Effect.provide(
              AuthService.AuthService.use((auth) => auth.issue(freshPrincipal())),
              context
            )
          ),
          Effect.provide(Layer.fresh(Memory.layer)),
          Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(values))
        )
      const values = { JWT_ISSUER: "me", JWT_SECRET: Redacted.value(freshSecret()), JWT_LIFETIME: "7 minutes" }
      // The test's clock begins at nought.
      assert.strictEqual((yield* build(values)).expiresAt.getTime(), 7 * 60_000)
      const error = yield* Effect.flip(build({ ...values, JWT_SECRET: "short" }))
      assert.include(error.message, "at least 32 random bytes")
    })
  )
})
