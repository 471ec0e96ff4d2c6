import { assert, describe, it } from "@effect/vitest"
import { ClassicLevel } from "classic-level"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as LevelDb from "../../layers/leveldb/index.ts"
import { EventStore, SnapshotStore } from "../../src/index.ts"
import * as TestDirectory from "../support/TestDirectory.ts"

type Stores = EventStore.EventStore | SnapshotStore.SnapshotStore

/** A directory with three events, a command and two snapshots of an agent. */
const filled = Effect.gen(function* () {
  const directory = yield* TestDirectory.make
  const using = <A, E>(use: Effect.Effect<A, E, Stores>) =>
    Effect.provide(use, Layer.fresh(LevelDb.layer({ directory })))
  const fill = Effect.gen(function* () {
    const snapshots = yield* SnapshotStore.SnapshotStore
    for (const id of ["e1", "e2", "e3"]) {
      yield* EventStore.append({
        agentId: "a",
        events: [{ id, type: "a.noted", data: { id } }],
        commands: [{ id: `c of ${id}`, reply: id }]
      })
    }
    yield* snapshots.save({ id: "s1", agentId: "a", version: 1, eventId: "e1", state: { of: "e1" } })
    yield* snapshots.save({ id: "s2", agentId: "a", version: 2, eventId: "e2", state: { of: "e2" } })
  })
  yield* using(fill)

  /** Changes rows behind the back of the store. */
  const level = <A>(use: (level: ClassicLevel) => Promise<A>) =>
    Effect.promise(async () => {
      const database = new ClassicLevel(directory)
      const result = await use(database)
      await database.close()
      return result
    })
  const damage = (key: string, change: (text: string) => string) =>
    level(async (level) => {
      const text = await level.get(key)
      assert.isDefined(text, key)
      await level.put(key, change(text ?? ""))
    })
  return { using, level, damage }
})

/** The effect must fail as damaged, and say what was found where. */
const damaged = <A, E, R>(effect: Effect.Effect<A, E, R>, subject: RegExp) =>
  Effect.gen(function* () {
    const error: unknown = yield* Effect.flip(effect)
    assert.deepInclude(error, { _tag: "Corrupted" })
    assert.match(String(error), subject)
    for (const name of ["expected", "found", "remedy"]) assert.isNotEmpty(Reflect.get(Object(error), name))
  })

const version = (number: number): string => number.toString(16).padStart(14, "0")
const garbage = () => "\u0000 not a row"

const all = (agentId: string) => Stream.runCollect(EventStore.read(agentId))
const feed = Stream.runCollect(EventStore.feed())

