import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { AgentStateManager, ContextEvent } from "../../../src/index.ts"
import {
  agents as Agents,
  eventsOf,
  fails,
  freshId,
  type It,
  integers,
  managed,
  numberOf,
  storedVersion
} from "./support.ts"

const add = (amount: number, id?: string): ContextEvent.NewEvent => ({
  type: "counter.added",
  data: { amount },
  ...(id === undefined ? {} : { id })
})

const countOf = (agentId: string) =>
  Agents.use((agents) => Effect.map(agents.getContext(agentId), ({ state }) => numberOf(state, "count")))

export const register = (it: It): void => {
  describe("writing to several agents together", () => {
    it.effect("stores all of it, and later reads and writes rest on it", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const [left, right] = [freshId(), freshId()]
          yield* agents.setState(left, { count: 10 })
          const stored = yield* agents.appendTogether([
            { agentId: left, events: [add(-3), { type: "other" }], expected: 1 },
            { agentId: right, events: [add(3)], expected: "none" }
          ])
          assert.deepStrictEqual(
            stored.map((events) => events.map(({ agentId, version }) => `${agentId} ${version}`)),
            [[`${left} 2`, `${left} 3`], [`${right} 1`]]
          )
          assert.deepStrictEqual((yield* eventsOf(left)).slice(1), stored[0])
          assert.deepStrictEqual(yield* eventsOf(right), stored[1])
          assert.deepStrictEqual([yield* countOf(left), yield* countOf(right)], [7, 3])
          const next = yield* agents.updateContext(left, { state: { next: true } }, { expected: 3 })
          assert.deepInclude(next, { version: 4, state: { count: 7, next: true } })
          assert.deepStrictEqual(yield* agents.appendTogether([]), [])
        })
      )
    )

    it.effect("stores nothing when one of them is refused, and says which and why", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const [left, right] = [freshId(), freshId()]
          yield* agents.setState(right, { count: 1 })
          const step = (events: ReadonlyArray<ContextEvent.NewEvent>, expected?: number) =>
            agents.appendTogether([
              { agentId: left, events: [add(1)] },
              { agentId: right, events, expected }
            ])
          yield* fails(step([add(1)], 7), "Conflict", { agentId: right, expected: 7, actual: 1 })
          yield* fails(step([add(1), { type: "reducer.throws" }]), "ReducerFailed", { agentId: right })
          yield* agents.archive(right)
          yield* fails(step([add(1)]), "AgentArchived", { agentId: right })
          yield* agents.restore(right)
          yield* agents.deleteContext(right)
          yield* fails(step([add(1)]), "AgentDeleted", { agentId: right })
          assert.strictEqual(yield* storedVersion(left), 0)
        })
      )
    )

    it.effect("refuses what breaks a rule, by its path", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const good = { agentId, events: [add(1)] }
          const steps: ReadonlyArray<readonly [string, ReadonlyArray<AgentStateManager.AgentEvents>]> = [
            ["writes/1/agentId", [good, { agentId: "", events: [add(1)] }]],
            ["writes/1/agentId", [good, { agentId, events: [add(1)] }]],
            ["writes/1/agentId", [good, { agentId: "pantheon/a", events: [add(1)] }]],
            ["writes/1/events", [good, { agentId: freshId(), events: [] }]],
            ["writes/0/event/type", [{ agentId, events: [{ type: "context.updated" }] }]],
            ["writes/0/events/1/data/x", [{ agentId, events: [add(1), { type: "a", data: { x: Number.NaN } }] }]],
            ["writes/0/expected", [{ agentId, events: [add(1)], expected: -1 }]]
          ]
          for (const [path, step] of steps) yield* fails(agents.appendTogether(step), "InvalidInput", { path })
          yield* fails(agents.appendTogether([good], { commandId: "" }), "InvalidInput", { path: "commandId" })
          assert.strictEqual(yield* storedVersion(agentId), 0)
        })
      )
    )

    it.effect("gives the first result when it is repeated, whatever has happened since", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const [left, right] = [freshId(), freshId()]
          const byIds = [
            { agentId: left, events: [add(1, freshId())], expected: 0 },
            { agentId: right, events: [add(2, freshId()), add(3, freshId())], expected: "none" as const }
          ]
          const byCommand = [
            { agentId: left, events: [add(10)] },
            { agentId: right, events: [add(20)] }
          ]
          const repeats = Effect.gen(function* () {
            return [
              yield* agents.appendTogether(byIds),
              yield* agents.appendTogether(byCommand, { commandId: "c" })
            ] as const
          })
          const first = yield* repeats
          assert.deepStrictEqual(yield* repeats, first)
          yield* agents.appendEvent(left, add(100))
          yield* agents.deleteContext(right)
          assert.deepStrictEqual(yield* repeats, first)
          // A manager that has never seen these agents.
          const others = managed(Effect.flatMap(Agents, (others) => others.appendTogether(byIds)))
          assert.deepStrictEqual(yield* others, first[0])
          assert.strictEqual(yield* countOf(left), 111)
        })
      )
    )

    it.effect("rests on what the store holds, not on what this manager saw last", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const [left, right] = [freshId(), freshId()]
          for (const agentId of [left, right]) yield* agents.setState(agentId, { count: 1 })
          yield* managed(
            Effect.flatMap(Agents, (others) =>
              Effect.andThen(others.appendEvent(left, add(5)), others.setState(right, { count: 50 }))
            )
          )
          const stored = yield* agents.appendTogether([
            { agentId: left, events: [add(1)] },
            { agentId: right, events: [add(1)], expected: 2 }
          ])
          assert.deepStrictEqual(
            stored.map(([event]) => event?.version),
            [3, 3]
          )
          assert.deepStrictEqual([yield* countOf(left), yield* countOf(right)], [7, 51])
        })
      )
    )

    it.effect("takes the snapshots that are due", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentIds = [freshId(), freshId()]
          for (const _ of integers(3)) {
            yield* agents.appendTogether(agentIds.map((agentId) => ({ agentId, events: [add(1), add(2), add(3)] })))
          }
          for (const agentId of agentIds) {
            assert.strictEqual(yield* countOf(agentId), 18)
            assert.deepInclude(yield* agents.getContextAt(agentId, { version: 8 }), { state: { count: 15 } })
          }
        })
      )
    )

    it.effect("moves what many move at once, beside lone writes to the same agents, and loses nothing", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentIds = integers(3).map(freshId)
          const move = (number: number) => {
            const [from = "", to = ""] = [agentIds[number % 3], agentIds[(number + 1 + (number % 2)) % 3]]
            return agents.appendTogether([
              { agentId: from, events: [add(-number)] },
              { agentId: to, events: [add(number)] }
            ])
          }
          const alone = (number: number) => agents.appendEvent(agentIds[number % 3] ?? "", add(1))
          yield* Effect.all(
            integers(30).flatMap((number) => [Effect.asVoid(move(number)), Effect.asVoid(alone(number))]),
            { concurrency: 8, discard: true }
          )
          const counts = yield* Effect.forEach(agentIds, countOf)
          assert.strictEqual(
            counts.reduce((sum, count) => sum + count, 0),
            30
          )
          const versions = yield* Effect.forEach(agentIds, storedVersion)
          assert.strictEqual(
            versions.reduce((sum, version) => sum + version, 0),
            90
          )
        })
      )
    )
  })
}
