import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Memory from "../../layers/memory/index.ts"
import { EventStore, SnapshotStore } from "../../src/index.ts"
import type { Stores } from "../../src/store/Replay.ts"
import * as Replay from "../../src/store/Replay.ts"
import * as Retention from "../../src/store/Retention.ts"
import * as FaultyStore from "../contract/FaultyStore.ts"

const agentId = "a"

/** Notes which operations came, in order, that change something. */
const observed = (stores: Stores, log: Array<string>): Stores => {
  const noted =
    <Args extends ReadonlyArray<unknown>, A, E>(name: string, run: (...args: Args) => Effect.Effect<A, E>) =>
    (...args: Args) =>
      Effect.suspend(() => {
        log.push(`${name} ${JSON.stringify(args[1])}`)
        return run(...args)
      })
  const { deleteEvents } = stores.events
  const { deleteAll, latest } = stores.snapshots
  return {
    events: { ...stores.events, deleteEvents: noted("delete events", deleteEvents) },
    snapshots: {
      ...stores.snapshots,
      latest: noted("read", latest),
      deleteAll: noted("delete snapshots", deleteAll)
    }
  }
}

/** Ten events and the snapshots of these versions. */
const filled = (versions: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const stores = yield* Replay.stores
    yield* stores.events.append({ agentId, events: Array.from({ length: 10 }, () => ({ type: "a.happened" })) })
    for (const version of versions) {
      yield* stores.snapshots.save({ agentId, version, eventId: `e${version}`, state: version })
    }
    const log: Array<string> = []
    const left = Effect.gen(function* () {
      const { firstVersion } = yield* stores.events.head(agentId)
      return [firstVersion, ...(yield* stores.snapshots.versions(agentId))]
    })
    return { stores: observed(stores, log), log, left }
  })

const opens = () => Result.succeed({})
const layer = Layer.fresh(FaultyStore.layer.pipe(Layer.provide(Memory.layer)))
const thrifty = { keep: 2, deleteEvents: true }

describe("what a snapshot makes superfluous", () => {
  it.effect("is deleted once the snapshot has been read back: events, then older snapshots", () =>
    Effect.gen(function* () {
      const { left, log, stores } = yield* filled([2, 4, 6, 8])
      yield* Retention.retain(stores, agentId, 8, thrifty, opens)
      assert.deepStrictEqual(log, [
        'read {"minVersion":8,"maxVersion":8}',
        "delete events 5",
        'delete snapshots {"maxVersion":5}'
      ])
      assert.deepStrictEqual(yield* left, [6, 8, 6])
    }).pipe(Effect.provide(layer))
  )

  it.effect("is nothing when all are kept, when there are too few, or when the snapshot is gone again", () =>
    Effect.gen(function* () {
      const { left, log, stores } = yield* filled([2, 4, 6])
      yield* Retention.retain(stores, agentId, 6, { keep: Number.POSITIVE_INFINITY, deleteEvents: false }, opens)
      yield* Retention.retain(stores, agentId, 6, { ...thrifty, keep: 4 }, opens)
      yield* Retention.retain(stores, agentId, 8, thrifty, opens)
      assert.deepStrictEqual(log, [])
      assert.deepStrictEqual(yield* left, [1, 6, 4, 2])
    }).pipe(Effect.provide(layer))
  )

  it.effect("does not count snapshots that another writer has taken since", () =>
    Effect.gen(function* () {
      const { left, stores } = yield* filled([2, 4, 6, 8, 9, 10])
      yield* Retention.retain(stores, agentId, 6, thrifty, opens)
      assert.deepStrictEqual(yield* left, [4, 10, 9, 8, 6, 4])
    }).pipe(Effect.provide(layer))
  )

  it.effect("stays when the events are to stay", () =>
    Effect.gen(function* () {
      const { left, stores } = yield* filled([2, 4, 6])
      yield* Retention.retain(stores, agentId, 6, { keep: 1, deleteEvents: false }, opens)
      assert.deepStrictEqual(yield* left, [1, 6])
    }).pipe(Effect.provide(layer))
  )

  it.effect("stays when the snapshot cannot be read back, or makes no state", () =>
    Effect.gen(function* () {
      const { left, stores } = yield* filled([2, 4, 6])
      const useless = () => Result.fail({ reason: "damaged", found: "no state" } as const)
      const error = yield* Effect.flip(Retention.retain(stores, agentId, 6, thrifty, useless))
      assert.deepInclude(error, { _tag: "Corrupted", subject: 'snapshot 6 of agent "a"', found: "no state" })
      const faults = yield* FaultyStore.FaultyStore
      yield* faults.fail({ on: "latest" })
      assert.strictEqual((yield* Effect.flip(Retention.retain(stores, agentId, 6, thrifty, opens)))._tag, "Unavailable")
      assert.deepStrictEqual(yield* left, [1, 6, 4, 2])
    }).pipe(Effect.provide(layer))
  )

  it.effect("is not even saved for an agent that was purged meanwhile", () =>
    Effect.gen(function* () {
      const { left, stores } = yield* filled([2])
      yield* EventStore.EventStore.use((store) => store.purge(agentId))
      assert.isTrue(
        (yield* Retention.save(stores, { agentId, version: 10, eventId: "e10", state: 10 }))._tag === "None"
      )
      assert.deepStrictEqual(yield* left, [0])
      yield* SnapshotStore.SnapshotStore.use((store) => store.deleteAll(agentId))
    }).pipe(Effect.provide(layer))
  )
})
