/** What becomes of an import whose process dies at any of its writes, and of others meanwhile. */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as LevelDb from "../../layers/leveldb/index.ts"
import * as LevelDatabase from "../../layers/leveldb/LevelDatabase.ts"
import * as LevelEventStore from "../../layers/leveldb/LevelEventStore.ts"
import * as LevelImport from "../../layers/leveldb/LevelImport.ts"
import * as EventStore from "../../src/EventStore.ts"
import * as Note from "../../src/Note.ts"
import { SnapshotStore } from "../../src/SnapshotStore.ts"
import { Unavailable } from "../../src/StoreError.ts"
import * as Checksum from "../../src/store/Checksum.ts"
import { freshId, integers, numbered, numbersOf } from "../contract/eventstore/support.ts"
import * as TestDirectory from "../support/TestDirectory.ts"

const dead = new Unavailable({
  operation: "write",
  reason: "Failed",
  expected: "a process that lives",
  found: "one that was killed",
  remedy: "Open the directory again."
})

/** A store of which only so many writes reach the disk; the others fail, as nobody hears of what a killed process was about to do. */
const dyingAfter = (directory: string, count: number) =>
  Effect.gen(function* () {
    const database = yield* LevelDatabase.make({ directory })
    let left = count
    const write = (operations: Parameters<typeof database.write>[0]) =>
      Effect.suspend(() => (left-- > 0 ? database.write(operations) : Effect.fail(dead)))
    const dying = { ...database, write }
    const finished = yield* Effect.exit(LevelImport.finish(dying))
    return { finished, store: yield* EventStore.make(yield* LevelEventStore.make(dying)) }
  })

/** Opens the directory in health. */
const healthy = (directory: string) =>
  Effect.map(Layer.build(Layer.fresh(LevelDb.layer({ directory }))), (context) => ({
    store: Context.get(context, EventStore.EventStore),
    snapshots: Context.get(context, SnapshotStore)
  }))

const inScope = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>) => Effect.scoped(effect)

const events = integers(3000).map((number) => ({
  id: `event ${number}`,
  type: "number.counted",
  schemaVersion: 1,
  timestamp: number,
  data: JSON.stringify({ number }),
  metadata: "{}"
}))

const importOver = (store: EventStore.EventStore["Service"], agentId: string) =>
  store.importAgent({
    agentId,
    expected: { version: 3, presence: "present" },
    firstVersion: 5,
    version: 3004,
    eventIds: "given",
    chunks: Stream.fromIterable(
      integers(3, 0).map((place) => ({
        events: events.slice(1000 * place, 1000 * (place + 1)),
        commands: [{ id: `new ${place}`, reply: "1", firstVersion: 5, lastVersion: 5 }],
        notes: [{ name: `new ${place}`, body: "1", due: 7 }],
        snapshots: [
          {
            id: `snapshot ${place}`,
            agentId,
            version: 5 + place,
            eventId: "e",
            state: "1",
            timestamp: 0,
            schemaVersion: 1,
            reducer: "",
            metadata: "{}",
            checksum: Checksum.of("1")
          }
        ]
      }))
    )
  })

/** All that can be seen of the agent. */
const look = (directory: string, agentId: string) =>
  inScope(
    Effect.gen(function* () {
      const { snapshots, store } = yield* healthy(directory)
      return {
        head: yield* store.head(agentId),
        numbers: numbersOf(yield* Stream.runCollect(store.read(agentId))),
        commands: (yield* Stream.runCollect(store.commands(agentId))).map(({ id }) => id),
        notes: (yield* Stream.runCollect(store.notes(agentId))).map(({ name }) => name),
        due: (yield* Stream.runCollect(store.due({ until: 100 }))).map(({ name }) => name),
        snapshots: yield* snapshots.versions(agentId),
        feed: (yield* Stream.runCollect(store.feed())).map(({ event }) => event.version),
        listed: (yield* Stream.runCollect(store.agents())).map(({ agentId }) => agentId),
        first: Option.map(yield* store.getEvent("event 1"), ({ version }) => version)
      }
    })
  )

