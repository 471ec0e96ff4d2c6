import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { EventStore } from "../../../src/index.ts"
import { agents as Agents, fails, freshId, type It, includes, managed, storedVersion } from "./support.ts"

export const register = (it: It): void => {
  describe("expecting", () => {
    it.effect("a version stores only at that version, and tells both numbers otherwise", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* fails(agents.setState(agentId, {}, { expected: 1 }), "Conflict", { expected: 1, actual: 0 })
          yield* agents.setState(agentId, { a: 1 }, { expected: 0 })
          yield* agents.setState(agentId, { a: 2 }, { expected: 1 })
          yield* fails(agents.setState(agentId, {}, { expected: 1 }), "Conflict", { expected: 1, actual: 2 })
          yield* fails(agents.setState(agentId, {}, { expected: 3 }), "Conflict", { expected: 3, actual: 2 })
          assert.deepInclude(yield* agents.getContext(agentId), { state: { a: 2 }, version: 2 })
        })
      )
    )

    it.effect("none creates an agent, and refuses one that is there", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* agents.updateContext(agentId, { state: { a: 1 } }, { expected: "none" })
          const again = agents.updateContext(agentId, { state: { a: 2 } }, { expected: "none" })
          yield* fails(again, "Conflict", { expected: "none", actual: 1 })
          assert.deepInclude(yield* agents.getContext(agentId), { state: { a: 1 }, version: 1 })
        })
      )
    )

    it.effect("holds for every kind of write", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* agents.setState(agentId, { a: 1 })
          const late = { expected: 7 }
          const writes = [
            agents.updateContext(agentId, {}, late),
            agents.setState(agentId, {}, late),
            agents.patchState(agentId, [], late),
            agents.appendEvent(agentId, { type: "a" }, late),
            agents.appendEvents(agentId, [{ type: "a" }, { type: "b" }], late),
            agents.revertTo(agentId, 1, late),
            agents.archive(agentId, late),
            agents.deleteContext(agentId, late)
          ]
          for (const write of writes) {
            const error = yield* Effect.flip(write as Effect.Effect<unknown, { readonly _tag: string }>)
            includes(error, { _tag: "Conflict", expected: 7, actual: 1 })
          }
          assert.strictEqual(yield* storedVersion(agentId), 1)
        })
      )
    )

    it.effect("is answered by what the store holds, not by what this manager saw last", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* agents.setState(agentId, { a: 1 })
          // Another manager writes, of which this one knows nothing.
          yield* managed(
            Effect.gen(function* () {
              yield* (yield* Agents).setState(agentId, { a: 2 })
            })
          )
          yield* fails(agents.setState(agentId, {}, { expected: 1 }), "Conflict", { expected: 1, actual: 2 })
          yield* managed(
            Effect.gen(function* () {
              yield* (yield* Agents).setState(agentId, { a: 3 })
            })
          )
          assert.deepInclude(yield* agents.updateContext(agentId, { state: { b: 1 } }, { expected: 3 }), {
            state: { a: 3, b: 1 },
            version: 4
          })
        })
      )
    )

    it.effect("nothing applies a write to whatever others made of the agent", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const store = yield* EventStore.EventStore
          const agentId = freshId()
          yield* agents.setState(agentId, { a: 1 })
          for (let round = 2; round < 40; round += 2) {
            yield* store.append({ agentId, events: [{ type: "counter.added", data: { amount: round } }] })
            const { state, version } = yield* agents.updateContext(agentId, { state: { round } })
            assert.strictEqual(version, round + 1)
            assert.deepStrictEqual(state, { a: 1, round, count: ((round / 2) * (round + 2)) / 2 })
          }
        })
      )
    )

    it.effect("learns that another process archived, restored, deleted or purged the agent", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const elsewhere = <A, E>(act: (agents: typeof Agents.Service) => Effect.Effect<A, E>) =>
            managed(Effect.flatMap(Agents, act))
          yield* agents.setState(agentId, { a: 1 })
          yield* elsewhere((others) => others.archive(agentId))
          yield* fails(agents.setState(agentId, {}), "AgentArchived", { agentId, version: 2 })
          yield* elsewhere((others) => others.restore(agentId))
          assert.strictEqual((yield* agents.setState(agentId, { a: 2 })).version, 4)
          yield* elsewhere((others) => others.deleteContext(agentId))
          yield* fails(agents.setState(agentId, {}), "AgentDeleted", { agentId, version: 5 })
          yield* elsewhere((others) => others.purge(agentId))
          const anew = yield* agents.updateContext(agentId, { state: { b: 1 } })
          assert.deepInclude(anew, { state: { b: 1 }, version: 7, status: "active" })
          // And written anew, so that what is there looks like a continuation.
          for (const key of ["c", "d"]) {
            yield* elsewhere((others) => others.purge(agentId))
            yield* elsewhere((others) => others.updateContext(agentId, { state: { [key]: 1 } }))
            yield* elsewhere((others) => others.updateContext(agentId, { state: { more: 1 } }))
            if (key === "c")
              assert.deepInclude(yield* agents.getContext(agentId), { state: { c: 1, more: 1 }, version: 10 })
          }
          const next = yield* agents.updateContext(agentId, { state: { e: 1 } })
          assert.deepInclude(next, { state: { d: 1, more: 1, e: 1 }, version: 14 })
          yield* elsewhere((others) => others.purge(agentId))
          yield* fails(agents.getContext(agentId), "AgentMissing")
          yield* fails(agents.deleteContext(agentId), "AgentMissing")
        })
      )
    )
  })
}
