/**
 * Other writers, and stores that fail or do not answer.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { EventStore } from "../../../src/EventStore.ts"
import { Ledger } from "./Ledger.ts"
import { Stage } from "./Stage.ts"
import {
  afterConflict,
  deposits,
  eventually,
  fails,
  freshId,
  freshLedger,
  type It,
  info,
  journal,
  results,
  start,
  startAll
} from "./support.ts"

const deposited = (amount: number) => ({ type: "Ledger.Deposited", data: { _tag: "Deposited", amount } })

export const register = (it: It): void => {
  describe("a second writer", () => {
    it.effect(
      "is told to all whose commands rest on what could not be appended, and those behind them are not run",
      () =>
        Effect.gen(function* () {
          const { agentId, faults, id, ledger } = yield* freshLedger
          const store = yield* EventStore
          yield* ledger.Deposit({ amount: 1 })
          faults.hold()
          const first = yield* start(Effect.flip(ledger.Deposit({ amount: 2 })))
          yield* faults.held
          yield* store.append({ agentId, events: [deposited(100)] })
          const behind = yield* start(Effect.flip(ledger.Deposit({ amount: 4 })))
          yield* eventually(Effect.map(info(Ledger, id), ({ mailbox }) => mailbox === 1))
          yield* faults.release
          assert.deepInclude(yield* Fiber.join(first), { _tag: "Conflict", expected: 1, actual: 2 })
          assert.deepInclude(yield* Fiber.join(behind), { _tag: "ActorStopped", reason: "conflict" })
          yield* afterConflict(id)
          const system = yield* ActorSystem
          assert.deepInclude(yield* system.spawn(Ledger, id), { status: "running", version: 2 })
          assert.strictEqual(yield* ledger.Balance(), 101)
          assert.deepStrictEqual(yield* deposits(agentId), [1, 100])
        })
    )

    it.effect("is not noticed by commands that persist nothing", () =>
      Effect.gen(function* () {
        const { agentId, ledger } = yield* freshLedger
        const store = yield* EventStore
        yield* ledger.Deposit({ amount: 1 })
        yield* store.append({ agentId, events: [deposited(100)] })
        assert.strictEqual(yield* ledger.Balance(), 1)
        const fibers = yield* startAll([ledger.Balance(), ledger.Deposit({ amount: 2 }), ledger.Balance()])
        const answers = yield* results(fibers)
        assert.deepStrictEqual(
          answers.map((answer) => (answer._tag === "Success" ? answer.success : answer.failure._tag)),
          [1, "Conflict", "Conflict"]
        )
      })
    )

    it.effect("that purged the agent is found out too, and the actor begins anew, above the versions that were", () =>
      Effect.gen(function* () {
        const { agentId, id, ledger } = yield* freshLedger
        const store = yield* EventStore
        const system = yield* ActorSystem
        yield* ledger.DepositMany({ amounts: [1, 2, 3] })
        yield* store.purge(agentId)
        const conflict = yield* fails(ledger.Deposit({ amount: 10 }), "Conflict")
        assert.deepStrictEqual([conflict.expected, conflict.actual], [3, 4])
        assert.deepInclude(yield* system.spawn(Ledger, id), { version: 4 })
        assert.strictEqual(yield* ledger.Deposit({ amount: 10 }), 10)
        assert.deepStrictEqual(
          (yield* journal(agentId)).map(({ data, version }) => [version, data["amount"]]),
          [[5, 10]]
        )
        assert.deepStrictEqual(yield* Ledger.readState(id), { state: { balance: 10, notes: 0 }, version: 5 })
      })
    )

    it.effect("that has run the very same command is found out, and the retry gets its reply", () =>
      Effect.gen(function* () {
        for (const others of [[], [freshId()], [freshId(), freshId()]]) {
          const { agentId, faults, id, ledger } = yield* freshLedger
          const store = yield* EventStore
          const system = yield* ActorSystem
          const commandId = freshId()
          yield* ledger.Deposit({ amount: 1 })
          faults.hold()
          const first = yield* start(ledger.Deposit({ amount: 2 }))
          yield* faults.held
          const fibers = yield* startAll([
            ledger.Deposit({ amount: 10 }, { commandId }),
            ...others.map((other) => ledger.Deposit({ amount: 4 }, { commandId: other }))
          ])
          // The look-up of the command comes before the other writer, the append after it.
          yield* faults.release
          faults.hold()
          yield* Fiber.join(first)
          yield* faults.held
          yield* store.append({ agentId, events: [deposited(10)], commands: [{ id: commandId, reply: 77 }] })
          yield* faults.release
          for (const answer of yield* results(fibers)) {
            assert.deepInclude(answer._tag === "Failure" ? answer.failure : {}, {
              _tag: "Conflict",
              expected: 2,
              actual: 3
            })
          }
          yield* system.spawn(Ledger, id)
          assert.strictEqual(yield* ledger.Deposit({ amount: 10 }, { commandId }), 77)
          assert.deepStrictEqual(yield* deposits(agentId), [1, 2, 10])
        }
      })
    )

    it.effect("stops the actor also when the next handler dies", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const stage = yield* Stage
        for (const isWaiting of [false, true]) {
          const { agentId, faults, id, ledger } = yield* freshLedger
          const gate = freshId()
          faults.hold()
          const first = yield* start(ledger.Deposit({ amount: 1 }))
          yield* faults.held
          const doomed = yield* start(Effect.flip(ledger.Deposit({ amount: 2 })))
          const dying = yield* start(Effect.flip(isWaiting ? ledger.DieAfter({ gate }) : ledger.Die({})))
          yield* faults.release
          faults.hold()
          yield* Fiber.join(first)
          yield* faults.held
          yield* store.append({ agentId, events: [deposited(100)] })
          yield* faults.release
          assert.deepInclude(yield* Fiber.join(doomed), { _tag: "Conflict", expected: 1, actual: 2 })
          yield* stage.open(gate)
          assert.strictEqual((yield* Fiber.join(dying))._tag, "ActorCrashed")
          yield* afterConflict(id)
          assert.deepInclude(yield* info(Ledger, id), { restarts: 0 })
        }
      })
    )

    it.effect("that appends while a handler waits is told to the command of that handler, too", () =>
      Effect.gen(function* () {
        const { agentId, ledger } = yield* freshLedger
        const store = yield* EventStore
        const stage = yield* Stage
        const gate = freshId()
        yield* ledger.Deposit({ amount: 1 })
        const waiting = yield* start(Effect.flip(ledger.DepositAfter({ gate, amount: 2 })))
        yield* stage.arrival(gate)
        yield* store.append({ agentId, events: [deposited(100)] })
        yield* stage.open(gate)
        assert.deepInclude(yield* Fiber.join(waiting), { _tag: "Conflict", expected: 1, actual: 2 })
      })
    )
  })
}
