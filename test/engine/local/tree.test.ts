import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as LocalEngine from "../../../layers/engine/local.ts"
import { ActorSystem } from "../../../src/index.ts"
import { behavior, Counter, runtime, statusOf } from "./support.ts"

/** Scripts that spawn a child, by its id. */
const spawning = (...ids: ReadonlyArray<string>) =>
  Object.fromEntries(ids.map((id) => [id, ActorSystem.ActorSystem.use((system) => system.spawnChild(Counter, id))]))

describe("the tree", () => {
  for (const depth of [1, 3]) {
    it.effect(`is no deeper than the engine allows: ${depth}`, () =>
      Effect.gen(function* () {
        const client = yield* Counter.client
        for (let level = 0; level < depth; level++) yield* client(`${level}`).Run({ script: `${level + 1}` })
        const crash = yield* Effect.flip(client(`${depth}`).Run({ script: `${depth + 1}` }))
        assert.deepInclude(crash._tag === "ActorCrashed" ? crash.cause : {}, {
          _tag: "ChildRefused",
          reason: "TooDeep",
          parent: `Counter/${depth}`,
          expected: `at most ${depth} above it`,
          found: `${depth + 1}`
        })
        assert.strictEqual(yield* statusOf(`${depth + 1}`), "unknown")
      }).pipe(
        Effect.provide(
          runtime(behavior(spawning("1", "2", "3", "4")), { engine: LocalEngine.layerWith({ maximumDepth: depth }) }),
          { local: true }
        )
      )
    )
  }

  it.effect("has no place for ids that are too long to be remembered, and says so", () => {
    const id = "x".repeat(255 - "Counter/".length)
    return Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      const crash = yield* Effect.flip(counter.Run({ script: id }))
      assert.include(["InvalidInput", "Rejected"], Object(crash._tag === "ActorCrashed" ? crash.cause : {})._tag)
      assert.strictEqual(yield* statusOf(id), "unknown")
    }).pipe(Effect.provide(runtime(behavior(spawning(id))), { local: true }))
  })
})
