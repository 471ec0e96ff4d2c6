import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as LevelDb from "../../layers/leveldb/index.ts"
import * as Postgres from "../../layers/postgres/index.ts"
import { Child } from "../support/Child.ts"
import * as TestDatabase from "../support/TestDatabase.ts"
import * as TestDirectory from "../support/TestDirectory.ts"
import { freshPrincipal, freshSecret, options, refused, second, service } from "./support.ts"

describe("what was revoked", () => {
  it.live("is refused by another process on the same store within a second", () =>
    Effect.gen(function* () {
      const schema = yield* TestDatabase.schema
      const secret = freshSecret()
      const trial = Effect.gen(function* () {
        const auth = yield* service({ issuer: "me", audience: "all", keys: [{ id: "k", algorithm: "HS256", secret }] })
        const { accessToken } = yield* auth.issue(freshPrincipal())
        const args = [Redacted.value(TestDatabase.url), schema, Redacted.value(secret), Redacted.value(accessToken)]
        const doorman = yield* Effect.acquireRelease(
          Effect.sync(() => new Child("test/auth/doorman.ts", args)),
          (child) => Effect.promise(() => child.kill())
        )
        yield* Effect.promise(() => doorman.until(({ stdout }) => stdout.includes("In")))
        yield* auth.revoke(accessToken)
        const revokedAt = yield* Clock.currentTimeMillis
        const { code } = yield* Effect.promise(() => doorman.ended)
        assert.strictEqual(code, 0, doorman.stderr)
        return { revokedAt, lines: doorman.stdout.trim().split("\n") }
      })
      const { lines, revokedAt } = yield* Effect.provide(trial, Postgres.layer({ url: TestDatabase.url, schema }))
      const told: ReadonlyArray<{ readonly _tag: string; readonly at: number; readonly why?: string }> = lines.map(
        (line) => JSON.parse(line)
      )
      assert.include(told.at(-1)?.why, "Revoked")
      const lastIn = told.findLast(({ _tag }) => _tag === "In")?.at ?? 0
      assert.isAtMost(lastIn - revokedAt, second)
    })
  )

  it.live("is refused after a restart: tokens, keys, and all of a principal", () =>
    Effect.gen(function* () {
      const directory = yield* TestDirectory.make
      const open = <A, E>(use: (auth: Effect.Success<ReturnType<typeof service>>) => Effect.Effect<A, E>) =>
        Effect.scoped(
          Effect.provide(Effect.flatMap(service(options), use), LevelDb.layer({ directory }), { local: true })
        )
      const [principal, other] = [freshPrincipal(), freshPrincipal()]
      const before = yield* open((auth) =>
        Effect.gen(function* () {
          const [kept, revoked, refreshed, ofOther] = yield* Effect.all([
            auth.issue(principal),
            auth.issue(principal),
            auth.issue(principal),
            auth.issue(other)
          ])
          const [keptKey, revokedKey, keyOfOther] = yield* Effect.all([
            auth.createApiKey(principal, { name: "kept" }),
            auth.createApiKey(principal, { name: "revoked" }),
            auth.createApiKey(other, { name: "of another" })
          ])
          yield* auth.revoke(revoked.accessToken)
          yield* auth.refresh(refreshed.refreshToken)
          yield* auth.revokeApiKey(revokedKey.id)
          yield* auth.revokeAll(other.id)
          return { kept, revoked, refreshed, ofOther, keptKey, revokedKey, keyOfOther }
        })
      )
      yield* open((auth) =>
        Effect.gen(function* () {
          for (const { accessToken, refreshToken } of [before.revoked, before.refreshed, before.ofOther]) {
            yield* refused(auth.validate(accessToken), "Revoked")
            yield* refused(auth.refresh(refreshToken), "Revoked")
          }
          for (const { key } of [before.revokedKey, before.keyOfOther])
            yield* refused(auth.validateApiKey(key), "Invalid")
          yield* auth.validate(before.kept.accessToken)
          yield* auth.validateApiKey(before.keptKey.key)
        })
      )
    })
  )
})
