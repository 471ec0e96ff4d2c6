/**
 * How an actor comes back: from snapshots, from events, or not at all.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { EventStore } from "../../../src/EventStore.ts"
import { SnapshotStore } from "../../../src/SnapshotStore.ts"
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

/** A ledger with so many deposits of 1, stopped, and its snapshots, which are taken every ten events. */
const written = (count: number) =>
  Effect.gen(function* () {
    const fresh = yield* freshLedger
    const snapshots = yield* SnapshotStore
    for (const _ of integers(count)) yield* fresh.ledger.Deposit({ amount: 1 })
    const due = Math.floor(count / 10)
    yield* eventually(Effect.map(snapshots.list(fresh.agentId), (list) => list.length >= due))
    yield* ActorSystem.use((system) => system.stop(Ledger, fresh.id))
    fresh.faults.forgetReads()
    return { ...fresh, spawn: ActorSystem.use((system) => system.spawn(Ledger, fresh.id)) }
  })

export const register = (it: It): void => {
  describe("an actor recovers", () => {
    it.effect("from nothing", () =>
      Effect.gen(function* () {
        const { id, ledger } = yield* freshLedger
        const system = yield* ActorSystem
        assert.deepInclude(yield* system.spawn(Ledger, id), { version: 0, status: "running", mailbox: 0, restarts: 0 })
        assert.strictEqual(yield* ledger.Balance(), 0)
        assert.deepStrictEqual(yield* Ledger.readState(id), { state: { balance: 0, notes: 0 }, version: 0 })
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
