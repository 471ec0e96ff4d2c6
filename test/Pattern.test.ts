import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { AgentId, Pattern } from "../src/index.ts"

const parsed = (text: string) => Result.getOrThrow(Pattern.parse(text))
const refusal = (text: string) => Result.getOrThrow(Result.flip(Pattern.parse(text, "agents")))

const matching = (pattern: string, texts: ReadonlyArray<string>) =>
  texts.filter((text) => Pattern.matches(parsed(pattern), text))

// Few characters, so that stars, escapes and repetitions are common.
const text = Arbitrary.map(
  Arbitrary.array(Arbitrary.schema(Schema.Literals(["a", "b", "*", "\\", ":", "🦊"])), { maxLength: 8 }),
  (characters) => characters.join("")
)

/** The same decided slowly, by trying every split. */
const isMeant = (pattern: Pattern.Pattern, candidate: string): boolean => {
  if (pattern._tag === "Exactly") return candidate === pattern.text
  const { end, start } = pattern
  return Array.from({ length: candidate.length + 1 }, (_, index) => index).some(
    (index) => candidate.slice(0, index) === start && candidate.slice(index).endsWith(end)
  )
}

describe("a pattern", () => {
  const ids = ["a", "ab", "team/a", "team/", "team", "b@host", "@host", "*", "a*", "__proto__", "TEAM/a"]

  it("without a star means one text, to the letter", () => {
    assert.deepStrictEqual(matching("team/a", ids), ["team/a"])
    assert.deepStrictEqual(matching("__proto__", ids), ["__proto__"])
  })

  it("with a star means every text with its beginning and its end", () => {
    assert.deepStrictEqual(matching("*", ids), ids)
    assert.deepStrictEqual(matching("team/*", ids), ["team/a", "team/"])
    assert.deepStrictEqual(matching("*@host", ids), ["b@host", "@host"])
    assert.deepStrictEqual(matching("t*a", ids), ["team/a"])
  })

  it("does not let beginning and end share characters", () => {
    assert.deepStrictEqual(matching("aba*aba", ["aba", "ababa", "abaaba", "abacaba"]), ["abaaba", "abacaba"])
  })

  it("means a star that stands after a backslash", () => {
    assert.deepStrictEqual(matching("\\*", ids), ["*"])
    assert.deepStrictEqual(matching("a\\*", ids), ["a*"])
    assert.deepStrictEqual(matching("\\\\*", ["\\", "\\a", "a"]), ["\\", "\\a"])
  })

  it("knows no other signs: those of regular expressions and of LIKE are letters", () => {
    assert.deepStrictEqual(matching("a.?[b]%_", ["a.?[b]%_", "axx"]), ["a.?[b]%_"])
  })

  it("is refused with a second star, with a stray backslash, and when it is no id", () => {
    assert.strictEqual(refusal("a*b*").found, "2 stars")
    assert.strictEqual(refusal("a\\b").found, "another at position 2")
    assert.strictEqual(refusal("a\\").found, "another at position 2")
    assert.strictEqual(refusal("").found, "an empty text")
    assert.strictEqual(refusal("a\0*").found, "a control character at position 1")
    assert.strictEqual(refusal("x".repeat(256)).found, "256 characters")
    assert.strictEqual(refusal(`${"x".repeat(200)}*${"x".repeat(56)}`).found, "256 characters")
    assert.strictEqual(refusal("\ud83e*").path, "agents")
  })

  it("is judged in no time, however it is made", () => {
    const pattern = parsed(`${"a".repeat(127)}*${"a".repeat(127)}b`)
    for (let index = 0; index < 10_000; index++) assert.isFalse(Pattern.matches(pattern, "a".repeat(255)))
  })

  it.prop("is printed as a text that means the same", [text], ([text]) => {
    const pattern = Pattern.parse(text)
    if (Result.isFailure(pattern)) return
    assert.deepStrictEqual(parsed(Pattern.print(pattern.success)), pattern.success)
  })

  it.prop("that is an id made exact means this id and no other", [text, text], ([id, other]) => {
    if (Result.isFailure(AgentId.validate(id))) return
    const pattern = parsed(Pattern.print(Pattern.exactly(id)))
    assert.isTrue(Pattern.matches(pattern, id))
    assert.strictEqual(Pattern.matches(pattern, other), id === other)
  })

  it.prop("matches what a search through all splits finds", [text, text], ([text, candidate]) => {
    const pattern = Pattern.parse(text)
    if (Result.isFailure(pattern)) return
    assert.strictEqual(Pattern.matches(pattern.success, candidate), isMeant(pattern.success, candidate))
  })
})
