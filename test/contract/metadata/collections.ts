/**
 * Entries of one type with values of one schema.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as MetadataCollection from "../../../src/MetadataCollection.ts"
import { as, company, fails, type It, Metadata, newAgent, shared } from "./support.ts"

const Topic = Schema.Struct({
  title: Schema.String,
  since: Schema.Date,
  tags: Schema.optionalKey(Schema.Array(Schema.String))
})
const topics = MetadataCollection.topics(Topic)
const participants = MetadataCollection.participants(Schema.Struct({ role: Schema.String }))
const sessions = MetadataCollection.sessions(Schema.Struct({ turns: Schema.Int }))

const namesOf = (items: ReadonlyArray<MetadataCollection.Item<unknown>>) => items.map(({ name }) => name).sort()

export const register = (it: It): void => {
  describe("a collection", () => {
    it.effect("gives back its values as its schema has them, by name and as a list", () =>
      Effect.gen(function* () {
        const agentId = yield* newAgent
        const tea = { title: "Tea", since: new Date(7), tags: ["hot"] }
        const set = yield* topics.set(agentId, "tea:green", tea, { visibility: "shared" })
        assert.deepInclude<object>(set, { name: "tea:green", key: "topic:tea:green", type: "topic", value: tea })
        assert.deepStrictEqual(yield* topics.get(agentId, "tea:green"), set)
        yield* topics.set(agentId, "milk", { title: "Milk", since: new Date(8) })
        yield* participants.set(agentId, "tea:green", { role: "guest" })
        yield* sessions.set(agentId, "monday", { turns: 3 })
        const all = yield* topics.list(agentId)
        assert.deepStrictEqual(namesOf(all), ["milk", "tea:green"])
        assert.deepStrictEqual(yield* topics.list(agentId, { visibility: "shared" }), [set])
        assert.deepStrictEqual(namesOf(yield* participants.list(agentId)), ["tea:green"])
        assert.strictEqual((yield* sessions.get(agentId, "monday")).value.turns, 3)
        const [first] = yield* topics.list(agentId, { limit: 1 })
        assert(first !== undefined)
        assert.deepStrictEqual(namesOf([first, ...(yield* topics.list(agentId, { after: first }))]), [
          "milk",
          "tea:green"
        ])
        yield* topics.delete(agentId, "milk", { expectedVersion: 1 })
        yield* fails(topics.get(agentId, "milk"), "MetadataMissing")
        yield* fails(topics.delete(agentId, "milk"), "MetadataMissing")
      }).pipe(shared)
    )

    it.effect("takes and gives nothing that does not fit its schema or is of another type", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const agentId = yield* newAgent
        yield* fails(sessions.set(agentId, "x", { turns: 1.5 }), "InvalidInput", { path: "value" })
        yield* fails(
          sessions.set(agentId, "", { turns: 1 }).pipe(Effect.andThen(sessions.get(agentId, "x"))),
          "MetadataMissing"
        )
        yield* metadata.set(agentId, "session:x", { turns: "many" }, { type: "session" })
        yield* fails(sessions.get(agentId, "x"), "Corrupted")
        yield* fails(sessions.list(agentId), "Corrupted")
        yield* metadata.set(agentId, "session:x", { turns: 1 }, { type: "other" })
        yield* fails(sessions.get(agentId, "x"), "MetadataMissing")
        assert.deepStrictEqual(namesOf(yield* sessions.list(agentId)), [""])
      }).pipe(shared)
    )

    it.effect("shows its readers what they may see", () =>
      Effect.gen(function* () {
        const { agentId, ann, rhea } = yield* company
        yield* as(ann)(topics.set(agentId, "a", { title: "A", since: new Date(0) }))
        yield* as(ann)(topics.set(agentId, "b", { title: "B", since: new Date(0) }, { visibility: "shared" }))
        assert.deepStrictEqual(namesOf(yield* as(rhea)(topics.list(agentId))), ["b"])
        yield* fails(as(rhea)(topics.get(agentId, "a")), "MetadataMissing")
        yield* fails(as(rhea)(topics.set(agentId, "c", { title: "C", since: new Date(0) })), "AccessDenied")
      }).pipe(shared)
    )

    it.effect("has a type that can begin a key", () =>
      Effect.sync(() => {
        for (const type of ["", "a*", "a\\", "a:b", "a\u0000", "x".repeat(101)]) {
          assert.throws(() => MetadataCollection.make(type, Schema.String), TypeError)
        }
      })
    )
  })
}
