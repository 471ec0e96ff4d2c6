import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Sha256 } from "../../src/store/Sha256.ts"

const digest = (pieces: ReadonlyArray<string>): string => {
  const sha = new Sha256()
  for (const piece of pieces) sha.add(piece)
  return sha.end()
}

const known = (text: string): string => createHash("sha256").update(text).digest("hex")

describe("SHA-256", () => {
  it("is that of the standard, for every length around the size of a block", () => {
    assert.strictEqual(digest(["abc"]), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    for (let length = 0; length < 200; length++)
      assert.strictEqual(digest(["x".repeat(length)]), known("x".repeat(length)))
  })

  it.effect.prop(
    "is that of the whole text, however it was cut",
    [Arbitrary.schema(Schema.Array(Schema.String))],
    ([pieces]) =>
      Effect.sync(() => {
        const whole = pieces.map((piece) => piece.toWellFormed())
        assert.strictEqual(digest(whole), known(whole.join("")))
      })
  )

  it("takes long texts", () => {
    const text = "äöü€😀".repeat(100_000)
    assert.strictEqual(digest([text, text]), known(text + text))
  })
})
