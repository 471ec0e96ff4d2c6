import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Memory from "../../layers/memory/index.ts"
import { Actor, AgentStateManager, EventStore } from "../../src/index.ts"

const layer = AgentStateManager.layer().pipe(Layer.provideMerge(Memory.layer), Layer.fresh)

describe("agents of the library's own services", () => {
  it.effect("are refused by every method of the manager", () =>
    Effect.gen(function* () {
      const agents = yield* AgentStateManager.AgentStateManager
      const store = yield* EventStore.EventStore
      const id = "pantheon/audit"
      const calls: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }>> = [
        agents.getContext(id),
        agents.getContextAt(id, { version: 1 }),
        agents.getContextHistory(id),
        Stream.runDrain(agents.history(id)),
        Stream.runDrain(agents.changes({ agentId: id })),
        agents.createSnapshot(id),
        agents.updateContext(id, { state: {} }),
        agents.setState(id, {}),
        agents.patchState(id, []),
        agents.modify(id, (state) => Effect.succeed({ ...state })),
        agents.appendEvent(id, { type: "a.b" }),
        agents.appendEvents(id, [{ type: "a.b" }]),
        agents.revertTo(id, 1),
        agents.fork(id, "copy"),
        agents.fork("a", id),
        agents.archive(id),
        agents.restore(id),
        agents.deleteContext(id),
        agents.purge(id)
      ]
      yield* store.append({ agentId: id, events: [{ type: "a.b" }] })
      yield* agents.setState("a", {})
      for (const call of calls) assert.strictEqual((yield* Effect.flip(call))._tag, "InvalidInput")
      assert.strictEqual((yield* store.head(id)).version, 1)
      assert.strictEqual((yield* store.head("copy")).presence, "missing")
    }).pipe(Effect.provide(layer))
  )

  it.live("are not among the changes of all agents", () =>
    Effect.gen(function* () {
      const agents = yield* AgentStateManager.AgentStateManager
      const store = yield* EventStore.EventStore
      const seen = yield* Effect.forkChild(Stream.runHead(agents.changes({ from: "beginning" })))
      yield* store.append({ agentId: "pantheon/audit", events: [{ type: "a.b" }] })
      yield* agents.setState("a", {})
      const head = yield* Effect.fromOption(yield* Fiber.join(seen))
      assert.strictEqual(head.event.agentId, "a")
    }).pipe(Effect.provide(layer))
  )

  it("cannot be those of a definition", () => {
    const define = () =>
      Actor.make("pantheon", {
        state: Schema.Struct({}),
        initialState: {},
        events: Schema.TaggedUnion({ Happened: {} }),
        evolve: (state) => state,
        commands: []
      })
    assert.throws(define, /library's own/)
  })
})
