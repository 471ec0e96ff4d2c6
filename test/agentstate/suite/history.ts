import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { AgentStateManager } from "../../../src/index.ts"
import { agents as Agents, eventsOf, fails, freshId, type It, integers, managed } from "./support.ts"

const written = Effect.gen(function* () {
  const agentId = freshId()
  yield* (yield* Agents).appendEvents(
    agentId,
    integers(25).map((number) => ({ type: "number.counted", data: { number } }))
  )
  return agentId
})

/** The versions of each page. */
const pages = (agentId: string, options: AgentStateManager.HistoryOptions) =>
  Effect.gen(function* () {
    const agents = yield* Agents
    const found: Array<ReadonlyArray<number>> = []
    let next: AgentStateManager.HistoryOptions | undefined = options
    while (next !== undefined) {
      const page: AgentStateManager.History = yield* agents.getContextHistory(agentId, next)
      found.push(page.events.map(({ version }) => version))
      next = page.next
    }
    return found
  })

export const register = (it: It): void => {
  describe("a history", () => {
    it.effect("is read page by page, in both directions, each event once", () =>
      managed(
        Effect.gen(function* () {
          const agentId = yield* written
          assert.deepStrictEqual(yield* pages(agentId, { limit: 10 }), [
            integers(10),
            integers(10, 11),
            integers(5, 21)
          ])
          assert.deepStrictEqual(yield* pages(agentId, { limit: 10, direction: "backward" }), [
            integers(10, 16).reverse(),
            integers(10, 6).reverse(),
            integers(5).reverse()
          ])
          assert.deepStrictEqual(yield* pages(agentId, { from: 3, to: 7, limit: 3 }), [
            [3, 4, 5],
            [6, 7]
          ])
          assert.deepStrictEqual(yield* pages(agentId, { from: 3, to: 8, limit: 3, direction: "backward" }), [
            [8, 7, 6],
            [5, 4, 3]
          ])
          assert.deepStrictEqual(yield* pages(agentId, { limit: 25 }), [integers(25)])
          assert.deepStrictEqual(yield* pages(agentId, {}), [integers(25)])
          assert.deepStrictEqual(yield* pages(agentId, { from: 26 }), [[]])
        })
      )
    )

    it.effect("is a stream as well", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = yield* written
          assert.deepStrictEqual(yield* Stream.runCollect(agents.history(agentId)), yield* eventsOf(agentId))
          const last = yield* Stream.runCollect(agents.history(agentId, { direction: "backward", limit: 2 }))
          assert.deepStrictEqual(
            last.map(({ version }) => version),
            [25, 24]
          )
          assert.deepStrictEqual(yield* Stream.runCollect(agents.history(agentId, { from: 26 })), [])
        })
      )
    )

    it.effect("of a missing agent is none, and bad bounds are refused", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = yield* written
          yield* fails(agents.getContextHistory(freshId()), "AgentMissing")
          yield* fails(Stream.runCollect(agents.history(freshId())), "AgentMissing")
          for (const limit of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
            yield* fails(agents.getContextHistory(agentId, { limit }), "InvalidInput", { path: "limit" })
          }
          yield* fails(agents.getContextHistory(agentId, { from: -1 }), "InvalidInput", { path: "from" })
          yield* fails(agents.getContextHistory(agentId, { to: Number.NaN }), "InvalidInput", { path: "to" })
        })
      )
    )
  })
}
