/**
 * An engine that closes. Each test has an engine of its own.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { Ledger } from "./Ledger.ts"
import { Stage } from "./Stage.ts"
import { Ledger2 } from "./smallActors.ts"
import { deposits, Engines, fails, freshId, type It, integers, start } from "./support.ts"

/** Starts an effect that outlives its engine. */
const outlive = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.forkDetach(effect, { startImmediately: true })

export const register = (it: It): void => {
  describe("an engine that closes", () => {
    it.effect("lets its actors finish the commands they have taken, and answers every caller", () =>
      Effect.gen(function* () {
        const engines = yield* Engines
        const stage = yield* Stage
        const [id, gate] = [freshId(), freshId()]
        const asking = yield* start(
          engines.fresh(
            Effect.gen(function* () {
              const ledger = (yield* Ledger.client)(id)
              const first = yield* outlive(ledger.DepositAfter({ gate, amount: 1 }))
              yield* stage.arrival(gate)
              const others = yield* Effect.forEach(integers(20), () => outlive(ledger.Deposit({ amount: 1 })))
              return [first, ...others]
            })
          )
        )
        yield* Effect.sleep("20 millis")
        assert.isUndefined(asking.pollUnsafe())
        yield* stage.open(gate)
        const fibers = yield* Fiber.join(asking)
        yield* Effect.yieldNow
        for (const fiber of fibers) assert.isDefined(fiber.pollUnsafe())
        assert.deepStrictEqual(yield* Effect.forEach(fibers, Fiber.join), integers(21))
        assert.deepStrictEqual(yield* deposits(Ledger.agentId(id)), integers(21).fill(1))
      })
    )

    it.effect("refuses what comes while it closes and afterwards, and tells those who wait for room", () =>
      Effect.gen(function* () {
        const engines = yield* Engines
        const stage = yield* Stage
        const [id, gate] = [freshId(), freshId()]
        const closing = yield* start(
          engines.fresh(
            Effect.gen(function* () {
              const system = yield* ActorSystem
              const actor = (yield* Ledger2.client)(id)
              const busy = yield* outlive(actor.AddAfter({ gate, amount: 0 }))
              yield* stage.arrival(gate)
              const inside = yield* Effect.forEach(integers(3), (amount) => outlive(actor.Add({ amount })))
              const asked = yield* outlive(Effect.flip(actor.Add({ amount: 100 })))
              const told = yield* outlive(Effect.flip(system.tell(Ledger2, id, "Add", { amount: 200 })))
              const late = yield* outlive(
                Effect.flip(
                  Effect.delay(
                    Effect.suspend(() => actor.Add({ amount: 300 })),
                    "10 millis"
                  )
                )
              )
              const another = (yield* Ledger2.client)(freshId())
              const elsewhere = yield* outlive(
                Effect.flip(
                  Effect.delay(
                    Effect.suspend(() => another.Add({ amount: 300 })),
                    "10 millis"
                  )
                )
              )
              const opening = yield* outlive(Effect.delay(stage.open(gate), "30 millis"))
              return { actor, system, taken: [busy, ...inside], refused: [asked, told, late, elsewhere], opening }
            })
          )
        )
        const { actor, opening, refused, system, taken } = yield* Fiber.join(closing)
        yield* Fiber.join(opening)
        assert.deepStrictEqual(yield* Effect.forEach(taken, Fiber.join), integers(4))
        for (const fiber of refused) {
          assert.deepInclude(yield* Fiber.join<unknown, unknown>(fiber), { _tag: "ActorStopped", reason: "shutdown" })
        }
        assert.strictEqual((yield* fails(actor.Amounts(), "ActorStopped")).reason, "shutdown")
        const told = yield* fails(system.tell(Ledger2, freshId(), "Amounts", undefined), "ActorStopped")
        assert.strictEqual(told.reason, "shutdown")
        assert.deepStrictEqual((yield* Ledger2.readState(id)).state.amounts, [0, 1, 2, 3])
      })
    )
  })
}
