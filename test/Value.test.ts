import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Limits, Value } from "../src/index.ts"
import { arbitrary, assertSame, define, texts } from "./contract/values.ts"

const roundTrip = (value: unknown): Value.Value =>
  Result.getOrThrow(Value.decode(Result.getOrThrow(Value.encode(value))))

const refusal = (value: unknown, limits?: Limits.Limits, bytes?: number) =>
  Result.getOrThrow(Result.flip(Value.encode(value, "data", limits, bytes)))

describe("a value", () => {
  it.prop(
    "comes back exactly as it was stored, whatever it holds",
    [arbitrary],
    ([value]) => {
      assertSame(roundTrip(value), value)
    },
    { arbitrary: { runs: 2000, size: 60 } }
  )

  it.prop(
    "is stored again as the same text once it was read",
    [arbitrary],
    ([value]) => {
      const text = Result.getOrThrow(Value.encode(value))
      assert.strictEqual(Result.getOrThrow(Value.encode(Result.getOrThrow(Value.decode(text)))), text)
    },
    { arbitrary: { runs: 500, size: 60 } }
  )

  it.prop("may be any text, half a surrogate pair included", [Schema.String], ([text]) => {
    assert.strictEqual(roundTrip(text), text)
  })

  it("keeps texts that encodings like to change, and folds no Unicode normal forms", () => {
    for (const text of texts) assert.strictEqual(roundTrip(text), text)
    assert.notStrictEqual(roundTrip("\u00e9"), roundTrip("e\u0301"))
  })

  it("keeps what JSON lacks: negative zero, dates, big integers, bytes", () => {
    assertSame(roundTrip(-0), -0)
    assertSame(roundTrip(new Date(8.64e15)), new Date(8.64e15))
    assertSame(roundTrip(-(2n ** 200n)), -(2n ** 200n))
    assertSame(roundTrip(new Uint8Array([0, 255, 128])), new Uint8Array([0, 255, 128]))
  })

  it("gives the bytes of a Buffer, and those of a view, as a Uint8Array", () => {
    assertSame(roundTrip(Buffer.from([1, 2])), new Uint8Array([1, 2]))
    assertSame(roundTrip(new Uint8Array([1, 2, 3]).subarray(1)), new Uint8Array([2, 3]))
  })

  it("keeps own keys that look like tags apart from tags", () => {
    for (const name of ["$", "$$", "$date", "$$date", "$bigint", "$bytes", "$number", "$unknown"]) {
      for (const value of ["2026-01-01T00:00:00.000Z", "-0", 1n, { [name]: name }]) {
        assertSame(roundTrip({ [name]: value }), { [name]: value })
        assertSame(roundTrip({ [name]: value, other: value }), { [name]: value, other: value })
      }
    }
  })

  it("keeps own keys named like parts of a prototype as data, and does no harm with them", () => {
    for (const name of ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"]) {
      const value = {}
      const payload = {}
      define(payload, "polluted", 1n)
      define(value, name, payload)
      const back = roundTrip({ value, list: [value] })
      assertSame(back, { value, list: [value] })
      assert.isFalse("polluted" in {})
    }
  })

  it("gives an object without prototype back as a plain object", () => {
    const bare: object = Object.create(null)
    define(bare, "a", 1n)
    assertSame(roundTrip(bare), { a: 1n })
  })

  it("may be held twice by one object", () => {
    const shared = { at: new Date(0) }
    assertSame(roundTrip({ left: shared, right: [shared, shared] }), { left: shared, right: [shared, shared] })
  })

  it("is not changed by storing it", () => {
    const value = Object.freeze({ at: new Date(5), list: Object.freeze([1n, -0]) })
    roundTrip(value)
    assertSame(value, { at: new Date(5), list: Object.freeze([1n, -0]) })
  })
})

