/** The client leaves out of a row what is usual, and must not take the usual for the row. */
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { EventStore } from "../../src/index.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const schema = TestDatabase.freshSchema()

/** Two types and two schema versions, in another rhythm each, over more events than one page holds. */
const history = (types: readonly [string, string]) =>
  Array.from({ length: 2500 }, (_, index) => ({
    type: types[index % 3 === 0 ? 0 : 1],
    schemaVersion: (index % 2) + 1,
    data: { index },
    ...(index % 5 === 0 ? { metadata: { index } } : {})
  }))

const shape = (events: ReadonlyArray<EventStore.Appended["events"][number]>) =>
  events.map(({ data, metadata, schemaVersion, type }) => ({ type, schemaVersion, data, metadata }))

layer(TestDatabase.layer({ schema }), { excludeTestServices: true })("PostgreSQL", (it) => {
  describe("reading", () => {
    it.effect("tells types, schema versions and metadata as they were written, whatever was read before", () =>
      Effect.gen(function* () {
        const store = yield* EventStore.EventStore
        const written = yield* Effect.forEach(
          [
            { agentId: "one", events: history(["opened", "moved"]) },
            { agentId: "other", events: history(["moved", "closed"]) }
          ],
          (append) => Effect.map(store.append(append), ({ agentId, events }) => ({ agentId, events: shape(events) }))
        )
        const check = ({ agentId, events }: (typeof written)[number]) =>
          Effect.map(Stream.runCollect(store.read(agentId)), (found) => assert.deepStrictEqual(shape(found), events))
        yield* Effect.forEach([...written, ...written], check)
        yield* Effect.forEach([...written, ...written], check, { concurrency: "unbounded" })
        const [first] = yield* Stream.runCollect(store.read("one", { limit: 1 }))
        assert.deepStrictEqual(first?.type, "opened")
      })
    )
  })
})
