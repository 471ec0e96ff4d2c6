import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { SnapshotStore } from "../../../src/index.ts"
import { checkAgent } from "./independent.ts"
import { agents as Agents, eventsOf, fails, freshId, type It, integers, managed } from "./support.ts"

const snapshotVersions = (agentId: string) =>
  SnapshotStore.SnapshotStore.use((store) =>
    Effect.map(store.list(agentId), (snapshots) => snapshots.map(({ version }) => version))
  )

const count = (agentId: string, times: number) =>
  Effect.flatMap(Agents, (agents) =>
    Effect.forEach(integers(times), () => agents.appendEvent(agentId, { type: "counter.added", data: { amount: 1 } }))
  )

export const register = (it: It): void => {
  describe("a snapshot", () => {
    it.effect("holds the state and the place of one moment, and is read back as the agent was", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* agents.updateContext(agentId, { state: { counter: 5 }, metadata: { owner: "me" } })
          const context = yield* agents.updateContext(agentId, { state: { counter: 10 } })
          const snapshot = yield* agents.createSnapshot(agentId)
          const events = yield* eventsOf(agentId)
          assert.deepInclude(snapshot, { agentId, version: 2, state: { counter: 10 }, eventId: events[1]?.id ?? "" })
          yield* agents.setState(agentId, { counter: 99 })
          assert.deepStrictEqual(yield* agents.restoreFromSnapshot(snapshot.id), context)
          assert.deepInclude(yield* agents.getContext(agentId), { state: { counter: 99 }, version: 3 })
          yield* fails(agents.restoreFromSnapshot(freshId()), "SnapshotMissing")
        })
      )
    )

    it.effect("may be taken of an archived agent and a fork, and keeps what they are", () =>
      Effect.gen(function* () {
        const [parent, fork] = [freshId(), freshId()]
        const context = yield* managed(
          Effect.gen(function* () {
            const agents = yield* Agents
            yield* agents.updateContext(parent, { state: { a: 1 } })
            yield* agents.fork(parent, fork)
            yield* agents.updateContext(fork, { metadata: { at: new Date(1), big: 1n } })
            const context = yield* agents.archive(fork)
            yield* agents.createSnapshot(fork)
            return context
          })
        )
        yield* managed(
          Effect.gen(function* () {
            const agents = yield* Agents
            assert.deepStrictEqual(yield* agents.getContext(fork), context)
            assert.deepInclude(context, { status: "archived", parent: { agentId: parent, version: 1 } })
            yield* fails(agents.createSnapshot(freshId()), "AgentMissing")
            yield* agents.deleteContext(fork)
            yield* fails(agents.createSnapshot(fork), "AgentDeleted")
          })
        )
      })
    )

    it.effect(
      "is taken after so many events since the last, behind the writes, and is there when the manager has closed",
      () =>
        Effect.gen(function* () {
          const [often, seldom, never] = [freshId(), freshId(), freshId()]
          const every = (agentId: string) => ({
            every: agentId === often ? 5 : agentId === seldom ? 12 : Number.POSITIVE_INFINITY
          })
          yield* managed(
            Effect.forEach([often, seldom, never], (agentId) => count(agentId, 4)),
            { snapshots: every }
          )
          assert.deepStrictEqual(yield* snapshotVersions(often), [])
          yield* managed(count(often, 1), { snapshots: every })
          assert.deepStrictEqual(yield* snapshotVersions(often), [5])
          // By the distance from the last one, not by the number.
          yield* managed(Effect.flatMap(Agents, (agents) => agents.createSnapshot(seldom)))
          yield* managed(count(seldom, 8), { snapshots: every })
          assert.deepStrictEqual(yield* snapshotVersions(seldom), [4])
          yield* managed(count(seldom, 4), { snapshots: every })
          assert.deepStrictEqual(yield* snapshotVersions(seldom), [16, 4])
          yield* managed(
            Effect.gen(function* () {
              yield* count(seldom, 8)
              yield* (yield* Agents).createSnapshot(seldom)
              yield* count(seldom, 8)
            }),
            { snapshots: every }
          )
          assert.deepStrictEqual(yield* snapshotVersions(seldom), [24, 16, 4])
          yield* managed(count(never, 40), { snapshots: every })
          assert.deepStrictEqual(yield* snapshotVersions(never), [])
          yield* managed(Effect.forEach([often, seldom, never], (agentId) => checkAgent(agentId)))
        })
    )

    it.effect("of other reducers is not used, and is no lie when it is asked for", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const add = { type: "counter.added", data: { amount: 1 } }
        const snapshot = yield* managed(
          Effect.gen(function* () {
            const agents = yield* Agents
            yield* agents.appendEvents(agentId, [add, add, add])
            return yield* agents.createSnapshot(agentId)
          })
        )
        assert.deepStrictEqual(snapshot.state, { count: 3 })
        const twice = { reducers: { "counter.added": (state: object) => ({ ...state, twice: true }) } }
        yield* managed(
          Effect.gen(function* () {
            const agents = yield* Agents
            assert.deepInclude(yield* agents.getContext(agentId), { state: { twice: true }, version: 3 })
            assert.deepInclude(yield* agents.restoreFromSnapshot(snapshot.id), { state: { twice: true }, version: 3 })
            yield* agents.createSnapshot(agentId)
          }),
          { ...twice, stateVersion: 2 }
        )
        yield* managed(
          Effect.gen(function* () {
            assert.deepInclude(yield* (yield* Agents).getContext(agentId), { state: { count: 3 }, version: 3 })
          })
        )
      })
    )

    it.effect("goes with the agent when it is purged", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* agents.setState(agentId, { a: 1 })
          const { id } = yield* agents.createSnapshot(agentId)
          yield* agents.purge(agentId)
          yield* fails(agents.restoreFromSnapshot(id), "SnapshotMissing")
          assert.deepStrictEqual(yield* snapshotVersions(agentId), [])
        })
      )
    )
  })
}
