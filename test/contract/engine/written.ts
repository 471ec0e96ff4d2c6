/**
 * An actor with a history.
 */
import * as Effect from "effect/Effect"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { SnapshotStore } from "../../../src/SnapshotStore.ts"
import { Ledger } from "./Ledger.ts"
import { eventually, freshLedger, integers } from "./support.ts"

/** A ledger with so many deposits of 1, stopped, and its snapshots, which are taken every ten events. */
export const written = (count: number) =>
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
