/** What has expired goes. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { EventStore } from "../../../src/index.ts"
import { type It, integers } from "../../contract/eventstore/support.ts"
import { day, freshPrincipal, later, minute, options, refused, service } from "../support.ts"

/** How many notes and events there are of authentication. */
const stored = Effect.gen(function* () {
  const store = yield* EventStore.EventStore
  const agents = yield* Stream.runCollect(store.agents({ prefix: "pantheon/auth/" }))
  const ids = new Set([...agents.map(({ agentId }) => agentId), "pantheon/auth/keys"])
  let notes = 0
  let events = 0
  for (const id of ids) {
    notes += (yield* Stream.runCollect(store.notes(id))).length
    events += (yield* Stream.runCollect(store.read(id))).length
  }
  return { notes, events }
})

export const register = (it: It): void => {
  describe("cleaning up", () => {
    it.effect("removes what has expired, and tells how much exactly; what still counts stays", () =>
      Effect.gen(function* () {
        const auth = yield* service({ ...options, apiKeyLifetime: "40 days" })
        // What other tests have left.
        yield* later(1000 * day)(auth.cleanUp)
        const before = yield* stored
        const principal = freshPrincipal()
        yield* Effect.forEach(integers(3), () =>
          Effect.flatMap(auth.issue(principal), (t) => auth.refresh(t.refreshToken))
        )
        const last = yield* later(20 * day)(auth.issue(principal))
        yield* later(20 * day)(auth.revoke(last.accessToken))
        const key = yield* auth.createApiKey(principal, { name: "laptop" })
        const full = yield* stored
        assert.deepStrictEqual(full, { notes: before.notes + 6, events: before.events + 4 })

        assert.deepStrictEqual(yield* auth.cleanUp, { tokens: 0, apiKeys: 0 })
        assert.deepStrictEqual(yield* stored, full)
        // Three pairs have expired, one was issued later.
        const aMonthLater = later(30 * day + 10 * minute)
        assert.deepStrictEqual(yield* aMonthLater(auth.cleanUp), { tokens: 3, apiKeys: 0 })
        assert.deepStrictEqual(yield* stored, { notes: before.notes + 3, events: before.events + 1 })
        yield* refused(aMonthLater(auth.refresh(last.refreshToken)), "Revoked")
        yield* aMonthLater(auth.validateApiKey(key.key))
        yield* Effect.repeat(auth.apiKeys(principal.id), { until: ([key]) => key?.lastUsedAt !== undefined })

        assert.deepStrictEqual(yield* later(51 * day)(auth.cleanUp), { tokens: 1, apiKeys: 1 })
        assert.deepStrictEqual(yield* stored, before)
        assert.deepStrictEqual(yield* later(51 * day)(auth.apiKeys(principal.id)), [])
        assert.deepStrictEqual(yield* later(51 * day)(auth.cleanUp), { tokens: 0, apiKeys: 0 })
      })
    )
  })
}
