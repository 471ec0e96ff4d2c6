import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { StatePatch, type Value } from "../../src/index.ts"
import { arbitraryRecord, assertSame, define } from "../contract/values.ts"

const apply = (state: Value.Record, patch: unknown): Result.Result<Value.Record, StatePatch.Failure> =>
  StatePatch.apply(Result.getOrThrow(StatePatch.validate(patch)), state)

const becomes = (state: Value.Record, patch: unknown, next: unknown): void => {
  const before = structuredClone(state)
  assertSame(Result.getOrThrow(apply(state, patch)), next)
  assertSame(state, before)
}

const fails = (state: Value.Record, patch: unknown, expected: Partial<StatePatch.Failure>): void => {
  const failure = Result.getOrThrow(Result.flip(apply(state, patch)))
  assert.deepInclude(failure, expected)
}

const malformed = (patch: unknown, path: string): void => {
  const refused = Result.getOrThrow(Result.flip(StatePatch.validate(patch)))
  assert.strictEqual(refused.path, path)
}

describe("a patch, as the examples of RFC 6902 have it,", () => {
  it("adds a member to an object", () => {
    becomes({ foo: "bar" }, [{ op: "add", path: "/baz", value: "qux" }], { foo: "bar", baz: "qux" })
  })

  it("adds an element to an array", () => {
    becomes({ foo: ["bar", "baz"] }, [{ op: "add", path: "/foo/1", value: "qux" }], { foo: ["bar", "qux", "baz"] })
  })

  it("removes a member of an object", () => {
    becomes({ baz: "qux", foo: "bar" }, [{ op: "remove", path: "/baz" }], { foo: "bar" })
  })

  it("removes an element of an array", () => {
    becomes({ foo: ["bar", "qux", "baz"] }, [{ op: "remove", path: "/foo/1" }], { foo: ["bar", "baz"] })
  })

  it("replaces a value", () => {
    becomes({ baz: "qux", foo: "bar" }, [{ op: "replace", path: "/baz", value: "boo" }], { baz: "boo", foo: "bar" })
  })

  it("moves a value", () => {
    becomes(
      { foo: { bar: "baz", waldo: "fred" }, qux: { corge: "grault" } },
      [{ op: "move", from: "/foo/waldo", path: "/qux/thud" }],
      { foo: { bar: "baz" }, qux: { corge: "grault", thud: "fred" } }
    )
  })

  it("moves an element within its array", () => {
    becomes({ foo: ["all", "grass", "cows", "eat"] }, [{ op: "move", from: "/foo/1", path: "/foo/3" }], {
      foo: ["all", "cows", "eat", "grass"]
    })
  })

  it("goes on after a test that holds", () => {
    const state = { baz: "qux", foo: ["a", 2, "c"] }
    const tests = [
      { op: "test", path: "/baz", value: "qux" },
      { op: "test", path: "/foo/1", value: 2 }
    ]
    becomes(state, tests, state)
  })

  it("fails at a test that does not hold", () => {
    fails({ baz: "qux" }, [{ op: "test", path: "/baz", value: "bar" }], { index: 0, op: "test", path: "/baz" })
  })

  it("adds an object into an object", () => {
    becomes({ foo: "bar" }, [{ op: "add", path: "/child", value: { grandchild: {} } }], {
      foo: "bar",
      child: { grandchild: {} }
    })
  })

  it("ignores members that it does not know", () => {
    becomes({ foo: "bar" }, [{ op: "add", path: "/baz", value: "qux", xyz: 123 }], { foo: "bar", baz: "qux" })
  })

  it("does not add below what is not there", () => {
    fails({ foo: "bar" }, [{ op: "add", path: "/baz/bat", value: "qux" }], { path: "/baz/bat" })
  })

  it("reads the escapes of pointers", () => {
    const state = { "/": 9, "~1": 10 }
    becomes(state, [{ op: "test", path: "/~01", value: 10 }], state)
    becomes(state, [{ op: "test", path: "/~1", value: 9 }], state)
    becomes(state, [{ op: "add", path: "/a~1b~0c", value: 1 }], { ...state, "a/b~c": 1 })
  })

  it("does not take a text for a number", () => {
    fails({ "/": 9, "~1": 10 }, [{ op: "test", path: "/~01", value: "10" }], { op: "test", path: "/~01" })
  })

  it("adds an array as one element", () => {
    becomes({ foo: ["bar"] }, [{ op: "add", path: "/foo/-", value: ["abc", "def"] }], { foo: ["bar", ["abc", "def"]] })
  })
})

