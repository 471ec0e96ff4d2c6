import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Lineage from "../../src/store/Lineage.ts"

const make = (current: number, steps?: { readonly [version: number]: string }) =>
  Lineage.make("owner", "version", current, "steps", steps)

describe("the shapes of something stored", () => {
  it("have a way from each that has steps, in order", () => {
    const lineage = make(4, { 3: "c", 2: "b" })
    assert.deepStrictEqual(lineage.from(4), Result.succeed([]))
    assert.deepStrictEqual(lineage.from(3), Result.succeed(["c"]))
    assert.deepStrictEqual(lineage.from(2), Result.succeed(["b", "c"]))
    assert.deepInclude(Result.getOrThrow(Result.flip(lineage.from(1))), { reason: "old" })
    assert.deepInclude(Result.getOrThrow(Result.flip(lineage.from(5))), { reason: "newer" })
    assert.strictEqual(lineage.known, "version 2 to 4")
    assert.strictEqual(make(1).known, "version 1")
    assert.deepInclude(Result.getOrThrow(Result.flip(make(2).from(1))), { reason: "old" })
  })

  it("make sense in their numbers: a step for each version up to the current one, and none beyond it", () => {
    for (const current of [0, -1, 1.5, Number.NaN, 2 ** 31])
      assert.throws(() => make(current), /owner: version must be/)
    const gaps: ReadonlyArray<readonly [number, { readonly [version: number]: string }]> = [
      [1, { 1: "a" }],
      [3, { 1: "a" }],
      [4, { 1: "a", 3: "c" }],
      [3, { 0: "z", 1: "a", 2: "b" }],
      [2, { 1.5: "a" }],
      [2, { [-1]: "a", 1: "b" }]
    ]
    for (const [current, steps] of gaps) assert.throws(() => make(current, steps), /owner: steps must lead/)
  })
})
