import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Memory from "../../layers/memory/index.ts"
import { type ActorScript, AgentStateManager, ContextPort } from "../../src/index.ts"
import { FaultyStore } from "../contract/index.ts"

const compile = Effect.fnUntraced(function* (...sources: ReadonlyArray<ActorScript.ContextSource>) {
  const port = yield* ContextPort.ContextPort
  const messages = yield* port.compile({ actorId: "me", sources, texts: [] })
  return messages.map(({ content, role }) => `${role} ${content}`)
})

const faulty = FaultyStore.layer.pipe(Layer.provide(Memory.layer))
const agents = ContextPort.layerAgents.pipe(Layer.provideMerge(AgentStateManager.layer()), Layer.provideMerge(faulty))

describe("a context in memory", () => {
  it.effect("tells the messages of its sources in their order, then what was written under the same name", () =>
    Effect.gen(function* () {
      const memory = yield* ContextPort.ContextMemory
      const port = yield* ContextPort.ContextPort
      yield* memory.give("b", { role: "assistant", content: "two" }, { role: "user", content: "three" })
      yield* port.write({ target: "b", actionId: "x" }, { n: 4 })
      const all = [
        { id: "b", label: "B" },
        { id: "a", label: "A" },
        { id: "nothing", label: "N" }
      ]
      assert.deepStrictEqual(yield* compile(...all), ["assistant two", "user three", 'system B: {"n":4}', "user one"])
      assert.deepStrictEqual(yield* memory.messages("a"), [{ role: "user", content: "one" }])
      assert.deepStrictEqual(yield* memory.document("b"), { n: 4 })
      yield* port.delete({ target: "b", actionId: "y" })
      assert.deepStrictEqual(yield* compile({ id: "b", label: "B", where: { last: 1 } }), ["user three"])
      assert.deepStrictEqual(yield* compile({ id: "b", label: "B", where: { role: "assistant" } }), ["assistant two"])
    }).pipe(Effect.provide(ContextPort.layerMemory({ a: [{ role: "user", content: "one" }] })))
  )
})

describe("a context of other agents", () => {
  it.effect("tells their states and newest events, as far as it is asked", () =>
    Effect.gen(function* () {
      const manager = yield* AgentStateManager.AgentStateManager
      yield* manager.setState("a", { status: "busy", secret: 1, since: new Date(0) })
      for (const n of [1, 2, 3]) yield* manager.appendEvent("a", { type: "task.completed", data: { n } })
      yield* manager.appendEvent("a", { type: "task.failed", data: {} })
      const source = { id: "a", label: "Friend" }
      assert.deepStrictEqual(yield* compile(source), [
        'system Friend: {"status":"busy","secret":1,"since":{"$date":"1970-01-01T00:00:00.000Z"}}'
      ])
      assert.deepStrictEqual(yield* compile({ ...source, where: { keys: ["status"] } }), [
        'system Friend: {"status":"busy"}'
      ])
      assert.deepStrictEqual(yield* compile({ ...source, where: { keys: [], events: 2, types: ["task.completed"] } }), [
        'system Friend: {"task.completed":{"n":2}}',
        'system Friend: {"task.completed":{"n":3}}'
      ])
    }).pipe(Effect.provide(agents))
  )

  it.effect("reads, merges into and deletes them, the same action once", () =>
    Effect.gen(function* () {
      const port = yield* ContextPort.ContextPort
      const manager = yield* AgentStateManager.AgentStateManager
      assert.isNull(yield* port.read("a"))
      yield* port.write({ target: "a", actionId: "1" }, { x: 1 })
      yield* manager.updateContext("a", { state: { x: 2 } })
      yield* port.write({ target: "a", actionId: "1" }, { x: 1 })
      assert.deepStrictEqual(yield* port.read("a"), { x: 2 })
      const refused = yield* Effect.flip(port.write({ target: "a", actionId: "2" }, "text"))
      assert.deepInclude(refused, { _tag: "ContextFailed", operation: "write", target: "a" })
      yield* port.delete({ target: "a", actionId: "3" })
      yield* port.delete({ target: "a", actionId: "3" })
      assert.isNull(yield* port.read("a"))
      assert.deepStrictEqual(yield* compile({ id: "a", label: "A" }), [])
    }).pipe(Effect.provide(agents))
  )

  it.effect(
    "tells nothing of agents that are missing, but fails when they cannot be read, or when `where` is not understood",
    () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* compile({ id: "nobody", label: "N", where: { events: 3 } }), [])
        const misspelt = yield* Effect.flip(compile({ id: "a", label: "A", where: { key: ["x"] } }))
        assert.deepInclude(misspelt, { _tag: "ContextFailed", operation: "compile", target: "a" })
        const faults = yield* FaultyStore.FaultyStore
        yield* faults.fail({ on: "reads" })
        assert.strictEqual((yield* Effect.flip(compile({ id: "b", label: "B" })))._tag, "ContextFailed")
      }).pipe(Effect.provide(agents))
  )
})
