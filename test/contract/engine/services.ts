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
  afterConflict,
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
  startAll
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

    it.effect("makes it a second writer when it deletes the agent, or lets it be read only", () =>
      Effect.gen(function* () {
        for (const type of ["context.deleted", "context.archived"]) {
          const { agentId, id, ledger } = yield* freshLedger
          yield* ledger.Deposit({ amount: 1 })
          yield* write(agentId)
          yield* write(agentId, type)
          assert.deepInclude(yield* fails(ledger.Deposit({ amount: 2 }), "Conflict"), { expected: 1, actual: 3 })
          yield* afterConflict(id)
        }
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
