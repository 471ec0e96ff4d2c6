/**
 * Services of the library that write beside an actor, into its own agent.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { EventStore } from "../../../src/EventStore.ts"
import * as Note from "../../../src/Note.ts"
import { AlarmClock } from "./AlarmClock.ts"
import { Ledger } from "./Ledger.ts"
import {
  deposits,
  eventually,
  fails,
  freshId,
  freshLedger,
  type It,
  info,
  integers,
  journal,
  results,
  start,
  startAll,
  stopped
} from "./support.ts"

/** What a service writes: an event, and a note beside it. */
const write = (agentId: string, type = "context.metadata-set") =>
  EventStore.use((store) =>
    store.append({ agentId, events: [{ type, data: {} }], notes: [Note.put("metadata/topic", { topic: freshId() })] })
  )

const balanceAfter = (times: number) => (times * (times + 1)) / 2

export const register = (it: It): void => {
  describe("a service that writes beside an actor", () => {
    it.effect("keeps nobody from anything", () =>
      Effect.gen(function* () {
        const { agentId, id, ledger } = yield* freshLedger
        yield* write(agentId)
        // It has recovered before the next one comes.
        assert.strictEqual(yield* ledger.Balance(), 0)
        yield* write(agentId)
        assert.strictEqual(yield* ledger.Deposit({ amount: 1 }), 1)
        yield* write(agentId)
        yield* write(agentId, "context.shared")
        const answers = yield* startAll([
          ledger.Deposit({ amount: 2 }),
          ledger.Balance(),
          ledger.Deposit({ amount: 4 })
        ])
        assert.deepStrictEqual(yield* Effect.forEach(answers, Fiber.join), [3, 3, 7])
        assert.deepInclude(yield* info(Ledger, id), { status: "running", restarts: 0, version: 7 })
        assert.deepStrictEqual(
          (yield* journal(agentId)).map(({ type }) => type.split(".")[1]),
          ["metadata-set", "metadata-set", "Deposited", "metadata-set", "shared", "Deposited", "Deposited"]
        )
        assert.deepStrictEqual(yield* Ledger.readState(id), { state: { balance: 7, notes: 0 }, version: 7 })
      })
    )

    it.effect("may come between any two commands, and each of these is executed once", () =>
      Effect.gen(function* () {
        const { agentId, id, ledger } = yield* freshLedger
        const times = 100
        const asked = yield* Effect.forEach(
          integers(times),
          (amount) =>
            Effect.andThen(
              write(agentId),
              ledger.Deposit({ amount }, amount % 2 === 0 ? {} : { commandId: `${amount}` })
            ),
          { concurrency: 5 }
        )
        assert.strictEqual(Math.max(...asked), balanceAfter(times))
        assert.lengthOf(new Set(asked), times)
        assert.sameMembers(
          (yield* deposits(agentId)).filter((amount) => amount !== undefined),
          integers(times)
        )
        assert.deepInclude(yield* info(Ledger, id), { status: "running", restarts: 0, version: 2 * times })
        assert.strictEqual((yield* Ledger.readState(id)).state.balance, balanceAfter(times))
      })
    )

    it.effect("may come before timers alone are stored, and before what comes after these", () =>
      Effect.gen(function* () {
        const id = freshId()
        const clock = (yield* AlarmClock.client)(id)
        const agentId = AlarmClock.agentId(id)
        yield* clock.Ring({ label: "first" })
        yield* write(agentId)
        yield* clock.Set({ name: "soon", milliseconds: 20, label: "second" })
        yield* write(agentId)
        yield* eventually(Effect.map(clock.Rung(), (rung) => rung.length === 2))
        yield* clock.Ring({ label: "third" })
        assert.deepStrictEqual(yield* clock.Rung(), ["first", "second 5", "third"])
        assert.deepInclude(yield* info(AlarmClock, id), { status: "running", restarts: 0, version: 5 })
      })
    )

    it.effect("may come while the handler waits whose events are to be stored, and while the store loses answers", () =>
      Effect.gen(function* () {
        const { agentId, faults, ledger } = yield* freshLedger
        faults.hold()
        const first = yield* start(ledger.Deposit({ amount: 1 }))
        yield* faults.held
        yield* write(agentId)
        const behind = yield* startAll([ledger.Deposit({ amount: 2 }), ledger.DepositInFiber({ amount: 4 })])
        yield* faults.release
        faults.next("lose the answer", "lose the request")
        assert.deepStrictEqual(yield* Effect.forEach([first, ...behind], Fiber.join), [1, 3, 7])
        assert.deepStrictEqual(yield* deposits(agentId), [undefined, 1, 2, 4])
      })
    )

    it.effect("is told of when it cannot be read, to the commands that come too early for that", () =>
      Effect.gen(function* () {
        const { agentId, faults, id, ledger } = yield* freshLedger
        yield* ledger.Deposit({ amount: 1 })
        yield* write(agentId)
        faults.breakReads("read")
        const error = yield* fails(ledger.Deposit({ amount: 2 }), "Rejected")
        assert.strictEqual(error.reason, "Unavailable")
        faults.mendReads()
        assert.strictEqual(yield* ledger.Deposit({ amount: 4 }), 5)
        assert.deepInclude(yield* info(Ledger, id), { status: "running", restarts: 0 })
      })
    )

    it.effect("ends it when it deletes the agent, or lets it be read only; it goes on once that is restored", () =>
      Effect.gen(function* () {
        for (const reason of ["archived", "deleted"] as const) {
          const { agentId, faults, ledger } = yield* freshLedger
          yield* ledger.Deposit({ amount: 1 })
          yield* write(agentId)
          yield* write(agentId, "context.archived")
          yield* write(agentId, "context.restored")
          assert.strictEqual(yield* ledger.Deposit({ amount: 1 }), 2)
          faults.hold()
          const first = yield* start(ledger.Deposit({ amount: 2 }))
          yield* faults.held
          yield* write(agentId, `context.${reason}`)
          const behind = yield* start(ledger.Deposit({ amount: 4 }))
          yield* faults.release
          assert.include(["Conflict", "ActorStopped"], (yield* Effect.flip(Fiber.join(first)))._tag)
          yield* stopped(Fiber.join(behind), reason)
          yield* stopped(ledger.Balance(), reason)
          assert.lengthOf(yield* journal(agentId), 6)
          if (reason === "deleted") continue
          yield* write(agentId, "context.restored")
          assert.strictEqual(yield* ledger.Deposit({ amount: 1 }), 3)
        }
      })
    )

    it.effect("lets nobody wake it to an agent that was archived or deleted, and stores nothing there", () =>
      Effect.gen(function* () {
        const system = yield* ActorSystem
        for (const reason of ["archived", "deleted"] as const) {
          const { agentId, id, ledger } = yield* freshLedger
          yield* ledger.Deposit({ amount: 1 })
          yield* system.stop(Ledger, id)
          yield* write(agentId, `context.${reason}`)
          yield* write(agentId)
          for (const command of [ledger.Deposit({ amount: 2 }), ledger.Balance(), ledger.Deposit({ amount: 2 })]) {
            yield* stopped(system.spawn(Ledger, id), reason)
            yield* stopped(command, reason)
          }
          assert.lengthOf(yield* journal(agentId), 3)
          // What it was can be read.
          assert.deepInclude(yield* Ledger.readState(id), { state: { balance: 1, notes: 0 }, version: 3 })
        }
      })
    )

    it.effect("lets it go on by itself once its agent is restored, and begin anew once it is purged", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const { agentId, ledger } = yield* freshLedger
        for (const type of ["context.archived", "context.restored", "context.archived"]) yield* write(agentId, type)
        yield* stopped(ledger.Deposit({ amount: 1 }), "archived")
        yield* write(agentId, "context.restored")
        assert.strictEqual(yield* ledger.Deposit({ amount: 1 }), 1)
        const another = yield* freshLedger
        yield* write(another.agentId, "context.deleted")
        yield* write(another.agentId, "context.restored")
        yield* stopped(another.ledger.Deposit({ amount: 1 }), "deleted")
        yield* store.purge(another.agentId)
        assert.strictEqual(yield* another.ledger.Deposit({ amount: 2 }), 2)
      })
    )

    it.effect("keeps its timers while its agent is archived; they go off once it is restored", () =>
      Effect.gen(function* () {
        const system = yield* ActorSystem
        const id = freshId()
        const clock = (yield* AlarmClock.client)(id)
        const agentId = AlarmClock.agentId(id)
        yield* clock.Set({ name: "soon", milliseconds: 300, label: "late" })
        yield* system.stop(AlarmClock, id)
        yield* write(agentId, "context.archived")
        yield* stopped(system.spawn(AlarmClock, id), "archived")
        yield* Effect.sleep(400)
        assert.lengthOf(yield* journal(agentId), 1)
        yield* write(agentId, "context.restored")
        yield* eventually(Effect.map(clock.Rung(), (rung) => rung.length === 1))
      })
    )

    it.effect("hides no other writer", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const { agentId, ledger } = yield* freshLedger
        yield* ledger.Deposit({ amount: 1 })
        yield* write(agentId)
        yield* store.append({ agentId, events: [{ type: "Ledger.Deposited", data: { _tag: "Deposited", amount: 8 } }] })
        yield* write(agentId)
        const fibers = yield* startAll([ledger.Deposit({ amount: 2 }), ledger.Deposit({ amount: 4 })])
        for (const answer of yield* results(fibers)) {
          assert.include(["Conflict", "ActorStopped"], answer._tag === "Failure" ? answer.failure._tag : "answered")
        }
        const purged = yield* freshLedger
        yield* purged.ledger.Deposit({ amount: 1 })
        yield* store.purge(purged.agentId)
        yield* write(purged.agentId)
        assert.deepInclude(yield* fails(purged.ledger.Deposit({ amount: 2 }), "Conflict"), { expected: 1, actual: 3 })
        const system = yield* ActorSystem
        yield* system.spawn(Ledger, purged.id)
        assert.strictEqual(yield* purged.ledger.Deposit({ amount: 2 }), 2)
      })
    )
  })
}