describe("a damaged row of LevelDB", () => {
  it.live("is told to whoever reads the event, one by one, in its stream or in the feed, and hides no other", () =>
    Effect.gen(function* () {
      const { damage, using } = yield* filled
      yield* damage(`ea\0${version(2)}`, garbage)
      yield* using(
        Effect.gen(function* () {
          const store = yield* EventStore.EventStore
          yield* damaged(all("a"), /event of agent "a"/)
          yield* damaged(feed, /event of agent "a"/)
          yield* damaged(store.getEvent("e2"), /event of agent "a"/)
          assert.strictEqual((yield* Stream.runCollect(store.read("a", { to: 1 }))).length, 1)
          assert.strictEqual((yield* Stream.runCollect(store.read("a", { from: 3 }))).length, 1)
          assert.isTrue(Option.isSome(yield* store.getEvent("e3")))
          assert.strictEqual((yield* store.head("a")).version, 3)
        })
      )
    })
  )

  for (const [what, change] of [
    ["cut short", (text: string) => text.slice(0, -5)],
    ["of other text", (text: string) => text.replace('{"id":"e2"}', '{"id":e2!!}')],
    ["no object", (text: string) => text.replace('{"id":"e2"}', "[1,2,3,4,5]")],
    ["of an unknown kind of value", (text: string) => text.replace('{"id":"e2"}', '{"$foo":"2"}')]
  ] as const) {
    it.live(`is told when the data of an event is ${what}`, () =>
      Effect.gen(function* () {
        const { damage, using } = yield* filled
        yield* damage(`ea\0${version(2)}`, change)
        yield* using(damaged(all("a"), /(data|metadata) of event 2 of agent "a"/))
      })
    )
  }

  it.live("is told when it is the version of an agent, to readers and writers, and nothing is stored", () =>
    Effect.gen(function* () {
      const { damage, level, using } = yield* filled
      yield* damage("ha", garbage)
      yield* using(
        Effect.gen(function* () {
          const store = yield* EventStore.EventStore
          yield* damaged(store.head("a"), /head of agent "a"/)
          yield* damaged(Stream.runCollect(store.agents()), /head of agent "a"/)
          const error = yield* Effect.flip(store.append({ agentId: "a", events: [{ type: "a.noted" }] }))
          assert.deepInclude(error, { _tag: "Rejected", reason: "Unavailable" })
          assert.match(error.message, /head of agent "a"/)
          // Another agent of the same flush is not to blame.
          assert.strictEqual((yield* store.append({ agentId: "b", events: [{ type: "b.noted" }] })).version, 1)
        })
      )
      const events = yield* level((level) => level.keys({ gt: "ea\0", lt: "ea\u0001" }).all())
      assert.strictEqual(events.length, 3)
    })
  )

  it.live("is told when it is the place of an event id, the reply of a command, or a part of the feed", () =>
    Effect.gen(function* () {
      const { damage, using } = yield* filled
      yield* damage("ie1", garbage)
      yield* damage("ca\0c of e1", garbage)
      yield* damage("ca\0c of e2", (text) => text.replace('"e2"', '"e2'))
      yield* damage(`f${version(3)}`, garbage)
      yield* using(
        Effect.gen(function* () {
          const store = yield* EventStore.EventStore
          yield* damaged(store.getEvent("e1"), /event id "e1"/)
          yield* damaged(store.reply("a", "c of e1"), /command "c of e1"/)
          yield* damaged(store.reply("a", "c of e2"), /reply to command "c of e2"/)
          assert.deepStrictEqual(yield* store.reply("a", "c of e3"), Option.some("e3"))
          yield* damaged(feed, /flush of the feed/)
        })
      )
    })
  )

  it.live("is told to whoever looks for an event by an id that may stand in it, when it is a run of ids", () =>
    Effect.gen(function* () {
      const { level, using } = yield* filled
      const [first, second] = ["01900001-0000-7000-8000-000000000000", "01900002-0000-7000-8000-000000000000"] as const
      const note = (id: string) => EventStore.append({ agentId: "a", events: [{ id, type: "a.noted" }] })
      yield* using(Effect.andThen(note(first), note(second)))
      for (const found of ["\u0000", "[1]", '[["a"]]', '[["a",1,2]]', '[["a","1"]]']) {
        yield* level((level) => level.put(`r${first}`, found))
        yield* using(
          Effect.gen(function* () {
            const store = yield* EventStore.EventStore
            yield* damaged(store.getEvent(first), /run of event ids/)
            assert.isTrue(Option.isSome(yield* store.getEvent(second)))
            const error = yield* Effect.flip(note(first))
            assert.deepInclude(error, { _tag: "Rejected", reason: "Unavailable" })
          })
        )
      }
    })
  )

  for (const [what, change] of [
    ["another program's", garbage],
    ["changed in its state", (text: string) => text.replace('{"of":"e2"}', '{"of":"e9"}')],
    ["cut short", (text: string) => text.slice(0, -4)]
  ] as const) {
    it.live(`is never taken for no snapshot when it is ${what}; it can be deleted, or saved again`, () =>
      Effect.gen(function* () {
        const { damage, level, using } = yield* filled
        yield* damage(`sa\0${version(2)}`, change)
        const read = Effect.gen(function* () {
          const store = yield* SnapshotStore.SnapshotStore
          yield* damaged(store.latest("a"), /snapshot/)
          yield* damaged(store.list("a"), /snapshot/)
          yield* damaged(store.get("s2"), /snapshot/)
          assert.isTrue(Option.isSome(yield* store.latest("a", { maxVersion: 1 })))
          assert.deepStrictEqual(yield* store.versions("a"), [2, 1])
        })
        const replace = Effect.gen(function* () {
          const store = yield* SnapshotStore.SnapshotStore
          const again = yield* store.save({ agentId: "a", version: 2, eventId: "e2", state: "again" })
          assert.deepStrictEqual(yield* store.latest("a"), Option.some(again))
          assert.isTrue(Option.isNone(yield* store.get("s2")))
        })
        yield* using(Effect.andThen(read, replace))

        yield* damage(`sa\0${version(2)}`, change)
        const remove = Effect.gen(function* () {
          const store = yield* SnapshotStore.SnapshotStore
          assert.isTrue(yield* store.delete("a", 2))
          assert.deepInclude(Option.getOrThrow(yield* store.latest("a")), { id: "s1" })
          assert.strictEqual(yield* store.deleteAll("a"), 1)
        })
        yield* using(remove)
        assert.deepStrictEqual(yield* level((level) => level.keys({ gt: "s", lt: "t" }).all()), [])
      })
    )
  }

  it.live("keeps nobody from deleting all snapshots, or from purging the agent", () =>
    Effect.gen(function* () {
      const { damage, level, using } = yield* filled
      yield* damage(`sa\0${version(1)}`, garbage)
      const byTime = Effect.flatMap(SnapshotStore.SnapshotStore, (store) =>
        store.deleteAll("a", { maxTimestamp: new Date(8e15) })
      )
      yield* using(damaged(byTime, /snapshot/))
      yield* using(
        Effect.gen(function* () {
          const events = yield* EventStore.EventStore
          assert.strictEqual(yield* events.purge("a"), 3)
          assert.strictEqual((yield* events.head("a")).presence, "missing")
        })
      )
      assert.deepStrictEqual(yield* level((level) => level.keys({ gt: "s", lt: "t" }).all()), [])
    })
  )

  it.live("of an event keeps nobody from deleting or purging the events", () =>
    Effect.gen(function* () {
      const { damage, level, using } = yield* filled
      yield* damage(`ea\0${version(1)}`, garbage)
      yield* using(
        Effect.gen(function* () {
          const events = yield* EventStore.EventStore
          assert.strictEqual(yield* events.deleteEvents("a", 1), 1)
          assert.strictEqual((yield* all("a")).length, 2)
        })
      )
      yield* damage(`ea\0${version(3)}`, garbage)
      yield* using(Effect.flatMap(EventStore.EventStore, (events) => events.purge("a")))
      assert.deepStrictEqual(yield* level((level) => level.keys({ gt: "e", lt: "f" }).all()), [])
    })
  )
})

describe("the ids of snapshots in LevelDB", () => {
  it.live("are forgotten with their snapshots", () =>
    Effect.gen(function* () {
      const { level, using } = yield* filled
      const ids = level((level) => level.keys({ gt: "t", lt: "u" }).all())
      yield* using(
        SnapshotStore.SnapshotStore.use((store) =>
          store.save({ id: "s3", agentId: "a", version: 2, eventId: "e2", state: 1 })
        )
      )
      assert.deepStrictEqual(yield* ids, ["ts1", "ts3"])
      yield* using(SnapshotStore.SnapshotStore.use((store) => store.delete("a", 1)))
      assert.deepStrictEqual(yield* ids, ["ts3"])
    })
  )
})
