import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { ActorStatePort, type BehaviorRegistry, ContextPort, ScriptAction } from "../../src/index.ts"
import { always, Bench, layer, scriptOf } from "./support.ts"

const note = (args: string) => ScriptAction.tool("note", args)

describe("a tick of a scripted actor", () => {
  it.effect("asks the behaviors of its mode, in the order in which the script declares them", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const asked: Array<string> = []
      const behavior = (name: string, mode: "active" | "passive" | "persistent") => ({
        name,
        mode,
        plan: () => Effect.sync(() => void asked.push(name)).pipe(Effect.as({ actions: [] }))
      })
      const script = {
        ...scriptOf([]),
        talents: [
          { name: "one", behaviors: [behavior("p", "persistent"), behavior("a", "active")] },
          { name: "two", behaviors: [behavior("q", "passive"), behavior("b", "active")] }
        ]
      }
      const { id } = yield* port.spawn(script, "goal")
      yield* port.tick(id)
      assert.deepStrictEqual(asked.splice(0), ["p", "q"])
      yield* port.tick(id, { message: "hello" })
      assert.deepStrictEqual(asked, ["p", "a", "b"])
    }).pipe(Effect.provide(layer()))
  )

  it.effect("gives plans the goals, the message, the metadata, and the context of the script's sources", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const memory = yield* ContextPort.ContextMemory
      yield* memory.give("news", { role: "user", content: "it rains" }, { role: "assistant", content: "so it does" })
      const asked: Array<BehaviorRegistry.PlanInput> = []
      const script = scriptOf(
        [
          {
            name: "look",
            mode: "persistent",
            plan: (input) => Effect.sync(() => void asked.push(input)).pipe(Effect.as({ actions: [] }))
          }
        ],
        { contextSources: [{ id: "news", label: "News", where: { role: "user" } }], roleName: "watcher", program: "p" }
      )
      const { id } = yield* port.spawn(script, "stay dry", { metadata: { since: new Date(5) } })
      yield* port.update(id, { goals: ["stay dry", "be happy"] })
      yield* port.tick(id, { message: "shall I?", from: "neighbour" })
      const seen = asked[0]
      assert.deepStrictEqual(seen?.actor, {
        id,
        name: "Tester",
        roleName: "watcher",
        program: "p",
        metadata: { since: new Date(5) }
      })
      assert.deepStrictEqual([seen?.goal, seen?.goals], ["stay dry; be happy", ["stay dry", "be happy"]])
      assert.deepStrictEqual([seen?.message?.content, seen?.message?.from], ["shall I?", "neighbour"])
      assert.deepStrictEqual(seen?.context, [{ role: "user", content: "it rains" }])
    }).pipe(Effect.provide(layer()))
  )

  it.effect("shows the outcomes of actions to later behaviors and to the next tick", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const seen: Array<ReadonlyArray<unknown>> = []
      const look = (name: string, actions: ReadonlyArray<ScriptAction.Action>) => ({
        name,
        mode: "persistent" as const,
        plan: ({ outcomes }: BehaviorRegistry.PlanInput) =>
          Effect.sync(() => {
            seen.push(outcomes.map(({ result }) => (result._tag === "Ok" ? result.value : result._tag)))
            return { actions }
          })
      })
      const { id } = yield* port.spawn(scriptOf([look("first", [note("one")]), look("second", [note("two")])]), "goal")
      yield* port.tick(id)
      yield* port.tick(id)
      assert.deepStrictEqual(seen, [[], ["one"], ["one", "two"], ["one", "two", "one"]])
    }).pipe(Effect.provide(layer()))
  )

  it.effect("shows what an action wrote into the context to the behaviors after it", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const seen: Array<ReadonlyArray<string>> = []
      const script = scriptOf(
        [
          always("write", [ScriptAction.write("board", { rain: true })]),
          {
            name: "read",
            mode: "persistent",
            plan: ({ context }) =>
              Effect.sync(() => void seen.push(context.map(({ content }) => content))).pipe(Effect.as({ actions: [] }))
          }
        ],
        { contextSources: [{ id: "board", label: "Board" }] }
      )
      const { id } = yield* port.spawn(script, "goal")
      yield* port.tick(id)
      assert.deepStrictEqual(seen, [['Board: {"rain":true}']])
    }).pipe(Effect.provide(layer()))
  )

  it.effect("may be repeated for ever: a good tick says nothing of the goal", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const bench = yield* Bench
      const { id } = yield* port.spawn(scriptOf([always("work", [note("again")])]), "goal")
      for (let tick = 0; tick < 3; tick++) {
        assert.strictEqual((yield* port.tick(id)).outcome, "ok")
        const actor = yield* Effect.fromOption(yield* port.get(id))
        assert.strictEqual(actor.state, "idle")
      }
      assert.lengthOf(bench.uses, 3)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("is one at a time: whoever asks for another joins it, and messages wait for their own", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const bench = yield* Bench
      const seen: Array<string | undefined> = []
      const script = scriptOf([
        {
          name: "work",
          mode: "persistent",
          plan: ({ message }) =>
            Effect.sync(() => {
              seen.push(message?.content)
              return { actions: [ScriptAction.tool("hold")] }
            })
        }
      ])
      const { id } = yield* port.spawn(script, "goal")
      const ticks = yield* Effect.forkChild(
        Effect.all([port.tick(id), port.tick(id), port.tick(id)], { concurrency: "unbounded" }),
        { startImmediately: true }
      )
      yield* bench.held
      const first = yield* port.send(id, "first")
      const second = yield* port.send(id, "second")
      assert.deepInclude(yield* Effect.fromOption(yield* port.get(id)), { state: "running", mailbox: 2 })
      const answer = yield* Effect.forkChild(port.tick(id, { message: "third" }), { startImmediately: true })
      yield* bench.release
      const reports = yield* Fiber.join(ticks)
      assert.strictEqual(new Set(reports.map(({ tickId }) => tickId)).size, 1)
      const last = yield* Fiber.join(answer)
      assert.isFalse([first, second].includes(last.tickId))
      assert.deepStrictEqual(seen, [undefined, "first", "second", "third"])
      assert.deepInclude(yield* Effect.fromOption(yield* port.get(id)), { state: "idle", mailbox: 0 })
    }).pipe(Effect.provide(layer()))
  )

  it.effect("goes on when whoever asked for it has lost interest", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const bench = yield* Bench
      const { id } = yield* port.spawn(scriptOf([always("work", [ScriptAction.tool("hold"), note("after")])]), "goal")
      const asker = yield* Effect.forkChild(port.tick(id), { startImmediately: true })
      yield* bench.held
      yield* Fiber.interrupt(asker)
      const joined = yield* Effect.forkChild(port.tick(id), { startImmediately: true })
      yield* bench.release
      assert.lengthOf((yield* Fiber.join(joined)).outcomes, 2)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("of a hundred actors may be under way at once", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const bench = yield* Bench
      const together = yield* Deferred.make<void>()
      let running = 0
      const script = scriptOf([
        {
          name: "meet",
          mode: "persistent",
          plan: () =>
            Effect.suspend(() => (++running === 100 ? Deferred.succeed(together, undefined) : Effect.void)).pipe(
              Effect.andThen(Deferred.await(together)),
              Effect.as({ actions: [note("met")] })
            )
        }
      ])
      const ids = Array.from({ length: 100 }, (_, index) => `actor-${index}`)
      yield* Effect.forEach(ids, (id) => Effect.andThen(port.spawn(script, "meet", { id }), port.tick(id)), {
        concurrency: "unbounded"
      })
      assert.lengthOf(bench.uses, 100)
    }).pipe(Effect.provide(layer()))
  )
})
