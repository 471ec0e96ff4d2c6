import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { adopt, copy } from "../../src/agent/StateValue.ts"
import { Value } from "../../src/index.ts"
import { arbitrary, arbitraryRecord, assertSame, define } from "../contract/values.ts"

const roundTrip = (value: unknown): Value.Value =>
  Result.getOrThrow(Value.decode(Result.getOrThrow(Value.encode(value))))

const adopted = (next: unknown, previous: Value.Value = {}): Value.Value => Result.getOrThrow(adopt(next, previous, 63))

const refusal = (next: unknown, previous: Value.Value = {}, depth = 63) =>
  Result.getOrThrow(Result.flip(adopt(next, previous, depth)))

const isFrozen = (value: Value.Value): boolean => {
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array) return true
  return Object.isFrozen(value) && Object.values(value).every(isFrozen)
}

describe("a new state", () => {
  it.prop(
    "becomes what its encoding gives back, whatever was before, and is frozen",
    [arbitraryRecord, arbitrary],
    ([next, previous]) => {
      for (const before of [copy(previous), copy(next), copy({ value: previous })]) {
        const value = adopted(next, before)
        assertSame(value, roundTrip(next))
        assert.isTrue(isFrozen(value))
      }
      assertSame(copy(next), roundTrip(next))
      assert.isTrue(isFrozen(copy(next)))
    },
    { arbitrary: { runs: 1000, size: 60 } }
  )

  it("shares with the state before what has not changed, and nothing with its maker", () => {
    const before = adopted({ kept: { a: [1, { b: 2 }] }, changed: { c: 3, d: [] } })
    assert.isTrue(Value.isRecord(before))
    if (!Value.isRecord(before)) return
    const mine = { d: 4 }
    const value = adopted({ ...before, changed: mine }, before)
    assert.isTrue(Value.isRecord(value) && value["kept"] === before["kept"])
    mine.d = 5
    assertSame(value, { kept: { a: [1, { b: 2 }] }, changed: { d: 4 } })
  })

  it("takes dates, bytes and bare objects in the form in which they are stored", () => {
    const bare = Object.create(null)
    bare.a = Buffer.from([1, 2])
    assertSame(adopted({ bare, at: new Date(5) }, { bare: {}, at: new Date(5) }), {
      bare: { a: new Uint8Array([1, 2]) },
      at: new Date(5)
    })
  })

  it("may have own keys that reach for a prototype", () => {
    const state = {}
    define(state, "__proto__", { polluted: true })
    define(state, "constructor", 1)
    const value = adopted(state, { a: 1 })
    assertSame(value, roundTrip(state))
    assert.isUndefined(Reflect.get({}, "polluted"))
  })

  it("is refused with the path to what is no value", () => {
    const before = adopted({ items: [{ a: 1 }], other: {} })
    const refused = (next: unknown, path: string) => assert.strictEqual(refusal(next, before).path, path)
    refused({ items: [{ a: undefined }] }, "state/items/0/a")
    refused({ items: [{ a: Number.NaN }] }, "state/items/0/a")
    refused({ items: [{ a: 1 }, () => 1] }, "state/items/1")
    refused({ items: [{ a: 1 }], "a/b~": Symbol.iterator }, "state/a~1b~0")
    refused({ other: new Map() }, "state/other")
    refused({ other: { deep: { deeper: new Date(Number.NaN) } } }, "state/other/deep/deeper")
    refused({ other: { [Symbol.iterator]: 1 } }, "state/other")
    // biome-ignore lint/suspicious/noSparseArray: a hole is what the test is about
    refused({ items: [, 1] }, "state/items/0")
  })

  it("is refused when it holds itself", () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    assert.include(refusal(cycle, { self: { self: {} } }).found, "cycle")
  })

  it("is refused when it is nested deeper than allowed, however much of it is new", () => {
    const nested = (levels: number): Value.Record => (levels === 1 ? {} : { a: nested(levels - 1) })
    for (const before of [{}, nested(3), nested(5)]) {
      assertSame(Result.getOrThrow(adopt(nested(5), before, 5)), nested(5))
      assert.include(refusal(nested(6), before, 5).found, "levels")
    }
  })
})
