import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as Memory from "../../layers/memory/index.ts"
import {
  type ActorScript,
  ActorStatePort,
  BehaviorRegistry,
  ContextPort,
  EventStore,
  MessageBus,
  ScriptAction,
  SnapshotStore,
  ToolPort
} from "../../src/index.ts"
import { FaultyStore } from "../contract/index.ts"
import { scriptOf } from "./support.ts"

const leaf: ActorScript.ActorScript = { name: "Leaf", contextSources: [], talents: [] }

/** A tick whose process dies when the last of its actions has taken effect, but its result is not on disk; another process finishes it. */
const cutOffBehind = Effect.fnUntraced(function* (action: ScriptAction.Action) {
  const faults = yield* FaultyStore.FaultyStore
  const stores = Layer.mergeAll(
    Layer.succeed(EventStore.EventStore, yield* EventStore.EventStore),
    Layer.succeed(SnapshotStore.SnapshotStore, yield* SnapshotStore.SnapshotStore)
  )
  const armed = yield* Deferred.make<FaultyStore.Held>()
  const arm = Effect.flatMap(faults.hold({ times: 1 }), (held) => Deferred.succeed(armed, held))
  const actions = [ScriptAction.tool("arm"), action]
  const port = ActorStatePort.layer.pipe(
    Layer.provide(BehaviorRegistry.layer([{ name: "act", plan: () => Effect.succeed({ actions }) }])),
    Layer.provide(
      ToolPort.layerMemory([ToolPort.tool({ name: "arm", args: Schema.Null, run: () => Effect.asVoid(arm) })])
    ),
    Layer.provide([ContextPort.layerMemory(), MessageBus.layerMemory]),
    Layer.provide(LocalEngine.layerWith({ shutdownTimeout: 0 })),
    Layer.provide(stores)
  )
  const script = scriptOf([{ name: "act", mode: "passive" }])

  const first = yield* Scope.make()
  const before = yield* Layer.buildWithScope(Layer.fresh(port), first)
  yield* Effect.gen(function* () {
    const port = yield* ActorStatePort.ActorStatePort
    yield* port.spawn(leaf, "listen", { id: "listener" })
    yield* port.spawn(script, "act", { id: "actor" })
    yield* Effect.forkChild(port.tick("actor"), { startImmediately: true })
    const armsResult = yield* Deferred.await(armed)
    yield* armsResult.arrival
    const effect = yield* faults.hold({ times: 1 })
    yield* armsResult.release
    yield* effect.arrival
    const result = yield* faults.hold({ agentId: ActorStatePort.agentId("actor") })
    yield* effect.release
    yield* result.arrival
  }).pipe(Effect.provideContext(before))
  yield* Scope.close(first, Exit.void)
  yield* faults.heal

  const after = yield* Layer.build(Layer.fresh(port))
  return yield* Effect.gen(function* () {
    const port = yield* ActorStatePort.ActorStatePort
    const cutOff = yield* Effect.fromOption(yield* port.get("actor"))
    assert.deepStrictEqual([cutOff.tick?.outcomes.length, cutOff.tick?.pending.length], [1, 1])
    const { outcome } = yield* port.tick("actor")
    const heard = yield* Stream.runCollect(port.history("listener"))
    return {
      outcome,
      actors: yield* Stream.runCollect(port.list()),
      messages: heard.filter(({ event }) => event._tag === "MessageReceived").length
    }
  }).pipe(Effect.provideContext(after))
}, Effect.scoped)

const layer = FaultyStore.layer.pipe(Layer.provide(Memory.layer))

describe("an action that is done again because its result was lost", () => {
  it.effect("delivers its message to another actor once", () =>
    Effect.gen(function* () {
      const { messages, outcome } = yield* cutOffBehind(ScriptAction.message("hello", { target: "listener" }))
      assert.deepStrictEqual([outcome, messages], ["ok", 1])
    }).pipe(Effect.provide(layer))
  )

  it.effect("has made one child, which counts once", () =>
    Effect.gen(function* () {
      const { actors, outcome } = yield* cutOffBehind(ScriptAction.spawn(leaf, "grow"))
      const children = actors.filter(({ parent }) => parent === "actor").map(({ id }) => id)
      assert.deepStrictEqual([outcome, children.length], ["ok", 1])
      assert.deepStrictEqual(actors.find(({ id }) => id === "actor")?.children, children)
    }).pipe(Effect.provide(layer))
  )
})
