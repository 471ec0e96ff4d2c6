import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Stream from "effect/Stream"
import type { AgentStateManager } from "../../../src/index.ts"
import { replay } from "./independent.ts"
import { agents as Agents, eventsOf, fails, freshId, type It, integers, managed } from "./support.ts"

const take = (count: number, options: AgentStateManager.ChangesOptions) =>
  Stream.unwrap(Effect.map(Agents, (agents) => agents.changes(options))).pipe(Stream.take(count), Stream.runCollect)

/** Each change must be an event of the agent with what a plain fold makes of it. */
const check = (agentId: string, changes: ReadonlyArray<AgentStateManager.Change>) =>
  Effect.gen(function* () {
    const events = yield* eventsOf(agentId)
    const contexts = replay(events)
    for (const { context, event } of changes) {
      const index = events.findIndex(({ version }) => version === event.version)
      assert.deepStrictEqual(event, events[index])
      assert.deepStrictEqual(context, contexts[index])
    }
  })

const versions = (changes: ReadonlyArray<AgentStateManager.Change>) => changes.map(({ context }) => context.version)

export const register = (it: It): void => {
  describe("changes", () => {
    it.effect("are told live, with the agent as each left it, whoever wrote", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* agents.setState(agentId, { before: true })
          const isLive = yield* Latch.make()
          const fiber = yield* agents.changes({ agentId }).pipe(
            Stream.tap(() => isLive.open),
            Stream.takeUntil(({ context }) => context.status === "deleted"),
            Stream.runCollect,
            Effect.forkChild({ startImmediately: true })
          )
          // Nobody can tell when it has begun, but that it has, once it tells of something.
          const ping = Effect.andThen(agents.updateContext(agentId, { state: { a: 1 } }), Effect.sleep(5))
          yield* Effect.raceFirst(isLive.await, Effect.forever(ping))
          yield* agents.updateContext(freshId(), { state: { other: 1 } })
          yield* managed(
            Effect.gen(function* () {
              const others = yield* Agents
              yield* others.appendEvents(
                agentId,
                integers(3).map(() => ({ type: "counter.added", data: { amount: 1 } }))
              )
            })
          )
          yield* agents.archive(agentId)
          yield* agents.deleteContext(agentId)
          const changes = yield* Fiber.join(fiber)
          const first = changes[0]?.context.version ?? 0
          assert.isAbove(first, 1)
          assert.deepStrictEqual(versions(changes), integers(changes.length, first))
          assert.isAtLeast(changes.length, 6)
          yield* check(agentId, changes)
        })
      )
    )

    it.effect("are told from the beginning, and go on behind any position", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          for (const n of integers(10)) yield* agents.updateContext(agentId, { state: { n } })
          const all = yield* take(10, { agentId, from: "beginning" })
          assert.deepStrictEqual(versions(all), integers(10))
          yield* check(agentId, all)
          for (const place of [0, 4, 8]) {
            const rest = yield* take(9 - place, { agentId, after: all[place]?.position })
            assert.deepStrictEqual(rest, all.slice(place + 1))
          }
          const fresh = yield* managed(take(5, { agentId, after: all[4]?.position }))
          assert.deepStrictEqual(fresh, all.slice(5))
          yield* fails(take(1, { after: "no position" }), "InvalidInput")
        })
      )
    )

    it.effect("of all agents come in one stream", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const start = freshId()
          yield* agents.setState(start, {})
          const [first] = yield* take(1, { agentId: start, from: "beginning" })
          const ids = [freshId(), freshId(), freshId()]
          for (const n of integers(5)) for (const agentId of ids) yield* agents.updateContext(agentId, { state: { n } })
          const changes = yield* take(15, { after: first?.position })
          for (const agentId of ids) {
            const own = changes.filter(({ event }) => event.agentId === agentId)
            assert.deepStrictEqual(versions(own), integers(5))
            yield* check(agentId, own)
          }
        })
      )
    )

    it.effect("pass over an agent that was purged, and tell of its new life", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* agents.setState(agentId, { a: 1 })
          yield* agents.setState(agentId, { a: 2 })
          yield* agents.purge(agentId)
          yield* agents.updateContext(agentId, { state: { b: 1 } })
          yield* agents.updateContext(agentId, { state: { c: 1 } })
          const changes = yield* take(2, { agentId, from: "beginning" })
          assert.deepStrictEqual(
            changes.map(({ context }) => context.state),
            [{ b: 1 }, { b: 1, c: 1 }]
          )
          yield* check(agentId, changes)
        })
      )
    )
  })
}