describe("a patch", () => {
  it("is applied in order, and each operation sees what those before it did", () => {
    becomes(
      { items: [1, 2, 3] },
      [
        { op: "remove", path: "/items/0" },
        { op: "add", path: "/items/-", value: 4 },
        { op: "copy", from: "/items", path: "/copy" },
        { op: "add", path: "/copy/0", value: 9 },
        { op: "add", path: "/items/-", value: 5 },
        { op: "move", from: "/items/0", path: "/first" }
      ],
      { items: [3, 4, 5], copy: [9, 2, 3, 4], first: 2 }
    )
  })

  it("that copies a value into itself makes no cycle", () => {
    becomes({ a: { b: 1 } }, [{ op: "copy", from: "/a", path: "/a/c" }], { a: { b: 1, c: { b: 1 } } })
    becomes({ a: 1 }, [{ op: "copy", from: "", path: "/whole" }], { a: 1, whole: { a: 1 } })
  })

  it("does not move a value into itself, and leaves one that is moved to its own place", () => {
    fails({ a: { b: 1 } }, [{ op: "move", from: "/a", path: "/a/b" }], { op: "move" })
    fails({ a: { b: 1 } }, [{ op: "move", from: "", path: "/a" }], { op: "move" })
    becomes({ a: { b: 1 } }, [{ op: "move", from: "/a", path: "/a" }], { a: { b: 1 } })
  })

  it("names the source when it is the source that is not there", () => {
    fails({}, [{ op: "move", from: "/from", path: "/to" }], { op: "move", path: "/from" })
    fails({}, [{ op: "copy", from: "/from", path: "/to" }], { op: "copy", path: "/from" })
  })

  it("names the operation that failed", () => {
    const patch = [
      { op: "add", path: "/a", value: 1 },
      { op: "remove", path: "/b" },
      { op: "add", path: "/c", value: 1 }
    ]
    fails({}, patch, { index: 1, op: "remove", path: "/b" })
  })

  it("replaces and removes only what is there", () => {
    fails({}, [{ op: "replace", path: "/a", value: 1 }], { path: "/a" })
    fails({ a: [1] }, [{ op: "replace", path: "/a/1", value: 1 }], { path: "/a/1" })
    fails({ a: [1] }, [{ op: "remove", path: "/a/1" }], { path: "/a/1" })
    fails({ a: [1] }, [{ op: "remove", path: "/a/-" }], { path: "/a/-" })
    fails({ a: [1] }, [{ op: "test", path: "/a/-", value: 1 }], { path: "/a/-" })
  })

  it("takes whole numbers without leading zeros as indexes, and nothing else", () => {
    for (const index of ["01", "-1", "1.0", "1e0", " 0", "length", "", "9007199254740993"]) {
      fails({ a: [1, 2] }, [{ op: "add", path: `/a/${index}`, value: 1 }], { path: `/a/${index}` })
      fails({ a: [1, 2] }, [{ op: "remove", path: `/a/${index}` }], { path: `/a/${index}` })
    }
    fails({ a: [1] }, [{ op: "add", path: "/a/2", value: 1 }], { path: "/a/2" })
    becomes({ a: [1] }, [{ op: "add", path: "/a/1", value: 2 }], { a: [1, 2] })
  })

  it("may put an object in place of the whole state, and nothing else", () => {
    becomes({ a: 1 }, [{ op: "replace", path: "", value: { b: 2 } }], { b: 2 })
    becomes({ a: { b: 2 } }, [{ op: "move", from: "/a", path: "" }], { b: 2 })
    for (const value of [1, null, "a", [], new Date(0), new Uint8Array()]) {
      fails({ a: 1 }, [{ op: "add", path: "", value }], { op: "add", path: "" })
    }
    fails({ a: 1 }, [{ op: "remove", path: "" }], { op: "remove", path: "" })
  })

  it("takes dates, bytes, bigints and texts as leaves", () => {
    const state = { date: new Date(0), bytes: new Uint8Array([1, 2]), big: 1n, text: "abc", none: null }
    for (const path of ["/date/getTime", "/bytes/0", "/big/0", "/text/0", "/text/length", "/none/a"]) {
      fails(state, [{ op: "test", path, value: 1 }], { path })
      fails(state, [{ op: "add", path, value: 1 }], { path })
      fails(state, [{ op: "remove", path }], { path })
    }
    becomes(state, [{ op: "replace", path: "/date", value: new Date(1) }], { ...state, date: new Date(1) })
  })

  it("tests values of every kind by what they say", () => {
    const state = { date: new Date(7), bytes: new Uint8Array([1, 2]), big: 7n, zero: 0, object: { a: 1, b: [2] } }
    const holds = (path: string, value: unknown) => becomes(state, [{ op: "test", path, value }], state)
    const holdsNot = (path: string, value: unknown) => fails(state, [{ op: "test", path, value }], { path })
    holds("/date", new Date(7))
    holds("/bytes", new Uint8Array([1, 2]))
    holds("/big", 7n)
    holds("/zero", -0)
    holds("/object", { b: [2], a: 1 })
    holds("", { object: { a: 1, b: [2] }, zero: 0, big: 7n, bytes: new Uint8Array([1, 2]), date: new Date(7) })
    holdsNot("/date", 7)
    holdsNot("/date", new Date(8))
    holdsNot("/bytes", new Uint8Array([1, 3]))
    holdsNot("/bytes", [1, 2])
    holdsNot("/big", 7)
    holdsNot("/object", { a: 1 })
    holdsNot("/object", { a: 1, b: [2], c: 3 })
    holdsNot("/object", [1, [2]])
    holdsNot("/object/b", { 0: 2 })
  })

  it("treats keys that reach for a prototype as keys", () => {
    const state: Value.Record = {}
    fails(state, [{ op: "test", path: "/__proto__", value: {} }], { path: "/__proto__" })
    fails(state, [{ op: "test", path: "/constructor/name", value: "Object" }], { path: "/constructor/name" })
    fails(state, [{ op: "add", path: "/__proto__/polluted", value: true }], { path: "/__proto__/polluted" })
    const expected = {}
    define(expected, "__proto__", { polluted: true })
    becomes(
      state,
      [
        { op: "add", path: "/__proto__", value: {} },
        { op: "add", path: "/__proto__/polluted", value: true }
      ],
      expected
    )
    becomes({ ...expected, a: 1 }, [{ op: "remove", path: "/__proto__" }], { a: 1 })
    assert.isUndefined(Reflect.get({}, "polluted"))
  })

  it.prop(
    "that tests, takes away and puts back each key leaves any state as it was",
    [arbitraryRecord, arbitraryRecord],
    ([state, other]) => {
      const whole: Value.Record = { state, other, empty: {} }
      const patch = [
        { op: "test", path: "", value: whole },
        { op: "copy", from: "/state", path: "/copy" },
        { op: "remove", path: "/state" },
        { op: "move", from: "/copy", path: "/state" },
        { op: "test", path: "/state", value: state }
      ]
      becomes(whole, patch, { other, empty: {}, state })
    },
    { arbitrary: { runs: 300, size: 40 } }
  )

  it("that is long does not copy a large state at each operation", () => {
    const items = Array.from({ length: 20_000 }, (_, index) => index)
    const patch = items.map((value) => ({ op: "add", path: "/items/-", value }))
    const { items: found } = Result.getOrThrow(apply({ items }, patch))
    assert.isTrue(Array.isArray(found) && found.length === 40_000 && found[39_999] === 19_999)
    assert.strictEqual(items.length, 20_000)
  })
})

