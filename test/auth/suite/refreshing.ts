/** New tokens for old ones. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { type It, integers } from "../../contract/eventstore/support.ts"
import { freshPrincipal, options, refused, service } from "../support.ts"

export const register = (it: It): void => {
  describe("refreshing", () => {
    it.effect("gives new tokens of the same principal, and the old ones are void, both of them", () =>
      Effect.gen(function* () {
        const auth = yield* service(options)
        const principal = freshPrincipal("context:write:team/*", "actor:read:\\*:*")
        const old = yield* auth.issue(principal)
        assert.deepStrictEqual((yield* auth.validate(old.accessToken)).principal, principal)
        const tokens = yield* auth.refresh(old.refreshToken)
        assert.notStrictEqual(tokens.id, old.id)
        assert.deepStrictEqual(yield* auth.validate(tokens.accessToken), {
          principal,
          id: tokens.id,
          expiresAt: tokens.expiresAt
        })
        yield* refused(auth.validate(old.accessToken), "Revoked")
        yield* refused(auth.refresh(old.refreshToken), "Revoked")
        yield* auth.validate((yield* auth.refresh(tokens.refreshToken)).accessToken)
      })
    )

    it.effect("is won by one of many who refresh the same token, in whatever process", () =>
      Effect.gen(function* () {
        const services = yield* Effect.all([service(options), service(options)])
        for (const _ of integers(5)) {
          const { refreshToken } = yield* services[0].issue(freshPrincipal())
          const rivals = integers(4).flatMap(() => services.map((auth) => Effect.exit(auth.refresh(refreshToken))))
          const exits = yield* Effect.all(rivals, { concurrency: "unbounded" })
          const winners = exits.filter(Exit.isSuccess)
          assert.strictEqual(winners.length, 1)
          for (const { value } of winners) yield* services[1].validate(value.accessToken)
        }
      })
    )

    it.effect("takes no access token, and a refresh token lets nobody in", () =>
      Effect.gen(function* () {
        const auth = yield* service(options)
        const { accessToken, refreshToken } = yield* auth.issue(freshPrincipal())
        yield* refused(auth.refresh(accessToken), "Invalid")
        yield* refused(auth.validate(refreshToken), "Invalid")
        yield* refused(auth.validateApiKey(accessToken), "Invalid")
        yield* auth.validate((yield* auth.refresh(refreshToken)).accessToken)
      })
    )
  })
}