describe("a value that cannot be stored", () => {
  class Money {
    readonly amount = 1
  }
  class Names extends Array<string> {}
  const cycle: { self?: unknown } = {}
  cycle.self = { cycle }
  const named = Object.assign([1], { extra: 2 })
  const { holes } = { holes: new Array(3) }
  holes[0] = 1

  const cases: ReadonlyArray<readonly [value: unknown, path: string, found: string]> = [
    [undefined, "data", "undefined"],
    [{ a: undefined }, "data/a", "undefined"],
    [[1, undefined], "data/1", "undefined"],
    [{ list: holes }, "data/list/1", "a hole in an array"],
    [{ list: named }, "data/list/extra", "a named property of an array"],
    [{ a: [{ b: () => 1 }] }, "data/a/0/b", "a function"],
    [{ a: Symbol("s") }, "data/a", "a symbol"],
    [{ [Symbol("s")]: 1 }, "data", "an object with a symbol key"],
    [[0, [Number.NaN]], "data/1/0", "NaN"],
    [{ a: Number.POSITIVE_INFINITY }, "data/a", "Infinity"],
    [{ a: Number.NEGATIVE_INFINITY }, "data/a", "-Infinity"],
    [{ at: new Date(Number.NaN) }, "data/at", "an invalid Date"],
    [{ "a/b": { "c~d": { "": Number.NaN } } }, "data/a~1b/c~0d/", "NaN"],
    [{ a: new Money() }, "data/a", "an instance of Money"],
    [{ a: new Names() }, "data/a", "an instance of Names"],
    [{ a: new Map() }, "data/a", "an instance of Map"],
    [{ a: new Set() }, "data/a", "an instance of Set"],
    [{ a: new Error("no") }, "data/a", "an instance of Error"],
    [{ a: /x/ }, "data/a", "an instance of RegExp"],
    [{ a: new Uint16Array(1) }, "data/a", "an instance of Uint16Array"],
    [{ a: new ArrayBuffer(1) }, "data/a", "an instance of ArrayBuffer"],
    [{ a: Promise.resolve() }, "data/a", "an instance of Promise"],
    [{ a: Object("boxed") }, "data/a", "an instance of String"],
    [{ a: Object.create(Object.create(null)) }, "data/a", "an instance of a class"],
    [{ toJSON: () => 1 }, "data/toJSON", "a function"],
    [{ a: { get b() { return 1 } } }, "data/a/b", "an accessor"], // biome-ignore format: one case a line
    [{ a: { set b(_: number) {} } }, "data/a/b", "an accessor"]
  ]

  for (const [value, path, found] of cases) {
    it(`is refused with the path to it: ${path}, ${found}`, () => {
      const error = refusal(value)
      assert.strictEqual(error._tag, "InvalidInput")
      assert.strictEqual(error.path, path)
      assert.strictEqual(error.found, found)
      assert.notStrictEqual(error.expected, "")
      assert.notStrictEqual(error.remedy, "")
    })
  }

  it("never runs an accessor", () => {
    let runs = 0
    const trap = {
      get value() {
        runs++
        throw new Error("an accessor ran")
      }
    }
    refusal({ list: [trap] })
    assert.strictEqual(runs, 0)
  })

  it("is refused when it holds itself, with a path into the cycle", () => {
    for (const value of [cycle, { list: [cycle] }]) {
      const error = refusal(value)
      assert.strictEqual(error.found, "a cycle")
      assert.match(error.path, /self\/cycle/)
    }
  })

  it("is refused below the depth of the limits, and stored at it", () => {
    const nest = (levels: number): unknown => (levels === 0 ? 1 : [nest(levels - 1)])
    assertSame(roundTrip(nest(Limits.defaults.depth)), nest(Limits.defaults.depth))
    const error = refusal(nest(Limits.defaults.depth + 1))
    assert.strictEqual(error.found, "more than 64 levels")
    assert.strictEqual(error.path, `data${"/0".repeat(64)}`)
    assert.strictEqual(refusal([[[1]]], { ...Limits.defaults, depth: 2 }).path, "data/0/0")
  })

  it("is refused above the size of the limits, and stored at it, counted in bytes of UTF-8", () => {
    const eightBytes = "ééab"
    assert.isTrue(Result.isSuccess(Value.encode(eightBytes, "data", Limits.defaults, 8)))
    const error = refusal(eightBytes, Limits.defaults, 7)
    assert.strictEqual(error.expected, "at most 7 bytes of encoded text")
    assert.strictEqual(error.found, "8 bytes")
    assert.strictEqual(error.path, "data")
  })

  it("is refused without being walked over to the end when shared parts would make it enormous", () => {
    let value: unknown = ["x"]
    for (let level = 0; level < 60; level++) value = [value, value]
    assert.match(refusal(value).found, /^more than 4194304 bytes$/)
    const long = "x".repeat(2 ** 20)
    assert.match(refusal(Array.from({ length: 1000 }, () => long)).found, /^more than/)
    assert.match(refusal(new Uint8Array(4 * 1024 * 1024)).found, /^more than/)
  })
})

