/** Keys for programs. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { EventStore, Permission } from "../../../src/index.ts"
import { type It, integers } from "../../contract/eventstore/support.ts"
import { day, freshPrincipal, later, options, refused, second, service } from "../support.ts"

const idsOf = <A extends { readonly id: string }>(keys: ReadonlyArray<A>) => keys.map(({ id }) => id).sort()

export const register = (it: It): void => {
  describe("an API key", () => {
    it.effect("lets its principal in, with its permissions and no others, in every process", () =>
      Effect.gen(function* () {
        const auth = yield* service(options)
        const principal = freshPrincipal("context:read:a")
        const created = yield* auth.createApiKey(principal, { name: "laptop" })
        assert.match(Redacted.value(created.key), /^pk_[A-Za-z0-9_-]{22}_[A-Za-z0-9_-]{43}$/)
        for (const door of [auth, yield* service(options)]) {
          const { expiresAt, id, principal: found } = yield* door.validateApiKey(created.key)
          assert.deepStrictEqual(
            { expiresAt, id, found },
            { expiresAt: created.expiresAt, id: created.id, found: principal }
          )
          assert.isFalse(Permission.allows(found.permissions, { resource: "context", action: "write", agentId: "a" }))
        }
      })
    )

    it.effect("is random, and the store holds nothing of its secret", () =>
      Effect.gen(function* () {
        const auth = yield* service(options)
        const principal = freshPrincipal()
        const keys = yield* Effect.forEach(integers(20), (number) =>
          auth.createApiKey(principal, { name: `${number}` })
        )
        const secrets = keys.map(({ key }) => Redacted.value(key).slice(-43))
        assert.strictEqual(new Set(secrets).size, secrets.length)
        const store = yield* EventStore.EventStore
        const stored = JSON.stringify(yield* Stream.runCollect(store.notes("pantheon/auth/keys")))
        for (const secret of secrets) assert.notInclude(stored, secret)
        assert.include(stored, keys[0]?.id ?? "none")
      })
    )

    it.effect("is listed for its principal until it is revoked, and then refused everywhere", () =>
      Effect.gen(function* () {
        const [here, there] = yield* Effect.all([service(options), service(options)])
        const [principal, stranger] = [freshPrincipal("actor:write:*"), freshPrincipal()]
        const [first, other, ofStranger] = yield* Effect.all([
          here.createApiKey(principal, { name: "laptop" }),
          here.createApiKey(principal, { name: "server" }),
          here.createApiKey(stranger, { name: "laptop" })
        ])
        const listed = yield* there.apiKeys(principal.id)
        assert.deepStrictEqual(idsOf(listed), idsOf([first, other]))
        const { key: _, ...known } = first
        assert.deepStrictEqual(
          listed.find(({ id }) => id === first.id),
          known
        )
        yield* there.validateApiKey(first.key)
        yield* here.revokeApiKey(first.id)
        yield* here.revokeApiKey(first.id)
        yield* refused(here.validateApiKey(first.key), "Invalid")
        yield* refused(later(second)(there.validateApiKey(first.key)), "Invalid")
        assert.deepStrictEqual(idsOf(yield* there.apiKeys(principal.id)), [other.id])
        for (const { key } of [other, ofStranger]) yield* here.validateApiKey(key)
      })
    )

    it.effect("tells when it was used last, a minute apart", () =>
      Effect.gen(function* () {
        const auth = yield* service(options)
        const principal = freshPrincipal()
        const { key } = yield* auth.createApiKey(principal, { name: "laptop" })
        const lastUse = Effect.map(auth.apiKeys(principal.id), ([key]) => key?.lastUsedAt?.getTime())
        assert.isUndefined(yield* lastUse)
        yield* auth.validateApiKey(key)
        const known = lastUse.pipe(
          Effect.filterOrFail((time) => time !== undefined),
          Effect.retry(Schedule.spaced("5 millis"))
        )
        const first = yield* known
        yield* later(59 * second)(auth.validateApiKey(key))
        yield* later(61 * second)(auth.validateApiKey(key))
        const next = yield* known.pipe(
          Effect.filterOrFail((time) => time !== first),
          Effect.retry(Schedule.spaced("5 millis"))
        )
        assert.isAtLeast(next - first, 60 * second)
      })
    )

    it.effect("expires, and a wrong secret learns nothing of that", () =>
      Effect.gen(function* () {
        const auth = yield* service({ ...options, apiKeyLifetime: "2 days" })
        const { expiresAt, createdAt, key } = yield* auth.createApiKey(freshPrincipal(), { name: "laptop" })
        assert.strictEqual(expiresAt.getTime() - createdAt.getTime(), 2 * day)
        const expired = later(2 * day + second)
        yield* refused(expired(auth.validateApiKey(key)), "Expired")
        const text = Redacted.value(key)
        const wrong = Redacted.make(`${text.slice(0, -1)}${text.endsWith("A") ? "B" : "A"}`)
        yield* refused(auth.validateApiKey(wrong), "Invalid")
        yield* refused(expired(auth.validateApiKey(wrong)), "Invalid")
      })
    )
  })
}
