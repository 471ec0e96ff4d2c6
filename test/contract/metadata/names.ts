/**
 * Ids, keys and types that mean something to a store, or nearly the same as others.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { oddNames } from "../oddNames.ts"
import { Agents, fails, freshId, type It, keysOf, Metadata, newAgent, shared } from "./support.ts"

const names = oddNames("metadata/", "share-end")

const escape = (text: string): string => text.replace(/[\\*]/g, "\\$&")

export const register = (it: It): void => {
  describe("odd names", () => {
    it.effect.prop(
      "of agents, keys, types and values are told apart, and found as they are",
      { names },
      ({ names }) =>
        Effect.gen(function* () {
          const metadata = yield* Metadata
          const agents = yield* Agents
          const run = freshId().slice(0, 8)
          const own = (name: string): string => `${name}${run}`
          for (const agent of names) {
            yield* agents.setState(own(agent), {})
            for (const key of names) {
              yield* metadata.set(own(agent), key, { [key]: agent }, { type: own(key), visibility: "public" })
            }
          }
          for (const agent of names) {
            const agentId = own(agent)
            assert.deepStrictEqual(keysOf(yield* metadata.query({ agentId })), [...names].sort())
            for (const key of names) {
              const { value } = yield* metadata.get(agentId, key)
              assert.deepStrictEqual<unknown>(value, Object.fromEntries([[key, agent]]))
              const exactly = yield* metadata.query({ agentId, keyPattern: escape(key) })
              assert.deepStrictEqual(keysOf(exactly), [key])
              const beginning = yield* metadata.query({ agentId, keyPattern: `${escape(key)}*` })
              assert.deepStrictEqual(keysOf(beginning), names.filter((name) => name.startsWith(key)).sort())
              const end = yield* metadata.query({ agentId, keyPattern: `*${escape(key)}` })
              assert.deepStrictEqual(keysOf(end), names.filter((name) => name.endsWith(key)).sort())
              assert.deepStrictEqual(keysOf(yield* metadata.query({ agentId, type: own(key) })), [key])
              assert.deepStrictEqual(keysOf(yield* metadata.query({ agentId, value })), [key])
            }
          }
          const [first = "", ...others] = names
          yield* metadata.delete(own(first), first)
          assert.deepStrictEqual(keysOf(yield* metadata.query({ agentId: own(first) })), [...others].sort())
        }).pipe(shared),
      { arbitrary: { runs: 25, size: 20, seed: "metadata names", maxShrinks: 100 } }
    )

    it.effect("of 246 characters are keys, and with one more, or a control character, none", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const agentId = yield* newAgent
        for (const key of ["x".repeat(246), "字".repeat(246), "\u{1f600}".repeat(123)]) {
          yield* metadata.set(agentId, key, key)
          assert.strictEqual((yield* metadata.get(agentId, key)).value, key)
          yield* fails(metadata.set(agentId, `${key}x`, 1), "InvalidInput", { path: "key" })
        }
        for (const control of ["\u0000", "\u0001", "\n", "\u001f", "\u007f", "\u0085"]) {
          yield* fails(metadata.set(agentId, `a${control}b`, 1), "InvalidInput", { path: "key" })
          yield* fails(metadata.query({ keyPattern: `a${control}*` }), "InvalidInput", { path: "keyPattern" })
        }
      }).pipe(shared)
    )
  })
}
