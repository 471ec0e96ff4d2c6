import { inspect } from "node:util"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Pantheon from "../../layers/promise/index.ts"
import { codeOf, databases, durable } from "./databases.ts"

const jwtSecret = "0123456789abcdefghijklmnopqrstuv"

/** What a function throws. */
const thrown = (run: () => unknown): Pantheon.PantheonError => {
  try {
    run()
  } catch (error) {
    if (Pantheon.isPantheonError(error)) return error
    throw error
  }
  throw new Error("nothing was thrown")
}

for (const { name, open } of databases) {
  describe(`tokens on ${name}`, () => {
    it("tell whose they are and what they allow, until they are revoked", async () => {
      await using auth = Pantheon.makeAuthService({ jwtSecret, eventStore: open()().eventStore })
      const { expiresAt, token } = await auth.generateToken("agent-1", ["read", "metadata:write:team/*"])
      assert.deepStrictEqual(await auth.validateToken(token), {
        token,
        agentId: "agent-1",
        expiresAt,
        permissions: ["read", "metadata:write:team/*"]
      })
      const may = (permission: string) => auth.hasPermission(token, permission)
      assert.isTrue(await may("read"))
      assert.isFalse(await may("write"))
      assert.isTrue(await may("context:read:agent-1"))
      assert.isFalse(await may("context:read:agent-2"))
      assert.isTrue(await may("metadata:read:team/7"))
      await auth.revokeToken(token)
      assert.isNull(await auth.validateToken(token))
      assert.isFalse(await may("read"))
      await auth.revokeToken(token)
    })

    it("are refreshed once, and void the tokens of before", async () => {
      await using auth = Pantheon.makeAuthService({ jwtSecret, eventStore: open()().eventStore })
      const first = await auth.generateToken("agent-1", ["admin"])
      const second = await auth.refreshToken(first)
      assert.deepStrictEqual(second?.permissions, ["admin"])
      assert.strictEqual(second?.agentId, "agent-1")
      assert.isNotNull(await auth.validateToken(second?.token ?? ""))
      assert.isNull(await auth.validateToken(first.token))
      assert.isNull(await auth.refreshToken(first.refreshToken))
      assert.isNull(await auth.refreshToken(second?.token ?? ""))
    })

    it("are all void once the agent's were revoked, its API keys too", async () => {
      await using auth = Pantheon.makeAuthService({ jwtSecret, eventStore: open()().eventStore })
      const { token } = await auth.generateToken("agent-1", ["read"])
      const key = await auth.generateApiKey("agent-1", ["read"])
      const other = await auth.generateToken("agent-2", ["read"])
      await auth.revokeAll("agent-1")
      assert.isNull(await auth.validateToken(token))
      assert.isNull(await auth.validateApiKey(key))
      assert.isNotNull(await auth.validateToken(other.token))
    })

    it("have API keys beside them, which are listed and revoked by their ids", async () => {
      await using auth = Pantheon.makeAuthService({ jwtSecret, eventStore: open()().eventStore })
      const { id, key } = await auth.createApiKey("agent-1", ["write"], { name: "worker" })
      const validated = await auth.validateApiKey(key)
      assert.strictEqual(validated?.agentId, "agent-1")
      assert.deepStrictEqual(validated?.permissions, ["write"])
      const [listed] = await auth.getApiKeysForAgent("agent-1")
      assert.deepInclude(listed, { id, name: "worker", agentId: "agent-1", permissions: ["write"] })
      assert.notInclude(inspect(listed, { depth: 9 }), key)
      await auth.revokeApiKey(id)
      assert.isNull(await auth.validateApiKey(key))
      assert.lengthOf(await auth.getApiKeysForAgent("agent-1"), 0)
    })
  })
}

for (const { name, open } of durable) {
  describe(`revocations on ${name}`, () => {
    it("are known after a restart", async () => {
      const again = open()
      const before = Pantheon.makeAuthService({ jwtSecret, eventStore: again().eventStore })
      const [gone, good] = [await before.generateToken("a", ["read"]), await before.generateToken("a", ["read"])]
      await before.revokeToken(gone.token)
      await before.close()
      await using after = Pantheon.makeAuthService({ jwtSecret, eventStore: again().eventStore })
      assert.isNull(await after.validateToken(gone.token))
      assert.isNotNull(await after.validateToken(good.token))
    })
  })
}

