import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { CurrentWaiter } from "../../../layers/engine/local/Waiter.ts"
import * as LocalEngine from "../../../layers/engine/local.ts"
import { ActorSystem } from "../../../src/index.ts"
import { behavior, Counter, runtime } from "./support.ts"

setFlagsFromString("--expose-gc")
const collectGarbage: unknown = runInNewContext("gc")

const collect = Effect.gen(function* () {
  for (let round = 0; round < 5; round++) {
    yield* Effect.sleep("5 millis")
    if (typeof collectGarbage === "function") collectGarbage()
  }
})

/** Uses some actors in every way. Their handlers remember them, weakly. */
const use = Effect.gen(function* () {
  const system = yield* ActorSystem.ActorSystem
  const client = yield* Counter.client
  for (let index = 0; index < 20; index++) {
    const id = `${index}`
    const counter = client(id)
    yield* counter.Run({ script: "remember" })
    yield* system.tell(Counter, id, "Count", undefined)
    yield* Effect.flip(counter.Die())
    yield* system.restart(Counter, id)
    yield* system.pause(Counter, id)
    yield* system.resume(Counter, id)
    yield* counter.Run({ script: "ask" })
    assert.strictEqual(yield* counter.Look(), 3)
  }
})

const scriptsOf = (actors: Array<WeakRef<object>>) => ({
  remember: Effect.map(CurrentWaiter, (actor) => {
    if (actor !== undefined) actors.push(new WeakRef(actor))
  }),
  ask: Effect.flatMap(Counter.client, (client) => client("another").Look())
})

const alive = (actors: ReadonlyArray<WeakRef<object>>): number => {
  assert.lengthOf(actors, 20)
  return actors.filter((actor) => actor.deref() !== undefined).length
}

describe("an actor that has left the memory", () => {
  it.live("leaves nothing behind in the engine when it has fallen asleep", () => {
    const actors: Array<WeakRef<object>> = []
    return Effect.gen(function* () {
      yield* use
      yield* Effect.sleep("100 millis")
      yield* collect
      assert.strictEqual(alive(actors), 0)
    }).pipe(Effect.provide(runtime(behavior(scriptsOf(actors), { passivateAfter: "20 millis" })), { local: true }))
  })

  it.live("leaves nothing behind when there was no room for it, or when it was stopped", () => {
    const actors: Array<WeakRef<object>> = []
    return Effect.gen(function* () {
      const system = yield* ActorSystem.ActorSystem
      yield* use
      yield* system.stop(Counter, "19")
      yield* collect
      assert.strictEqual(alive(actors), 0)
    }).pipe(
      Effect.provide(runtime(behavior(scriptsOf(actors)), { engine: LocalEngine.layerWith({ maximumResident: 2 }) }), {
        local: true
      })
    )
  })
})
