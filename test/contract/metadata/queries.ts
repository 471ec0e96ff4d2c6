/**
 * What a query finds.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Entry, MetadataQuery } from "../../../src/ContextMetadata.ts"
import { as, company, fails, freshId, type It, keysOf, Metadata, newAgent, shared } from "./support.ts"

/** Reads page after page. */
const allPages = (query: MetadataQuery, limit: number) =>
  Effect.gen(function* () {
    const metadata = yield* Metadata
    const entries: Array<Entry> = []
    while (true) {
      const page = yield* metadata.query({ ...query, limit, after: entries.at(-1) })
      entries.push(...page)
      if (page.length < limit) return entries
    }
  })

export const register = (it: It): void => {
  describe("a query of metadata", () => {
    it.effect("finds by agent, type, visibility, key and value, and by all of them together", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const agentId = yield* newAgent
        const type = freshId()
        yield* metadata.set(agentId, "a:1", { b: [1], c: new Date(1) }, { type, visibility: "shared" })
        yield* metadata.set(agentId, "a:2", { c: new Date(1), b: [1] }, { type, visibility: "public" })
        yield* metadata.set(agentId, "b:1", "1", { type })
        yield* metadata.set(agentId, "b:2", 1, { visibility: "public" })
        const found = (query: MetadataQuery) => Effect.map(metadata.query({ agentId, ...query }), keysOf)
        assert.deepStrictEqual(yield* found({}), ["a:1", "a:2", "b:1", "b:2"])
        assert.deepStrictEqual(yield* found({ type }), ["a:1", "a:2", "b:1"])
        assert.deepStrictEqual(yield* found({ visibility: "public" }), ["a:2", "b:2"])
        assert.deepStrictEqual(yield* found({ keyPattern: "a:*" }), ["a:1", "a:2"])
        assert.deepStrictEqual(yield* found({ keyPattern: "*:1" }), ["a:1", "b:1"])
        assert.deepStrictEqual(yield* found({ keyPattern: "b:1" }), ["b:1"])
        assert.deepStrictEqual(yield* found({ keyPattern: "*" }), ["a:1", "a:2", "b:1", "b:2"])
        assert.deepStrictEqual(yield* found({ value: { b: [1], c: new Date(1) } }), ["a:1", "a:2"])
        assert.deepStrictEqual(yield* found({ value: "1" }), ["b:1"])
        assert.deepStrictEqual(yield* found({ value: 1 }), ["b:2"])
        assert.isEmpty(yield* found({ value: { b: [1] } }))
        assert.deepStrictEqual(yield* found({ type, visibility: "shared", keyPattern: "a*" }), ["a:1"])
        assert.isEmpty(yield* found({ type, visibility: "shared", keyPattern: "b*" }))
        assert.deepStrictEqual(keysOf(yield* metadata.query({ type })), ["a:1", "a:2", "b:1"])
      }).pipe(shared)
    )

    it.effect("comes in pages that together are the whole, of one agent and of all", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const agentIds = yield* Effect.forEach([1, 2, 3], () => newAgent)
        const type = freshId()
        const keys = Array.from({ length: 7 }, (_, index) => `key ${index}`)
        for (const agentId of agentIds) {
          for (const key of keys) yield* metadata.set(agentId, key, 1, { type, visibility: "shared" })
          yield* metadata.set(agentId, "other", 1)
        }
        const [agentId = ""] = agentIds
        for (const limit of [1, 2, 7, 8, 100]) {
          assert.deepStrictEqual(keysOf(yield* allPages({ agentId, keyPattern: "key*" }, limit)), keys)
          const all = yield* allPages({ type }, limit)
          assert.lengthOf(all, 21)
          assert.strictEqual(new Set(all.map(({ agentId, key }) => `${agentId} ${key}`)).size, 21)
        }
        for (const limit of [0, -1, 1.5, Number.NaN]) {
          yield* fails(metadata.query({ limit }), "InvalidInput", { path: "limit" })
        }
      }).pipe(shared)
    )

    it.effect("fills its pages with what the reader may see", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const { agentId, ann, rhea } = yield* company
        for (const index of [1, 2, 3, 4, 5, 6]) {
          const visibility = index % 2 === 0 ? "shared" : "private"
          yield* as(ann)(metadata.set(agentId, `key ${index}`, index, { visibility }))
        }
        const first = yield* as(rhea)(metadata.query({ agentId, limit: 2 }))
        const rest = yield* as(rhea)(metadata.query({ agentId, limit: 2, after: first[1] }))
        assert.deepStrictEqual(keysOf([...first, ...rest]), ["key 2", "key 4", "key 6"])
        // What he may not see is not found by its value either.
        assert.isEmpty(yield* as(rhea)(metadata.query({ agentId, value: 1 })))
      }).pipe(shared)
    )

    it.effect("refuses what it cannot understand", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const wrong: ReadonlyArray<readonly [object, string]> = [
          [{ agentId: "" }, "agentId"],
          [{ agentId: "pantheon/audit" }, "agentId"],
          [{ type: "" }, "type"],
          [{ visibility: "all" }, "visibility"],
          [{ keyPattern: "a*b*c" }, "keyPattern"],
          [{ keyPattern: "" }, "keyPattern"],
          [{ keyPattern: "(a+)+$\\d" }, "keyPattern"],
          [{ value: () => 1 }, "value"],
          [{ after: { agentId: "a", key: "" } }, "after/key"],
          [{ after: { agentId: "", key: "a" } }, "after/agentId"]
        ]
        for (const [query, path] of wrong) yield* fails(metadata.query(query), "InvalidInput", { path })
      }).pipe(shared)
    )
  })
}