describe("text that another writer left in the place of a value", () => {
  const anyText = Arbitrary.schema(Schema.String)

  it.prop("is decoded or refused, never thrown at the reader", [anyText], ([text]) => {
    const decoded = Value.decode(text)
    if (Result.isFailure(decoded)) assert.strictEqual(decoded.failure._tag, "Corrupted")
  })

  it.prop("is refused once it was cut short", [arbitrary, Schema.Int], ([value, at]) => {
    const text = Result.getOrThrow(Value.encode([value]))
    const decoded = Value.decode(text.slice(0, Math.abs(at) % text.length))
    assert.isTrue(Result.isFailure(decoded))
  })

  it("is refused when it holds a tag that nobody wrote, with what was found", () => {
    for (const text of [
      '{"$date":"yesterday"}',
      '{"$date":"2026-01-01"}',
      '{"$date":0}',
      '{"$bigint":"1.5"}',
      '{"$bigint":""}',
      '{"$bigint":12}',
      '{"$bytes":"?"}',
      '{"$number":"NaN"}',
      '{"$map":[]}',
      '{"$":1}',
      '[1,{"a":{"$date":null}}]'
    ]) {
      const error = Result.getOrThrow(Result.flip(Value.decode(text, "data of event 7")))
      assert.strictEqual(error.subject, "data of event 7")
      assert.match(error.found, /^\{"\$[a-z]*": …\}$/, text)
    }
  })

  it("is refused when it is not JSON, with the beginning of what was found", () => {
    assert.strictEqual(Result.getOrThrow(Result.flip(Value.decode(""))).found, "an empty text")
    for (const text of [" ", "undefined", "NaN", "{", "{'a':1}", `"${"x".repeat(1000)}`]) {
      const error = Result.getOrThrow(Result.flip(Value.decode(text)))
      assert.isTrue(text.startsWith(error.found.replace("…", "")), text)
      assert.isAtMost(error.found.length, 81)
      assert.notStrictEqual(error.remedy, "")
    }
  })

  it("is refused, not thrown, when it is nested deeper than the stack reaches", () => {
    const deep = `${"[".repeat(200_000)}{"$bigint":"1"}${"]".repeat(200_000)}`
    assert.isTrue(Result.isFailure(Value.decode(deep)))
  })

  it("makes no prototype of a key named __proto__", () => {
    for (const text of ['{"__proto__":{"polluted":1}}', '{"__proto__":{"polluted":{"$bigint":"1"}}}']) {
      const decoded = Result.getOrThrow(Value.decode(text))
      assert.strictEqual(Object.getPrototypeOf(decoded), Object.prototype)
      assert.deepStrictEqual(Object.keys(Object(decoded)), ["__proto__"])
      assert.isFalse("polluted" in {})
    }
  })
})
