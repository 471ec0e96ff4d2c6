/**
 * Commands with an id of which nothing is on record.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { Ledger } from "./Ledger.ts"
import { Stage } from "./Stage.ts"
import { deposits, fails, freshId, freshLedger, type It, journal, start, startAll } from "./support.ts"

export const register = (it: It): void => {
  describe("a command with an id", () => {
    it.effect("is not on record when it fails, and may be tried again", () =>
      Effect.gen(function* () {
        const { agentId, ledger } = yield* freshLedger
        const commandId = freshId()
        yield* fails(ledger.Withdraw({ amount: 5 }, { commandId }), "InsufficientFunds")
        yield* ledger.Deposit({ amount: 8 })
        assert.strictEqual(yield* ledger.Withdraw({ amount: 5 }, { commandId }), 3)
        assert.strictEqual(yield* ledger.Withdraw({ amount: 5 }, { commandId }), 3)
        assert.lengthOf(yield* journal(agentId), 2)
      })
    )

    it.effect("is not on record when its handler dies", () =>
      Effect.gen(function* () {
        const { ledger } = yield* freshLedger
        const stage = yield* Stage
        const [commandId, label] = [freshId(), freshId()]
        yield* fails(ledger.Die({ label }, { commandId }), "ActorCrashed")
        yield* fails(ledger.Die({ label }, { commandId }), "ActorCrashed")
        assert.strictEqual(stage.runs(label), 2)
      })
    )

    it.effect("is answered anew each time when it persists nothing", () =>
      Effect.gen(function* () {
        const { faults, ledger } = yield* freshLedger
        const commandId = freshId()
        assert.strictEqual(yield* ledger.Balance(undefined, { commandId }), 0)
        yield* ledger.Deposit({ amount: 1 })
        assert.strictEqual(yield* ledger.Balance(undefined, { commandId }), 1)
        assert.strictEqual(yield* ledger.DepositMany({ amounts: [] }, { commandId }), 1)
        assert.lengthOf(faults.appends, 1)
      })
    )

    it.effect("is not on record when it persists nothing, though others in its round do", () =>
      Effect.gen(function* () {
        const { agentId, faults, ledger } = yield* freshLedger
        const commandId = freshId()
        faults.hold()
        const first = yield* start(ledger.Deposit({ amount: 1 }))
        yield* faults.held
        const fibers = yield* startAll([
          ledger.DepositMany({ amounts: [] }, { commandId }),
          ledger.Deposit({ amount: 2 }),
          ledger.DepositMany({ amounts: [] }, { commandId })
        ])
        yield* faults.release
        yield* Fiber.join(first)
        assert.deepStrictEqual(yield* Effect.forEach(fibers, Fiber.join), [1, 3, 3])
        assert.strictEqual(yield* ledger.DepositMany({ amounts: [4, 8] }, { commandId }), 15)
        assert.deepStrictEqual(yield* deposits(agentId), [1, 2, 4, 8])
      })
    )

    it.effect("may be told as well as asked", () =>
      Effect.gen(function* () {
        const { agentId, id, ledger } = yield* freshLedger
        const system = yield* ActorSystem
        const commandId = freshId()
        yield* system.tell(Ledger, id, "Deposit", { amount: 3 }, { commandId })
        yield* system.tell(Ledger, id, "Deposit", { amount: 3 }, { commandId })
        assert.strictEqual(yield* system.ask(Ledger, id, "Deposit", { amount: 3 }, { commandId }), 3)
        assert.strictEqual(yield* ledger.Balance(), 3)
        assert.deepStrictEqual(yield* deposits(agentId), [3])
      })
    )

    it.effect("is another command for another actor", () =>
      Effect.gen(function* () {
        const [left, right] = [yield* freshLedger, yield* freshLedger]
        const commandId = freshId()
        assert.strictEqual(yield* left.ledger.Deposit({ amount: 1 }, { commandId }), 1)
        assert.strictEqual(yield* right.ledger.Deposit({ amount: 2 }, { commandId }), 2)
      })
    )
  })
}
