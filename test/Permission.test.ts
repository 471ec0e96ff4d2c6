import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { CurrentPrincipal, Pattern, Permission } from "../src/index.ts"

const refusal = (text: string) => Result.getOrThrow(Result.flip(Permission.parse(text)))

const allowed = (permission: Permission.Text, needs: ReadonlyArray<Permission.Text>) =>
  needs.filter((need) => {
    const [resource, action, agentId] = need.split(":")
    return Permission.allows([Permission.make(permission)], {
      resource: Schema.decodeUnknownSync(Permission.Resource)(resource),
      action: Schema.decodeUnknownSync(Permission.Action)(action),
      agentId: agentId ?? ""
    })
  })

const anyPattern = Arbitrary.map(
  Arbitrary.array(Arbitrary.schema(Schema.Literals(["a", "*", "\\", ":", "/", "é"])), { minLength: 1, maxLength: 6 }),
  (characters) => Pattern.exactly(characters.join(""))
)
const anyPermission = Arbitrary.all({
  resource: Arbitrary.schema(Permission.Permission.fields.resource),
  action: Arbitrary.schema(Permission.Action),
  agents: anyPattern
})

describe("a permission", () => {
  it("allows its resource, its action and what is less, and its agents", () => {
    const needs: ReadonlyArray<Permission.Text> = [
      "context:read:a",
      "context:write:a",
      "context:admin:a",
      "context:write:b",
      "actor:write:a",
      "audit:read:a"
    ]
    assert.deepStrictEqual(allowed("context:write:a", needs), ["context:read:a", "context:write:a"])
    assert.deepStrictEqual(allowed("*:read:*", needs), ["context:read:a", "audit:read:a"])
    assert.deepStrictEqual(allowed("*:admin:*", needs), needs)
    assert.deepStrictEqual(allowed("share:admin:*", needs), [])
  })

  it("may have colons in its pattern", () => {
    const permission = Permission.make("actor:write:urn:x:*")
    assert.deepStrictEqual(permission.agents, { _tag: "Around", start: "urn:x:", end: "" })
    assert.strictEqual(Permission.print(permission), "actor:write:urn:x:*")
  })

  it("is refused when it is written in any other way, with what was found", () => {
    assert.deepInclude(refusal("read"), { _tag: "InvalidInput", found: '"read"' })
    assert.strictEqual(refusal("everything:read:*").found, '"everything"')
    assert.strictEqual(refusal("context:all:*").found, '"all"')
    assert.strictEqual(refusal("Context:read:*").found, '"Context"')
    assert.strictEqual(refusal("context:read").found, "nothing")
    assert.strictEqual(refusal("context:read:").found, "an empty text")
    assert.strictEqual(refusal("context:read:a**").found, "2 stars")
    assert.strictEqual(refusal("").found, "nothing")
    assert.strictEqual(refusal("constructor:read:*").found, '"constructor"')
    assert.throws(() => Permission.make("context:read:a*b*"))
  })

  it.prop("is printed as a text that gives it back", [anyPermission], ([permission]) => {
    assert.deepStrictEqual(Result.getOrThrow(Permission.parse(Permission.print(permission))), permission)
  })

  it.prop("is either understood or refused, whatever the text", [Schema.String], ([text]) => {
    const permission = Permission.parse(text)
    if (Result.isFailure(permission)) assert.strictEqual(permission.failure.path, "permission")
    else
      assert.deepStrictEqual(
        Result.getOrThrow(Permission.parse(Permission.print(permission.success))),
        permission.success
      )
  })
})

describe("a principal", () => {
  const principal: CurrentPrincipal.Principal = {
    id: "me@host",
    kind: "user",
    permissions: [Permission.make("context:write:team/*"), Permission.make("actor:read:\\*")]
  }

  it.effect("is nobody with no permission, unless one is provided; forked work inherits it", () =>
    Effect.gen(function* () {
      const nobody = yield* CurrentPrincipal.CurrentPrincipal
      assert.strictEqual(nobody.kind, "anonymous")
      assert.isFalse(CurrentPrincipal.may(nobody, { resource: "context", action: "read", agentId: "team/a" }))
      const seen = yield* Effect.provideService(
        Effect.all([CurrentPrincipal.CurrentPrincipal], { concurrency: "unbounded" }),
        CurrentPrincipal.CurrentPrincipal,
        principal
      )
      assert.deepStrictEqual(seen, [principal])
      assert.isTrue(CurrentPrincipal.may(principal, { resource: "context", action: "read", agentId: "team/a" }))
    })
  )

  it.effect("is encoded with its permissions as texts, and decoded again", () =>
    Effect.gen(function* () {
      const encoded = yield* Schema.encodeEffect(CurrentPrincipal.Principal)(principal)
      assert.deepStrictEqual(encoded.permissions, ["context:write:team/*", "actor:read:\\*"])
      const decode = Schema.decodeUnknownEffect(CurrentPrincipal.Principal)
      assert.deepStrictEqual(yield* decode(JSON.parse(JSON.stringify(encoded))), principal)
      const error = yield* Effect.flip(decode({ ...encoded, permissions: ["read"] }))
      assert.include(error.message, "context:read:*")
    })
  )
})
