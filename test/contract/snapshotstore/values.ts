/**
 * States: whatever was saved comes back, to the bit.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { arbitrary, arbitraryRecord, assertSame, define, texts } from "../values.ts"
import { freshId, get, type It, latest, save } from "./support.ts"

export const register = (it: It): void => {
  describe("the state of a snapshot", () => {
    it.effect.prop(
      "comes back exactly as it was saved, whatever it and the metadata hold",
      [arbitrary, arbitraryRecord],
      ([state, metadata]) =>
        Effect.gen(function* () {
          const agentId = freshId()
          const saved = yield* save(agentId, 1, { state, metadata })
          assertSame(saved.state, state)
          const read = yield* latest(agentId)
          assertSame(read?.state, state)
          assertSame(read?.metadata, metadata)
        }),
      { arbitrary: { runs: 60, size: 60 } }
    )

    it.effect("may be any text, those that databases dislike included", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const saved = yield* save(agentId, 1, { state: texts, metadata: { texts } })
        assertSame((yield* get(saved.id))?.state, texts)
        assertSame((yield* latest(agentId))?.metadata, { texts })
      })
    )

    it.effect("keeps what JSON lacks, nested, and own keys that reach for a prototype", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const trap = {}
        const inner = {}
        define(inner, "__proto__", { polluted: -0 })
        define(trap, "__proto__", [inner, new Date(1), 2n ** 70n, new Uint8Array([0, 255])])
        define(trap, "constructor", { prototype: { polluted: 1n } })
        yield* save(agentId, 1, { state: trap })
        assertSame((yield* latest(agentId))?.state, trap)
        assert.isFalse("polluted" in {})
      })
    )

    for (const [size, text] of [
      ["10,000 bytes", "x".repeat(10_000)],
      ["five megabytes", "é\u0000🦊\ud800".repeat(300_000)]
    ] as const) {
      it.effect(`may be large: ${size} come back as they were`, () =>
        Effect.gen(function* () {
          const agentId = freshId()
          const saved = yield* save(agentId, 100, { state: { text } })
          assertSame((yield* latest(agentId))?.state, { text })
          assertSame((yield* get(saved.id))?.state, { text })
        })
      )
    }

    it.effect("may be as deep as the limits say", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        let state: unknown = 1n
        for (let level = 0; level < 64; level++) state = [state]
        yield* save(agentId, 1, { state })
        assertSame((yield* latest(agentId))?.state, state)
      })
    )
  })
}
