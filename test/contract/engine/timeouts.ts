/**
 * Callers and handlers that do not wait for ever, and commands that nobody will run.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { HandlerTimeout } from "../../../src/ActorError.ts"
import { ActorSystem, type DeadLetter } from "../../../src/ActorSystem.ts"
import { faultsOf } from "./faultsOf.ts"
import { Elder, Hasty, Minor, Sleeper, within } from "./Kin.ts"
import { Ledger } from "./Ledger.ts"
import { Stage } from "./Stage.ts"
import { Ledger2 } from "./smallActors.ts"
import {
  deposits,
  Engines,
  eventually,
  fails,
  freshId,
  freshLedger,
  type It,
  info,
  integers,
  start
} from "./support.ts"

/** The dead letters of one actor from now on, and how many there have been of all. */
const lettersOf = (id: string) =>
  Effect.gen(function* () {
    const system = yield* ActorSystem
    const letters: Array<DeadLetter> = []
    const before = yield* system.deadLetterCount
    yield* start(
      Stream.runForEach(system.deadLetters, (letter) =>
        Effect.sync(() => {
          if (letter.id === id) letters.push(letter)
        })
      )
    )
    yield* Effect.sleep("5 millis")
    return { letters, counted: Effect.map(system.deadLetterCount, (count) => count - before) }
  })