describe("an import into LevelDB", () => {
  it.live("has happened altogether or not at all when its process dies, whichever write was the last", () =>
    Effect.gen(function* () {
      let isOver = false
      const seen = new Set<string>()
      for (let count = 0; !isOver; count++) {
        const directory = yield* TestDirectory.make
        const agentId = freshId()
        yield* inScope(
          Effect.gen(function* () {
            const { snapshots, store } = yield* healthy(directory)
            const commands = [{ id: "old", reply: 1 }]
            const notes = [Note.put("old", 1, { due: 5 })]
            yield* store.append({ agentId, events: numbered(3), commands, notes })
            yield* snapshots.save({ agentId, version: 2, eventId: "e", state: 2 })
          })
        )
        const before = yield* look(directory, agentId)
        const exit = yield* inScope(
          Effect.gen(function* () {
            const { store } = yield* dyingAfter(directory, count)
            const exit = yield* Effect.exit(importOver(store, agentId))
            // Nobody sees half of it in the process either.
            if (Exit.isFailure(exit)) {
              const found = yield* Effect.exit(Stream.runCollect(store.read(agentId)))
              if (Exit.isSuccess(found)) assert.deepStrictEqual(numbersOf(found.value), [1, 2, 3])
            }
            return exit
          })
        )
        const after = yield* look(directory, agentId)
        isOver = Exit.isSuccess(exit)
        if (isOver || after.head.version > 3) {
          assert.deepStrictEqual(after, {
            head: { version: 3004, firstVersion: 5, presence: "present", isComplete: true },
            numbers: integers(3000),
            commands: ["new 0", "new 1", "new 2"],
            notes: ["new 0", "new 1", "new 2"],
            due: ["new 0", "new 1", "new 2"],
            snapshots: [7, 6, 5],
            feed: integers(3000, 5),
            listed: [agentId],
            first: Option.some(5)
          })
          seen.add(isOver ? "imported" : "rolled forward")
        } else {
          assert.deepStrictEqual(after, before)
          seen.add("rolled back")
        }
      }
      assert.deepStrictEqual([...seen], ["rolled back", "rolled forward", "imported"])
    })
  )

  it.live("is ended by a later process when its own dies, even if that dies as well, again and again", () =>
    Effect.gen(function* () {
      const directory = yield* TestDirectory.make
      const agentId = freshId()
      yield* inScope(Effect.flatMap(healthy(directory), ({ store }) => store.append({ agentId, events: numbered(3) })))
      // Three writes stage the chunks, the fourth decides.
      yield* inScope(Effect.flatMap(dyingAfter(directory, 4), ({ store }) => Effect.exit(importOver(store, agentId))))
      let deaths = 0
      while (true) {
        const { finished } = yield* inScope(dyingAfter(directory, 2))
        if (Exit.isSuccess(finished)) break
        deaths++
      }
      assert.isAbove(deaths, 3)
      const { head, numbers } = yield* look(directory, agentId)
      assert.deepInclude(head, { version: 3004, isComplete: true })
      assert.deepStrictEqual(numbers, integers(3000))
    })
  )

  it.live("keeps its ids from others, and lets them go on, while its rows are moved", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const directory = yield* TestDirectory.make
        const database = yield* LevelDatabase.make({ directory })
        const [moving, go] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        // What is moved waits; what others write does not.
        const write = (operations: Parameters<typeof database.write>[0]) =>
          operations.some(({ key, type }) => type === "del" && key.startsWith("xe"))
            ? Deferred.succeed(moving, undefined).pipe(
                Effect.andThen(Deferred.await(go)),
                Effect.andThen(database.write(operations))
              )
            : database.write(operations)
        const store = yield* EventStore.make(yield* LevelEventStore.make({ ...database, write }))
        const [agentId, other] = [freshId(), freshId()]
        yield* store.append({ agentId, events: numbered(3) })
        const importing = yield* Effect.forkChild(importOver(store, agentId))
        yield* Deferred.await(moving)
        const refused = yield* Effect.flip(store.append({ agentId: other, events: [{ id: "event 9", type: "a.b" }] }))
        assert.deepInclude(refused, { _tag: "Rejected", reason: "EventIdTaken" })
        yield* store.append({ agentId: other, events: [{ id: "mine", type: "a.b" }] })
        assert.isTrue(Option.isSome(yield* store.getEvent("mine")))
        assert.isTrue(Option.isNone(yield* store.getEvent("nobody's")))
        assert.lengthOf(yield* Stream.runCollect(store.read(other)), 1)
        // Whoever asks for the agent waits, or an event of it.
        const asking = yield* Effect.forkChild(
          Effect.all([store.head(agentId), store.getEvent("event 9"), store.append({ agentId, events: numbered(1) })], {
            concurrency: "unbounded"
          }),
          { startImmediately: true }
        )
        yield* Effect.sleep("20 millis")
        assert.isUndefined(asking.pollUnsafe())
        yield* Deferred.succeed(go, undefined)
        assert.deepStrictEqual(yield* Fiber.join(importing), { _tag: "Imported" })
        const [head, event, appended] = yield* Fiber.join(asking)
        assert.isAtLeast(head.version, 3004)
        assert.deepInclude(Option.getOrThrow(event), { agentId, version: 13 })
        assert.strictEqual(appended.version, 3005)
      })
    )
  )
})