describe("what is no patch", () => {
  it("is refused with the path to what is wrong", () => {
    malformed(undefined, "patch")
    malformed({}, "patch")
    malformed("[]", "patch")
    malformed([null], "patch/0")
    malformed([{ op: "add", path: "/a", value: 1 }, 5], "patch/1")
    malformed([{ path: "/a", value: 1 }], "patch/0/op")
    malformed([{ op: "spam", path: "/a" }], "patch/0/op")
    malformed([{ op: "constructor", path: "/a" }], "patch/0/op")
    malformed([{ op: "add", path: "/a" }], "patch/0/value")
    malformed([{ op: "replace", path: "/a" }], "patch/0/value")
    malformed([{ op: "test", path: "/a" }], "patch/0/value")
    malformed([{ op: "remove" }], "patch/0/path")
    malformed([{ op: "move", path: "/a" }], "patch/0/from")
    malformed([{ op: "copy", from: 5, path: "/a" }], "patch/0/from")
    malformed([{ op: "remove", path: "a" }], "patch/0/path")
    malformed([{ op: "remove", path: "/a~2" }], "patch/0/path")
    malformed([{ op: "remove", path: "/a~" }], "patch/0/path")
    malformed([{ op: "remove", path: 5 }], "patch/0/path")
  })
})
