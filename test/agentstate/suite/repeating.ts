import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { checkAgent } from "./independent.ts"
import {
  agents as Agents,
  eventsOf,
  fails,
  freshId,
  type It,
  integers,
  managed,
  plus,
  storedVersion
} from "./support.ts"

export const register = (it: It): void => {
  describe("repeating a write", () => {
    it.effect("with its event id gives the first result, whatever has happened since", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const id = `${agentId}-update`
        const write = Effect.flatMap(Agents, (agents) =>
          agents.updateContext(agentId, { state: { a: 1 } }, { id, expected: "none" })
        )
        const first = yield* managed(
          Effect.gen(function* () {
            const agents = yield* Agents
            const first = yield* write
            assert.deepStrictEqual(yield* write, first)
            yield* agents.updateContext(agentId, { state: { a: 2, b: 2 } })
            assert.deepStrictEqual(yield* write, first)
            yield* agents.archive(agentId)
            assert.deepStrictEqual(yield* write, first)
            yield* agents.deleteContext(agentId)
            assert.deepStrictEqual(yield* write, first)
            return first
          })
        )
        yield* managed(
          Effect.gen(function* () {
            assert.deepStrictEqual(yield* write, first)
            yield* checkAgent(agentId, [first])
          })
        )
        assert.strictEqual(yield* storedVersion(agentId), 4)
      })
    )

    it.effect("with its command id gives the first result, even with other content", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* agents.setState(agentId, { n: 0 })
          const first = yield* agents.setState(agentId, { n: 1 }, { commandId: "c-1" })
          yield* agents.setState(agentId, { n: 2 })
          assert.deepStrictEqual(yield* agents.setState(agentId, { n: 9 }, { commandId: "c-1" }), first)
          assert.deepStrictEqual(yield* agents.setState(agentId, { n: 9 }, { commandId: "c-1", expected: 1 }), first)
          assert.deepInclude(yield* agents.getContext(agentId), { state: { n: 2 }, version: 3 })
        })
      )
    )

    it.effect("with its event id and other content is refused", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const id = `${agentId}-1`
          yield* agents.setState(agentId, { n: 1 }, { id })
          yield* fails(agents.setState(agentId, { n: 2 }, { id }), "Rejected", { reason: "EventIdTaken" })
          yield* fails(agents.setState(freshId(), { n: 1 }, { id }), "Rejected", { reason: "EventIdTaken" })
          assert.deepInclude(yield* agents.getContext(agentId), { state: { n: 1 }, version: 1 })
        })
      )
    )

    it.effect("that failed the first time is tried again", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* agents.setState(agentId, { n: 1 })
          const patch = agents.patchState(
            agentId,
            [
              { op: "test", path: "/n", value: 2 },
              { op: "add", path: "/n", value: 3 }
            ],
            { id: `${agentId}-patch`, commandId: "patch" }
          )
          yield* fails(patch, "PatchFailed")
          yield* agents.setState(agentId, { n: 2 })
          const context = yield* patch
          assert.deepInclude(context, { state: { n: 3 }, version: 3 })
          // The test would not hold any more.
          assert.deepStrictEqual(yield* patch, context)
          assert.strictEqual(yield* storedVersion(agentId), 3)
        })
      )
    )

    it.effect("works for every kind of write", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const fork = freshId()
          yield* agents.setState(agentId, { count: 1 })
          const marks = (name: string) => ({ id: `${agentId}-${name}`, commandId: name })
          const add = { type: "counter.added", data: { amount: 1 } }
          const writes: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
            agents.appendEvent(agentId, { ...add, id: `${agentId}-event` }),
            agents.appendEvents(agentId, [add, add], { commandId: "events" }),
            agents.appendEvents(agentId, [
              { ...add, id: `${agentId}-first` },
              { ...add, id: `${agentId}-second` }
            ]),
            agents.patchState(agentId, [{ op: "add", path: "/patched", value: true }], marks("patch")),
            agents.modify(agentId, (state) => Effect.succeed(plus(state, "count", 10)), { commandId: "modify" }),
            agents.modify(agentId, (state) => Effect.as(Effect.yieldNow, plus(state, "count", 10)), {
              commandId: "slow"
            }),
            agents.revertTo(agentId, 1, marks("revert")),
            agents.fork(agentId, fork, { at: 2, id: `${fork}-fork` }),
            agents.archive(agentId, marks("archive")),
            agents.restore(agentId, { commandId: "restore" }),
            agents.deleteContext(agentId, marks("delete"))
          ]
          const first: Array<unknown> = []
          for (const write of writes) {
            first.push(yield* write)
            assert.deepStrictEqual(yield* write, first.at(-1))
          }
          const version = yield* storedVersion(agentId)
          for (const [index, write] of writes.entries()) {
            // Restoring comes after the deletion now, and there is nothing to restore.
            assert.deepStrictEqual(yield* write, first[index])
          }
          assert.strictEqual(yield* storedVersion(agentId), version)
          assert.strictEqual(yield* storedVersion(fork), 1)
          yield* checkAgent(agentId)
        })
      )
    )

    it.effect("at the same moment stores it once, and answers every try with the same", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const tries = integers(30).flatMap((number) => {
            const id = `${agentId}-${number % 3}`
            return [
              agents.updateContext(agentId, { state: { [`id${number % 3}`]: true } }, { id }),
              agents.updateContext(agentId, { state: { [`command${number % 3}`]: true } }, { commandId: id }),
              agents.modify(agentId, (state) => Effect.succeed(plus(state, "count")), { commandId: `${id} modify` }),
              agents.updateContext(agentId, { state: { other: number } })
            ]
          })
          const contexts = yield* Effect.all(tries, { concurrency: "unbounded" })
          const versions = contexts.map(({ version }) => version)
          assert.strictEqual(new Set(versions).size, 9 + 30)
          assert.strictEqual(yield* storedVersion(agentId), 9 + 30)
          const { state } = yield* agents.getContext(agentId)
          assert.deepStrictEqual(state, {
            id0: true,
            id1: true,
            id2: true,
            command0: true,
            command1: true,
            command2: true,
            count: 3,
            other: 30
          })
          assert.strictEqual((yield* eventsOf(agentId)).length, 39)
          yield* checkAgent(agentId, contexts)
        })
      )
    )
  })
}
