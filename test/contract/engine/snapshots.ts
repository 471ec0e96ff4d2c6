/**
 * Snapshots of actors, and their states as they were.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { EventStore } from "../../../src/EventStore.ts"
import { SnapshotStore } from "../../../src/SnapshotStore.ts"
import { Ledger } from "./Ledger.ts"
import { Stage } from "./Stage.ts"
import { deposits, eventually, freshId, freshLedger, type It, info, integers, results, start } from "./support.ts"
import { written } from "./written.ts"

export const register = (it: It): void => {
  describe("snapshots", () => {
    it.effect("are taken each time so many events have happened, counted over rounds", () =>
      Effect.gen(function* () {
        const { agentId, ledger } = yield* freshLedger
        const snapshots = yield* SnapshotStore
        const versions = Effect.map(snapshots.list(agentId), (list) => list.map(({ version }) => version).reverse())
        yield* ledger.DepositMany({ amounts: integers(9) })
        yield* Effect.sleep("20 millis")
        assert.deepStrictEqual(yield* versions, [])
        yield* ledger.DepositMany({ amounts: integers(5) })
        yield* eventually(Effect.map(versions, (list) => list.length === 1))
        yield* ledger.DepositMany({ amounts: integers(9) })
        yield* Effect.sleep("20 millis")
        assert.deepStrictEqual(yield* versions, [14])
        yield* ledger.Deposit({ amount: 1 })
        yield* eventually(Effect.map(versions, (list) => list.length === 2))
        assert.deepStrictEqual(yield* versions, [14, 24])
      })
    )

    it.effect("are counted from the last one, also by an actor that has come back", () =>
      Effect.gen(function* () {
        const { agentId, ledger, spawn } = yield* written(25)
        const snapshots = yield* SnapshotStore
        const versions = Effect.map(snapshots.list(agentId), (list) => list.map(({ version }) => version).reverse())
        yield* spawn
        yield* ledger.DepositMany({ amounts: integers(4) })
        yield* Effect.sleep("20 millis")
        assert.deepStrictEqual(yield* versions, [10, 20])
        yield* ledger.Deposit({ amount: 1 })
        yield* eventually(Effect.map(versions, (list) => list.length === 3))
        assert.deepStrictEqual(yield* versions, [10, 20, 30])
      })
    )

    it.effect("are made up for by an actor that comes back and finds that one is missing", () =>
      Effect.gen(function* () {
        const { agentId, spawn } = yield* written(25)
        const snapshots = yield* SnapshotStore
        yield* snapshots.deleteAll(agentId)
        yield* spawn
        yield* eventually(Effect.map(snapshots.list(agentId), (list) => list[0]?.version === 25))
      })
    )

    it.effect("hold the state and the event at their version", () =>
      Effect.gen(function* () {
        const { agentId } = yield* written(10)
        const snapshots = yield* SnapshotStore
        const store = yield* EventStore
        const [snapshot] = yield* snapshots.list(agentId)
        assert.deepInclude(snapshot, { version: 10, state: { balance: 10, notes: 0 }, reducer: Ledger.codec.reducer })
        const event = yield* Effect.flatMap(store.getEvent(snapshot?.eventId ?? ""), Effect.fromOption)
        assert.deepInclude(event, { agentId, version: 10 })
      })
    )

    it.effect("are nobody's wait, and do no harm when they cannot be saved", () =>
      Effect.gen(function* () {
        for (const saving of ["hangs", "fails"] as const) {
          const { agentId, faults, id, ledger } = yield* freshLedger
          faults.snapshots(saving)
          for (const number of integers(45)) assert.strictEqual(yield* ledger.Deposit({ amount: 1 }), number)
          yield* eventually(Effect.sync(() => faults.saves === (saving === "hangs" ? 1 : 4)))
          assert.deepInclude(yield* info(Ledger, id), { status: "running", restarts: 0 })
          faults.snapshots("works")
          yield* faults.letSavesGo
          assert.lengthOf(yield* deposits(agentId), 45)
        }
      })
    )
  })

  describe("the state of an actor", () => {
    it.effect("can be read as it was at each version, without running it", () =>
      Effect.gen(function* () {
        const { faults, id } = yield* written(23)
        for (const at of [0, 1, 9, 10, 11, 19, 20, 21, 23]) {
          assert.deepStrictEqual(yield* Ledger.readState(id, { at }), { state: { balance: at, notes: 0 }, version: at })
        }
        assert.strictEqual((yield* Ledger.readState(id, { at: 1000 })).version, 23)
        assert.deepInclude(yield* info(Ledger, id), { status: "stopped" })
        assert.lengthOf(faults.appends, 23)
        for (const at of [-1, 1.5, Number.NaN]) {
          assert.strictEqual((yield* Effect.flip(Ledger.readState(id, { at })))._tag, "InvalidInput")
        }
      })
    )

    it.effect("is that of the journal while a command is under way", () =>
      Effect.gen(function* () {
        const { id, ledger } = yield* freshLedger
        const stage = yield* Stage
        const gate = freshId()
        yield* ledger.Deposit({ amount: 1 })
        const fiber = yield* start(ledger.DepositAfter({ gate, amount: 2 }))
        yield* stage.arrival(gate)
        assert.deepStrictEqual(yield* Ledger.readState(id), { state: { balance: 1, notes: 0 }, version: 1 })
        yield* stage.open(gate)
        yield* results([fiber])
        assert.deepStrictEqual(yield* Ledger.readState(id), { state: { balance: 3, notes: 0 }, version: 2 })
      })
    )
  })
}
