/**
 * How an actor comes back: from snapshots, from events, or not at all.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { EventStore } from "../../../src/EventStore.ts"
import { SnapshotStore } from "../../../src/SnapshotStore.ts"
import { Ledger } from "./Ledger.ts"
import { deposits, fails, freshId, freshLedger, type It, info, integers, results, startAll } from "./support.ts"
import { written } from "./written.ts"

export const register = (it: It): void => {
  describe("an actor recovers", () => {
    it.effect("from nothing", () =>
      Effect.gen(function* () {
        const { id, ledger } = yield* freshLedger
        const system = yield* ActorSystem
        assert.deepInclude(yield* system.spawn(Ledger, id), { version: 0, status: "running", mailbox: 0, restarts: 0 })
        assert.strictEqual(yield* ledger.Balance(), 0)
        assert.deepStrictEqual(yield* Ledger.readState(id), { state: { balance: 0, notes: 0 }, version: 0 })
        const refused = yield* Effect.flip(Ledger.readState(id, { at: -1 }))
        assert.deepInclude(refused, { _tag: "InvalidInput", path: "at" })
      })
    )

    it.effect("from its latest snapshot and the events after it", () =>
      Effect.gen(function* () {
        const { faults, ledger, spawn } = yield* written(27)
        assert.deepInclude(yield* spawn, { version: 27 })
        assert.deepStrictEqual(faults.reads, [21])
        assert.strictEqual(yield* ledger.Deposit({ amount: 1 }), 28)
      })
    )

    it.effect("from a snapshot at the very end of its journal", () =>
      Effect.gen(function* () {
        const { faults, ledger, spawn } = yield* written(20)
        assert.deepInclude(yield* spawn, { version: 20 })
        assert.deepStrictEqual(faults.reads, [])
        assert.strictEqual(yield* ledger.Deposit({ amount: 1 }), 21)
      })
    )

    it.effect("from all its events when its snapshot cannot be read or is not its own", () =>
      Effect.gen(function* () {
        const snapshots = yield* SnapshotStore
        const spoil = [
          ({ faults }: { readonly faults: { readonly breakReads: (fault: "snapshot") => void } }) =>
            Effect.sync(() => faults.breakReads("snapshot")),
          ({ agentId }: { readonly agentId: string }) =>
            snapshots.save({ agentId, version: 12, eventId: freshId(), state: { balance: 1000 }, reducer: "another" }),
          ({ agentId }: { readonly agentId: string }) =>
            snapshots.save({
              agentId,
              version: 12,
              eventId: freshId(),
              state: { balance: "none" },
              reducer: Ledger.codec.reducer
            })
        ]
        for (const spoiled of spoil) {
          const fresh = yield* written(12)
          yield* spoiled(fresh)
          assert.deepInclude(yield* fresh.spawn, { version: 12 })
          assert.deepStrictEqual(fresh.faults.reads, [1])
          assert.strictEqual(yield* fresh.ledger.Balance(), 12)
        }
      })
    )

    it.effect("without the events that were deleted below its snapshot", () =>
      Effect.gen(function* () {
        const { agentId, faults, ledger, spawn } = yield* written(25)
        const store = yield* EventStore
        assert.strictEqual(yield* store.deleteEvents(agentId, 20), 20)
        assert.deepInclude(yield* spawn, { version: 25 })
        assert.deepStrictEqual(faults.reads, [21])
        assert.strictEqual(yield* ledger.Deposit({ amount: 1 }), 26)
      })
    )

    it.effect("from its initial state after it was purged, and goes on above the versions that were", () =>
      Effect.gen(function* () {
        const { agentId, faults, id, ledger, spawn } = yield* written(12)
        const store = yield* EventStore
        yield* store.purge(agentId)
        assert.deepInclude(yield* spawn, { version: 13 })
        // A state that rests on no event is not worth a snapshot.
        assert.strictEqual(faults.saves, 1)
        assert.strictEqual(yield* ledger.Balance(), 0)
        assert.strictEqual(yield* ledger.Deposit({ amount: 5 }), 5)
        assert.deepInclude(yield* info(Ledger, id), { version: 14 })
        yield* ActorSystem.use((system) => system.stop(Ledger, id))
        assert.deepInclude(yield* spawn, { version: 14 })
        assert.strictEqual(yield* ledger.Balance(), 5)
      })
    )

    it.effect("past the events of others, such as those of its lifecycle", () =>
      Effect.gen(function* () {
        const { agentId, id, ledger, spawn } = yield* written(2)
        const store = yield* EventStore
        yield* store.append({ agentId, events: [{ type: "agent.archived", data: { amount: 100 } }] })
        assert.deepInclude(yield* spawn, { version: 3 })
        assert.strictEqual(yield* ledger.Deposit({ amount: 1 }), 3)
        assert.deepStrictEqual(yield* Ledger.readState(id), { state: { balance: 3, notes: 0 }, version: 4 })
      })
    )
  })

  describe("an actor that cannot recover", () => {
    it.effect("tells those who wait, and tries again at the next command", () =>
      Effect.gen(function* () {
        const { faults, id, ledger, spawn } = yield* written(3)
        faults.breakReads("read")
        const error = yield* fails(spawn, "RecoveryFailed")
        assert.deepInclude(error, { actor: "Ledger", id })
        assert.strictEqual(error.cause._tag, "Unavailable")
        const fibers = yield* startAll(integers(5).map(() => ledger.Deposit({ amount: 1 })))
        for (const answer of yield* results(fibers)) {
          assert.strictEqual(answer._tag === "Failure" && answer.failure._tag, "RecoveryFailed")
        }
        faults.mendReads()
        assert.strictEqual(yield* ledger.Deposit({ amount: 1 }), 4)
        assert.deepInclude(yield* info(Ledger, id), { status: "running", version: 4 })
      })
    )

    it.effect("does not begin with a part of its history", () =>
      Effect.gen(function* () {
        const { agentId, ledger, spawn } = yield* written(5)
        const store = yield* EventStore
        yield* store.deleteEvents(agentId, 3)
        const error = yield* fails(spawn, "RecoveryFailed")
        assert.strictEqual(error.cause._tag, "Corrupted")
        assert.strictEqual((yield* fails(ledger.Balance(), "RecoveryFailed")).cause._tag, "Corrupted")
        assert.deepStrictEqual(yield* deposits(agentId), [1, 1])
      })
    )

    it.effect("says which event it cannot read or fold", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const events = [
          { type: "Ledger.Deposited", data: { _tag: "Deposited", amount: "much" } },
          { type: "Ledger.Closed", data: { _tag: "Closed" } },
          { type: "Ledger.Poisoned", data: { _tag: "Poisoned" } }
        ]
        for (const event of events) {
          const { agentId, id, ledger, spawn } = yield* written(2)
          yield* store.append({ agentId, events: [event] })
          const { cause } = yield* fails(spawn, "RecoveryFailed")
          assert.deepInclude(cause, { _tag: "Corrupted", subject: `event 3 of agent "${agentId}"` })
          assert.strictEqual((yield* fails(ledger.Balance(), "RecoveryFailed")).cause._tag, "Corrupted")
          const read = yield* Effect.flip(Ledger.readState(id))
          assert.strictEqual(read._tag, "Corrupted")
          assert.deepStrictEqual((yield* Ledger.readState(id, { at: 2 })).state.balance, 2)
        }
      })
    )
  })
}
