import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as Uuid from "../../src/store/Uuid.ts"

const milliseconds = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)

const assertAscending = (ids: ReadonlyArray<string>) => {
  for (let index = 1; index < ids.length; index++) {
    const [before, after] = [ids[index - 1] ?? "", ids[index] ?? ""]
    if (before >= after) assert.fail(`${after} after ${before}`)
  }
}

describe("a generated id", () => {
  it.effect("is a UUID of version 7 and variant 10 that begins with the time", () =>
    Effect.gen(function* () {
      const next = yield* Uuid.makeGenerator
      for (const time of [0, 1, 1_767_225_600_000, 2 ** 48 - 1]) {
        const id = next(time)
        assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
        assert.strictEqual(milliseconds(id), time)
      }
    })
  )

  it.effect("is unique and above the one before: 100,000 within one millisecond, more than its counter counts", () =>
    Effect.gen(function* () {
      const next = yield* Uuid.makeGenerator
      const ids = Array.from({ length: 100_000 }, () => next(1_767_225_600_000))
      assertAscending(ids)
      assert.strictEqual(new Set(ids).size, ids.length)
      // The counter has 12 bits, so the time runs ahead by a millisecond for every 4,096 ids and no faster.
      assert.strictEqual(milliseconds(ids.at(-1) ?? "") - milliseconds(ids[0] ?? ""), Math.floor(99_999 / 4096))
    })
  )

  it.effect("is above the one before when the clock steps back, by a moment or to the epoch", () =>
    Effect.gen(function* () {
      const next = yield* Uuid.makeGenerator
      const times = [1_767_225_600_000, 1_767_225_599_999, 0, 1_767_225_600_000, 1_767_225_600_001, 5]
      assertAscending(times.flatMap((time) => Array.from({ length: 5000 }, () => next(time))))
    })
  )

  it.effect.prop(
    "is above the one before, whatever the clock does",
    [Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 })))],
    ([times]) => Effect.map(Uuid.makeGenerator, (next) => assertAscending(times.map((time) => next(time))))
  )

  it.effect("differs from those of other generators at the same time", () =>
    Effect.gen(function* () {
      const generators = yield* Effect.all(Array.from({ length: 100 }, () => Uuid.makeGenerator))
      const ids = generators.flatMap((next) => Array.from({ length: 100 }, () => next(1)))
      assert.strictEqual(new Set(ids).size, ids.length)
    })
  )

  it.effect("is the same for the same seed", () =>
    Effect.gen(function* () {
      const first = Effect.map(Uuid.makeGenerator, (next) => [next(1), next(1), next(2)])
      const left = yield* Random.withSeed(first, "a")
      const right = yield* Random.withSeed(first, "a")
      const other = yield* Random.withSeed(first, "b")
      assert.deepStrictEqual(left, right)
      assert.notDeepEqual(left, other)
    })
  )
})
