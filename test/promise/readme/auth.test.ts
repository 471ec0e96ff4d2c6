/** The snippets of the old README about tokens, as they stand there; around them is what they leave out. */
import { assert, describe, it } from "@effect/vitest"
import { makeAuthService } from "../../../layers/promise/index.ts"
import { durable } from "../databases.ts"

for (const { name, open } of durable) {
  describe(`the snippets about tokens on ${name}`, () => {
    it("generate, validate and revoke a token", async () => {
      const process = { env: { JWT_SECRET: "0123456789abcdefghijklmnopqrstuv" } }

      // ---- as in the README
      const authService = makeAuthService({
        // biome-ignore lint/style/noNonNullAssertion: it stands there so
        jwtSecret: process.env.JWT_SECRET!,
        tokenExpiry: "24h"
      })

      // Generate token
      const token = await authService.generateToken("agent-123", ["read", "write"])

      // Validate token
      const validated = await authService.validateToken(token.token)

      // Revoke token
      await authService.revokeToken(token.token)
      // ----

      assert.deepStrictEqual(validated?.permissions, ["read", "write"])
      assert.strictEqual(validated?.agentId, "agent-123")
      const day = 24 * 60 * 60 * 1000
      assert.approximately(token.expiresAt.getTime() - Date.now(), day, 10_000)
      assert.isNull(await authService.validateToken(token.token))
      await authService.close()

      const { eventStore } = open()()
      const durableService = makeAuthService({ jwtSecret: process.env.JWT_SECRET, tokenExpiry: "24h", eventStore })
      assert.isNotNull(
        await durableService.validateToken((await durableService.generateToken("agent-123", ["read"])).token)
      )
      await durableService.close()
    })
  })
}