describe("an auth service", () => {
  it("answers null to whatever is no token", async () => {
    await using auth = Pantheon.makeAuthService({ jwtSecret })
    for (const text of ["", "x", "a.b.c"]) assert.isNull(await auth.validateToken(text))
    assert.isNull(await auth.validateApiKey(""))
    const foreign = new Pantheon.JWTAuthService(jwtSecret.toUpperCase(), "1h")
    assert.isNull(await auth.validateToken((await foreign.generateToken("a", ["read"])).token))
    await foreign.close()
  })

  it("counts tokens of a secret of before", async () => {
    const secret = jwtSecret.toUpperCase()
    await using before = new Pantheon.JWTAuthService(secret)
    await using after = Pantheon.makeAuthService({ jwtSecret, previousSecrets: [secret] })
    const { token } = await before.generateToken("agent-1", ["read"])
    assert.strictEqual((await after.validateToken(token))?.agentId, "agent-1")
  })

  it("tells too many refusals, and lets in who shows what counts", async () => {
    await using auth = Pantheon.makeAuthService({ jwtSecret, refusals: { times: 2, within: "1h" } })
    const { token } = await auth.generateToken("agent-1", ["read"])
    const refused = () => auth.validateToken("x", { address: "10.0.0.1" })
    assert.isNull(await refused())
    assert.isNull(await refused())
    assert.strictEqual(await codeOf(refused()), "TOO_MANY_ATTEMPTS")
    assert.isNotNull(await auth.validateToken(token, { address: "10.0.0.1" }))
  })

  it("understands times as they are usually written", async () => {
    const seconds = async (tokenExpiry: Pantheon.TokenTime) => {
      await using auth = Pantheon.makeAuthService({ jwtSecret, tokenExpiry })
      const { expiresAt } = await auth.generateToken("a", [])
      return (expiresAt.getTime() - Date.now()) / 1000
    }
    for (const [time, expected] of [
      ["90s", 90],
      ["15m", 900],
      ["24h", 86_400],
      ["7d", 604_800],
      [3600, 3600],
      ["2 hours", 7200]
    ] as const) {
      assert.approximately(await seconds(time), expected, 10)
    }
  })

  it("refuses weak secrets and options that make no sense, without telling the secret", () => {
    for (const weak of ["secret-key!", "a".repeat(64), ""]) {
      const error = thrown(() => Pantheon.makeAuthService({ jwtSecret: weak }))
      assert.strictEqual(error.code, "INVALID_OPTIONS")
      if (weak !== "") assert.notInclude(inspect(error, { depth: 9 }), weak)
    }
    const options: ReadonlyArray<object | undefined> = [
      undefined,
      {},
      { jwtSecret, tokenExpiry: "soon" },
      { jwtSecret, tokenExpiry: -1 },
      { jwtSecret, eventStore: {} },
      { jwtSecret, previousSecrets: [jwtSecret] },
      { jwtSecret, refusals: { times: 0, within: "1m" } }
    ]
    for (const given of options) {
      const make = () => Reflect.construct(Pantheon.JWTAuthService, [given])
      assert.strictEqual(thrown(make).code, "INVALID_OPTIONS", inspect(given))
    }
  })

  it("refuses permissions that it does not know, and agents that break the rule of ids", async () => {
    await using auth = Pantheon.makeAuthService({ jwtSecret })
    assert.strictEqual(await codeOf(auth.generateToken("agent-1", ["fly"])), "INVALID_INPUT")
    assert.strictEqual(await codeOf(auth.generateToken("", ["read"])), "INVALID_INPUT")
    const { token } = await auth.generateToken("agent-1", ["read"])
    assert.strictEqual(await codeOf(auth.hasPermission(token, "context:read:*")), "INVALID_INPUT")
  })

  it("lets nobody in with what is no text", async () => {
    await using auth = Pantheon.makeAuthService({ jwtSecret })
    assert.isNull(await auth.validateToken(undefined as never))
    assert.isNull(await auth.refreshToken(7 as never))
  })

  it("refuses calls once it is closed", async () => {
    const auth = Pantheon.makeAuthService({ jwtSecret })
    const { token } = await auth.generateToken("agent-1", ["read"])
    await auth.close()
    await auth.close()
    assert.strictEqual(await codeOf(auth.validateToken(token)), "CLOSED")
  })

  it("has the types that callers rely on", () => {
    expectTypeOf<Pantheon.JWTAuthService["validateToken"]>().returns.resolves.toEqualTypeOf<Pantheon.AuthToken | null>()
    expectTypeOf<Pantheon.JWTAuthService["generateToken"]>().returns.resolves.toExtend<Pantheon.AuthToken>()
    expectTypeOf<Pantheon.JWTAuthService["generateApiKey"]>().returns.resolves.toEqualTypeOf<string>()
    expectTypeOf(Pantheon.makeAuthService).returns.toEqualTypeOf<Pantheon.JWTAuthService>()
    expectTypeOf<Pantheon.AuthOptions>().toHaveProperty("tokenExpiry")
  })
})
