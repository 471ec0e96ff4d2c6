/** What a LevelDB store still knows when it is opened again. */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as LevelDb from "../../layers/leveldb/index.ts"
import { EventStore } from "../../src/EventStore.ts"
import * as Note from "../../src/Note.ts"
import { freshId, integers, numbered } from "../contract/eventstore/support.ts"
import * as TestDirectory from "../support/TestDirectory.ts"

/** Opens the directory, uses the store, and closes it. */
const withStore = <A, E, R>(directory: string, use: (store: EventStore["Service"]) => Effect.Effect<A, E, R>) =>
  Effect.scoped(
    Effect.flatMap(Layer.build(Layer.fresh(LevelDb.layer({ directory }))), (context) =>
      use(Context.get(context, EventStore))
    )
  )

describe("a LevelDB store that is opened again", () => {
  it.live("knows every event id again, also those whose order in bytes is not that of their letters", () =>
    Effect.gen(function* () {
      const directory = yield* TestDirectory.make
      const ids = ["\uffff", "\u{1f44d}", "z", "\u{10ffff}", "\ufffd", "é", "\ue000", "a"]
      const events = ids.map((id, index) => ({ id, type: "a.happened", data: { index } }))
      const agentIds = ids.map(freshId)
      // In several orders, since the one that comes last or stands highest may be the one that is remembered.
      for (const shift of integers(ids.length, 0)) {
        const order = [...events.slice(shift), ...events.slice(0, shift)]
        const agentId = agentIds[shift] ?? ""
        yield* withStore(directory, (store) =>
          Effect.gen(function* () {
            for (const event of order) {
              yield* store.append({ agentId, events: [{ ...event, id: `${event.id} ${shift}` }] })
            }
          })
        )
        yield* withStore(directory, (store) =>
          Effect.gen(function* () {
            for (const [index, event] of order.entries()) {
              const again = yield* store.append({ agentId, events: [{ ...event, id: `${event.id} ${shift}` }] })
              assert.deepInclude(again, { outcome: "repeated", version: index + 1 })
            }
          })
        )
      }
    })
  )

  it.live("goes on with versions, replies and the feed where it was, deletions and purges included", () =>
    Effect.gen(function* () {
      const directory = yield* TestDirectory.make
      const [kept, cut, purged] = [freshId(), freshId(), freshId()]
      const before = yield* withStore(directory, (store) =>
        Effect.gen(function* () {
          for (const agentId of [kept, cut, purged]) {
            yield* store.append({ agentId, events: numbered(3), commands: [{ id: "a", reply: agentId }] })
          }
          yield* store.deleteEvents(cut, 3)
          yield* store.purge(purged)
          const heads = yield* Effect.forEach([kept, cut, purged], (agentId) => store.head(agentId))
          return { heads, told: yield* Stream.runCollect(store.feed()) }
        })
      )
      yield* withStore(directory, (store) =>
        Effect.gen(function* () {
          const heads = yield* Effect.forEach([kept, cut, purged], (agentId) => store.head(agentId))
          assert.deepStrictEqual(heads, before.heads)
          assert.deepStrictEqual(yield* Stream.runCollect(store.feed()), before.told)
          for (const agentId of [kept, cut, purged]) yield* store.append({ agentId, events: numbered(1) })
          const news = yield* Stream.runCollect(store.feed({ after: before.told.at(-1)?.position }))
          assert.deepStrictEqual(
            news.map(({ event }) => [event.agentId, event.version]),
            [
              [kept, 4],
              [cut, 4],
              [purged, 5]
            ]
          )
          const replies = yield* Effect.forEach([kept, cut, purged], (agentId) => store.reply(agentId, "a"))
          assert.deepStrictEqual(
            replies.map((reply) => reply._tag),
            ["Some", "Some", "None"]
          )
        })
      )
    })
  )

  it.live("has the notes that it had, and finds what is due", () =>
    Effect.gen(function* () {
      const directory = yield* TestDirectory.make
      const [agentId, purged] = [freshId(), freshId()]
      yield* withStore(directory, (store) =>
        Effect.gen(function* () {
          const notes = [Note.put("a", 1, { due: 5 }), Note.put("b", 2), Note.put("c", 3, { due: 6 })]
          yield* store.append({ agentId, events: numbered(1), notes })
          yield* store.append({ agentId: purged, events: [], notes })
          yield* store.append({ agentId, events: [], notes: [Note.put("a", 4, { due: 7 }), Note.remove("c")] })
          yield* store.purge(purged)
        })
      )
      yield* withStore(directory, (store) =>
        Effect.gen(function* () {
          const a = { agentId, name: "a", body: 4, due: 7 }
          const b = { agentId, name: "b", body: 2, due: undefined }
          assert.deepStrictEqual(yield* Stream.runCollect(store.notes(agentId)), [a, b])
          assert.deepStrictEqual(yield* Stream.runCollect(store.due({ until: 100 })), [a])
          yield* store.append({ agentId, events: [], notes: [Note.remove("a")] })
          assert.deepStrictEqual(yield* Stream.runCollect(store.due({ until: 100 })), [])
          assert.deepStrictEqual(yield* Stream.runCollect(store.notes(purged)), [])
        })
      )
    })
  )
})
