import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as Memory from "../../layers/memory/index.ts"
import { ActorStatePort, EventStore, ScriptAction } from "../../src/index.ts"
import { FaultyStore } from "../contract/index.ts"
import { always, Bench, layer, scriptOf, world } from "./support.ts"

const faulty = ActorStatePort.layer.pipe(
  Layer.provide(world),
  Layer.provide(LocalEngine.layer),
  Layer.provideMerge(FaultyStore.layer.pipe(Layer.provide(Memory.layer)))
)

describe("reading scripted actors", () => {
  it.effect("lists all of them, in pages, and nobody else", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      yield* EventStore.append({ agentId: "PantheonActors", events: [{ type: "other" }] })
      const ids = Array.from({ length: 25 }, (_, index) => `${index % 2 === 0 ? "even" : "odd"}-${index}`)
      yield* Effect.forEach(ids, (id) => port.spawn(scriptOf([]), "goal", { id }), { concurrency: 5 })
      const all = yield* Stream.runCollect(port.list())
      assert.deepStrictEqual(all.map(({ id }) => id).toSorted(), ids.toSorted())
      const paged: Array<string> = []
      for (let after: string | undefined; ; after = paged.at(-1)) {
        const page = yield* Stream.runCollect(port.list({ after, limit: 10 }))
        if (page.length === 0) break
        paged.push(...page.map(({ id }) => id))
      }
      assert.deepStrictEqual(
        paged,
        all.map(({ id }) => id)
      )
      const odd = yield* Stream.runCollect(port.list({ prefix: "odd-" }))
      assert.lengthOf(odd, 12)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("tells the history in typed events, intents before outcomes", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const note = ScriptAction.tool("note", { at: new Date(3) })
      const message = ScriptAction.message("done")
      const { id } = yield* port.spawn(scriptOf([always("work", [note, message], true)]), "goal")
      const { tickId } = yield* port.tick(id)
      const history = yield* Stream.runCollect(port.history(id))
      assert.deepStrictEqual(
        history.map(({ event, version }) => `${version} ${event._tag}`),
        ["1 Spawned", "2 TickStarted", "3 BehaviorPlanned", "4 ActionEnded", "5 ActionEnded", "6 TickEnded"]
      )
      const planned = history[2]?.event
      assert.deepStrictEqual(planned?._tag === "BehaviorPlanned" ? planned.intents : [], [
        { id: `${tickId}:0`, action: note },
        { id: `${tickId}:1`, action: message }
      ])
      const some = yield* Stream.runCollect(port.history(id, { direction: "backward", limit: 2, to: 5 }))
      assert.deepStrictEqual(
        some.map(({ version }) => version),
        [5, 4]
      )
    }).pipe(Effect.provide(layer()))
  )

  it.effect("watches an actor from its state now through every event, whoever else is watched", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const { id } = yield* port.spawn(scriptOf([always("work", [ScriptAction.tool("note", 1)], true)]), "goal")
      const other = yield* port.spawn(scriptOf([]), "goal")
      const watching = yield* Effect.forkChild(
        port.watch(id).pipe(
          Stream.map(({ state, version }) => `${version} ${state}`),
          Stream.takeUntil((seen) => seen.endsWith("completed")),
          Stream.runCollect
        ),
        { startImmediately: true }
      )
      const another = yield* Effect.forkChild(Stream.runHead(Stream.drop(port.watch(other.id), 1)), {
        startImmediately: true
      })
      for (let turn = 0; turn < 50; turn++) yield* Effect.yieldNow
      yield* port.tick(id)
      yield* port.update(other.id, { goals: ["new"] })
      assert.deepStrictEqual(yield* Fiber.join(watching), [
        "1 idle",
        "2 running",
        "3 running",
        "4 running",
        "5 completed"
      ])
      assert.deepStrictEqual((yield* Effect.fromOption(yield* Fiber.join(another))).goals, ["new"])
      assert.strictEqual((yield* Effect.flip(Stream.runDrain(port.watch("nobody"))))._tag, "ActorMissing")
    }).pipe(Effect.provide(layer()))
  )

  it.effect("tells a store that cannot be read from an actor that is not there", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const faults = yield* FaultyStore.FaultyStore
      const { id } = yield* port.spawn(scriptOf([]), "goal")
      yield* faults.fail({ on: "reads", times: 5 })
      assert.strictEqual((yield* Effect.flip(port.get(id)))._tag, "Unavailable")
      assert.strictEqual((yield* Effect.flip(Stream.runDrain(port.list())))._tag, "Unavailable")
      assert.strictEqual((yield* Effect.flip(Stream.runDrain(port.history(id))))._tag, "Unavailable")
      yield* faults.heal
      assert.isTrue((yield* port.get(id))._tag === "Some")
      assert.strictEqual((yield* Effect.flip(port.get("")))._tag, "InvalidInput")
    }).pipe(Effect.provide(faulty))
  )

  it.live("loses no result to a store that is out for a while", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const faults = yield* FaultyStore.FaultyStore
      const bench = yield* Bench
      const { id } = yield* port.spawn(scriptOf([always("work", [ScriptAction.tool("hold")])]), "goal")
      const ticking = yield* Effect.forkChild(port.tick(id), { startImmediately: true })
      yield* bench.held
      yield* faults.fail({ times: 2 })
      yield* bench.release
      assert.strictEqual((yield* Fiber.join(ticking)).outcome, "ok")
      assert.lengthOf(bench.uses, 1)
    }).pipe(Effect.provide(faulty.pipe(Layer.provideMerge(world))))
  )
})
