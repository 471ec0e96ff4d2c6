import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as Memory from "../../layers/memory/index.ts"
import { ActorStatePort, BehaviorRegistry, ContextPort, MessageBus, ScriptAction, ToolPort } from "../../src/index.ts"
import { layer, scriptOf } from "./support.ts"

class Words extends Context.Service<Words, { readonly hello: string }>()("Words") {}

const actorOf = Effect.fnUntraced(function* (id: string) {
  return yield* Effect.fromOption(yield* (yield* ActorStatePort.ActorStatePort).get(id))
})

const withoutPlans = scriptOf([{ name: "greet", mode: "persistent", version: "2" }])

describe("behaviors of scripted actors", () => {
  it.effect("come from the registry, with the services that they use", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const { id, state } = yield* port.spawn(withoutPlans, "goal")
      const { outcomes } = yield* port.tick(id)
      assert.deepStrictEqual([state, outcomes[0]?.result], ["idle", { _tag: "Ok", value: "good morning" }])
    }).pipe(
      Effect.provide(
        ActorStatePort.layer.pipe(
          Layer.provide(
            BehaviorRegistry.layer([
              { name: "greet", plan: () => Effect.die("the wrong version") },
              {
                name: "greet",
                version: "2",
                plan: () => Words.useSync(({ hello }) => ({ actions: [ScriptAction.tool("say", hello)] }))
              }
            ])
          ),
          Layer.provide(
            ToolPort.layerMemory([
              { name: "say", description: "", args: Schema.Json, invoke: ({ args }) => Effect.succeed(args) }
            ])
          ),
          Layer.provide([
            ContextPort.layerMemory(),
            MessageBus.layerMemory,
            Layer.succeed(Words, { hello: "good morning" })
          ]),
          Layer.provide(LocalEngine.layer),
          Layer.provide(Memory.layer)
        )
      )
    )
  )

  it.effect("that come with a script are bound in this process, with the services of whoever spawns", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const script = scriptOf([
        {
          name: "greet",
          mode: "persistent",
          plan: () => Words.useSync(({ hello }) => ({ actions: [ScriptAction.tool("note", hello)] }))
        }
      ])
      const actor = yield* Effect.provideService(port.spawn(script, "goal"), Words, { hello: "good evening" })
      assert.deepStrictEqual(actor.script.talents[0]?.behaviors, [{ name: "greet", mode: "persistent" }])
      const { outcomes } = yield* port.tick(actor.id)
      assert.deepStrictEqual(outcomes[0]?.result, { _tag: "Ok", value: "good evening" })
    }).pipe(Effect.provide(layer()))
  )

  it.effect("that are not registered suspend their actor, with the reason, until they are", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const registry = yield* BehaviorRegistry.BehaviorRegistry
      const { id } = yield* port.spawn(withoutPlans, "goal")
      const suspended = yield* actorOf(id)
      assert.strictEqual(suspended.state, "suspended")
      assert.deepStrictEqual(suspended.suspended?.behaviors, [{ name: "greet", version: "2" }])
      assert.strictEqual((yield* Effect.flip(port.tick(id)))._tag, "BehaviorsMissing")
      yield* port.send(id, "hello")
      assert.deepInclude(yield* actorOf(id), { state: "suspended", mailbox: 0 })
      yield* registry.register({ name: "greet", plan: () => Effect.die("the wrong version") })
      assert.strictEqual((yield* actorOf(id)).state, "suspended")
      yield* registry.register({
        name: "greet",
        version: "2",
        plan: () => Effect.succeed({ actions: [ScriptAction.tool("note", "at last")] })
      })
      const after = yield* Stream.runHead(Stream.filter(port.watch(id), ({ lastTick }) => lastTick !== undefined))
      const { lastTick, state } = yield* Effect.fromOption(after)
      assert.deepStrictEqual([state, lastTick?.outcome, lastTick?.outcomes.length], ["idle", "ok", 1])
    }).pipe(Effect.provide(layer()))
  )

  it.effect("that are registered while their actor is paused do nothing until it is resumed", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const registry = yield* BehaviorRegistry.BehaviorRegistry
      const { id } = yield* port.spawn(withoutPlans, "goal")
      yield* port.send(id, "hello")
      yield* port.pause(id)
      let asked = 0
      yield* registry.register({
        name: "greet",
        version: "2",
        plan: () => Effect.sync(() => void asked++).pipe(Effect.as({ actions: [] }))
      })
      for (let turn = 0; turn < 100; turn++) yield* Effect.yieldNow
      assert.strictEqual(asked, 0)
      const resumed = Stream.filter(port.watch(id), ({ lastTick }) => lastTick !== undefined)
      yield* port.resume(id)
      yield* Stream.runHead(resumed)
      assert.strictEqual(asked, 1)
      yield* registry.unregister({ name: "greet", version: "2" })
      assert.strictEqual((yield* actorOf(id)).state, "suspended")
    }).pipe(Effect.provide(layer()))
  )
})
