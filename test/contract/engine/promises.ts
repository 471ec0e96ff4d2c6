/**
 * The six promises at the head of `src/ActorSystem.ts`.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { EventStore } from "../../../src/EventStore.ts"
import { Ledger } from "./Ledger.ts"
import { Stage } from "./Stage.ts"
import {
  afterConflict,
  deposits,
  Engines,
  fails,
  freshId,
  freshLedger,
  type It,
  info,
  integers,
  journal,
  results,
  start,
  startAll
} from "./support.ts"

export const register = (it: It): void => {
  describe("an engine promises that", () => {
    it.effect("an actor runs its commands one after the other, in the order in which they were taken", () =>
      Effect.gen(function* () {
        const { agentId, ledger } = yield* freshLedger
        const stage = yield* Stage
        const gates = integers(20).map(freshId)
        const fibers = yield* startAll(gates.map((gate, index) => ledger.DepositAfter({ gate, amount: 10 + index })))
        // The last gates open first, which changes nothing.
        for (const [index, gate] of [...gates.entries()].reverse()) {
          assert.isUndefined(fibers[0]?.pollUnsafe())
          yield* stage.open(gate)
          if (index > 0) yield* Effect.yieldNow
        }
        const balances = yield* Effect.forEach(fibers, Fiber.join)
        const amounts = integers(20, 10)
        assert.deepStrictEqual(
          balances,
          amounts.map((_, index) => amounts.slice(0, index + 1).reduce((sum, amount) => sum + amount))
        )
        assert.deepStrictEqual(yield* deposits(agentId), amounts)
      })
    )

    it.effect("a reply means that the events of the command are on disk", () =>
      Effect.gen(function* () {
        const { agentId, faults, ledger } = yield* freshLedger
        yield* ledger.Deposit({ amount: 1 })
        faults.hold()
        const fiber = yield* start(ledger.Deposit({ amount: 2 }))
        yield* faults.held
        yield* Effect.sleep("20 millis")
        assert.isUndefined(fiber.pollUnsafe())
        assert.deepStrictEqual(yield* deposits(agentId), [1])
        yield* faults.release
        assert.strictEqual(yield* Fiber.join(fiber), 3)
        assert.deepStrictEqual(yield* deposits(agentId), [1, 2])
      })
    )

    it.effect("a command that fails or dies has persisted nothing", () =>
      Effect.gen(function* () {
        const { agentId, ledger } = yield* freshLedger
        yield* ledger.Deposit({ amount: 5 })
        const refused = yield* fails(ledger.Withdraw({ amount: 6 }), "InsufficientFunds")
        assert.deepStrictEqual([refused.balance, refused.asked], [5, 6])
        yield* fails(ledger.DieAfterDeposit({ amount: 7 }), "ActorCrashed")
        assert.strictEqual(yield* ledger.Balance(), 5)
        assert.deepStrictEqual(yield* deposits(agentId), [5])
      })
    )

    it.effect("an actor comes back after a crash, a stop and a restart with exactly what its journal holds", () =>
      Effect.gen(function* () {
        const { id, ledger } = yield* freshLedger
        const system = yield* ActorSystem
        const engines = yield* Engines
        yield* ledger.DepositMany({ amounts: [1, 2, 3] })
        yield* fails(ledger.Die({}), "ActorCrashed")
        assert.strictEqual(yield* ledger.Balance(), 6)
        yield* system.stop(Ledger, id)
        yield* system.spawn(Ledger, id)
        assert.strictEqual(yield* ledger.Balance(), 6)
        yield* ledger.Deposit({ amount: 4 })
        yield* system.stop(Ledger, id)
        const next = yield* engines.fresh(
          Effect.gen(function* () {
            const again = (yield* Ledger.client)(id)
            const balance = yield* again.Balance()
            return [balance, yield* again.Deposit({ amount: 5 })]
          })
        )
        assert.deepStrictEqual(next, [10, 15])
        const { state, version } = yield* Ledger.readState(id)
        assert.deepStrictEqual([state, version], [{ balance: 15, notes: 0 }, 5])
      })
    )

    it.effect(
      "a command whose handler dies is answered with ActorCrashed, and those before and behind it are run",
      () =>
        Effect.gen(function* () {
          const { agentId, faults, id, ledger } = yield* freshLedger
          const stage = yield* Stage
          const label = freshId()
          faults.hold()
          const first = yield* start(ledger.Deposit({ amount: 1 }))
          yield* faults.held
          const fibers = yield* startAll<unknown, unknown, never>([
            ledger.Deposit({ amount: 2 }),
            ledger.Die({ label }),
            ledger.Deposit({ amount: 4 })
          ])
          yield* faults.release
          assert.strictEqual(yield* Fiber.join(first), 1)
          const [before, died, behind] = yield* results(fibers)
          assert.deepStrictEqual(
            [before?._tag === "Success" && before.success, behind?._tag === "Success" && behind.success],
            [3, 7]
          )
          assert.isTrue(died?._tag === "Failure")
          assert.deepInclude(died?._tag === "Failure" ? died.failure : {}, { _tag: "ActorCrashed", id, command: "Die" })
          assert.include(String(died?._tag === "Failure" ? died.failure : ""), "boom")
          assert.strictEqual(stage.runs(label), 1)
          assert.deepStrictEqual(yield* deposits(agentId), [1, 2, 4])
          assert.deepInclude(yield* info(Ledger, id), { status: "running", restarts: 1, version: 3 })
        })
    )

    it.effect(
      "a command with an id that was persisted gets its first reply ever after, and persists nothing again",
      () =>
        Effect.gen(function* () {
          const { agentId, id, ledger } = yield* freshLedger
          const stage = yield* Stage
          const engines = yield* Engines
          const label = freshId()
          const commandId = freshId()
          const deposit = { amount: 10, label }
          assert.strictEqual(yield* ledger.Deposit(deposit, { commandId }), 10)
          yield* ledger.Deposit({ amount: 1 })
          assert.strictEqual(yield* ledger.Deposit(deposit, { commandId }), 10)
          yield* fails(ledger.Die({}), "ActorCrashed")
          assert.strictEqual(yield* ledger.Deposit(deposit, { commandId }), 10)
          const system = yield* ActorSystem
          yield* system.stop(Ledger, id)
          const later = yield* engines.fresh(
            Effect.flatMap(Ledger.client, (client) => client(id).Deposit(deposit, { commandId }))
          )
          assert.strictEqual(later, 10)
          assert.strictEqual(stage.runs(label), 1)
          assert.deepStrictEqual(yield* deposits(agentId), [10, 1])
        })
    )

    it.effect("a second writer is found out by the journal, and the actor stops and says Conflict", () =>
      Effect.gen(function* () {
        const { agentId, id, ledger } = yield* freshLedger
        const store = yield* EventStore
        yield* ledger.Deposit({ amount: 1 })
        yield* store.append({
          agentId,
          events: [{ type: "Ledger.Deposited", data: { _tag: "Deposited", amount: 100 } }]
        })
        const conflict = yield* fails(ledger.Deposit({ amount: 2 }), "Conflict")
        assert.deepStrictEqual([conflict.expected, conflict.actual], [1, 2])
        // Whoever has dealt with the other writer goes on from what it wrote.
        yield* afterConflict(id)
        assert.strictEqual(yield* ledger.Deposit({ amount: 2 }), 103)
        assert.strictEqual((yield* journal(agentId)).length, 3)
      })
    )

    it.effect("nobody is left without an answer", () =>
      Effect.gen(function* () {
        const { ledger } = yield* freshLedger
        const fibers = yield* startAll<unknown, unknown, never>(
          integers(50).map((number) => (number % 10 === 0 ? ledger.Die({}) : ledger.Deposit({ amount: 1 })))
        )
        const exits = yield* Effect.forEach(fibers, Fiber.await)
        // Three restarts are allowed; the fourth crash is the end.
        const tags = exits.map((exit) => (Exit.isSuccess(exit) ? "ok" : String(exit.cause).match(/Actor\w+/)?.[0]))
        const expected = integers(50).map((n) => (n > 40 ? "ActorStopped" : n % 10 === 0 ? "ActorCrashed" : "ok"))
        assert.deepStrictEqual(tags, expected)
      })
    )
  })
}
