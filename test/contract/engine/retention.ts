/**
 * Snapshots that actors ask for, and what is kept of their history.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { EventStore } from "../../../src/EventStore.ts"
import { SnapshotStore } from "../../../src/SnapshotStore.ts"
import { Engines, eventually, freshId, type It, integers } from "./support.ts"
import { Thrifty } from "./Thrifty.ts"

const fresh = Effect.gen(function* () {
  const id = freshId()
  const agentId = Thrifty.agentId(id)
  const snapshots = yield* SnapshotStore
  const store = yield* EventStore
  const firstVersion = Effect.map(store.head(agentId), (head) => head.firstVersion)
  const kept = snapshots.versions(agentId)
  return {
    id,
    agentId,
    thrifty: (yield* Thrifty.client)(id),
    kept,
    firstVersion,
    /** Waits until the snapshots are these, and the events below them are gone. */
    keeps: (...versions: ReadonlyArray<number>) =>
      eventually(
        Effect.gen(function* () {
          const isDeleted = versions.length < 2 || (yield* firstVersion) === versions.at(-1)
          return isDeleted && (yield* kept).join() === versions.join()
        })
      )
  }
})

const counted = (count: number) => ({ events: integers(count).map(() => "Counted" as const) })

export const register = (it: It): void => {
  describe("snapshots that the definition asks for", () => {
    it.effect("are taken after an event for which its predicate holds, wherever it lies in what was persisted", () =>
      Effect.gen(function* () {
        const { kept, keeps, thrifty } = yield* fresh
        yield* thrifty.Count({ events: ["Counted", "Closed", "Counted"] })
        yield* keeps(3)
        yield* thrifty.Count({ events: ["Counted"] })
        yield* thrifty.Count({ events: ["Closed"] })
        yield* keeps(5, 3)
        yield* thrifty.Count(counted(9))
        yield* Effect.sleep("20 millis")
        assert.deepStrictEqual(yield* kept, [5, 3])
        // Counted from the last, whatever asked for it.
        yield* thrifty.Count({ events: ["Counted"] })
        yield* keeps(15, 5)
      })
    )

    it.effect("see the state after the event", () =>
      Effect.gen(function* () {
        const { kept, keeps, thrifty } = yield* fresh
        yield* thrifty.Count({ events: ["Closed"] })
        yield* Effect.sleep("20 millis")
        assert.deepStrictEqual(yield* kept, [])
        yield* thrifty.Count({ events: ["Closed"] })
        yield* keeps(2)
      })
    )

    it.effect("harm nobody when the predicate throws", () =>
      Effect.gen(function* () {
        const { keeps, thrifty } = yield* fresh
        assert.strictEqual(yield* thrifty.Count({ events: ["Broken"] }), 1)
        assert.strictEqual(yield* thrifty.Count({ events: ["Closed"] }), 2)
        yield* keeps(2)
      })
    )
  })

  describe("an actor that keeps little of its history", () => {
    it.effect("comes back as it was, and can be read from its oldest snapshot on", () =>
      Effect.gen(function* () {
        const { agentId, id, keeps, thrifty } = yield* fresh
        for (const version of [10, 20, 30, 40]) {
          yield* thrifty.Count(counted(10))
          yield* keeps(...[version, version - 10].filter((kept) => kept > 0))
        }
        yield* thrifty.Count(counted(5))
        yield* ActorSystem.use((system) => system.stop(Thrifty, id))
        const engines = yield* Engines
        yield* engines.fresh(
          Effect.gen(function* () {
            assert.strictEqual(yield* (yield* Thrifty.client)(id).Count(counted(1)), 46)
          })
        )
        for (const at of integers(17, 30)) {
          assert.deepStrictEqual(yield* Thrifty.readState(id, { at }), { state: { count: at }, version: at })
        }
        assert.deepStrictEqual(yield* Thrifty.readState(id, { at: 0 }), { state: { count: 0 }, version: 0 })
        for (const at of [1, 20, 29]) {
          const error = yield* Effect.flip(Thrifty.readState(id, { at }))
          assert.deepInclude(error, { _tag: "VersionMissing", agentId, asked: at, first: 30, last: 46 })
        }
      })
    )

    it.effect("can be read at any time, whatever is deleted meanwhile", () =>
      Effect.gen(function* () {
        const { id, thrifty } = yield* fresh
        let isWriting = true
        const writing = Effect.gen(function* () {
          for (const _ of integers(120)) yield* thrifty.Count({ events: ["Counted", "Closed"] })
          isWriting = false
        })
        const reading = Effect.gen(function* () {
          while (isWriting) {
            const { state, version } = yield* Thrifty.readState(id)
            assert.strictEqual(state.count, version)
          }
        })
        yield* Effect.all([writing, reading, reading], { concurrency: "unbounded" })
        assert.deepStrictEqual(yield* Thrifty.readState(id), { state: { count: 240 }, version: 240 })
      })
    )
  })
}
