/**
 * Several fibers at once, and the purge of an agent.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { EventStore } from "../../../src/EventStore.ts"
import { SnapshotStore } from "../../../src/SnapshotStore.ts"
import { freshId, get, type It, integers, latest, save, versionsOf } from "./support.ts"

const all = { concurrency: "unbounded" } as const

export const register = (it: It): void => {
  describe("saving at the same time", () => {
    it.effect("lets one snapshot of a version stand, whole, with its own id, and forgets the ids of the others", () =>
      Effect.gen(function* () {
        for (const round of integers(5)) {
          const agentId = freshId()
          const saves = integers(12).map((writer) =>
            save(agentId, round, { state: { writer }, eventId: `event of ${writer}`, metadata: { writer } })
          )
          const saved = yield* Effect.all(saves, all)
          const standing = yield* latest(agentId)
          assert.deepStrictEqual(yield* versionsOf(agentId), [round])
          assert.deepInclude(saved, standing)
          for (const snapshot of saved) {
            assert.deepStrictEqual(yield* get(snapshot.id), snapshot.id === standing?.id ? snapshot : undefined)
          }
        }
      })
    )

    it.effect("lets one snapshot have an id, and refuses it to the others", () =>
      Effect.gen(function* () {
        const [agentId, id] = [freshId(), freshId()]
        const results = yield* Effect.all(
          integers(8).map((version) => Effect.exit(save(agentId, version, { id }))),
          all
        )
        const winners = results.flatMap((exit) => (exit._tag === "Success" ? [exit.value] : []))
        assert.strictEqual(winners.length, 1)
        assert.deepStrictEqual(yield* get(id), winners[0])
        assert.deepStrictEqual(yield* versionsOf(agentId), [winners[0]?.version])
      })
    )

    it.effect("counts each deleted snapshot once, whoever deletes it", () =>
      Effect.gen(function* () {
        const store = yield* SnapshotStore
        const agentId = freshId()
        yield* Effect.all(
          integers(40).map((version) => save(agentId, version)),
          all
        )
        const counts = yield* Effect.all(
          integers(4).map(() => store.deleteAll(agentId)),
          all
        )
        assert.strictEqual(
          counts.reduce((sum, count) => sum + count, 0),
          40
        )
        assert.deepStrictEqual(yield* versionsOf(agentId), [])
      })
    )
  })

  describe("the events of the agent", () => {
    it.effect("take the snapshots with them when the agent is purged, and leave those of others", () =>
      Effect.gen(function* () {
        const events = yield* EventStore
        const agentId = freshId()
        const other = `${agentId}-1`
        yield* events.append({ agentId, events: [{ type: "a.happened" }, { type: "a.happened" }] })
        const saved = [yield* save(agentId, 1), yield* save(agentId, 2)]
        const kept = yield* save(other, 1)
        yield* events.purge(agentId)
        assert.deepStrictEqual(yield* versionsOf(agentId), [])
        for (const { id } of saved) assert.isUndefined(yield* get(id))
        assert.deepStrictEqual(yield* latest(other), kept)
        const again = yield* save(agentId, 1, { id: saved[0]?.id })
        assert.deepStrictEqual(yield* latest(agentId), again)
      })
    )

    it.effect("leave the snapshots alone when they are deleted", () =>
      Effect.gen(function* () {
        const events = yield* EventStore
        const agentId = freshId()
        yield* events.append({ agentId, events: [{ type: "a.happened" }] })
        const saved = yield* save(agentId, 1)
        yield* events.deleteEvents(agentId, 1)
        assert.deepStrictEqual(yield* latest(agentId), saved)
      })
    )
  })
}
