import { assert, describe } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { checkAgent } from "./independent.ts"
import {
  agents as Agents,
  fails,
  freshId,
  type It,
  integers,
  managed,
  numberOf,
  plus,
  storedVersion
} from "./support.ts"

class Step extends Context.Service<Step, { readonly size: number }>()("test/Step") {}

export const register = (it: It): void => {
  describe("modifying", () => {
    it.effect("stores what the function makes of the state; a missing agent begins empty", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const first = yield* agents.modify(agentId, (state) => Effect.succeed({ ...state, seen: Object.keys(state) }))
          assert.deepInclude(first, { state: { seen: [] }, version: 1 })
          const second = yield* agents.modify(agentId, (state) => Effect.succeed({ seen: Object.keys(state) }), {
            metadata: { principal: "me" }
          })
          assert.deepInclude(second, { state: { seen: ["seen"] }, version: 2 })
          const { events } = yield* agents.getContextHistory(agentId, { from: 2 })
          assert.deepInclude(events[0], { type: "context.replaced", metadata: { principal: "me" } })
          yield* checkAgent(agentId, [first, second])
        })
      )
    )

    it.effect("may use services, and fail with an error of its own; then nothing is stored", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const add = agents.modify(agentId, (state) => Effect.map(Step, ({ size }) => plus(state, "count", size)))
          assert.deepInclude(yield* Effect.provideService(add, Step, { size: 5 }), { state: { count: 5 } })
          const slow = agents.modify(agentId, (state) =>
            Effect.andThen(
              Effect.yieldNow,
              Effect.map(Step, ({ size }) => plus(state, "count", size))
            )
          )
          assert.deepInclude(yield* Effect.provideService(slow, Step, { size: 2 }), { state: { count: 7 } })
          for (const wait of [Effect.void, Effect.yieldNow]) {
            const failing = agents.modify(agentId, () =>
              Effect.andThen(wait, Effect.fail({ _tag: "Broke", by: 3 } as const))
            )
            yield* fails(failing, "Broke", { by: 3 })
            const dying = agents.modify(agentId, () => Effect.andThen(wait, Effect.die(new Error("boom"))))
            const exit = yield* Effect.exit(dying)
            assert.isTrue(exit._tag === "Failure" && String(exit.cause).includes("boom"))
            const throwing = agents.modify(agentId, (): Effect.Effect<object> => {
              throw new Error("thrown")
            })
            assert.include(String(yield* Effect.exit(throwing)), "thrown")
          }
          assert.strictEqual(yield* storedVersion(agentId), 2)
        })
      )
    )

    it.effect("stores nothing when it gives the very state it got", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const context = yield* agents.setState(agentId, { a: 1 })
          assert.deepStrictEqual(yield* agents.modify(agentId, Effect.succeed), context)
          assert.deepStrictEqual(yield* agents.modify(agentId, (state) => Effect.as(Effect.yieldNow, state)), context)
          assert.strictEqual(yield* storedVersion(agentId), 1)
          const anew = yield* agents.modify(freshId(), Effect.succeed)
          assert.deepInclude(anew, { state: {}, version: 1 })
        })
      )
    )

    it.effect("loses no update, however many modify at once, whether they wait or not", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const pauses = [Effect.void, Effect.yieldNow, Effect.sleep(1)]
          const modify = (number: number) =>
            agents.modify(agentId, (state) =>
              Effect.as(pauses[number % 10 === 0 ? 1 + (number % 20) / 10 : 0] ?? Effect.void, plus(state, "count"))
            )
          const others = (number: number) =>
            agents.updateContext(agentId, { state: { [`other${number % 5}`]: number } })
          const contexts = yield* Effect.forEach(
            integers(200),
            (number) => (number % 4 === 0 ? others(number) : modify(number)),
            { concurrency: "unbounded" }
          )
          const { state, version } = yield* agents.getContext(agentId)
          assert.deepStrictEqual([version, numberOf(state, "count")], [200, 150])
          yield* checkAgent(agentId, contexts)
        })
      )
    )

    it.effect("does not mistake a failure of the function for a lost race", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const other = freshId()
          yield* agents.setState(other, {})
          let runs = 0
          const modify = agents.modify(agentId, () =>
            Effect.suspend(() => {
              runs++
              return Effect.as(agents.setState(other, {}, { expected: 7 }), {})
            })
          )
          yield* fails(modify, "Conflict", { agentId: other, expected: 7, actual: 1 })
          assert.strictEqual(runs, 1)
        })
      )
    )

    it.effect("may write to other agents, in a circle too, and to its own without a deadlock", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const [left, right] = [freshId(), freshId()]
          const transfer = (from: string, to: string) =>
            agents.modify(from, (state) =>
              Effect.as(
                agents.modify(to, (other) => Effect.as(Effect.yieldNow, plus(other, "received"))),
                plus(state, "sent")
              )
            )
          yield* Effect.all([transfer(left, right), transfer(right, left)], { concurrency: "unbounded" })
          assert.strictEqual(numberOf((yield* agents.getContext(left)).state, "sent"), 1)
          assert.strictEqual(numberOf((yield* agents.getContext(right)).state, "sent"), 1)
          let runs = 0
          const own = yield* agents.modify(left, (state) =>
            Effect.suspend(() =>
              Effect.as(runs++ === 0 ? agents.updateContext(left, { state: { inner: true } }) : Effect.yieldNow, {
                ...state,
                outer: true
              })
            )
          )
          assert.deepInclude(own.state, { inner: true, outer: true })
          assert.strictEqual(runs, 2)
        })
      )
    )

    it.effect("is interrupted with its caller, and leaves the agent to others", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          let interrupted = false
          const waiting = agents.modify(agentId, () =>
            Effect.onInterrupt(Effect.never, () =>
              Effect.sync(() => {
                interrupted = true
              })
            )
          )
          const fiber = yield* Effect.forkChild(waiting, { startImmediately: true })
          yield* agents.setState(agentId, { a: 1 })
          yield* Fiber.interrupt(fiber)
          assert.isTrue(interrupted)
          assert.deepInclude(yield* agents.setState(agentId, { a: 2 }), { version: 2 })
        })
      )
    )
  })
}
