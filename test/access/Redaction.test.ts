import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Redaction from "../../src/access/Redaction.ts"

const part = (length: number) =>
  Schema.Array(Schema.Literals([..."ABCXYZabcxyz0189-_"])).pipe(
    Schema.check(Schema.isMinLength(length)),
    Schema.check(Schema.isMaxLength(length + 10))
  )

const around = Schema.String.pipe(Schema.check(Schema.isMaxLength(30)))

/** A JWT, and an API key. */
const tokensOf = (parts: ReadonlyArray<ReadonlyArray<string>>) => {
  const [header = "", payload = "", signature = ""] = parts.map((letters) => letters.join(""))
  return [`eyJ${header}.eyJ${payload}.${signature}`, `pk_${header.slice(0, 22)}_${signature.slice(0, 43)}`]
}

describe("what is kept for good", () => {
  it.effect.prop(
    "holds no token, wherever it was: in a text, a name, a list or deep within",
    { header: part(22), payload: part(20), signature: part(43), before: around, after: around },
    ({ after, before, header, payload, signature }) =>
      Effect.sync(() => {
        for (const token of tokensOf([header, payload, signature])) {
          const text = `${before} ${token} ${after}`
          const details = { [text]: 1, text, list: [text, { deep: { deeper: [text] } }], ["x".repeat(99) + text]: text }
          assert.notInclude(Redaction.text(text), token)
          assert.notInclude(Redaction.text("y".repeat(990) + token), token.slice(0, 30))
          assert.notInclude(Redaction.id(`${before} ${token}`), token)
          assert.notInclude(JSON.stringify(Redaction.details(details)), token)
        }
      }),
    { arbitrary: { runs: 200 } }
  )

  it("holds nothing that was named as a secret, in any spelling", () => {
    const names = [
      "token",
      "accessToken",
      "refresh_token",
      "SECRET",
      "clientSecret",
      "password",
      "passwd",
      "Authorization"
    ]
    const more = ["apiKey", "api-key", "x_api_key", "set-cookie", "credentials", "privateKey", "jwt"]
    for (const name of [...names, ...more]) {
      const details = { a: { [name]: { inner: "hidden" } }, [name]: ["hidden"] }
      assert.notInclude(JSON.stringify(Redaction.details(details)), "hidden", name)
    }
  })

  it("holds no password of a text", () => {
    for (const text of [
      "Bearer hidden",
      "basic hidden==",
      "postgres://me:hidden@host/db",
      "postgres://me:p@hidden/w?hidden#x@host/db",
      "password=hidden&a=1",
      '"api_key": "hidden"'
    ]) {
      assert.notInclude(Redaction.text(text), "hidden", text)
    }
  })

  it("holds what is no secret as it was", () => {
    const details = { count: 3, name: "Ann", at: new Date(7), big: 2n, list: [1, null, true], monkeyJungle: "a.b.c" }
    assert.deepStrictEqual(Redaction.details(details), details)
    for (const id of [
      "team/agent-1",
      "organisation-of-mine.department-of-mine.agent",
      "https://bob@host/1",
      "monkeyJungle-123456789"
    ]) {
      assert.strictEqual(Redaction.id(id), id)
    }
  })

  it("is small, however much is handed over", () => {
    const wide = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`k${index}`, "v".repeat(5000)]))
    const cycle: { [key: string]: never } = {}
    Object.assign(cycle, { cycle })
    for (const details of [wide, cycle, { bytes: new Uint8Array(1_000_000) }, { text: "t".repeat(1_000_000) }]) {
      assert.isBelow(JSON.stringify(Redaction.details(details)).length, 5000)
    }
    assert.isBelow(Redaction.id("x".repeat(5000)).length, 257)
  })
})
