import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { EventStore } from "../../../src/index.ts"
import { checkAgent } from "./independent.ts"
import { agents as Agents, eventsOf, fails, freshId, type It, managed } from "./support.ts"

export const register = (it: It): void => {
  describe("reading", () => {
    it.effect("tells missing, empty, archived and deleted apart", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const [missing, empty, archived, deleted] = [freshId(), freshId(), freshId(), freshId()]
          yield* agents.updateContext(empty, {})
          yield* agents.setState(archived, { a: 1 })
          yield* agents.archive(archived)
          yield* agents.setState(deleted, { a: 1 })
          const { deletedAt, updatedAt } = yield* agents.deleteContext(deleted)
          assert.deepStrictEqual(deletedAt, updatedAt)
          yield* fails(agents.getContext(missing), "AgentMissing", { agentId: missing })
          assert.deepInclude(yield* agents.getContext(empty), { state: {}, version: 1, status: "active" })
          assert.deepInclude(yield* agents.getContext(archived), { state: { a: 1 }, version: 2, status: "archived" })
          yield* fails(agents.getContext(deleted), "AgentDeleted", {
            agentId: deleted,
            version: 2,
            deletedAt: updatedAt
          })
        })
      )
    )

    it.effect("derives every field from the events", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* agents.appendEvent(agentId, { type: "a", timestamp: new Date(1000) })
          yield* agents.appendEvent(agentId, { type: "b", timestamp: new Date(500) })
          const context = yield* agents.updateContext(agentId, { state: { a: 1 }, metadata: { b: 2 } })
          const events = yield* eventsOf(agentId)
          assert.deepStrictEqual(context, {
            id: events[0]?.id ?? "",
            agentId,
            state: { a: 1 },
            version: 3,
            status: "active",
            createdAt: new Date(1000),
            updatedAt: events[2]?.timestamp ?? new Date(0),
            metadata: { b: 2 }
          })
          assert.deepStrictEqual(yield* agents.getContext(agentId), context)
          assert.deepStrictEqual(yield* agents.getContext(agentId), context)
        })
      )
    )

    it.effect("gives an agent as it was at each version, after any number of snapshots and restarts", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        for (let life = 0; life < 3; life++) {
          yield* managed(
            Effect.gen(function* () {
              const agents = yield* Agents
              for (let count = 0; count < 9; count++) {
                yield* agents.appendEvent(agentId, { type: "list.extended", data: { item: `${life}.${count}` } })
              }
              yield* agents.createSnapshot(agentId)
              yield* checkAgent(agentId)
            })
          )
          yield* managed(checkAgent(agentId))
        }
      })
    )

    it.effect("does not know versions that were never reached", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* agents.setState(agentId, { a: 1 })
          yield* agents.setState(agentId, { a: 2 })
          yield* fails(agents.getContextAt(agentId, { version: 3 }), "VersionMissing", { asked: 3, first: 1, last: 2 })
          for (const version of [0, -1, 1.5, Number.NaN]) {
            yield* fails(agents.getContextAt(agentId, { version }), "InvalidInput", { path: "version" })
          }
          yield* fails(agents.getContextAt(freshId(), { version: 1 }), "AgentMissing")
        })
      )
    )

    it.effect("gives an agent as it was at a time: after the last event that is not later", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          // The clock of the second writer is behind.
          for (const time of [1000, 2000, 1500, 3000, 9000]) {
            yield* agents.appendEvent(agentId, {
              type: "counter.added",
              data: { amount: 1 },
              timestamp: new Date(time)
            })
          }
          const versionAt = (time: number) =>
            Effect.map(agents.getContextAt(agentId, { time: new Date(time) }), ({ version }) => version)
          assert.strictEqual(yield* versionAt(1000), 1)
          assert.strictEqual(yield* versionAt(1499), 1)
          assert.strictEqual(yield* versionAt(1999), 3)
          assert.strictEqual(yield* versionAt(2999), 3)
          assert.strictEqual(yield* versionAt(3000), 4)
          assert.strictEqual(yield* versionAt(1_000_000_000), 5)
          const early = new Date(999)
          yield* fails(agents.getContextAt(agentId, { time: early }), "VersionMissing", {
            asked: early,
            first: 1,
            last: 5
          })
          yield* fails(agents.getContextAt(agentId, { time: new Date(Number.NaN) }), "InvalidInput", { path: "time" })
          yield* fails(agents.getContextAt(freshId(), { time: early }), "AgentMissing")
        })
      )
    )

    it.effect("shows what a deleted agent was, and that it is deleted since", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const before = yield* agents.setState(agentId, { a: 1 })
          const after = yield* agents.deleteContext(agentId)
          assert.deepStrictEqual(yield* agents.getContextAt(agentId, { version: 1 }), before)
          assert.deepStrictEqual(yield* agents.getContextAt(agentId, { version: 2 }), after)
          assert.deepStrictEqual(yield* agents.getContextAt(agentId, { time: new Date(8.64e15) }), after)
          assert.deepInclude(after, { status: "deleted", state: { a: 1 }, version: 2 })
          const { events } = yield* agents.getContextHistory(agentId)
          assert.deepStrictEqual(
            events.map(({ type }) => type),
            ["context.replaced", "context.deleted"]
          )
        })
      )
    )

    it.effect("goes on from a snapshot when the events below it were deleted, and says what is gone", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const store = yield* EventStore.EventStore
        const expected = yield* managed(
          Effect.gen(function* () {
            const agents = yield* Agents
            for (const time of [1000, 2000, 3000, 4000]) {
              yield* agents.appendEvent(agentId, { type: "list.extended", timestamp: new Date(time) })
              if (time === 2000) yield* agents.createSnapshot(agentId)
            }
            return yield* agents.getContext(agentId)
          })
        )
        yield* store.deleteEvents(agentId, 2)
        yield* managed(
          Effect.gen(function* () {
            const agents = yield* Agents
            assert.deepStrictEqual(yield* agents.getContext(agentId), expected)
            assert.deepInclude(yield* agents.getContextAt(agentId, { version: 2 }), { version: 2 })
            assert.deepInclude(yield* agents.getContextAt(agentId, { time: new Date(2500) }), { version: 2 })
            yield* fails(agents.getContextAt(agentId, { version: 1 }), "VersionMissing", { first: 3, last: 4 })
            yield* fails(agents.getContextAt(agentId, { time: new Date(1500) }), "VersionMissing")
            const { state, version } = yield* agents.updateContext(agentId, { state: { more: true } })
            assert.deepStrictEqual([version, state["list"]], [5, expected.state["list"]])
          })
        )
      })
    )

    it.effect("gives contexts that nobody can change by mistake", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const mine = { list: [{ a: 1 }] }
          const context = yield* agents.setState(agentId, mine)
          mine.list.push({ a: 2 })
          assert.deepStrictEqual(context.state, { list: [{ a: 1 }] })
          assert.throws(() => Reflect.set(context, "version", 7) || assert.fail("refused"), /refused/)
          const isFrozen = (value: unknown): boolean =>
            typeof value !== "object" ||
            value === null ||
            (Object.isFrozen(value) && Object.values(value).every(isFrozen))
          for (const { metadata, state } of [context, yield* agents.getContext(agentId)]) {
            assert.isTrue(isFrozen(state) && isFrozen(metadata))
          }
          yield* managed(
            Effect.gen(function* () {
              assert.isTrue(isFrozen((yield* (yield* Agents).getContext(agentId)).state))
            })
          )
        })
      )
    )

    it.effect("refuses ids that are none", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          for (const agentId of ["", "\u0000", "x".repeat(256)]) {
            yield* fails(agents.getContext(agentId), "InvalidInput", { path: "agentId" })
            yield* fails(agents.getContextAt(agentId, { version: 1 }), "InvalidInput", { path: "agentId" })
            yield* fails(agents.getContextHistory(agentId), "InvalidInput", { path: "agentId" })
            yield* fails(agents.updateContext(agentId, {}), "InvalidInput", { path: "agentId" })
            yield* fails(agents.createSnapshot(agentId), "InvalidInput", { path: "agentId" })
            yield* fails(agents.purge(agentId), "InvalidInput", { path: "agentId" })
            yield* fails(agents.modify(agentId, Effect.succeed), "InvalidInput", { path: "agentId" })
          }
          yield* fails(agents.restoreFromSnapshot(""), "InvalidInput", { path: "snapshotId" })
        })
      )
    )
  })
}
