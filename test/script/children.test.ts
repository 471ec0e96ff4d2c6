import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type ActorScript, ActorStatePort, ScriptAction, type ScriptedActor } from "../../src/index.ts"
import { always, layer, scriptOf } from "./support.ts"

const leaf: ActorScript.ActorScript = { name: "Leaf", contextSources: [], talents: [] }

/** The tags of what went wrong, and `ok` for what did not. */
const tagsOf = ({ outcomes }: ScriptedActor.TickReport) =>
  outcomes.map(({ result }) => (result._tag === "Failed" ? result.failure.tag : result._tag))

const actorOf = Effect.fnUntraced(function* (id: string) {
  return yield* Effect.fromOption(yield* (yield* ActorStatePort.ActorStatePort).get(id))
})

describe("children of scripted actors", () => {
  it.effect("know their parent, who knows them, and do nothing by themselves", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const script = scriptOf([always("have", [ScriptAction.spawn(leaf, "grow")])])
      const { id } = yield* port.spawn(script, "goal")
      const { outcomes } = yield* port.tick(id)
      const { children } = yield* actorOf(id)
      const child = yield* actorOf(children[0] ?? "")
      assert.deepStrictEqual(outcomes[0]?.result, { _tag: "Ok", value: { id: child.id } })
      assert.deepInclude(child, { parent: id, depth: 1, state: "idle", goals: ["grow"], everyMilliseconds: undefined })
    }).pipe(Effect.provide(layer()))
  )

  it.effect("are no more than the port and the script allow; those that have ended make room", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const script = scriptOf([always("have", [ScriptAction.spawn(leaf, "a"), ScriptAction.spawn(leaf, "b")])])
      const { id } = yield* port.spawn(script, "goal")
      assert.deepStrictEqual(tagsOf(yield* port.tick(id)), ["Ok", "Ok"])
      assert.deepStrictEqual(tagsOf(yield* port.tick(id)), ["Ok", "SpawnRefused"])
      const before = (yield* actorOf(id)).children
      yield* port.stop(before[1] ?? "")
      assert.deepStrictEqual(tagsOf(yield* port.tick(id)), ["Ok", "SpawnRefused"])
      const after = (yield* actorOf(id)).children
      assert.deepStrictEqual(after.slice(0, 2), [before[0], before[2]])
      assert.lengthOf(after, 3)
      const childless = yield* port.spawn({ ...script, children: 0 }, "goal")
      assert.deepStrictEqual(tagsOf(yield* port.tick(childless.id)), ["SpawnRefused", "SpawnRefused"])
    }).pipe(Effect.provide(layer({ maximumChildren: 3 })))
  )

  it.effect("lie no deeper than the port allows, and stop with those above them", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const nest: ActorScript.ActorScript = {
        name: "Nest",
        contextSources: [],
        talents: [{ name: "nesting", behaviors: [{ name: "nest", mode: "persistent" }] }]
      }
      const script = scriptOf([always("nest", [ScriptAction.spawn(nest, "nest")])])
      const ids = [(yield* port.spawn(script, "goal")).id]
      for (const depth of [0, 1]) {
        yield* port.tick(ids[depth] ?? "")
        ids.push(...(yield* actorOf(ids[depth] ?? "")).children)
      }
      assert.lengthOf(ids, 3)
      assert.deepStrictEqual(tagsOf(yield* port.tick(ids[2] ?? "")), ["SpawnRefused"])
      yield* port.stop(ids[0] ?? "")
      const states = yield* Stream.runCollect(Stream.map(port.list(), ({ state }) => state))
      assert.deepStrictEqual(states, ["stopped", "stopped", "stopped"])
    }).pipe(Effect.provide(layer({ maximumDepth: 2 })))
  )
})