export const register = (it: It): void => {
  describe("an ask with a timeout", () => {
    it.effect("is withdrawn when it has not begun by then", () =>
      Effect.gen(function* () {
        const { agentId, id, ledger } = yield* freshLedger
        const stage = yield* Stage
        const gate = freshId()
        const busy = yield* start(ledger.DepositAfter({ gate, amount: 1 }))
        yield* stage.arrival(gate)
        const error = yield* fails(ledger.Deposit({ amount: 100 }, { timeout: "10 millis" }), "AskTimeout")
        assert.deepInclude(error, { actor: "Ledger", id, command: "Deposit", timeout: 10, outcome: "withdrawn" })
        assert.strictEqual((yield* info(Ledger, id)).mailbox, 0)
        yield* stage.open(gate)
        assert.strictEqual(yield* Fiber.join(busy), 1)
        assert.deepStrictEqual(yield* deposits(agentId), [1])
      })
    )

    it.effect("of an actor with a full mailbox, or a paused one, is withdrawn, too", () =>
      Effect.gen(function* () {
        const id = freshId()
        const system = yield* ActorSystem
        const client = (yield* Ledger2.client)(id)
        yield* system.pause(Ledger2, id)
        const waiting = yield* Effect.forEach(integers(3), (amount) => start(client.Add({ amount })))
        const error = yield* fails(client.Add({ amount: 100 }, { timeout: 5 }), "AskTimeout")
        assert.strictEqual(error.outcome, "withdrawn")
        yield* system.resume(Ledger2, id)
        assert.deepStrictEqual(yield* Effect.forEach(waiting, Fiber.join), [1, 2, 3])
        assert.deepStrictEqual(yield* client.Amounts(), [1, 2, 3])
      })
    )

    it.effect("tells when the command had begun, which is run to its end", () =>
      Effect.gen(function* () {
        const { faults, ledger } = yield* freshLedger
        const stage = yield* Stage
        const [gate, commandId] = [freshId(), freshId()]
        // Once it has recovered, the look for the command is all that comes before the handler.
        yield* ledger.Balance()
        const inHandler = ledger.DepositAfter({ gate, amount: 1 }, { timeout: "250 millis", commandId })
        assert.strictEqual((yield* fails(inHandler, "AskTimeout")).outcome, "begun")
        yield* stage.open(gate)
        // A retry gets the first reply, and nothing is run again.
        assert.strictEqual(yield* ledger.DepositAfter({ gate, amount: 1 }, { timeout: "1 minute", commandId }), 1)
        faults.hold()
        const inStore = ledger.Deposit({ amount: 2 }, { timeout: "10 millis" })
        assert.strictEqual((yield* fails(inStore, "AskTimeout")).outcome, "begun")
        yield* faults.release
        assert.strictEqual(yield* ledger.Balance(), 3)
      })
    )

    it.effect("is answered as ever when there is time, also for ever", () =>
      Effect.gen(function* () {
        const { ledger } = yield* freshLedger
        for (const timeout of ["1 minute", 60_000, "Infinity", Number.POSITIVE_INFINITY] as const) {
          yield* ledger.Deposit({ amount: 1 }, { timeout })
        }
        assert.strictEqual(
          (yield* fails(ledger.Withdraw({ amount: 100 }, { timeout: "1 minute" }), "InsufficientFunds")).balance,
          4
        )
        yield* fails(ledger.Die({}, { timeout: "1 minute" }), "ActorCrashed")
      })
    )

    it.effect("is refused when the timeout is none", () =>
      Effect.gen(function* () {
        const { agentId, ledger } = yield* freshLedger
        const timeout = JSON.parse('"soon"')
        assert.strictEqual((yield* fails(ledger.Deposit({ amount: 1 }, { timeout }), "InvalidInput")).path, "timeout")
        assert.deepStrictEqual(yield* deposits(agentId), [])
      })
    )

    it.effect("by a handler lets that handler go on, and its actor is not waited for any more", () =>
      Effect.gen(function* () {
        const [id, other, gate] = [freshId(), freshId(), freshId()]
        const stage = yield* Stage
        const client = yield* Elder.client
        const busy = yield* start(client(other).CountAfter({ gate }))
        yield* stage.arrival(gate)
        const tried = yield* within(
          Minor,
          id,
          Effect.flip(Effect.flatMap(Elder.client, (client) => client(other).Count(undefined, { timeout: "5 millis" })))
        )
        assert.deepInclude(tried, { _tag: "AskTimeout", outcome: "withdrawn" })
        yield* stage.open(gate)
        assert.strictEqual(yield* Fiber.join(busy), 1)
        // The other way round is no circle now.
        const back = Effect.flatMap(Minor.client, (client) => client(id).Look())
        assert.strictEqual(yield* within(Elder, other, back), 0)
      })
    )
  })

  describe("a handler that takes too long", () => {
    it.effect("has crashed, and its actor goes on with what waits", () =>
      Effect.gen(function* () {
        const [id, gate] = [freshId(), freshId()]
        const client = (yield* Hasty.client)(id)
        assert.strictEqual(yield* client.Count(), 1)
        const stuck = yield* start(Effect.flip(client.CountAfter({ gate })))
        const behind = yield* start(client.Count())
        const crash = yield* Fiber.join(stuck)
        assert.deepInclude(crash, { _tag: "ActorCrashed", command: "CountAfter" })
        const cause = crash._tag === "ActorCrashed" ? crash.cause : undefined
        if (!(cause instanceof HandlerTimeout)) return assert.fail(`expected a HandlerTimeout, found ${cause}`)
        assert.deepInclude(cause, { actor: "Hasty", id, command: "CountAfter", timeout: 30 })
        assert.strictEqual(yield* Fiber.join(behind), 2)
        assert.deepInclude(yield* info(Hasty, id), { version: 2, restarts: 1 })
      })
    )

    it.effect("is not one that is quick, however long the disk takes", () =>
      Effect.gen(function* () {
        const id = freshId()
        const faults = yield* faultsOf(Hasty.agentId(id))
        const client = (yield* Hasty.client)(id)
        faults.hold()
        const asked = yield* start(client.Count())
        yield* faults.held
        yield* Effect.sleep("60 millis")
        yield* faults.release
        assert.strictEqual(yield* Fiber.join(asked), 1)
      })
    )
  })

  describe("a dead letter", () => {
    it.effect("is a command that was told, was taken, and is not run, since its actor has failed", () =>
      Effect.gen(function* () {
        const [id, gate] = [freshId(), freshId()]
        const system = yield* ActorSystem
        const stage = yield* Stage
        const { counted, letters } = yield* lettersOf(id)
        yield* system.tell(Elder, id, "CountAfter", { gate })
        yield* stage.arrival(gate)
        for (const _ of integers(3)) yield* system.tell(Elder, id, "Die", undefined)
        yield* system.tell(Elder, id, "Count", undefined)
        const asked = yield* start(Effect.flip(Effect.flatMap(Elder.client, (client) => client(id).Count())))
        yield* stage.open(gate)
        // Who waits for an answer is told, so that is no dead letter.
        assert.strictEqual((yield* Fiber.join(asked))._tag, "ActorStopped")
        yield* eventually(Effect.sync(() => letters.length > 0))
        assert.lengthOf(letters, 1)
        assert.deepInclude(letters[0], { actor: "Elder", id, command: "Count", payload: undefined })
        assert.deepInclude(letters[0]?.reason, { _tag: "ActorStopped", reason: "failed" })
        assert.isAtLeast(yield* counted, 1)
        // Later ones are told at once.
        yield* fails(system.tell(Elder, id, "Count", undefined), "ActorStopped")
        yield* Effect.sleep("5 millis")
        assert.lengthOf(letters, 1)
      })
    )

    it.effect(
      "is one whose actor cannot recover, is stopped while it is paused, or cannot persist what it decided",
      () =>
        Effect.gen(function* () {
          const [unreadable, paused, refused] = [freshId(), freshId(), freshId()]
          const system = yield* ActorSystem
          const faults = yield* faultsOf(Elder.agentId(unreadable))
          const watched = yield* Effect.forEach([unreadable, paused, refused], lettersOf)
          faults.breakReads("read")
          yield* system.tell(Elder, unreadable, "Count", undefined)
          yield* eventually(Effect.sync(() => watched[0]?.letters.length === 1))
          faults.mendReads()
          assert.strictEqual(watched[0]?.letters[0]?.reason._tag, "RecoveryFailed")
          yield* system.pause(Elder, paused)
          yield* system.tell(Elder, paused, "Count", undefined)
          yield* system.stop(Elder, paused)
          yield* eventually(Effect.sync(() => watched[1]?.letters.length === 1))
          assert.strictEqual(watched[1]?.letters[0]?.reason._tag, "ActorStopped")
          const faultsOfRefused = yield* faultsOf(Elder.agentId(refused))
          faultsOfRefused.next("refuse")
          yield* system.tell(Elder, refused, "Count", undefined)
          yield* eventually(Effect.sync(() => watched[2]?.letters.length === 1))
          assert.strictEqual(watched[2]?.letters[0]?.reason._tag, "Rejected")
        })
    )

    it.effect("is none that was run, whatever came of it, or that woke an actor which was falling asleep", () =>
      Effect.gen(function* () {
        const [dying, sleeping] = [freshId(), freshId()]
        const system = yield* ActorSystem
        const watched = yield* Effect.forEach([dying, sleeping], lettersOf)
        yield* system.tell(Elder, dying, "Die", undefined)
        for (const pause of integers(40)) {
          yield* system.tell(Sleeper, sleeping, "Count", undefined)
          yield* Effect.sleep(pause % 6)
        }
        const look = Effect.flatMap(Sleeper.client, (client) => client(sleeping).Look())
        assert.strictEqual(yield* look, 40)
        for (const { letters } of watched) assert.lengthOf(letters, 0)
      })
    )

    it.effect("may be one of an engine that closes, whose stream ends then", () =>
      Effect.gen(function* () {
        const id = freshId()
        const engines = yield* Engines
        const reading = yield* engines.fresh(
          Effect.gen(function* () {
            const system = yield* ActorSystem
            assert.strictEqual(yield* system.deadLetterCount, 0)
            const fiber = yield* Effect.forkDetach(Stream.runCollect(system.deadLetters), { startImmediately: true })
            yield* system.pause(Elder, id)
            yield* system.tell(Elder, id, "Count", undefined)
            return fiber
          })
        )
        const letters = yield* Fiber.join(reading)
        assert.deepStrictEqual(
          letters.map(({ command, id }) => [command, id]),
          [["Count", id]]
        )
      })
    )
  })
}
