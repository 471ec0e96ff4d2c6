/** Keys, principals and layers that tests of authentication share. */
import { generateKeyPairSync, randomBytes } from "node:crypto"
import { assert } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Jwt from "../../layers/auth/jwt.ts"
import { type AuthError, AuthService, type CurrentPrincipal, Permission, type StoreError } from "../../src/index.ts"

export const freshSecret = () => Redacted.make(randomBytes(32).toString("base64url"))

export const secretKey = (id: string): Jwt.Key => ({ id, algorithm: "HS256", secret: freshSecret() })

/** A private key and the public half of it. */
export const keyPair = (id: string, algorithm: "ES256" | "EdDSA"): readonly [Jwt.Key, Jwt.Key] => {
  const { privateKey, publicKey } =
    algorithm === "ES256" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("ed25519")
  return [
    { id, algorithm, privateKey: Redacted.make(`${privateKey.export({ format: "pem", type: "pkcs8" })}`) },
    { id, algorithm, publicKey: `${publicKey.export({ format: "pem", type: "spki" })}` }
  ]
}

export const options = {
  issuer: "https://issuer.test",
  audience: "agents",
  keys: [secretKey("first")]
} satisfies Jwt.Options

/** Somebody new. */
export const freshPrincipal = (...permissions: ReadonlyArray<Permission.Text>): CurrentPrincipal.Principal => ({
  id: `somebody ${crypto.randomUUID()}`,
  kind: "user",
  permissions: permissions.map(Permission.make)
})

/** Builds a service of its own over the store, as another process would. */
export const service = (options: Jwt.Options) =>
  Effect.map(Layer.build(Layer.fresh(Jwt.layer(options))), (context) => Context.get(context, AuthService.AuthService))

/** The refusal must be told in this way. */
export const refused = Effect.fnUntraced(function* (
  effect: Effect.Effect<unknown, AuthError.InvalidCredential | AuthError.TooManyAttempts | StoreError.Unavailable>,
  reason: AuthError.VisibleReason
) {
  const error = yield* Effect.flip(effect)
  assert.deepInclude(error, { _tag: "InvalidCredential", reason })
})

/** Lets an effect see a time that is later by so many milliseconds. */
export const later =
  (milliseconds: number) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Clock.Clock, (clock) => {
      const shifted = Object.assign(Object.create(clock), {
        currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + milliseconds,
        currentTimeMillis: Effect.map(clock.currentTimeMillis, (time) => time + milliseconds)
      })
      return Effect.provideService(effect, Clock.Clock, shifted)
    })

export const second = 1000
export const minute = 60 * second
export const day = 24 * 60 * minute
