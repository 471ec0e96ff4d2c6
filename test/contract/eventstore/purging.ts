/**
 * Purging an agent: everything goes, and the purge takes a version of its own.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { EventStore } from "../../../src/EventStore.ts"
import { SnapshotStore } from "../../../src/SnapshotStore.ts"
import {
  append,
  conflict,
  feedEnd,
  five,
  freshId,
  head,
  type It,
  integers,
  numbered,
  numbersOf,
  places,
  read,
  told,
  versionsOf
} from "./support.ts"

const purge = (agentId: string) => EventStore.use((store) => store.purge(agentId))

const missing = (version: number) => ({ version, firstVersion: 0, presence: "missing", isComplete: true }) as const

export const register = (it: It): void => {
  describe("purging an agent", () => {
    it.effect("deletes its events, makes it missing, and takes the next version", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = yield* five
        const events = yield* read(agentId)
        assert.strictEqual(yield* purge(agentId), 5)
        assert.deepStrictEqual(yield* head(agentId), missing(6))
        assert.deepStrictEqual(yield* versionsOf(agentId), [])
        assert.deepStrictEqual(yield* versionsOf(agentId, { direction: "backward" }), [])
        for (const { id } of events) assert.isTrue(Option.isNone(yield* store.getEvent(id)))
        const listed = yield* Stream.runCollect(store.agents({ prefix: agentId }))
        assert.deepStrictEqual(listed, [])
      })
    )

    it.effect("is a conflict for a writer that does not know of it", () =>
      Effect.gen(function* () {
        const agentId = yield* five
        yield* purge(agentId)
        yield* conflict(append(agentId, numbered(1), { expected: 5 }), { expected: 5, actual: 6 })
        yield* conflict(append(agentId, numbered(1), { expected: 0 }), { expected: 0, actual: 6 })
        assert.deepStrictEqual(yield* head(agentId), missing(6))
      })
    )

    it.effect("lets a new history begin that expects none, above the version of the purge", () =>
      Effect.gen(function* () {
        const agentId = yield* five
        yield* purge(agentId)
        assert.deepInclude(yield* append(agentId, numbered(2), { expected: "none" }), { firstVersion: 7, version: 8 })
        yield* conflict(append(agentId, numbered(1), { expected: "none" }), { expected: "none", actual: 8 })
        assert.deepStrictEqual(yield* head(agentId), {
          version: 8,
          firstVersion: 7,
          presence: "present",
          isComplete: true
        })
        assert.deepStrictEqual(yield* versionsOf(agentId), [7, 8])
        assert.deepStrictEqual(numbersOf(yield* read(agentId, { from: 1, to: 7 })), [1])
      })
    )

    it.effect("lets a new history begin at exactly the version of the purge", () =>
      Effect.gen(function* () {
        const agentId = yield* five
        yield* purge(agentId)
        assert.strictEqual((yield* append(agentId, numbered(1), { expected: 6 })).version, 7)
      })
    )

    it.effect("does nothing to an agent that is missing", () =>
      Effect.gen(function* () {
        const unknown = freshId()
        assert.strictEqual(yield* purge(unknown), 0)
        assert.deepStrictEqual(yield* head(unknown), missing(0))
        assert.strictEqual((yield* append(unknown, numbered(1))).version, 1)
        const purged = yield* five
        yield* purge(purged)
        assert.strictEqual(yield* purge(purged), 0)
        assert.deepStrictEqual(yield* head(purged), missing(6))
      })
    )

    it.effect("takes a version of an agent whose events were all deleted", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = yield* five
        yield* store.deleteEvents(agentId, 5)
        assert.strictEqual(yield* purge(agentId), 0)
        assert.deepStrictEqual(yield* head(agentId), missing(6))
      })
    )

    it.effect("never lets the version fall, however often it is done", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        for (const round of integers(4)) {
          assert.strictEqual((yield* append(agentId, numbered(2), { expected: "none" })).version, 3 * round - 1)
          assert.strictEqual(yield* purge(agentId), 2)
          assert.deepStrictEqual(yield* head(agentId), missing(3 * round))
        }
      })
    )

    it.effect("leaves the new history incomplete only once something of it is deleted", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = yield* five
        yield* purge(agentId)
        yield* append(agentId, numbered(3))
        for (const version of [0, 5, 6]) assert.strictEqual(yield* store.deleteEvents(agentId, version), 0)
        assert.deepInclude(yield* head(agentId), { version: 9, firstVersion: 7, isComplete: true })
        assert.strictEqual(yield* store.deleteEvents(agentId, 7), 1)
        assert.deepInclude(yield* head(agentId), { version: 9, firstVersion: 8, isComplete: false })
        assert.strictEqual(yield* purge(agentId), 2)
        assert.deepStrictEqual(yield* head(agentId), missing(10))
      })
    )

    it.effect("forgets the replies, and frees the ids of events and commands", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        const command = { id: freshId(), reply: "first" }
        const event = { id: freshId(), type: "number.counted", data: { number: 1 } }
        yield* append(agentId, [event], { commands: [command] })
        yield* purge(agentId)
        assert.deepStrictEqual(yield* store.reply(agentId, command.id), Option.none())
        const other = { ...event, data: { number: 2 } }
        const again = yield* append(agentId, [other], { commands: [{ ...command, reply: "second" }] })
        assert.deepInclude(again, { outcome: "stored", version: 3 })
        assert.deepStrictEqual(yield* store.reply(agentId, command.id), Option.some("second"))
      })
    )

    it.effect("reaches the snapshots, where the store keeps some", () =>
      Effect.gen(function* () {
        const agentId = yield* five
        const snapshots = yield* Effect.serviceOption(SnapshotStore)
        if (Option.isNone(snapshots)) return
        const snapshot = yield* snapshots.value.save({ agentId, version: 5, eventId: freshId(), state: { total: 15 } })
        assert.isTrue(Option.isSome(yield* snapshots.value.get(snapshot.id)))
        yield* purge(agentId)
        assert.isTrue(Option.isNone(yield* snapshots.value.latest(agentId)))
        assert.isTrue(Option.isNone(yield* snapshots.value.get(snapshot.id)))
        assert.deepStrictEqual(yield* snapshots.value.list(agentId), [])
      })
    )

    it.effect("removes the events from the feed and leaves every other agent alone", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const start = yield* feedEnd
        const agentId = yield* five
        const neighbours = ["", "0", "/", "-1", "\u00ff"].map((suffix) => `${agentId}${suffix}`).slice(1)
        const command = { id: freshId(), reply: "kept" }
        for (const neighbour of neighbours) yield* append(neighbour, numbered(2), { commands: [command] })
        yield* told([agentId, ...neighbours], start, 13)
        yield* purge(agentId)
        yield* append(agentId, numbered(1))
        for (const neighbour of neighbours) {
          assert.deepInclude(yield* head(neighbour), { version: 2, firstVersion: 1, presence: "present" })
          assert.deepStrictEqual(yield* store.reply(neighbour, command.id), Option.some("kept"))
        }
        const left = neighbours.flatMap((neighbour) => [`${neighbour} 1`, `${neighbour} 2`]).concat(`${agentId} 7`)
        assert.deepStrictEqual(places(yield* told([agentId, ...neighbours], start, 9)), left.sort())
      })
    )
  })
}
