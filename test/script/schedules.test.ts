import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { type ActorScript, ActorStatePort, ActorSystem, ScriptAction } from "../../src/index.ts"
import { ScriptActor } from "../../src/script/ScriptActor.ts"
import { always, Bench, layer, scriptOf } from "./support.ts"

const { tool, wait } = ScriptAction

const actorOf = Effect.fnUntraced(function* (id: string) {
  return yield* Effect.fromOption(yield* (yield* ActorStatePort.ActorStatePort).get(id))
})

/** Lets everything happen that needs no more time. */
const rest = Effect.forEach(Array.from({ length: 200 }), () => Effect.yieldNow, { discard: true })

const pass = (minutes: number) =>
  Effect.forEach(Array.from({ length: minutes }), () => Effect.andThen(TestClock.adjust("1 minute"), rest), {
    discard: true
  })

describe("the schedule of a scripted actor", () => {
  it.effect("lets it tick at its interval, the first time after one", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const { uses } = yield* Bench
      const script = scriptOf([
        { name: "work", mode: "passive", plan: () => Effect.succeed({ actions: [tool("note", 1)] }) },
        { name: "answer", mode: "active", plan: () => Effect.die("there is no message") }
      ])
      const { id } = yield* port.spawn(script, "goal")
      yield* port.start(id, { every: "10 minutes" })
      yield* pass(9)
      assert.lengthOf(uses, 0)
      yield* pass(1)
      assert.lengthOf(uses, 1)
      yield* pass(30)
      assert.lengthOf(uses, 4)
      yield* port.start(id, { every: "2 minutes" })
      yield* pass(10)
      assert.lengthOf(uses, 9)
      assert.deepInclude(yield* actorOf(id), { state: "idle", everyMilliseconds: 120_000 })
    }).pipe(Effect.provide(layer()))
  )

  it.effect("passes a tick over that comes due during another", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const bench = yield* Bench
      const { id } = yield* port.spawn(scriptOf([always("work", [tool("hold", null, { timeout: "1 day" })])]), "goal")
      yield* port.start(id, { every: "1 minute" })
      yield* pass(5)
      assert.lengthOf(bench.uses, 1)
      yield* bench.release
      yield* rest
      assert.lengthOf(bench.uses, 1)
      yield* pass(3)
      assert.lengthOf(bench.uses, 4)
      const history = yield* Stream.runCollect(port.history(id))
      const ticks = history.flatMap(({ event: { _tag } }) => (_tag.startsWith("Tick") ? [_tag] : []))
      assert.deepStrictEqual(
        ticks,
        Array.from({ length: 4 }).flatMap(() => ["TickStarted", "TickEnded"])
      )
    }).pipe(Effect.provide(layer()))
  )

  it.effect("is held by a pause, and ends with a stop", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const { uses } = yield* Bench
      const { id } = yield* port.spawn(scriptOf([always("work", [tool("note", 1)])]), "goal")
      yield* port.start(id, { every: "1 minute" })
      yield* pass(2)
      yield* port.pause(id)
      yield* pass(5)
      assert.lengthOf(uses, 2)
      yield* port.resume(id)
      yield* pass(2)
      assert.lengthOf(uses, 4)
      yield* port.stop(id)
      yield* port.resume(id)
      yield* pass(5)
      assert.lengthOf(uses, 4)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("stands still once the goal is reached, until there is a new one", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const { uses } = yield* Bench
      const { id } = yield* port.spawn(scriptOf([always("work", [tool("note", 1)], true)]), "goal")
      yield* port.start(id, { every: "1 minute" })
      yield* pass(5)
      assert.lengthOf(uses, 1)
      assert.strictEqual((yield* actorOf(id)).state, "completed")
      yield* port.update(id, { goals: ["another"] })
      yield* pass(5)
      assert.lengthOf(uses, 2)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("slows down while ticks fail, and is itself again after a good one", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const minutes: Array<number> = []
      let minute = 0
      let fails = true
      const script = scriptOf([
        {
          name: "work",
          mode: "persistent",
          plan: () =>
            Effect.suspend(() => {
              minutes.push(minute)
              return fails ? Effect.fail("no idea") : Effect.succeed({ actions: [] })
            })
        }
      ])
      const { id } = yield* port.spawn(script, "goal")
      yield* port.start(id, { every: "1 minute" })
      while (minute < 200) {
        minute++
        fails = minute < 100
        yield* pass(1)
      }
      assert.deepStrictEqual(
        minutes.filter((at) => at < 140),
        [1, 2, 4, 8, 16, 32, 64, 124, 125, 126, 127, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 139]
      )
    }).pipe(Effect.provide(layer()))
  )

  it.effect("of a child begins when its parent says so", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const { uses } = yield* Bench
      const child: ActorScript.ActorScript = scriptOf([{ name: "work", mode: "persistent" }])
      const spawn = ScriptAction.spawn(child, "work", { start: { every: "1 minute" } })
      const parent = scriptOf([always("have", [spawn])])
      yield* port.spawn(scriptOf([always("work", [tool("note", 1)])]), "registers the behavior")
      const { id } = yield* port.spawn(parent, "goal")
      yield* port.tick(id)
      yield* pass(3)
      assert.lengthOf(uses, 3)
    }).pipe(Effect.provide(layer()))
  )
})

