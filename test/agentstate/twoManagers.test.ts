import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as Postgres from "../../layers/postgres/index.ts"
import { AgentStateManager } from "../../src/index.ts"
import * as TestDatabase from "../support/TestDatabase.ts"
import { checkAgent } from "./suite/independent.ts"
import { agents as Agents, fails, freshId, integers, numberOf, options, plus } from "./suite/support.ts"

/** Two managers that share nothing but the database. */
const two = Effect.gen(function* () {
  const schema = TestDatabase.freshSchema()
  yield* Layer.build(TestDatabase.layer({ schema }))
  const make = Effect.suspend(() => {
    const stores = Postgres.layer({ url: TestDatabase.url, schema, maxConnections: 4, feedPollMilliseconds: 20 })
    return Layer.build(Layer.provideMerge(AgentStateManager.layer(options), stores))
  })
  const [left, right] = [yield* make, yield* make]
  return { left, right, leftAgents: Context.get(left, Agents), rightAgents: Context.get(right, Agents) }
})

describe("two managers on one PostgreSQL schema", { timeout: 60_000 }, () => {
  it.live("see each other's writes at once", () =>
    Effect.gen(function* () {
      const { left, leftAgents, rightAgents } = yield* two
      const agentId = freshId()
      for (const n of integers(20)) {
        const written = yield* (n % 2 === 0 ? leftAgents : rightAgents).updateContext(agentId, { state: { n } })
        assert.strictEqual(written.version, n)
        assert.deepStrictEqual(yield* leftAgents.getContext(agentId), written)
        assert.deepStrictEqual(yield* rightAgents.getContext(agentId), written)
      }
      yield* fails(leftAgents.setState(agentId, {}, { expected: 19 }), "Conflict", { expected: 19, actual: 20 })
      yield* rightAgents.deleteContext(agentId)
      yield* fails(leftAgents.getContext(agentId), "AgentDeleted")
      yield* fails(leftAgents.setState(agentId, {}), "AgentDeleted")
      yield* Effect.provide(checkAgent(agentId), left)
    })
  )

  it.live("lose no update when both modify one agent as fast as they can, whether their functions wait or not", () =>
    Effect.gen(function* () {
      const { left, leftAgents, right, rightAgents } = yield* two
      const agentId = freshId()
      const modify = (agents: typeof leftAgents, key: string) => (number: number) =>
        agents.modify(agentId, (state) => {
          const next = plus(plus(state, "count"), key)
          return number % 20 === 0 ? Effect.as(Effect.sleep(1), next) : Effect.succeed(next)
        })
      const side = (agents: typeof leftAgents, key: string) =>
        Effect.forEach(integers(10), () =>
          Effect.forEach(integers(40), modify(agents, key), { concurrency: "unbounded" })
        )
      const [ofLeft, ofRight] = yield* Effect.all([side(leftAgents, "left"), side(rightAgents, "right")], {
        concurrency: "unbounded"
      })
      const { state, version } = yield* leftAgents.getContext(agentId)
      assert.deepStrictEqual([version, state], [800, { count: 800, left: 400, right: 400 }])
      const contexts = [...ofLeft, ...ofRight].flat()
      assert.strictEqual(new Set(contexts.map(({ version }) => version)).size, 800)
      for (const context of contexts) assert.strictEqual(numberOf(context.state, "count"), context.version)
      for (const side of [left, right])
        yield* Effect.provide(
          Agents.use((agents) => agents.getContext(agentId)),
          side
        )
    })
  )

  it.live("lose no update when each caller waits for the answer before the next, on both sides", () =>
    Effect.gen(function* () {
      const { leftAgents, rightAgents } = yield* two
      const agentId = freshId()
      const caller = (agents: typeof leftAgents) =>
        Effect.forEach(integers(60), () => agents.appendEvent(agentId, { type: "counter.added", data: { amount: 1 } }))
      yield* Effect.all([caller(leftAgents), caller(rightAgents)], { concurrency: "unbounded" })
      assert.deepInclude(yield* leftAgents.getContext(agentId), { version: 120, state: { count: 120 } })
    })
  )

  it.live("store a write once that is tried on both sides", () =>
    Effect.gen(function* () {
      const { leftAgents, rightAgents } = yield* two
      const agentId = freshId()
      const tries = integers(40).flatMap((number) =>
        [leftAgents, rightAgents].flatMap((agents) => [
          agents.modify(agentId, (state) => Effect.succeed(plus(state, "count")), { commandId: `modify ${number}` }),
          agents.updateContext(agentId, { state: { [`key${number}`]: true } }, { id: `${agentId} ${number}` })
        ])
      )
      const contexts = yield* Effect.all(tries, { concurrency: "unbounded" })
      assert.strictEqual(new Set(contexts.map(({ version }) => version)).size, 80)
      const { state, version } = yield* rightAgents.getContext(agentId)
      assert.deepStrictEqual([version, numberOf(state, "count"), Object.keys(state).length], [80, 40, 41])
    })
  )

  it.live("tell each other's changes live, with the agent as each left it", () =>
    Effect.gen(function* () {
      const { left, leftAgents, rightAgents } = yield* two
      const agentId = freshId()
      const changes = rightAgents.changes({ agentId, from: "beginning" }).pipe(Stream.take(30), Stream.runCollect)
      const fiber = yield* Effect.forkChild(changes, { startImmediately: true })
      const write = (agents: typeof leftAgents) => (n: number) =>
        agents.updateContext(agentId, { state: { [`key${n}`]: n } })
      yield* Effect.all(
        [Effect.forEach(integers(15), write(leftAgents)), Effect.forEach(integers(15, 16), write(rightAgents))],
        {
          concurrency: "unbounded"
        }
      )
      const told = yield* Fiber.join(fiber)
      yield* Effect.provide(
        checkAgent(
          agentId,
          told.map(({ context }) => context)
        ),
        left
      )
      assert.deepStrictEqual(
        told.map(({ event }) => event.version),
        integers(30)
      )
    })
  )
})
