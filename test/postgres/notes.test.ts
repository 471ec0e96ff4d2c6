import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as Postgres from "../../layers/postgres/index.ts"
import { EventStore, Note } from "../../src/index.ts"
import { freshId, integers, numbered } from "../contract/eventstore/support.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

/** Two stores on the same tables, each with connections of its own, as two processes have them. */
const two = Effect.gen(function* () {
  const schema = yield* TestDatabase.schema
  const open = Effect.map(Layer.build(Layer.fresh(Postgres.layer({ url: TestDatabase.url, schema }))), (context) =>
    Context.get(context, EventStore.EventStore)
  )
  return { left: yield* open, right: yield* open }
})

describe("notes that two processes write", () => {
  it.live("are those of the process that was later by the version of the agent", () =>
    Effect.gen(function* () {
      const { left, right } = yield* two
      const agentId = freshId()
      let late = 0
      for (const version of integers(60)) {
        const [, own] = yield* Effect.all(
          [
            left.append({ agentId, expected: version - 1, events: numbered(1), notes: [Note.put("version", version)] }),
            Effect.result(
              right.append({
                agentId,
                expected: version - 1,
                events: [],
                notes: [Note.put("version", version - 1), Note.put("only", version)]
              })
            )
          ],
          { concurrency: "unbounded" }
        )
        const [note] = yield* left.getNotes([{ agentId, name: "version" }])
        assert.strictEqual(note?.body, version)
        if (own._tag === "Failure") late++
        const [only] = yield* right.getNotes([{ agentId, name: "only" }])
        assert.strictEqual(only?.body === version, own._tag === "Success")
      }
      assert.isAbove(late, 0, "the two never met")
    })
  )

  it.live("are gone after a purge, or were refused by it", () =>
    Effect.gen(function* () {
      const { left, right } = yield* two
      for (const _ of integers(40)) {
        const agentId = freshId()
        yield* left.append({ agentId, events: numbered(1), notes: [Note.put("a", 1, { due: 1 })] })
        yield* Effect.all(
          [
            left.purge(agentId),
            Effect.result(right.append({ agentId, expected: 1, events: [], notes: [Note.put("b", 2, { due: 1 })] }))
          ],
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(yield* Stream.runCollect(right.notes(agentId)), [])
        assert.deepStrictEqual(yield* Stream.runCollect(right.due({ until: 1, agentPrefix: agentId })), [])
      }
    })
  )

  it.live("do not block each other, whatever agents share a batch", () =>
    Effect.gen(function* () {
      const { left, right } = yield* two
      const agentIds = integers(200).map(freshId)
      const write = (store: typeof left, name: string, order: ReadonlyArray<string>) =>
        Effect.forEach(
          integers(5),
          (round) =>
            Effect.map(
              store.appendAll(
                order.map((agentId) => ({ agentId, events: numbered(round % 2), notes: [Note.put(name, round)] }))
              ),
              (results) => assert.isTrue(results.every(({ _tag }) => _tag === "Success"))
            ),
          { discard: true }
        )
      yield* Effect.all([write(left, "left", agentIds), write(right, "right", agentIds.toReversed())], {
        concurrency: "unbounded"
      })
      for (const agentId of agentIds) {
        const notes = yield* Stream.runCollect(left.notes(agentId))
        assert.deepStrictEqual(
          notes.map(({ body, name }) => [name, body]),
          [
            ["left", 5],
            ["right", 5]
          ]
        )
      }
    })
  )
})
