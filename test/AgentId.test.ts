import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { AgentId } from "../src/index.ts"

const refusal = (id: unknown, subject?: string) => Result.getOrThrow(Result.flip(AgentId.validate(id, subject)))

describe("an id", () => {
  it("is kept as it is: nothing is trimmed, folded or normalised", () => {
    const ids = [
      "a",
      "A",
      "a-1",
      "a/",
      " a ",
      "urn:x:1",
      "me@host",
      "..",
      "é",
      "e\u0301",
      "ſ",
      "K",
      "🦊",
      "\u2028",
      "\ufeff",
      "\uffff",
      "__proto__",
      "%00",
      "a\u200db"
    ]
    for (const id of ids) assert.strictEqual(Result.getOrThrow(AgentId.validate(id)), id)
  })

  it("has 1 to 255 UTF-16 units", () => {
    assert.isTrue(Result.isSuccess(AgentId.validate("x".repeat(255))))
    assert.isTrue(Result.isSuccess(AgentId.validate("🦊".repeat(127))))
    assert.strictEqual(refusal("").found, "an empty text")
    assert.strictEqual(refusal("x".repeat(256)).found, "256 characters")
    assert.strictEqual(refusal("🦊".repeat(128)).found, "256 characters")
  })

  it("holds no control character, and the error says where it is", () => {
    const controls = [0, 1, 9, 10, 13, 0x1f, 0x7f, 0x80, 0x85, 0x9f]
    for (const code of controls) {
      assert.strictEqual(refusal(`ab${String.fromCharCode(code)}`).found, "a control character at position 2")
    }
    for (const code of [0x20, 0x7e, 0xa0]) {
      assert.isTrue(Result.isSuccess(AgentId.validate(`ab${String.fromCharCode(code)}`)))
    }
  })

  it("holds no half of a surrogate pair, and the error says where it is", () => {
    assert.strictEqual(refusal("🦊\ud83e").found, "half of a surrogate pair at position 2")
    assert.strictEqual(refusal("\udd8a\ud83e").found, "half of a surrogate pair at position 0")
  })

  it("is a text, and the error says what was found instead", () => {
    const others: ReadonlyArray<readonly [unknown, string]> = [
      [undefined, "a value of type undefined"],
      [null, "null"],
      [1, "a value of type number"],
      [{}, "a value of type object"],
      [Object("a"), "a value of type object"],
      [Symbol("a"), "a value of type symbol"]
    ]
    for (const [id, found] of others) assert.strictEqual(refusal(id).found, found)
  })

  it("is named in the error as the caller names it", () => {
    const error = refusal("", "events/3/id")
    assert.strictEqual(error._tag, "InvalidInput")
    assert.strictEqual(error.path, "events/3/id")
    assert.match(
      error.message,
      /^events\/3\/id: expected 1 to 255 characters .*, found an empty text\. Choose another id\.$/
    )
  })

  it.prop("is either kept or refused, whatever the text", [Schema.String], ([text]) => {
    const result = AgentId.validate(text)
    if (Result.isSuccess(result)) {
      assert.strictEqual(result.success, text)
      assert.isTrue(text.isWellFormed() && text.length > 0 && text.length <= 255)
    } else {
      assert.strictEqual(result.failure.path, "agentId")
    }
  })
})
