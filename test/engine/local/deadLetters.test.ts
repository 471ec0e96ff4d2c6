import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LocalEngine from "../../../layers/engine/local.ts"
import * as Memory from "../../../layers/memory/index.ts"
import { ActorSystem, Supervision } from "../../../src/index.ts"
import { behavior, Counter, settle } from "./support.ts"

describe("a command that was told", () => {
  const told = ActorSystem.ActorSystem.use((system) => system.tell(Counter, "a", "Count", undefined))
  const dying = ActorSystem.ActorSystem.use((system) => system.tell(Counter, "a", "Die", undefined))

  it.effect("and can no longer be run is a dead letter, and the log says so", () => {
    const gate = Deferred.makeUnsafe<void>()
    const lines: Array<string> = []
    const layer = behavior({ wait: Deferred.await(gate) }, { supervision: Supervision.stop }).pipe(
      Layer.provideMerge(LocalEngine.layer),
      Layer.provideMerge(Memory.layer),
      Layer.provideMerge(Logger.layer([Logger.make(({ message }) => lines.push(String(message)))]))
    )
    return Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      yield* Effect.forkChild(counter.Run({ script: "wait" }), { startImmediately: true })
      yield* settle
      yield* dying
      yield* told
      yield* told
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      const letters = lines.filter((line) => line.includes("dead letter"))
      assert.lengthOf(letters, 2)
      for (const letter of letters) assert.include(letter, "Count to Counter/a")
      assert.strictEqual(lines.filter((line) => line.includes("crashed on Die")).length, 1)
      // Who comes later is told at once.
      assert.deepInclude(yield* Effect.flip(told), { _tag: "ActorStopped", reason: "failed" })
    }).pipe(Effect.provide(layer, { local: true }))
  })
})
