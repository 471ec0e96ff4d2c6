import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type AgentStateManager, EventStore } from "../../../src/index.ts"
import { checkAgent } from "./independent.ts"
import { agents as Agents, fails, freshId, type It, includes, integers, managed, storedVersion } from "./support.ts"

type Manager = AgentStateManager.AgentStateManager["Service"]

/** Every way to write to an agent that is there. */
const writes = (agents: Manager, agentId: string): ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }>> => [
  agents.updateContext(agentId, { state: { b: 1 } }),
  agents.setState(agentId, {}),
  agents.patchState(agentId, []),
  agents.appendEvent(agentId, { type: "a" }),
  agents.appendEvents(agentId, [{ type: "a" }]),
  agents.modify(agentId, () => Effect.succeed({})),
  agents.modify(agentId, () => Effect.as(Effect.yieldNow, {})),
  agents.revertTo(agentId, 1)
]

export const register = (it: It): void => {
  describe("reverting", () => {
    it.effect("makes the state what it was, and keeps the history and the metadata", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* agents.updateContext(agentId, { state: { a: 1 } })
          yield* agents.updateContext(agentId, { state: { b: [new Date(1)] }, metadata: { m: 1 } })
          yield* agents.setState(agentId, {})
          const reverted = yield* agents.revertTo(agentId, 2)
          assert.deepInclude(reverted, { state: { a: 1, b: [new Date(1)] }, metadata: { m: 1 }, version: 4 })
          assert.deepInclude(yield* agents.getContextAt(agentId, { version: 3 }), { state: {} })
          assert.deepInclude(yield* agents.revertTo(agentId, 3), { state: {}, version: 5 })
          yield* fails(agents.revertTo(agentId, 6), "VersionMissing", { asked: 6, first: 1, last: 5 })
          yield* fails(agents.revertTo(agentId, 0), "InvalidInput", { path: "version" })
          yield* fails(agents.revertTo(freshId(), 1), "AgentMissing")
          yield* checkAgent(agentId, [reverted])
        })
      )
    )
  })

  describe("a fork", () => {
    it.effect("begins with the state of its parent, remembers it, and goes its own way", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const [parent, now, then] = [freshId(), freshId(), freshId()]
          yield* agents.updateContext(parent, { state: { a: 1 }, metadata: { m: 1 } })
          yield* agents.updateContext(parent, { state: { b: 2 } })
          const first = yield* agents.fork(parent, now)
          assert.deepInclude(first, {
            agentId: now,
            version: 1,
            state: { a: 1, b: 2 },
            metadata: {},
            status: "active",
            parent: { agentId: parent, version: 2 }
          })
          const second = yield* agents.fork(parent, then, { at: 1 })
          assert.deepInclude(second, { state: { a: 1 }, parent: { agentId: parent, version: 1 } })
          const changed = yield* agents.updateContext(now, { state: { a: 9 } })
          assert.deepInclude(changed, { state: { a: 9, b: 2 }, parent: { agentId: parent, version: 2 }, version: 2 })
          assert.deepInclude(yield* agents.getContext(parent), { state: { a: 1, b: 2 }, version: 2 })
          yield* agents.purge(parent)
          assert.deepStrictEqual(yield* agents.getContext(now), changed)
          yield* checkAgent(now, [first, changed])
          yield* checkAgent(then, [second])
        })
      )
    )

    it.effect("needs an id that is free, and a parent that has the version", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const [parent, other, deleted] = [freshId(), freshId(), freshId()]
          yield* agents.setState(parent, { a: 1 })
          yield* agents.setState(other, { b: 1 })
          yield* agents.setState(deleted, { c: 1 })
          yield* agents.deleteContext(deleted)
          yield* fails(agents.fork(parent, other), "Conflict", { agentId: other, expected: "none", actual: 1 })
          yield* fails(agents.fork(parent, parent), "Conflict", { agentId: parent })
          yield* fails(agents.fork(parent, deleted), "AgentDeleted", { agentId: deleted })
          yield* fails(agents.fork(parent, freshId(), { at: 2 }), "VersionMissing", { agentId: parent, asked: 2 })
          yield* fails(agents.fork(freshId(), freshId()), "AgentMissing")
          yield* fails(agents.fork(deleted, freshId()), "AgentDeleted", { agentId: deleted })
          yield* agents.archive(other)
          assert.deepInclude(yield* agents.fork(other, freshId()), { state: { b: 1 }, status: "active" })
          assert.deepInclude(yield* agents.fork(deleted, freshId(), { at: 1 }), { state: { c: 1 }, status: "active" })
          yield* agents.purge(deleted)
          assert.deepInclude(yield* agents.fork(parent, deleted), { state: { a: 1 }, status: "active", version: 4 })
        })
      )
    )
  })

  describe("an archived agent", () => {
    it.effect("is read as it was, refuses every write, and is as before when it is restored", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const before = yield* agents.updateContext(agentId, { state: { a: 1 }, metadata: { m: 1 } })
          const archived = yield* agents.archive(agentId)
          assert.deepInclude(archived, { ...before, version: 2, status: "archived", updatedAt: archived.updatedAt })
          assert.deepStrictEqual(yield* agents.archive(agentId), archived)
          for (const write of writes(agents, agentId)) {
            const error = yield* Effect.flip(write)
            includes(error, { _tag: "AgentArchived", agentId, version: 2 })
          }
          assert.strictEqual(yield* storedVersion(agentId), 2)
          const restored = yield* agents.restore(agentId)
          assert.deepInclude(restored, { state: { a: 1 }, version: 3, status: "active" })
          assert.deepStrictEqual(yield* agents.restore(agentId), restored)
          for (const write of writes(agents, agentId)) yield* write
          yield* fails(agents.archive(freshId()), "AgentMissing")
          yield* fails(agents.restore(freshId()), "AgentMissing")
          yield* checkAgent(agentId, [before, archived, restored])
        })
      )
    )
  })

  describe("a deleted agent", () => {
    it.effect("refuses every write, and may be deleted again", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* agents.setState(agentId, { a: 1 })
          const deleted = yield* agents.deleteContext(agentId)
          assert.deepInclude(deleted, { status: "deleted", version: 2, deletedAt: deleted.updatedAt })
          for (const write of [...writes(agents, agentId), agents.archive(agentId), agents.restore(agentId)]) {
            const error = yield* Effect.flip(write as Effect.Effect<unknown, { readonly _tag: string }>)
            includes(error, { _tag: "AgentDeleted", agentId, version: 2, deletedAt: deleted.updatedAt })
          }
          assert.deepStrictEqual(yield* agents.deleteContext(agentId), deleted)
          assert.deepStrictEqual(yield* agents.deleteContext(agentId, { expected: 1 }), deleted)
          assert.strictEqual(yield* storedVersion(agentId), 2)
          yield* fails(agents.deleteContext(freshId()), "AgentMissing")
          yield* checkAgent(agentId, [deleted])
        })
      )
    )

    it.effect("stays deleted, whatever others append to its stream", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const store = yield* EventStore.EventStore
          const agentId = freshId()
          yield* agents.setState(agentId, { a: 1 })
          const { deletedAt } = yield* agents.deleteContext(agentId)
          const types = ["context.restored", "context.archived", "context.deleted", "something.else"]
          yield* store.append({ agentId, events: types.map((type) => ({ type, timestamp: new Date(8.64e15) })) })
          for (const version of integers(5, 2)) {
            includes(yield* agents.getContextAt(agentId, { version }), { status: "deleted", deletedAt })
          }
          yield* fails(agents.getContext(agentId), "AgentDeleted", { version: 6, deletedAt: deletedAt ?? new Date(0) })
        })
      )
    )

    it.effect("may have been archived before", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* agents.setState(agentId, { a: 1 })
          yield* agents.archive(agentId)
          assert.deepInclude(yield* agents.deleteContext(agentId), { status: "deleted", version: 3 })
          yield* checkAgent(agentId)
        })
      )
    )
  })

  describe("a purged agent", () => {
    it.effect("is missing, and its id may be used again, without a version given twice", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const first = yield* agents.setState(agentId, { a: 1 }, { id: `${agentId}-1` })
          yield* agents.deleteContext(agentId)
          assert.strictEqual(yield* agents.purge(agentId), 2)
          assert.strictEqual(yield* agents.purge(agentId), 0)
          yield* fails(agents.getContext(agentId), "AgentMissing")
          yield* fails(agents.getContextAt(agentId, { version: 1 }), "AgentMissing")
          yield* fails(agents.getContextHistory(agentId), "AgentMissing")
          yield* fails(Stream.runCollect(agents.history(agentId)), "AgentMissing")
          yield* fails(agents.revertTo(agentId, 1), "AgentMissing")
          yield* fails(agents.deleteContext(agentId), "AgentMissing")
          const anew = yield* agents.updateContext(agentId, { state: { b: 1 } }, { expected: "none" })
          assert.deepInclude(anew, { state: { b: 1 }, version: 4, status: "active" })
          assert.notStrictEqual(anew.id, first.id)
          assert.deepStrictEqual(anew.createdAt, anew.updatedAt)
          yield* fails(agents.getContextAt(agentId, { version: 2 }), "VersionMissing", { asked: 2, first: 4, last: 4 })
          yield* checkAgent(agentId, [anew])
        })
      )
    )

    it.effect("forgets its command and event ids", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const write = agents.setState(agentId, { a: 1 }, { id: `${agentId}-1`, commandId: "c" })
          assert.strictEqual((yield* write).version, 1)
          yield* agents.purge(agentId)
          assert.strictEqual((yield* write).version, 3)
        })
      )
    )

    it.effect("is purged while others write: what is written before is gone, what is written after is whole", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const add = agents.appendEvent(agentId, { type: "counter.added", data: { amount: 1 } })
          const write = Effect.forEach(integers(40), () => add, { discard: true })
          const purge = Effect.forEach(integers(8), () => Effect.andThen(Effect.yieldNow, agents.purge(agentId)))
          yield* Effect.all([write, write, purge, write], { concurrency: "unbounded" })
          yield* add
          const { events } = yield* agents.getContextHistory(agentId, { limit: 1000 })
          assert.deepInclude(yield* agents.getContext(agentId), { state: { count: events.length } })
          yield* checkAgent(agentId)
        })
      )
    )
  })
}