describe("a wait of a scripted actor", () => {
  it.effect("lets the tick rest and the actor hear", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const { uses } = yield* Bench
      const actions = [tool("note", "before"), wait("10 minutes"), wait(0), tool("note", "after")]
      const { id } = yield* port.spawn(scriptOf([always("work", actions)]), "goal")
      const ticking = yield* Effect.forkChild(port.tick(id), { startImmediately: true })
      yield* pass(9)
      assert.lengthOf(uses, 1)
      yield* port.send(id, "hello")
      assert.deepInclude(yield* actorOf(id), { state: "running", mailbox: 1 })
      yield* pass(1)
      const { outcome, outcomes } = yield* Fiber.join(ticking)
      assert.deepStrictEqual([outcome, outcomes.length], ["ok", 4])
      assert.deepStrictEqual(
        uses.slice(0, 2).map(({ args }) => args),
        ["before", "after"]
      )
    }).pipe(Effect.provide(layer()))
  )

  it.effect("passes during a pause, and what comes after it waits for the resume", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const { uses } = yield* Bench
      const { id } = yield* port.spawn(scriptOf([always("work", [wait("10 minutes"), tool("note", 1)])]), "goal")
      const ticking = yield* Effect.forkChild(port.tick(id), { startImmediately: true })
      yield* pass(1)
      yield* port.pause(id)
      yield* pass(20)
      assert.lengthOf(uses, 0)
      yield* port.resume(id)
      assert.strictEqual((yield* Fiber.join(ticking)).outcome, "ok")
      assert.lengthOf(uses, 1)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("ends though the clock is set back once its timer has gone off", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const system = yield* ActorSystem.ActorSystem
      const { uses } = yield* Bench
      const held = [
        { id: "by the engine", hold: system.pause, release: system.resume },
        {
          id: "by the port",
          hold: (_: unknown, id: string) => port.pause(id),
          release: (_: unknown, id: string) => port.resume(id)
        }
      ]
      for (const { hold, id, release } of held) {
        yield* port.spawn(scriptOf([always("work", [wait("10 minutes"), tool("note", id)])]), "goal", { id })
        const ticking = yield* Effect.forkChild(port.tick(id), { startImmediately: true })
        yield* pass(1)
        const begun = yield* Clock.currentTimeMillis
        yield* hold(ScriptActor, id)
        yield* pass(10)
        yield* TestClock.setTime(begun + 4 * 60_000)
        yield* release(ScriptActor, id)
        yield* pass(4)
        assert.isUndefined(ticking.pollUnsafe())
        yield* pass(1)
        assert.strictEqual((yield* Fiber.join(ticking)).outcome, "ok")
      }
      assert.deepStrictEqual(
        uses.map(({ args }) => args),
        held.map(({ id }) => id)
      )
    }).pipe(Effect.provide(layer()))
  )

  it.effect("ends with a stop", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const { uses } = yield* Bench
      const { id } = yield* port.spawn(scriptOf([always("work", [wait("10 minutes"), tool("note", 1)])]), "goal")
      const ticking = yield* Effect.forkChild(port.tick(id), { startImmediately: true })
      yield* pass(1)
      yield* port.stop(id)
      assert.strictEqual((yield* Fiber.join(ticking)).outcome, "stopped")
      yield* port.resume(id)
      yield* pass(20)
      assert.lengthOf(uses, 0)
      assert.strictEqual((yield* actorOf(id)).state, "idle")
    }).pipe(Effect.provide(layer()))
  )
})
