/** What a LevelDB store still knows when it is opened again. */
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
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

  it.live("finds events by generated and by chosen ids, mixed in one append or not, until they are deleted", () =>
    Effect.gen(function* () {
      const directory = yield* TestDirectory.make
      const chosen = freshId()
      const uuid = (number: number) => `0190000${number}-0000-7000-8000-000000000000`
      const appends = [
        { agentId: "a", ids: [undefined, chosen, undefined] },
        { agentId: "b", ids: [uuid(5), uuid(3), uuid(7)] },
        { agentId: "a", ids: [uuid(4), undefined, "ffffffff-ffff-4fff-bfff-ffffffffffff"] },
        { agentId: "b", ids: [undefined, undefined] }
      ]
      const stored = yield* withStore(directory, (store) =>
        Effect.gen(function* () {
          const written = yield* store.appendAll(
            appends.map(({ agentId, ids }) => ({
              agentId,
              events: ids.map((id) => ({ type: "a.happened", ...(id === undefined ? {} : { id }) }))
            }))
          )
          return written.flatMap((result) => Result.getOrThrow(result).events)
        })
      )
      assert.lengthOf(stored, 11)
      const found = (store: EventStore["Service"]) =>
        Effect.map(
          Effect.forEach(stored, ({ id }) => store.getEvent(id)),
          (events) => events.flatMap(Option.toArray)
        )
      yield* withStore(directory, (store) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* found(store), stored)
          for (const { agentId, id, type } of stored) {
            const again = yield* store.append({ agentId, events: [{ id, type }] })
            assert.strictEqual(again.outcome, "repeated")
          }
          assert.isTrue(Option.isNone(yield* store.getEvent(uuid(6))))
          assert.isTrue(Option.isNone(yield* store.getEvent(uuid(8))))
          yield* store.deleteEvents("a", 4)
          yield* store.purge("b")
        })
      )
      yield* withStore(directory, (store) =>
        Effect.gen(function* () {
          const left = stored.filter(({ agentId, version }) => agentId === "a" && version > 4)
          assert.deepStrictEqual(yield* found(store), left)
          // Ids of deleted events may be used anew.
          const anew = yield* store.append({ agentId: "c", events: [{ id: uuid(5), type: "c.happened" }] })
          assert.strictEqual(anew.outcome, "stored")
          assert.deepStrictEqual(yield* store.getEvent(uuid(5)), Option.fromUndefinedOr(anew.events[0]))
        })
      )
    })
  )

  const step = Schema.Struct({
    agentId: Schema.Literals(["a", "b"]),
    act: Schema.Literals(["append", "append", "append", "append", "delete", "purge", "reopen", "reopen"]),
    count: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 6 }))
  })
  it.effect.prop(
    "knows the version of each agent, whatever was appended, deleted or purged before",
    [Arbitrary.array(Arbitrary.schema(step), { minLength: 1, maxLength: 30 })],
    ([steps]) =>
      Effect.gen(function* () {
        const directory = yield* TestDirectory.make
        const versions = new Map<string, number>()
        const purged = new Set<string>()
        const sessions = [[]] as Array<Array<(typeof steps)[number]>>
        for (const step of steps) {
          if (step.act === "reopen") sessions.push([])
          else sessions.at(-1)?.push(step)
        }
        for (const session of sessions) {
          yield* withStore(directory, (store) =>
            Effect.gen(function* () {
              const check = Effect.gen(function* () {
                const listed = [...versions].filter(([agentId]) => !purged.has(agentId)).sort()
                const agents = yield* Stream.runCollect(store.agents())
                assert.deepStrictEqual(
                  agents.map(({ agentId, version }) => [agentId, version]),
                  listed
                )
                for (const [agentId, version] of versions) {
                  assert.strictEqual((yield* store.head(agentId)).version, version)
                }
              })
              yield* check
              for (const { act, agentId, count } of session) {
                const version = versions.get(agentId) ?? 0
                if (act === "append") {
                  const appended = yield* store.append({ agentId, events: numbered(count), expected: version })
                  assert.strictEqual(appended.version, version + count)
                  versions.set(agentId, version + count)
                  purged.delete(agentId)
                } else if (act === "delete") {
                  yield* store.deleteEvents(agentId, Math.max(version - count + 3, 0))
                } else {
                  yield* store.purge(agentId)
                  if (version === 0 || purged.has(agentId)) continue
                  versions.set(agentId, version + 1)
                  purged.add(agentId)
                }
              }
              yield* check
            })
          )
        }
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 40 } }
  )

  it.live("knows what was left of a stream that was too long to be deleted in one write", () =>
    Effect.gen(function* () {
      const directory = yield* TestDirectory.make
      yield* withStore(directory, (store) =>
        Effect.gen(function* () {
          for (const agentId of ["kept", "cut", "emptied", "purged"]) {
            yield* store.append({ agentId, events: numbered(2500), commands: [{ id: "a", reply: 1 }] })
          }
          assert.strictEqual(yield* store.deleteEvents("cut", 2300), 2300)
          assert.strictEqual(yield* store.deleteEvents("emptied", 2500), 2500)
          assert.strictEqual(yield* store.purge("purged"), 2500)
        })
      )
      yield* withStore(directory, (store) =>
        Effect.gen(function* () {
          const heads = yield* Effect.forEach(["kept", "cut", "emptied", "purged"], (agentId) => store.head(agentId))
          assert.deepStrictEqual(
            heads.map(({ firstVersion, version }) => [firstVersion, version]),
            [
              [1, 2500],
              [2301, 2500],
              [0, 2500],
              [0, 2501]
            ]
          )
          const told = yield* Stream.runCollect(store.feed())
          assert.lengthOf(told, 2500 + 200)
          assert.isTrue(Option.isSome(yield* store.reply("emptied", "a")))
          assert.isTrue(Option.isNone(yield* store.reply("purged", "a")))
        })
      )
    })
  )
})
