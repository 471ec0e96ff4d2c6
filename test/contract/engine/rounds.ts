/**
 * What happens to commands that wait together.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { Ledger } from "./Ledger.ts"
import { Stage } from "./Stage.ts"
import {
  deposits,
  fails,
  freshId,
  freshLedger,
  type It,
  integers,
  journal,
  results,
  start,
  startAll
} from "./support.ts"

export const register = (it: It): void => {
  describe("commands that wait together", () => {
    it.effect("are persisted in one append, and each sees what those before it decided", () =>
      Effect.gen(function* () {
        const { agentId, faults, ledger } = yield* freshLedger
        faults.hold()
        const first = yield* start(ledger.Deposit({ amount: 1 }))
        yield* faults.held
        const fibers = yield* startAll(
          integers(63).map((number) =>
            number % 3 === 0 ? ledger.DepositInFiber({ amount: 1 }) : ledger.Deposit({ amount: 1 })
          )
        )
        yield* faults.release
        assert.strictEqual(yield* Fiber.join(first), 1)
        assert.deepStrictEqual(yield* Effect.forEach(fibers, Fiber.join), integers(63, 2))
        assert.deepStrictEqual(
          faults.appends.map(({ events, expected }) => [events.length, expected]),
          [
            [1, 0],
            [63, 1]
          ]
        )
        assert.deepStrictEqual(yield* deposits(agentId), integers(64).fill(1))
      })
    )

    it.effect("are not disturbed by one that fails with its own error", () =>
      Effect.gen(function* () {
        const { agentId, faults, ledger } = yield* freshLedger
        faults.hold()
        const first = yield* start(ledger.Deposit({ amount: 1 }))
        yield* faults.held
        const fibers = yield* startAll<number, unknown, never>([
          ledger.Withdraw({ amount: 2 }),
          ledger.Deposit({ amount: 2 }),
          ledger.Withdraw({ amount: 3 }),
          ledger.Withdraw({ amount: 1 }),
          ledger.Balance()
        ])
        yield* faults.release
        yield* Fiber.join(first)
        const answers = yield* results(fibers)
        assert.deepStrictEqual(
          answers.map((answer) =>
            Result.isSuccess(answer) ? answer.success : (answer.failure as { balance: number }).balance
          ),
          [1, 3, 0, 0, 0]
        )
        assert.deepStrictEqual(answers.map(Result.isSuccess), [false, true, true, false, true])
        assert.lengthOf(faults.appends, 2)
        assert.deepStrictEqual(
          (yield* journal(agentId)).map(({ type }) => type),
          ["Ledger.Deposited", "Ledger.Deposited", "Ledger.Withdrawn"]
        )
      })
    )

    it.effect("are answered without waiting for the handler of a later one", () =>
      Effect.gen(function* () {
        const { agentId, faults, ledger } = yield* freshLedger
        const stage = yield* Stage
        const gate = freshId()
        faults.hold()
        const first = yield* start(ledger.Deposit({ amount: 1 }))
        yield* faults.held
        const before = yield* start(ledger.Deposit({ amount: 2 }))
        const waiting = yield* start(ledger.DepositAfter({ gate, amount: 4 }))
        const behind = yield* start(ledger.Deposit({ amount: 8 }))
        yield* faults.release
        assert.deepStrictEqual([yield* Fiber.join(first), yield* Fiber.join(before)], [1, 3])
        yield* stage.arrival(gate)
        yield* Effect.sleep("10 millis")
        assert.deepStrictEqual([waiting.pollUnsafe(), behind.pollUnsafe()], [undefined, undefined])
        assert.deepStrictEqual(yield* deposits(agentId), [1, 2])
        yield* stage.open(gate)
        assert.deepStrictEqual([yield* Fiber.join(waiting), yield* Fiber.join(behind)], [7, 15])
        assert.deepStrictEqual(yield* deposits(agentId), [1, 2, 4, 8])
      })
    )

    it.effect("may come from tell, which completes when the mailbox has taken the command", () =>
      Effect.gen(function* () {
        const { agentId, faults, id, ledger } = yield* freshLedger
        const system = yield* ActorSystem
        faults.hold()
        for (const amount of [1, 2, 3]) yield* system.tell(Ledger, id, "Deposit", { amount })
        yield* faults.held
        assert.deepStrictEqual(yield* deposits(agentId), [])
        yield* faults.release
        assert.strictEqual(yield* ledger.Balance(), 6)
        assert.deepStrictEqual(yield* deposits(agentId), [1, 2, 3])
      })
    )

    it.effect("are run for a teller that fails, crashes or has long gone, too", () =>
      Effect.gen(function* () {
        const { agentId, id, ledger } = yield* freshLedger
        const system = yield* ActorSystem
        yield* system.tell(Ledger, id, "Withdraw", { amount: 1 })
        yield* system.tell(Ledger, id, "Die", {})
        yield* system.tell(Ledger, id, "Deposit", { amount: 2 })
        assert.strictEqual(yield* ledger.Balance(), 2)
        assert.deepStrictEqual(yield* deposits(agentId), [2])
      })
    )
  })

  describe("a caller that is interrupted", () => {
    it.effect("withdraws its command if that has not begun", () =>
      Effect.gen(function* () {
        const { agentId, id, ledger } = yield* freshLedger
        const stage = yield* Stage
        const gate = freshId()
        const label = freshId()
        const waiting = yield* start(ledger.DepositAfter({ gate, amount: 1 }))
        yield* stage.arrival(gate)
        const withdrawn = yield* start(ledger.Deposit({ amount: 2, label }))
        const behind = yield* start(ledger.Deposit({ amount: 4 }))
        const system = yield* ActorSystem
        assert.strictEqual((yield* Effect.flatMap(system.get(Ledger, id), Effect.fromOption)).mailbox, 2)
        yield* Fiber.interrupt(withdrawn)
        assert.strictEqual((yield* Effect.flatMap(system.get(Ledger, id), Effect.fromOption)).mailbox, 1)
        yield* stage.open(gate)
        assert.deepStrictEqual([yield* Fiber.join(waiting), yield* Fiber.join(behind)], [1, 5])
        assert.strictEqual(stage.runs(label), 0)
        assert.deepStrictEqual(yield* deposits(agentId), [1, 4])
      })
    )

    it.effect("leaves a command that has begun to run to its end", () =>
      Effect.gen(function* () {
        const { agentId, ledger } = yield* freshLedger
        const stage = yield* Stage
        const gate = freshId()
        const gone = yield* start(ledger.DepositAfter({ gate, amount: 1 }))
        yield* stage.arrival(gate)
        yield* Fiber.interrupt(gone)
        yield* stage.open(gate)
        assert.strictEqual(yield* ledger.Balance(), 1)
        assert.deepStrictEqual(yield* deposits(agentId), [1])
      })
    )

    it.effect("may do so by a timeout, and the actor goes on", () =>
      Effect.gen(function* () {
        const { ledger } = yield* freshLedger
        const stage = yield* Stage
        const gate = freshId()
        yield* ledger.Balance()
        yield* fails(Effect.timeout(ledger.DepositAfter({ gate, amount: 1 }), "10 millis"), "TimeoutError")
        yield* stage.open(gate)
        assert.strictEqual(yield* ledger.Deposit({ amount: 1 }), 2)
      })
    )
  })
}
