import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as Memory from "../../layers/memory/index.ts"
import { type ActorScript, ActorStatePort, ScriptAction } from "../../src/index.ts"
import { ScriptActor } from "../../src/script/ScriptActor.ts"
import * as ScriptProgress from "../../src/script/ScriptProgress.ts"
import { FaultyStore } from "../contract/index.ts"
import { always, Bench, layer, scriptOf, world } from "./support.ts"

const leaf: ActorScript.ActorScript = { name: "Leaf", contextSources: [], talents: [] }

const onFaultyStores = ActorStatePort.layer.pipe(
  Layer.provideMerge(world),
  Layer.provideMerge(LocalEngine.layer),
  Layer.provideMerge(FaultyStore.layer),
  Layer.provide(Memory.layer)
)

const at = new Date(0)

describe("a stop of scripted actors", () => {
  it.effect("that was cut short before the children were stopped goes on by itself", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const { id } = yield* port.spawn(scriptOf([always("have", [ScriptAction.spawn(leaf, "grow")])]), "goal")
      yield* port.tick(id)
      const to = yield* ScriptActor.client
      const [child = ""] = yield* to(id).Stop()
      yield* TestClock.adjust("6 seconds")
      const stopped = yield* Effect.fromOption(
        yield* Stream.runHead(Stream.filter(port.watch(child), ({ state }) => state === "stopped"))
      )
      assert.strictEqual(stopped.parent, id)
    }).pipe(Effect.provide(layer()))
  )

  it("counts a child that is being made among the children, for it may exist already", () => {
    const intents = [{ id: "t:0", action: ScriptAction.spawn(leaf, "grow") }]
    const spawned = { script: scriptOf([]), goals: ["goal"], metadata: {}, parent: null, depth: 0 }
    const behaviors = [{ name: "have", version: "1" }]
    const { state } = ScriptProgress.settle(
      null,
      [
        { _tag: "Spawned", id: "a", ...spawned, at },
        { _tag: "TickStarted", tickId: "t", mail: null, behaviors, at },
        { _tag: "BehaviorPlanned", tickId: "t", behavior: "have", intents, done: false, at }
      ],
      at
    )
    assert.deepStrictEqual(state?.children, [])
    assert.deepStrictEqual(ScriptProgress.settle(state, [{ _tag: "Stopped", at }], at).state?.children, ["t:0"])
  })
})

describe("a child that a parent did not wait for", () => {
  const children = Effect.fnUntraced(function* (id: string) {
    const port = yield* ActorStatePort.ActorStatePort
    return yield* Effect.map(Effect.fromOption(yield* port.get(id)), (actor) => actor.children)
  })

  it.effect("is a child of it all the same, and stops with it", () =>
    Effect.gen(function* () {
      const faults = yield* FaultyStore.FaultyStore
      const port = yield* ActorStatePort.ActorStatePort
      const actions = [ScriptAction.tool("hold"), ScriptAction.spawn(leaf, "grow", { timeout: "1 second" })]
      const { id } = yield* port.spawn(scriptOf([always("have", actions)]), "goal")
      const ticking = yield* Effect.forkChild(port.tick(id), { startImmediately: true })
      const bench = yield* Bench
      yield* bench.held
      const { tick } = yield* Effect.fromOption(yield* port.get(id))
      const child = tick?.pending[1]?.id ?? ""
      const birth = yield* faults.hold({ agentId: ActorStatePort.agentId(child) })
      yield* bench.release
      yield* birth.arrival
      yield* TestClock.adjust("1 second")
      const { outcomes } = yield* Fiber.join(ticking)
      assert.deepInclude(outcomes[1]?.result, { _tag: "Failed" })
      yield* birth.release
      assert.deepStrictEqual(yield* children(id), [child])
      yield* port.stop(id)
      const { state } = yield* Effect.fromOption(yield* port.get(child))
      assert.strictEqual(state, "stopped")
    }).pipe(Effect.provide(onFaultyStores))
  )

  it.effect("is none of an actor that may not have it, or that asks for what cannot be", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      for (const every of [0, "10 nanos"] as const) {
        const spawn = ScriptAction.spawn(leaf, "grow", { start: { every } })
        const { id } = yield* port.spawn(scriptOf([always("have", [spawn])]), "goal")
        assert.lengthOf((yield* port.tick(id)).failures, 1)
        assert.deepStrictEqual(yield* children(id), [])
      }
      const { id } = yield* port.spawn(
        scriptOf([always("have", [ScriptAction.spawn(leaf, "grow")])], { children: 0 }),
        "goal"
      )
      yield* port.tick(id)
      assert.deepStrictEqual(yield* children(id), [])
    }).pipe(Effect.provide(layer()))
  )
})

describe("scripted actors that go on for long", () => {
  it.effect("answer each other under ids that do not grow", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const answer = (target: string) =>
        scriptOf([{ ...always("answer", [ScriptAction.message("and you?", { target })]), mode: "active" }])
      yield* port.spawn(answer("b"), "talk", { id: "a" })
      yield* port.spawn(answer("a"), "talk", { id: "b" })
      yield* port.send("a", "hello")
      const reports = yield* port.watch("a").pipe(
        Stream.filter(({ tick, lastTick }) => tick === undefined && lastTick !== undefined),
        Stream.take(5),
        Stream.runCollect
      )
      const lengths = new Set(reports.map(({ lastTick }) => lastTick?.tickId.length))
      assert.deepStrictEqual([...lengths], [36])
      yield* port.stop("a")
    }).pipe(Effect.provide(layer()))
  )

  it.effect("do not wait longer than time can be told, and do nothing twice because of it", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      for (const duration of [1e20, "999999999999 days"] as const) {
        const actions = [ScriptAction.tool("note", 1), ScriptAction.wait(duration)]
        const { id } = yield* port.spawn(scriptOf([always("work", actions)]), "goal")
        const { failures, outcome } = yield* port.tick(id)
        assert.deepStrictEqual([outcome, failures.length], ["failed", 1])
      }
      assert.lengthOf((yield* Bench).uses, 0)
    }).pipe(Effect.provide(layer()))
  )
})
