/**
 * Commands that carry an id, so that whoever does not know what became of one may send it again.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { EventStore } from "../../../src/EventStore.ts"
import { Ledger } from "./Ledger.ts"
import { Stage } from "./Stage.ts"
import {
  deposits,
  Engines,
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
  describe("a command with an id", () => {
    it.effect("is run once, however many callers send it at the same time", () =>
      Effect.gen(function* () {
        const { agentId, ledger } = yield* freshLedger
        const stage = yield* Stage
        const label = freshId()
        const commandId = freshId()
        const balances = yield* Effect.forEach(
          integers(20),
          () => ledger.Deposit({ amount: 10, label }, { commandId }),
          {
            concurrency: "unbounded"
          }
        )
        assert.deepStrictEqual(balances, integers(20).fill(10))
        assert.strictEqual(stage.runs(label), 1)
        assert.deepStrictEqual(yield* deposits(agentId), [10])
      })
    )

    it.effect("is run once when it comes twice in one round, also on the far side of a command that waits", () =>
      Effect.gen(function* () {
        const { agentId, faults, ledger } = yield* freshLedger
        const stage = yield* Stage
        const [label, gate, commandId, other] = [freshId(), freshId(), freshId(), freshId()]
        faults.hold()
        const first = yield* start(ledger.Deposit({ amount: 1 }))
        yield* faults.held
        const fibers = yield* startAll([
          ledger.Deposit({ amount: 2, label }, { commandId }),
          ledger.Deposit({ amount: 4 }),
          ledger.Deposit({ amount: 2, label }, { commandId }),
          ledger.DepositAfter({ amount: 8, gate }, { commandId: other }),
          ledger.Deposit({ amount: 2, label }, { commandId }),
          ledger.DepositAfter({ amount: 8, gate }, { commandId: other })
        ])
        yield* faults.release
        yield* Fiber.join(first)
        yield* stage.arrival(gate)
        yield* stage.open(gate)
        assert.deepStrictEqual(yield* Effect.forEach(fibers, Fiber.join), [3, 7, 3, 15, 3, 15])
        assert.strictEqual(stage.runs(label), 1)
        assert.deepStrictEqual(yield* deposits(agentId), [1, 2, 4, 8])
      })
    )

    it.effect(
      "is told to have failed as its twin in the same round, when the append is refused, and may be tried again",
      () =>
        Effect.gen(function* () {
          const { agentId, faults, ledger } = yield* freshLedger
          const commandId = freshId()
          faults.hold()
          const first = yield* start(ledger.Deposit({ amount: 1 }))
          yield* faults.held
          const fibers = yield* startAll([
            ledger.Deposit({ amount: 2 }, { commandId }),
            ledger.Deposit({ amount: 2 }, { commandId })
          ])
          yield* faults.release
          faults.next("refuse")
          yield* Fiber.join(first)
          const answers = yield* results(fibers)
          assert.deepStrictEqual(
            answers.map((answer) => answer._tag === "Failure" && answer.failure._tag),
            ["Rejected", "Rejected"]
          )
          assert.strictEqual(yield* ledger.Deposit({ amount: 2 }, { commandId }), 3)
          assert.deepStrictEqual(yield* deposits(agentId), [1, 2])
        })
    )

    it.effect("gets its reply as it was, whatever the reply is made of", () =>
      Effect.gen(function* () {
        const { id, ledger } = yield* freshLedger
        const engines = yield* Engines
        const system = yield* ActorSystem
        const [loud, silent] = [freshId(), freshId()]
        const first = yield* ledger.Note({ text: "a" }, { commandId: loud })
        assert.deepStrictEqual(first, { at: new Date(86_400_000), notes: 1n })
        assert.isUndefined(yield* ledger.NoteSilently({ text: "b" }, { commandId: silent }))
        assert.deepStrictEqual(yield* ledger.Note({ text: "a" }, { commandId: loud }), first)
        assert.isUndefined(yield* ledger.NoteSilently({ text: "b" }, { commandId: silent }))
        yield* system.stop(Ledger, id)
        const later = yield* engines.fresh(
          Effect.gen(function* () {
            const again = (yield* Ledger.client)(id)
            const note = yield* again.Note({ text: "a" }, { commandId: loud })
            return [note, yield* again.NoteSilently({ text: "b" }, { commandId: silent })]
          })
        )
        assert.deepStrictEqual(later, [first, undefined])
        assert.strictEqual((yield* Ledger.readState(id)).state.notes, 2)
      })
    )

    it.effect("must not be reused for a command with another kind of reply: the caller is told so", () =>
      Effect.gen(function* () {
        const { agentId, ledger } = yield* freshLedger
        const commandId = freshId()
        yield* ledger.Deposit({ amount: 1 }, { commandId })
        const error = yield* fails(ledger.Note({ text: "a" }, { commandId }), "RecoveryFailed")
        assert.strictEqual(error.cause._tag, "Corrupted")
        assert.include(error.message, commandId)
        assert.strictEqual(yield* ledger.Balance(), 1)
        assert.lengthOf(yield* journal(agentId), 1)
      })
    )

    it.effect("is not run while it cannot be known whether it was run before", () =>
      Effect.gen(function* () {
        const { agentId, faults, ledger } = yield* freshLedger
        const commandId = freshId()
        yield* ledger.Deposit({ amount: 1 })
        faults.breakReads("replies")
        yield* fails(ledger.Deposit({ amount: 2 }, { commandId }), "RecoveryFailed")
        assert.strictEqual(yield* ledger.Deposit({ amount: 4 }), 5)
        faults.mendReads()
        assert.strictEqual(yield* ledger.Deposit({ amount: 2 }, { commandId }), 7)
        assert.deepStrictEqual(yield* deposits(agentId), [1, 4, 2])
      })
    )

    it.effect("is refused when the id breaks the grammar of ids", () =>
      Effect.gen(function* () {
        const { agentId, ledger } = yield* freshLedger
        for (const commandId of ["", "a\0b", "a".repeat(256), "\ud800"]) {
          const error = yield* fails(ledger.Deposit({ amount: 1 }, { commandId }), "InvalidInput")
          assert.strictEqual(error.path, "commandId")
        }
        assert.strictEqual(yield* ledger.Deposit({ amount: 1 }, { commandId: "__proto__" }), 1)
        assert.strictEqual(yield* ledger.Deposit({ amount: 1 }, { commandId: "__proto__" }), 1)
        assert.deepStrictEqual(yield* deposits(agentId), [1])
      })
    )

    it.effect("has the id, and what else the caller says of it, in the metadata of its events", () =>
      Effect.gen(function* () {
        const { agentId, id, ledger } = yield* freshLedger
        const system = yield* ActorSystem
        const metadata = { correlationId: "c", principal: "p", more: { at: new Date(1), big: 2n } }
        yield* ledger.DepositMany({ amounts: [1, 2] }, { commandId: "one", metadata })
        yield* system.tell(Ledger, id, "Deposit", { amount: 3 }, { metadata })
        yield* ledger.Deposit({ amount: 4 })
        assert.deepStrictEqual(
          (yield* journal(agentId)).map((event) => event.metadata),
          [{ ...metadata, commandId: "one" }, { ...metadata, commandId: "one" }, metadata, {}]
        )
        const store = yield* EventStore
        assert.strictEqual((yield* store.replies(agentId, ["one"])).get("one"), 3)
        const error = yield* fails(
          ledger.Deposit({ amount: 1 }, { metadata: { bad: () => 1 } as never }),
          "InvalidInput"
        )
        assert.strictEqual(error.path, "metadata/bad")
      })
    )
  })
}
