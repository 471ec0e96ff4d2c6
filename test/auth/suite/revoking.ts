/** Tokens that are taken back. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { EventStore } from "../../../src/index.ts"
import { freshId, type It, integers } from "../../contract/eventstore/support.ts"
import { freshPrincipal, later, options, refused, second, service } from "../support.ts"

export const register = (it: It): void => {
  describe("revoking", () => {
    it.effect("makes a token void at once, and the one that was issued with it, but no other", () =>
      Effect.gen(function* () {
        const auth = yield* service(options)
        const principal = freshPrincipal()
        const [kept, byAccess, byRefresh] = yield* Effect.all(integers(3).map(() => auth.issue(principal)))
        if (kept === undefined || byAccess === undefined || byRefresh === undefined) return
        for (const { accessToken } of [kept, byAccess, byRefresh]) yield* auth.validate(accessToken)
        yield* auth.revoke(byAccess.accessToken)
        yield* auth.revoke(byRefresh.refreshToken)
        for (const { accessToken, refreshToken } of [byAccess, byRefresh]) {
          yield* refused(auth.validate(accessToken), "Revoked")
          yield* refused(auth.refresh(refreshToken), "Revoked")
          // Twice is once.
          yield* auth.revoke(accessToken)
        }
        yield* auth.validate(kept.accessToken)
      })
    )

    it.effect("is seen by a new process at once, and within a second by one that has just let the token in", () =>
      Effect.gen(function* () {
        const [here, there] = yield* Effect.all([service(options), service(options)])
        const { accessToken, refreshToken } = yield* here.issue(freshPrincipal())
        yield* there.validate(accessToken)
        yield* here.revoke(accessToken)
        yield* refused(later(second)(there.validate(accessToken)), "Revoked")
        yield* refused(there.refresh(refreshToken), "Revoked")
        yield* refused((yield* service(options)).validate(accessToken), "Revoked")
      })
    )

    it.effect("and refreshing at the same time leave nothing good behind, or the refresh came first", () =>
      Effect.gen(function* () {
        const [here, there] = yield* Effect.all([service(options), service(options)])
        for (const _ of integers(5)) {
          const { accessToken, refreshToken } = yield* here.issue(freshPrincipal())
          const [refreshed] = yield* Effect.all([Effect.exit(there.refresh(refreshToken)), here.revoke(accessToken)], {
            concurrency: "unbounded"
          })
          yield* refused(here.validate(accessToken), "Revoked")
          yield* refused(here.refresh(refreshToken), "Revoked")
          if (refreshed._tag === "Success") yield* there.validate(refreshed.value.accessToken)
        }
      })
    )

    it.effect("is not hindered by whoever has used the id of the tokens for an event of his own", () =>
      Effect.gen(function* () {
        const [auth, store] = [yield* service(options), yield* EventStore.EventStore]
        const squat = (id: string) => store.append({ agentId: freshId(), events: [{ id, type: "task.done" }] })
        const revoked = yield* auth.issue(freshPrincipal())
        yield* squat(revoked.id)
        yield* auth.revoke(revoked.accessToken)
        yield* refused(auth.validate(revoked.accessToken), "Revoked")
        yield* refused(auth.refresh(revoked.refreshToken), "Revoked")
        const refreshed = yield* auth.issue(freshPrincipal())
        yield* squat(refreshed.id)
        const exits = yield* Effect.all(
          integers(3).map(() => Effect.exit(auth.refresh(refreshed.refreshToken))),
          { concurrency: "unbounded" }
        )
        assert.lengthOf(
          exits.filter(({ _tag }) => _tag === "Success"),
          1
        )
        yield* refused(auth.validate(refreshed.accessToken), "Revoked")
      })
    )

    it.effect("all of a principal makes void what it has, keys included, and not what it gets later", () =>
      Effect.gen(function* () {
        const [here, there] = yield* Effect.all([service(options), service(options)])
        const [principal, other] = [freshPrincipal(), freshPrincipal()]
        const before = yield* Effect.all(integers(3).map(() => here.issue(principal)))
        const key = yield* here.createApiKey(principal, { name: "laptop" })
        const ofOther = yield* here.issue(other)
        for (const { accessToken } of before) yield* there.validate(accessToken)
        yield* there.validateApiKey(key.key)
        yield* here.revokeAll(principal.id)
        for (const auth of [here, there]) {
          const inOneSecond = later(auth === here ? 0 : second)
          for (const { accessToken, refreshToken } of before) {
            yield* refused(inOneSecond(auth.validate(accessToken)), "Revoked")
            yield* refused(auth.refresh(refreshToken), "Revoked")
          }
          yield* refused(inOneSecond(auth.validateApiKey(key.key)), "Invalid")
          yield* auth.validate(ofOther.accessToken)
        }
        const after = yield* there.issue(principal)
        yield* here.validate(after.accessToken)
        yield* here.revokeAll(principal.id)
        yield* refused(here.validate(after.accessToken), "Revoked")
      })
    )

    it.effect("knows principals apart, whatever their ids hold", () =>
      Effect.gen(function* () {
        const auth = yield* service(options)
        const unique = freshId()
        const ids = ["a", "a%", "a_", "a/b", "__proto__", "'; DROP TABLE notes; --", "é", "e\u0301", "🦊".repeat(100)]
        const names = ids.map((id) => `${id.slice(0, 200)}${unique}`)
        const issued = yield* Effect.forEach(names, (id) => auth.issue({ ...freshPrincipal(), id }))
        for (const [index, id] of names.entries()) {
          yield* auth.revokeAll(id)
          for (const [other, { accessToken }] of issued.entries()) {
            const validated = auth.validate(accessToken)
            yield* other <= index ? refused(validated, "Revoked") : validated
          }
        }
      })
    )
  })
}
