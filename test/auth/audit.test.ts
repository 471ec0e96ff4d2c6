import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as Memory from "../../layers/memory/index.ts"
import { AuditLog, CurrentPrincipal, EventStore, Permission } from "../../src/index.ts"
import { freshPrincipal, options, refused, service } from "./support.ts"

const auditor = { id: "auditor", kind: "user", permissions: [Permission.make("audit:read:*")] } as const

describe("credentials that are refused", () => {
  it.effect("are kept by the audit log, with the reason, the address and whose they were, but without themselves", () =>
    Effect.gen(function* () {
      const auth = yield* service(options)
      const principal = freshPrincipal()
      const { accessToken } = yield* auth.issue(principal)
      const { id, key } = yield* auth.createApiKey(principal, { name: "laptop" })
      yield* auth.revoke(accessToken)
      yield* auth.revokeApiKey(id)
      const attempt = { address: "10.0.0.1" }
      yield* refused(auth.validate(accessToken, attempt), "Revoked")
      yield* refused(auth.validate(Redacted.make(`${Redacted.value(accessToken)}x`)), "Invalid")
      yield* Effect.flip(auth.validateApiKey(key, attempt))

      const log = yield* AuditLog.AuditLog
      const entries = yield* log
        .query({ resource: "credential", order: "oldest" })
        .pipe(Effect.provideService(CurrentPrincipal.CurrentPrincipal, auditor))
      assert.deepStrictEqual(
        entries.map(({ outcome, reason }) => `${outcome} ${reason}`),
        ["refused Revoked", "refused WrongSignature", "refused UnknownKey"]
      )
      const [first, second] = entries
      const shown = "access token"
      assert.deepStrictEqual<unknown>(first?.details, { shown, told: "Revoked", ...attempt, principalId: principal.id })
      assert.deepStrictEqual<unknown>(second?.details, { shown, told: "Invalid" })
      assert.strictEqual(first?.principalKind, "anonymous")

      const store = yield* EventStore.EventStore
      const all = JSON.stringify(yield* Stream.runCollect(store.feed()))
      for (const secret of [accessToken, key]) assert.notInclude(all, Redacted.value(secret))
    }).pipe(Effect.provide(AuditLog.layer.pipe(Layer.provideMerge(Memory.layer)), { local: true }))
  )
})
