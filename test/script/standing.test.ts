import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { ActorStatePort, ActorSystem, ScriptAction, ToolPort } from "../../src/index.ts"
import { ScriptActor } from "../../src/script/ScriptActor.ts"
import { always, Bench, layer, scriptOf } from "./support.ts"

const { tool } = ScriptAction

const actorOf = Effect.fnUntraced(function* (id: string) {
  return yield* Effect.fromOption(yield* (yield* ActorStatePort.ActorStatePort).get(id))
})

const stateOf = (id: string) => Effect.map(actorOf(id), ({ state }) => state)

const tagOf = <A, E extends { readonly _tag: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), ({ _tag }) => _tag)

describe("a scripted actor", () => {
  it.effect(
    "that is paused during a tick records the action that has begun, begins no other, and goes on where it was",
    () =>
      Effect.gen(function* () {
        const port = yield* ActorStatePort.ActorStatePort
        const bench = yield* Bench
        const script = scriptOf([
          always("work", [tool("hold"), tool("note", "after")]),
          always("more", [tool("note", 2)])
        ])
        const { id } = yield* port.spawn(script, "goal")
        const ticking = yield* Effect.forkChild(port.tick(id), { startImmediately: true })
        yield* bench.held
        yield* port.pause(id)
        const recorded = yield* Effect.forkChild(
          Stream.runHead(Stream.filter(port.watch(id), ({ tick }) => tick?.outcomes.length === 1)),
          { startImmediately: true }
        )
        yield* bench.release
        const paused = Option.getOrUndefined(yield* Fiber.join(recorded))
        assert.deepStrictEqual([paused?.state, paused?.tick?.pending.length], ["paused", 1])
        assert.strictEqual(yield* tagOf(port.tick(id)), "ActorHeld")
        assert.strictEqual(yield* tagOf(port.tick(id, { message: "hello" })), "ActorHeld")
        yield* port.send(id, "later")
        assert.deepInclude(yield* actorOf(id), { state: "paused", mailbox: 1 })
        assert.lengthOf(bench.uses, 1)
        yield* port.resume(id)
        const report = yield* Fiber.join(ticking)
        assert.deepStrictEqual([report.outcome, report.outcomes.length], ["ok", 3])
        const idle = Stream.filter(port.watch(id), ({ mailbox, state }) => state === "idle" && mailbox === 0)
        yield* Stream.runHead(idle)
        assert.deepStrictEqual(
          bench.uses.map(({ args, tool }) => [tool, args]),
          [
            ["hold", null],
            ["note", "after"],
            ["note", 2],
            ["hold", null],
            ["note", "after"],
            ["note", 2]
          ]
        )
      }).pipe(Effect.provide(layer()))
  )

  it.effect("begins nothing once a pause has returned, however close to the end of an action it came", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const { uses } = yield* Bench
      const tools = yield* ToolPort.ToolPort
      const paused = yield* Queue.unbounded<number>()
      const pausing = ToolPort.tool({
        name: "pause",
        args: Schema.Int,
        run: (turns, { actorId }) =>
          Effect.asVoid(
            Effect.forkDetach(
              Effect.gen(function* () {
                for (let turn = 0; turn < turns; turn++) yield* Effect.promise(() => Promise.resolve())
                yield* port.pause(actorId)
                yield* Queue.offer(paused, uses.length)
              })
            )
          )
      })
      yield* tools.register(pausing)
      for (let turns = 0; turns < 40; turns++) {
        const notes = Array.from({ length: 9 }, (_, index) => tool("note", index))
        const { id } = yield* port.spawn(scriptOf([always("work", [tool("pause", turns), ...notes])]), "goal")
        const ticking = yield* Effect.forkChild(port.tick(id), { startImmediately: true })
        const count = yield* Queue.take(paused)
        for (let turn = 0; turn < 20; turn++) yield* Effect.yieldNow
        assert.lengthOf(uses, count, `after ${turns} turns`)
        yield* Fiber.interrupt(ticking)
      }
    }).pipe(Effect.provide(layer()))
  )

  it.effect("begins no action that comes after one whose end is recorded together with a pause", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const system = yield* ActorSystem.ActorSystem
      const { held, release, uses } = yield* Bench
      const settled = Effect.forEach(Array.from({ length: 50 }), () => Effect.yieldNow, { discard: true })
      const { id } = yield* port.spawn(scriptOf([always("work", [tool("hold"), tool("note")])]), "goal")
      const ticking = yield* Effect.forkChild(port.tick(id), { startImmediately: true })
      yield* held
      // So that both wait for the actor, and are decided together.
      yield* system.pause(ScriptActor, id)
      yield* release
      yield* settled
      const pausing = yield* Effect.forkChild(port.pause(id), { startImmediately: true })
      yield* settled
      yield* system.resume(ScriptActor, id)
      yield* Fiber.join(pausing)
      yield* settled
      assert.lengthOf(uses, 1)
      yield* port.resume(id)
      assert.strictEqual((yield* Fiber.join(ticking)).outcome, "ok")
      assert.lengthOf(uses, 2)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("that is paused at the end of a tick stays paused", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const bench = yield* Bench
      const { id } = yield* port.spawn(scriptOf([always("work", [tool("hold")], true)]), "goal")
      const ticking = yield* Effect.forkChild(port.tick(id), { startImmediately: true })
      yield* bench.held
      yield* port.pause(id)
      yield* port.pause(id)
      yield* port.update(id, { metadata: { seen: true } })
      yield* bench.release
      yield* Stream.runHead(Stream.filter(port.watch(id), ({ tick }) => tick?.outcomes.length === 1))
      assert.strictEqual(yield* stateOf(id), "paused")
      yield* port.resume(id)
      assert.strictEqual((yield* Fiber.join(ticking)).outcome, "ok")
      assert.deepInclude(yield* actorOf(id), { state: "completed", metadata: { seen: true } })
    }).pipe(Effect.provide(layer()))
  )

  it.effect("that is stopped ends its tick at once, forgets its messages, and takes no more until it is resumed", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const bench = yield* Bench
      const { id } = yield* port.spawn(scriptOf([always("work", [tool("never"), tool("note", "after")])]), "goal")
      const ticking = yield* Effect.forkChild(port.tick(id), { startImmediately: true })
      while (bench.uses.length === 0) yield* Effect.yieldNow
      const asking = yield* Effect.forkChild(port.tick(id, { message: "hello" }), { startImmediately: true })
      yield* Stream.runHead(Stream.filter(port.watch(id), ({ mailbox }) => mailbox === 1))
      yield* port.stop(id)
      yield* port.stop(id)
      yield* bench.interrupted
      assert.deepInclude(yield* Fiber.join(ticking), { outcome: "stopped", outcomes: [] })
      assert.strictEqual(yield* tagOf(Fiber.join(asking)), "ActorHeld")
      assert.deepInclude(yield* actorOf(id), { state: "stopped", mailbox: 0, tick: undefined })
      for (const refused of [port.tick(id), port.send(id, "hello"), port.start(id, { every: 5 }), port.pause(id)]) {
        assert.strictEqual(yield* tagOf(Effect.asVoid(refused)), "ActorHeld")
      }
      yield* port.resume(id)
      assert.strictEqual(yield* stateOf(id), "idle")
    }).pipe(Effect.provide(layer()))
  )

  it.effect("is completed only when a plan or an action says so, and nothing in that tick failed", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const left = Effect.fnUntraced(function* (actions: ReadonlyArray<ScriptAction.Action>, done?: boolean) {
        const { id } = yield* port.spawn(scriptOf([always("work", actions, done)]), "goal")
        yield* port.tick(id)
        return yield* actorOf(id)
      })
      assert.strictEqual((yield* left([], true)).state, "completed")
      assert.strictEqual((yield* left([tool("note", 1, { done: true })])).state, "completed")
      assert.strictEqual((yield* left([tool("note", 1)])).state, "idle")
      assert.strictEqual((yield* left([tool("break", 1)], true)).state, "failed")
      assert.strictEqual((yield* left([tool("break", 1, { done: true })])).state, "failed")
    }).pipe(Effect.provide(layer()))
  )

  it.effect("that is completed still answers messages, and a new goal makes it active again", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const script = scriptOf([
        { name: "work", mode: "passive", plan: () => Effect.succeed({ actions: [], done: true }) },
        { name: "answer", mode: "active", plan: () => Effect.succeed({ actions: [tool("note", "yes")] }) }
      ])
      const { id } = yield* port.spawn(script, "goal")
      yield* port.tick(id)
      assert.strictEqual((yield* port.tick(id, { message: "done?" })).outcomes.length, 1)
      assert.strictEqual(yield* stateOf(id), "completed")
      assert.strictEqual((yield* port.update(id, { metadata: {} })).state, "completed")
      assert.strictEqual((yield* port.update(id, { goals: ["another"] })).state, "idle")
    }).pipe(Effect.provide(layer()))
  )

  it.effect("has failed when its last tick did, and a good tick or a resume is the end of that", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      let fails = true
      const script = scriptOf([
        {
          name: "work",
          mode: "persistent",
          plan: () => (fails ? Effect.fail("no idea") : Effect.succeed({ actions: [] }))
        }
      ])
      const { id } = yield* port.spawn(script, "goal")
      assert.strictEqual((yield* port.tick(id)).outcome, "failed")
      assert.strictEqual(yield* stateOf(id), "failed")
      yield* port.resume(id)
      assert.strictEqual(yield* stateOf(id), "failed")
      fails = false
      yield* port.tick(id)
      assert.strictEqual(yield* stateOf(id), "idle")
    }).pipe(Effect.provide(layer()))
  )

  it.effect("is updated as a whole or not at all, and only at the revision that is expected", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const spawned = yield* port.spawn(scriptOf([]), "goal", { metadata: { a: 1 } })
      const { id } = spawned
      const updated = yield* port.update(id, { goals: ["x", "y"] }, { expected: spawned.revision })
      assert.deepStrictEqual([updated.goals, updated.metadata, updated.revision], [["x", "y"], { a: 1 }, 2])
      const conflict = yield* Effect.flip(port.update(id, { goals: [] }, { expected: 1 }))
      assert.deepInclude(conflict, { _tag: "Conflict", expected: 1, actual: 2 })
      const impossible = port.update(id, { goals: [], metadata: { f: Number.NaN } })
      assert.strictEqual(yield* tagOf(impossible), "Rejected")
      assert.deepStrictEqual(yield* actorOf(id), updated)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("that nobody spawned is missing, for everyone, and nothing is stored of it", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const asked: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }>> = [
        port.update("x", { goals: [] }),
        port.send("x", "hello"),
        port.tick("x"),
        port.start("x", { every: "1 second" }),
        port.pause("x"),
        port.resume("x"),
        port.stop("x"),
        Stream.runDrain(port.watch("x"))
      ]
      for (const effect of asked) assert.strictEqual(yield* tagOf(effect), "ActorMissing")
      assert.isTrue(Option.isNone(yield* port.get("x")))
      assert.deepStrictEqual(yield* Stream.runCollect(port.history("x")), [])
      assert.deepStrictEqual(yield* Stream.runCollect(port.list()), [])
    }).pipe(Effect.provide(layer()))
  )

  it.effect("keeps its id to itself, and bad input away", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      yield* port.spawn(scriptOf([]), "goal", { id: "mine" })
      assert.strictEqual(yield* tagOf(port.spawn(scriptOf([]), "other", { id: "mine" })), "ActorExists")
      assert.strictEqual(yield* tagOf(port.spawn(scriptOf([]), "goal", { id: "" })), "InvalidInput")
      assert.strictEqual(yield* tagOf(port.spawn({ ...scriptOf([]), name: "" }, "goal")), "InvalidInput")
      for (const script of [null, {}, { ...scriptOf([]), talents: [{ name: "testing" }] }]) {
        assert.strictEqual(yield* tagOf(port.spawn(script as never, "goal")), "InvalidInput")
      }
      assert.strictEqual(yield* tagOf(port.start("mine", { every: 0 })), "InvalidInput")
      assert.strictEqual(yield* tagOf(port.start("mine", { every: "soon" as never })), "InvalidInput")
      assert.strictEqual(yield* tagOf(port.start("mine", { every: "Infinity" })), "InvalidInput")
      assert.deepStrictEqual((yield* actorOf("mine")).goals, ["goal"])
    }).pipe(Effect.provide(layer()))
  )

  it.effect("is not run by a port whose times are none", () =>
    Effect.gen(function* () {
      for (const [name, options] of [
        ["planTimeout", { planTimeout: -1 }],
        ["actionTimeout", { actionTimeout: "soon" as never }]
      ] as const) {
        const exit = yield* Effect.exit(Effect.provide(Effect.void, layer(options), { local: true }))
        assert.match(String(exit), new RegExp(`ActorStatePort: ${name} must be a duration`))
      }
    })
  )

  it.effect("takes so many messages, each once however often it is sent, and no more", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const { id } = yield* port.spawn(scriptOf([]), "goal")
      yield* port.pause(id)
      const first = yield* port.send(id, "one", { commandId: "c-1" })
      assert.strictEqual(yield* port.send(id, "one", { commandId: "c-1" }), first)
      yield* port.send(id, "two")
      assert.deepInclude(yield* Effect.flip(port.send(id, "three")), { _tag: "MailFull", capacity: 2 })
      assert.strictEqual((yield* actorOf(id)).mailbox, 2)
    }).pipe(Effect.provide(layer({ mailCapacity: 2 })))
  )
})
