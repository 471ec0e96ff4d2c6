/** What it costs to validate a token: against `jose` alone, which looks up no revocation and knows no permissions. */
import { createPublicKey, createSecretKey, generateKeyPairSync, randomBytes, type webcrypto } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import { jwtVerify } from "jose"
import * as Jwt from "../../layers/auth/jwt.ts"
import * as Memory from "../../layers/memory/index.ts"
import { AuthService, Permission } from "../../src/index.ts"
import { type Contender, callers, callersEffect, compare, type Effort, type Row } from "../harness.ts"

const claims = { issuer: "https://issuer.test", audience: "agents" }

// Enough that a new one is shown each time, and not so many that most of the time goes into making them.
const tokensAtHand = 2000

interface Setting {
  readonly name: string
  readonly key: Jwt.Key
  readonly verifier: webcrypto.CryptoKey
}

const settings = (): ReadonlyArray<Setting> => {
  const secret = randomBytes(32).toString("base64url")
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const pem = Redacted.make(`${privateKey.export({ format: "pem", type: "pkcs8" })}`)
  const hmac = { name: "HMAC", hash: "SHA-256" }
  const ecdsa = { name: "ECDSA", namedCurve: "P-256" }
  return [
    {
      name: "HS256",
      key: { id: "k", algorithm: "HS256", secret: Redacted.make(secret) },
      verifier: createSecretKey(Buffer.from(secret)).toCryptoKey(hmac, false, ["verify"])
    },
    {
      name: "ES256",
      key: { id: "k", algorithm: "ES256", privateKey: pem },
      verifier: createPublicKey(privateKey).toCryptoKey(ecdsa, true, ["verify"])
    }
  ]
}

const principal = {
  id: "somebody",
  kind: "user",
  permissions: [Permission.make("context:write:team/*"), Permission.make("actor:read:*")]
} as const

const contenders = async ({ key, verifier }: Setting) => {
  const layer = Jwt.layer({ ...claims, keys: [key] }).pipe(Layer.provide(Memory.layer))
  const runtime = ManagedRuntime.make(layer)
  const auth = await runtime.runPromise(AuthService.AuthService)
  const issue = async () => (await runtime.runPromise(auth.issue(principal))).accessToken
  const token = await issue()
  const options = { ...claims, algorithms: [key.algorithm], typ: "at+jwt" }
  const jose: Contender = {
    name: "jose",
    round: (milliseconds) => callers(1, milliseconds, () => jwtVerify(Redacted.value(token), verifier, options))
  }
  const again: Contender = {
    name: "pantheon",
    round: (milliseconds) => runtime.runPromise(callersEffect(1, milliseconds, () => auth.validate(token)))
  }
  const once: Contender = {
    name: "tokens that were never shown",
    round: async () => {
      const tokens = await Promise.all(Array.from({ length: tokensAtHand }, issue))
      const start = performance.now()
      await runtime.runPromise(Effect.forEach(tokens, (token) => auth.validate(token), { discard: true }))
      return (tokens.length * 1000) / (performance.now() - start)
    }
  }
  const joseOnce: Contender = {
    name: "jose, tokens that were never shown",
    round: async () => {
      const tokens = await Promise.all(Array.from({ length: tokensAtHand }, issue))
      const start = performance.now()
      for (const token of tokens) await jwtVerify(Redacted.value(token), verifier, options)
      return (tokens.length * 1000) / (performance.now() - start)
    }
  }
  return { list: [jose, again, once, joseOnce], close: () => runtime.dispose() }
}

export const run = async (effort: Effort): Promise<ReadonlyArray<Row>> => {
  const rows: Array<Row> = []
  for (const setting of settings()) {
    const { close, list } = await contenders(setting)
    rows.push(...(await compare(effort, { suite: "auth", unit: "tokens", setting: setting.name }, list)))
    await close()
  }
  return rows
}
