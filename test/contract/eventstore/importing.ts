/**
 * Importing an agent: all of it or nothing, under the versions that it brings.
 */
import { assert, describe } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { AgentImport, ImportChunk, ImportOutcome } from "../../../src/AgentImport.ts"
import { EventStore } from "../../../src/EventStore.ts"
import * as Note from "../../../src/Note.ts"
import { SnapshotStore } from "../../../src/SnapshotStore.ts"
import type { StoredSnapshot } from "../../../src/SnapshotStoreDriver.ts"
import * as Checksum from "../../../src/store/Checksum.ts"
import {
  annotate,
  append,
  bodiesOf,
  feedEnd,
  five,
  freshId,
  head,
  type It,
  integers,
  notesOf,
  numbered,
  numbersOf,
  places,
  read,
  told,
  versionsOf
} from "./support.ts"

type Events = ImportChunk["events"]

const eventsOf = (count: number, first = 1): Events =>
  integers(count, first).map((number) => ({
    id: freshId(),
    type: "number.counted",
    schemaVersion: 1,
    timestamp: 1000 + number,
    data: JSON.stringify({ number }),
    metadata: "{}"
  }))

const chunk = (more: Partial<ImportChunk>): ImportChunk => ({
  events: [],
  commands: [],
  notes: [],
  snapshots: [],
  ...more
})

const snapshotOf = (agentId: string, version: number, more: Partial<StoredSnapshot> = {}): StoredSnapshot => {
  const state = JSON.stringify({ version })
  return {
    id: freshId(),
    agentId,
    version,
    eventId: freshId(),
    state,
    timestamp: 1000,
    schemaVersion: 1,
    reducer: "",
    metadata: "{}",
    checksum: Checksum.of(state),
    ...more
  }
}

const missing = (version = 0) => ({ version, presence: "missing" }) as const

/** Imports events into a fresh agent, in chunks of two, unless told otherwise. */
const importEvents = <E = never>(agentId: string, events: Events, more: Partial<AgentImport<E>> = {}) =>
  EventStore.use((store) =>
    store.importAgent<E, never>({
      agentId,
      expected: missing(),
      firstVersion: 1,
      version: (more.firstVersion ?? 1) + events.length - 1,
      eventIds: "given",
      chunks: Stream.fromIterable(
        integers(Math.ceil(events.length / 2)).map((place) => chunk({ events: events.slice(2 * place - 2, 2 * place) }))
      ),
      ...more
    })
  )

const imported = { _tag: "Imported" } as const

const taken = (of: "event" | "snapshot", id: string): ImportOutcome => ({ _tag: "IdTaken", of, id })

/** Nothing must be there of an agent that was never written. */
const assertNothing = (agentId: string) =>
  Effect.gen(function* () {
    const store = yield* EventStore
    assert.deepStrictEqual(yield* head(agentId), {
      version: 0,
      firstVersion: 0,
      presence: "missing",
      isComplete: true
    })
    assert.deepStrictEqual(yield* versionsOf(agentId), [])
    assert.deepStrictEqual(yield* notesOf(agentId), [])
    assert.deepStrictEqual(yield* Stream.runCollect(store.commands(agentId)), [])
    assert.deepStrictEqual(yield* Stream.runCollect(store.agents({ prefix: agentId })), [])
  })

