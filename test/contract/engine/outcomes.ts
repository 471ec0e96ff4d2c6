/**
 * Stores that fail or do not answer.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { Ledger } from "./Ledger.ts"
import { Stage } from "./Stage.ts"
import {
  deposits,
  eventually,
  fails,
  freshId,
  freshLedger,
  type It,
  info,
  integers,
  results,
  start,
  startAll
} from "./support.ts"

export const register = (it: It): void => {
  describe("a store", () => {
    for (const fault of ["lose the answer", "lose the request"] as const) {
      for (const times of [1, 2]) {
        it.effect(
          `that does ${fault} ${times} times leaves the command executed exactly once, and its state equals its journal`,
          () =>
            Effect.gen(function* () {
              for (const ids of [[], [freshId()], [freshId(), freshId()]]) {
                const { agentId, faults, id, ledger } = yield* freshLedger
                yield* ledger.Deposit({ amount: 1 })
                faults.hold()
                const first = yield* start(ledger.Deposit({ amount: 2 }))
                yield* faults.held
                const fibers = yield* startAll(
                  integers(3).map((number) => ledger.Deposit({ amount: 4 }, { commandId: ids[number - 1] }))
                )
                yield* faults.release
                faults.next(...integers(times).map(() => fault))
                assert.strictEqual(yield* Fiber.join(first), 3)
                assert.deepStrictEqual(yield* Effect.forEach(fibers, Fiber.join), [7, 11, 15])
                assert.strictEqual(yield* ledger.Deposit({ amount: 8 }), 23)
                assert.deepStrictEqual(yield* deposits(agentId), [1, 2, 4, 4, 4, 8])
                for (const commandId of ids) assert.isAtLeast(yield* ledger.Deposit({ amount: 4 }, { commandId }), 7)
                assert.strictEqual((yield* Ledger.readState(id)).state.balance, 23)
              }
            })
        )
      }
    }

    it.effect("that surely stored nothing leaves the state as it was, and the next command works", () =>
      Effect.gen(function* () {
        const { agentId, faults, id, ledger } = yield* freshLedger
        yield* ledger.Deposit({ amount: 1 })
        faults.next("refuse", "refuse")
        const error = yield* fails(ledger.Deposit({ amount: 2 }), "Rejected")
        assert.strictEqual(error.reason, "Unavailable")
        yield* fails(ledger.Deposit({ amount: 2 }), "Rejected")
        assert.strictEqual(yield* ledger.Balance(), 1)
        assert.strictEqual(yield* ledger.Deposit({ amount: 4 }), 5)
        assert.deepStrictEqual(yield* deposits(agentId), [1, 4])
        assert.deepInclude(yield* info(Ledger, id), { status: "running", restarts: 0 })
      })
    )

    it.effect(
      "that refuses a round refuses those who rest on it, also one whose handler was waiting, but no others",
      () =>
        Effect.gen(function* () {
          const { agentId, faults, ledger } = yield* freshLedger
          const stage = yield* Stage
          const gate = freshId()
          faults.hold()
          const first = yield* start(ledger.Deposit({ amount: 1 }))
          yield* faults.held
          const fibers = yield* startAll([
            ledger.Balance(),
            ledger.Deposit({ amount: 2 }),
            ledger.Balance(),
            ledger.DepositAfter({ gate, amount: 4 }),
            ledger.Deposit({ amount: 8 })
          ])
          yield* faults.release
          faults.next("refuse")
          yield* Fiber.join(first)
          yield* stage.arrival(gate)
          yield* eventually(Effect.sync(() => faults.appends.length === 2))
          yield* stage.open(gate)
          const answers = yield* results(fibers)
          assert.deepStrictEqual(
            answers.map((answer) => (answer._tag === "Success" ? answer.success : answer.failure._tag)),
            [1, "Rejected", "Rejected", "Rejected", 9]
          )
          assert.deepStrictEqual(yield* deposits(agentId), [1, 8])
        })
    )

    it.effect("that dies leaves nobody without an answer, and the actor can be spawned again", () =>
      Effect.gen(function* () {
        const { agentId, faults, id, ledger } = yield* freshLedger
        const system = yield* ActorSystem
        yield* ledger.Deposit({ amount: 1 })
        faults.next("die")
        const fibers = yield* startAll([ledger.Deposit({ amount: 2 }), ledger.Deposit({ amount: 4 })])
        for (const answer of yield* results(fibers)) {
          assert.oneOf(answer._tag === "Failure" ? answer.failure._tag : "answered", ["Unknown", "ActorStopped"])
        }
        yield* system.spawn(Ledger, id)
        assert.strictEqual(yield* ledger.Deposit({ amount: 8 }), 9)
        assert.deepStrictEqual(yield* deposits(agentId), [1, 8])
      })
    )
  })
}