export const register = (it: It): void => {
  describe("importing an agent", () => {
    it.effect("brings its events under the versions they have, and the agent goes on from there", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        const events = eventsOf(5)
        assert.deepStrictEqual(yield* importEvents(agentId, events), imported)
        assert.deepStrictEqual(yield* head(agentId), {
          version: 5,
          firstVersion: 1,
          presence: "present",
          isComplete: true
        })
        const found = yield* read(agentId)
        assert.deepStrictEqual(numbersOf(found), [1, 2, 3, 4, 5])
        assert.deepStrictEqual(
          found.map(({ id, timestamp }) => [id, timestamp.getTime()]),
          events.map(({ id, timestamp }) => [id, timestamp])
        )
        const third = yield* store.getEvent(events[2]?.id ?? "")
        assert.deepStrictEqual(third, Option.some(found[2]))
        assert.deepInclude(yield* append(agentId, numbered(1, 6), { expected: 5 }), { version: 6 })
        assert.deepStrictEqual(numbersOf(yield* read(agentId)), [1, 2, 3, 4, 5, 6])
        const listed = yield* Stream.runCollect(store.agents({ prefix: agentId }))
        assert.deepStrictEqual(listed, [{ agentId, version: 6 }])
      })
    )

    it.effect("brings recorded replies, notes and snapshots with the events", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        const command = { id: freshId(), reply: '{"balance":7}', firstVersion: 1, lastVersion: 2 }
        const snapshot = snapshotOf(agentId, 2)
        const notes = [
          { name: "a", body: "1", due: undefined, tag: agentId },
          { name: "b", body: '"two"', due: 4_000_000_000_000 }
        ]
        yield* importEvents(agentId, eventsOf(2), {
          chunks: Stream.make(
            chunk({ events: eventsOf(2), commands: [command] }),
            chunk({ notes, snapshots: [snapshot] })
          )
        })
        assert.deepStrictEqual(yield* store.reply(agentId, command.id), Option.some({ balance: 7 }))
        assert.deepStrictEqual(yield* Stream.runCollect(store.commands(agentId)), [command])
        const repeated = yield* append(agentId, numbered(1), { commands: [{ id: command.id, reply: null }] })
        assert.deepInclude(repeated, { outcome: "repeated", firstVersion: 1, version: 2 })
        assert.deepStrictEqual(yield* bodiesOf(agentId), [
          ["a", 1],
          ["b", "two"]
        ])
        const due = yield* Stream.runCollect(store.due({ until: 4_000_000_000_000, agentPrefix: agentId }))
        assert.deepStrictEqual(
          due.map(({ name }) => name),
          ["b"]
        )
        const tagged = yield* Stream.runCollect(store.tagged(agentId))
        assert.deepStrictEqual(
          tagged.map(({ name }) => name),
          ["a"]
        )
        const snapshots = yield* Effect.serviceOption(SnapshotStore)
        if (Option.isNone(snapshots)) return
        const found = Option.getOrThrow(yield* snapshots.value.get(snapshot.id))
        assert.deepInclude(found, { agentId, version: 2, state: { version: 2 }, eventId: snapshot.eventId })
        assert.deepStrictEqual(yield* snapshots.value.latest(agentId), Option.some(found))
      })
    )

    it.effect("lists recorded commands in pages, each once", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        const commands = integers(2500).map((number) => ({
          id: `command ${number}`,
          reply: String(number),
          firstVersion: 1,
          lastVersion: 1
        }))
        yield* importEvents(agentId, eventsOf(1), { chunks: Stream.make(chunk({ events: eventsOf(1), commands })) })
        const listed = yield* Stream.runCollect(store.commands(agentId))
        assert.deepStrictEqual(
          [...listed].sort((left, right) => Number(left.reply) - Number(right.reply)),
          commands
        )
      })
    )

    it.effect("tells the events in the feed, each once and in their order", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const other = freshId()
        const start = yield* feedEnd
        yield* append(other, numbered(1))
        yield* importEvents(agentId, eventsOf(5))
        yield* append(other, numbered(1))
        yield* append(agentId, numbered(1))
        const entries = yield* told([agentId, other], start, 8)
        assert.deepStrictEqual(
          entries.flatMap(({ event }) => (event.agentId === agentId ? [event.version] : [])),
          [1, 2, 3, 4, 5, 6]
        )
        assert.lengthOf(entries, 8)
        const middle = entries[3]?.position
        assert.deepStrictEqual(places(yield* told([agentId, other], middle, 4)), places(entries.slice(4)))
      })
    )

    it.effect("wakes a live feed", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        const start = yield* feedEnd
        const own = Stream.filter(store.feed({ after: start, live: true }), ({ event }) => event.agentId === agentId)
        const live = yield* Effect.forkChild(Stream.runCollect(Stream.take(own, 3)), { startImmediately: true })
        yield* importEvents(agentId, eventsOf(3))
        assert.lengthOf(yield* Fiber.join(live), 3)
      })
    )

    it.effect("leaves nothing behind when its chunks fail, and fails as they do", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const start = yield* feedEnd
        const notes = [{ name: "a", body: "1", due: 5 }]
        const commands = [{ id: "command", reply: "1", firstVersion: 1, lastVersion: 1 }]
        const chunks = Stream.concat(
          Stream.make(chunk({ events: eventsOf(3), commands, notes, snapshots: [snapshotOf(agentId, 1)] })),
          Stream.fail("broken" as const)
        )
        const events = eventsOf(5)
        assert.strictEqual(yield* Effect.flip(importEvents<"broken">(agentId, events, { chunks })), "broken")
        yield* assertNothing(agentId)
        assert.deepStrictEqual(yield* told([agentId], start, 0), [])
        // The ids are free again.
        assert.deepStrictEqual(yield* importEvents(agentId, events), imported)
        assert.deepStrictEqual(numbersOf(yield* read(agentId)), [1, 2, 3, 4, 5])
        assert.deepStrictEqual(yield* notesOf(agentId), [])
      })
    )

    it.effect("leaves nothing behind when it is interrupted", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const reached = yield* Deferred.make<void>()
        const waiting = Effect.andThen(Deferred.succeed(reached, undefined), Effect.never)
        const chunks = Stream.concat(Stream.make(chunk({ events: eventsOf(3) })), Stream.fromEffect(waiting))
        const fiber = yield* Effect.forkChild(importEvents(agentId, eventsOf(5), { chunks }))
        yield* Deferred.await(reached)
        yield* Fiber.interrupt(fiber)
        yield* assertNothing(agentId)
        assert.deepStrictEqual(yield* importEvents(agentId, eventsOf(2)), imported)
      })
    )

    it.effect("is a conflict for an agent that is not as expected, and touches nothing of it", () =>
      Effect.gen(function* () {
        const agentId = yield* five
        const events = eventsOf(2)
        assert.deepStrictEqual(yield* importEvents(agentId, events), { _tag: "Conflict", actual: 5 })
        const outdated = { expected: { version: 4, presence: "present" }, firstVersion: 6 } as const
        assert.deepStrictEqual(yield* importEvents(agentId, events, outdated), { _tag: "Conflict", actual: 5 })
        const unknown = freshId()
        const expected = { version: 3, presence: "missing" } as const
        const outcome = yield* importEvents(unknown, events, { expected, firstVersion: 4 })
        assert.deepStrictEqual(outcome, { _tag: "Conflict", actual: 0 })
        assert.deepStrictEqual(numbersOf(yield* read(agentId)), [1, 2, 3, 4, 5])
      })
    )

    it.effect("and an append that comes between exclude each other", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const appended = yield* Deferred.make<void>()
        const events = eventsOf(4)
        const chunks = Stream.concat(
          Stream.make(chunk({ events: events.slice(0, 2) })),
          Stream.fromEffect(Effect.as(Deferred.await(appended), chunk({ events: events.slice(2) })))
        )
        const importing = yield* Effect.forkChild(importEvents(agentId, events, { chunks }), { startImmediately: true })
        const appending = yield* Effect.forkChild(Effect.exit(append(agentId, numbered(1, 9), { expected: "none" })))
        yield* Effect.sleep("20 millis")
        yield* Deferred.succeed(appended, undefined)
        const outcome = yield* Fiber.join(importing)
        const attempt = yield* Fiber.join(appending)
        const numbers = numbersOf(yield* read(agentId))
        if (outcome._tag === "Imported") {
          assert.strictEqual(attempt._tag, "Failure")
          assert.deepStrictEqual(numbers, [1, 2, 3, 4])
        } else {
          assert.deepStrictEqual(outcome, { _tag: "Conflict", actual: 1 })
          assert.strictEqual(attempt._tag, "Success")
          assert.deepStrictEqual(numbers, [9])
        }
      })
    )

    it.effect("is won by one of several that bring the same agent at once", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const outcomes = yield* Effect.forEach(
          integers(5),
          (number) => importEvents(agentId, eventsOf(4, 10 * number), { eventIds: "generated" }),
          { concurrency: "unbounded" }
        )
        const winner = outcomes.findIndex(({ _tag }) => _tag === "Imported") + 1
        assert.lengthOf(
          outcomes.filter((outcome) => outcome._tag === "Conflict" && outcome.actual === 4),
          4
        )
        assert.deepStrictEqual(numbersOf(yield* read(agentId)), integers(4, 10 * winner))
      })
    )

    it.effect("lets appends to other agents through meanwhile", () =>
      Effect.gen(function* () {
        const other = freshId()
        const between = Effect.as(append(other, numbered(3)), chunk({ events: eventsOf(2, 3) }))
        const store = yield* EventStore
        const chunks = Stream.concat(
          Stream.make(chunk({ events: eventsOf(2) })),
          Stream.provideService(Stream.fromEffect(Effect.orDie(between)), EventStore, store)
        )
        const agentId = freshId()
        assert.deepStrictEqual(yield* importEvents(agentId, eventsOf(4), { chunks }), imported)
        assert.deepStrictEqual(numbersOf(yield* read(agentId)), [1, 2, 3, 4])
        assert.deepStrictEqual(numbersOf(yield* read(other)), [1, 2, 3])
      })
    )

    it.effect("replaces an agent that is present in one write, and takes no version of it again", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const start = yield* feedEnd
        const agentId = freshId()
        const command = { id: freshId(), reply: "old" }
        const [first] = yield* Effect.map(append(agentId, numbered(3), { commands: [command] }), ({ events }) => events)
        yield* annotate(agentId, [Note.put("old", 1, { due: 5 }), Note.put("both", "old", { due: 6 })])
        const snapshots = yield* Effect.serviceOption(SnapshotStore)
        const state = { old: true }
        const old = Option.isNone(snapshots)
          ? undefined
          : yield* snapshots.value.save({ agentId, version: 3, eventId: freshId(), state })
        // The same ids may come back.
        const events = eventsOf(4, 11).map((event, index) => (index === 0 ? { ...event, id: first?.id ?? "" } : event))
        const outcome = yield* importEvents(agentId, events, {
          expected: { version: 3, presence: "present" },
          firstVersion: 5,
          version: 8,
          chunks: Stream.make(
            chunk({ events: events.slice(0, 1) }),
            chunk({ events: events.slice(1), notes: [{ name: "both", body: '"new"', due: 7 }] })
          )
        })
        assert.deepStrictEqual(outcome, imported)
        assert.deepStrictEqual(yield* head(agentId), {
          version: 8,
          firstVersion: 5,
          presence: "present",
          isComplete: true
        })
        assert.deepStrictEqual(numbersOf(yield* read(agentId)), [11, 12, 13, 14])
        const again = Option.getOrThrow(yield* store.getEvent(first?.id ?? ""))
        assert.deepInclude(again, { version: 5, data: { number: 11 } })
        assert.deepStrictEqual(yield* store.reply(agentId, command.id), Option.none())
        assert.deepStrictEqual(yield* bodiesOf(agentId), [["both", "new"]])
        const due = yield* Stream.runCollect(store.due({ until: 100, agentPrefix: agentId }))
        assert.deepStrictEqual(
          due.map(({ due, name }) => [name, due]),
          [["both", 7]]
        )
        assert.deepStrictEqual(
          (yield* told([agentId], start, 4)).map(({ event }) => event.version),
          [5, 6, 7, 8]
        )
        if (Option.isNone(snapshots) || old === undefined) return
        assert.deepStrictEqual(yield* snapshots.value.list(agentId), [])
        assert.isTrue(Option.isNone(yield* snapshots.value.get(old.id)))
      })
    )

    it.effect("begins above the version of a purge", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = yield* five
        yield* store.purge(agentId)
        const outcome = yield* importEvents(agentId, eventsOf(3), { expected: missing(6), firstVersion: 7 })
        assert.deepStrictEqual(outcome, imported)
        assert.deepStrictEqual(yield* head(agentId), {
          version: 9,
          firstVersion: 7,
          presence: "present",
          isComplete: true
        })
        assert.strictEqual(yield* store.purge(agentId), 3)
        assert.deepInclude(yield* head(agentId), missing(10))
      })
    )

    for (const [title, expected, firstVersion] of [
      ["an agent that was never written", missing(), 4],
      ["one that was purged", missing(6), 9]
    ] as const) {
      it.effect(`counts earlier events of ${title} as deleted`, () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const agentId = expected.version === 0 ? freshId() : yield* five
          if (expected.version > 0) yield* store.purge(agentId)
          const last = firstVersion + 2
          const snapshots = [snapshotOf(agentId, firstVersion - 1)]
          const events = eventsOf(3)
          const chunks = Stream.make(chunk({ snapshots }), chunk({ events }))
          assert.deepStrictEqual(yield* importEvents(agentId, events, { expected, firstVersion, chunks }), imported)
          const incomplete = { version: last, firstVersion, presence: "present", isComplete: false } as const
          assert.deepStrictEqual(yield* head(agentId), incomplete)
          assert.deepStrictEqual(yield* versionsOf(agentId), integers(3, firstVersion))
          assert.strictEqual((yield* append(agentId, numbered(1))).version, last + 1)
          assert.deepStrictEqual(yield* head(agentId), { ...incomplete, version: last + 1 })
          assert.strictEqual(yield* store.deleteEvents(agentId, firstVersion), 1)
          assert.deepInclude(yield* head(agentId), { firstVersion: firstVersion + 1, isComplete: false })
        })
      )

      it.effect(`brings ${title} even without events`, () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const agentId = expected.version === 0 ? freshId() : yield* five
          if (expected.version > 0) yield* store.purge(agentId)
          const snapshots = [snapshotOf(agentId, firstVersion)]
          const chunks = Stream.make(chunk({ snapshots }))
          const outcome = yield* importEvents(agentId, [], { expected, firstVersion: 0, version: firstVersion, chunks })
          assert.deepStrictEqual(outcome, imported)
          const empty = { version: firstVersion, firstVersion: 0, presence: "present", isComplete: false } as const
          assert.deepStrictEqual(yield* head(agentId), empty)
          assert.deepStrictEqual(yield* versionsOf(agentId), [])
          assert.strictEqual((yield* append(agentId, numbered(1))).version, firstVersion + 1)
          assert.deepInclude(yield* head(agentId), { version: firstVersion + 1, isComplete: false })
        })
      )
    }

    it.effect("refuses the id of an event of another agent, and one that it brings twice", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const chosen = `event ${freshId()}`
        const [, second] = yield* Effect.map(
          append(freshId(), [...numbered(2), { id: chosen, type: "number.counted" }]),
          ({ events }) => events
        )
        const agentId = freshId()
        for (const id of [second?.id ?? "", chosen]) {
          const events = eventsOf(5).map((event, index) => (index === 3 ? { ...event, id } : event))
          assert.deepStrictEqual(yield* importEvents(agentId, events), taken("event", id))
          yield* assertNothing(agentId)
          assert.isTrue(Option.isSome(yield* store.getEvent(id)))
        }
        for (const [left, right] of [
          [0, 1],
          [0, 4]
        ] as const) {
          const events = eventsOf(5)
          const id = events[left]?.id ?? ""
          const twice = events.map((event, index) => (index === right ? { ...event, id } : event))
          assert.deepStrictEqual(yield* importEvents(agentId, twice), taken("event", id))
          yield* assertNothing(agentId)
        }
      })
    )

    it.effect("refuses an id that an append takes meanwhile, or is the one whose id is taken", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const other = freshId()
        const events = eventsOf(4)
        const id = events[0]?.id ?? ""
        const appended = yield* Deferred.make<void>()
        const chunks = Stream.concat(
          Stream.make(chunk({ events: events.slice(0, 2) })),
          Stream.fromEffect(Effect.as(Deferred.await(appended), chunk({ events: events.slice(2) })))
        )
        const importing = yield* Effect.forkChild(importEvents(agentId, events, { chunks }), { startImmediately: true })
        yield* Effect.sleep("20 millis")
        const rival = yield* Effect.forkChild(Effect.exit(append(other, [{ id, type: "number.counted" }])))
        yield* Effect.sleep("20 millis")
        yield* Deferred.succeed(appended, undefined)
        const outcome = yield* Fiber.join(importing)
        const isAppended = (yield* Fiber.join(rival))._tag === "Success"
        assert.strictEqual(outcome._tag, isAppended ? "IdTaken" : "Imported")
        assert.deepStrictEqual(yield* versionsOf(agentId), isAppended ? [] : [1, 2, 3, 4])
        assert.deepStrictEqual(yield* versionsOf(other), isAppended ? [1] : [])
      })
    )

    it.effect("keeps later appends from the ids that it brought", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        // As of a clock that is far ahead.
        const events = eventsOf(3).map((event, index) => ({
          ...event,
          id: `ffffffff-${index}fff-7000-8000-${event.id.slice(-12)}`
        }))
        assert.deepStrictEqual(yield* importEvents(agentId, events), imported)
        for (const { id } of events) {
          const refused = yield* Effect.flip(append(freshId(), [{ id, type: "number.counted" }]))
          assert.deepInclude(refused, { _tag: "Rejected", reason: "EventIdTaken" })
        }
        const generated = { eventIds: "generated" } as const
        const fresh = eventsOf(3).map((event, index) => ({
          ...event,
          id: `ffffffff-ffff-7${index}00-8000-${event.id.slice(-12)}`
        }))
        assert.deepStrictEqual(yield* importEvents(freshId(), fresh, generated), imported)
        for (const { id } of fresh) {
          const refused = yield* Effect.flip(append(freshId(), [{ id, type: "number.counted" }]))
          assert.deepInclude(refused, { _tag: "Rejected", reason: "EventIdTaken" })
        }
      })
    )

    it.effect("refuses the id of a snapshot of another agent, and one that it brings twice", () =>
      Effect.gen(function* () {
        const snapshots = yield* Effect.serviceOption(SnapshotStore)
        if (Option.isNone(snapshots)) return
        const other = freshId()
        const held = yield* snapshots.value.save({ agentId: other, version: 1, eventId: freshId(), state: 1 })
        const agentId = freshId()
        const events = eventsOf(2)
        const own = snapshotOf(agentId, 1)
        for (const [id, pair] of [
          [held.id, [snapshotOf(agentId, 2, { id: held.id })]],
          [own.id, [own, snapshotOf(agentId, 2, { id: own.id })]]
        ] as const) {
          const chunks = Stream.concat(
            Stream.make(chunk({ events })),
            Stream.fromIterable(pair.map((snapshot) => chunk({ snapshots: [snapshot] })))
          )
          assert.deepStrictEqual(yield* importEvents(agentId, events, { chunks }), taken("snapshot", id))
          yield* assertNothing(agentId)
        }
        assert.deepStrictEqual(yield* snapshots.value.get(held.id), Option.some(held))
      })
    )

    it.effect("leaves other agents alone whose ids are like its own", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const neighbours = ["0", "/", "-1", "\u00ff"].map((suffix) => `${agentId}${suffix}`)
        for (const neighbour of neighbours) {
          yield* append(neighbour, numbered(2), { notes: [Note.put("a", 1)], commands: [{ id: "c", reply: 1 }] })
        }
        yield* append(agentId, numbered(2))
        const expected = { version: 2, presence: "present" } as const
        yield* importEvents(agentId, eventsOf(3), { expected, firstVersion: 4 })
        for (const neighbour of neighbours) {
          assert.deepInclude(yield* head(neighbour), { version: 2, firstVersion: 1, presence: "present" })
          assert.deepStrictEqual(yield* bodiesOf(neighbour), [["a", 1]])
          assert.deepStrictEqual(yield* EventStore.use((store) => store.reply(neighbour, "c")), Option.some(1))
        }
      })
    )
  })
}
