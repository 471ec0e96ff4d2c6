/**
 * Handlers that die, and programs that break their own rules.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { Ledger } from "./Ledger.ts"
import { Stage } from "./Stage.ts"
import { Fragile } from "./smallActors.ts"
import {
  deposits,
  fails,
  freshId,
  freshLedger,
  type It,
  info,
  journal,
  results,
  start,
  startAll,
  stopped
} from "./support.ts"

export const register = (it: It): void => {
  describe("a handler", () => {
    it.effect("that throws or interrupts itself has crashed like one that dies", () =>
      Effect.gen(function* () {
        const { agentId, id, ledger } = yield* freshLedger
        yield* ledger.Deposit({ amount: 1 })
        const thrown = yield* fails(ledger.Throw(), "ActorCrashed")
        assert.deepInclude(thrown, { actor: "Ledger", id, command: "Throw" })
        assert.include(thrown.message, "thrown")
        const interrupted = yield* fails(ledger.Interrupt(), "ActorCrashed")
        assert.strictEqual(interrupted.command, "Interrupt")
        assert.strictEqual(yield* ledger.Deposit({ amount: 2 }), 3)
        assert.deepStrictEqual(yield* deposits(agentId), [1, 2])
        assert.strictEqual((yield* info(Ledger, id)).restarts, 2)
      })
    )

    it.effect("has crashed when evolve throws at its events, or its reply does, and has persisted nothing", () =>
      Effect.gen(function* () {
        const { agentId, id, ledger } = yield* freshLedger
        yield* ledger.Deposit({ amount: 1 })
        assert.include((yield* fails(ledger.Poison(), "ActorCrashed")).message, "evolve is not total")
        assert.include((yield* fails(ledger.ThrowInReply({ amount: 5 }), "ActorCrashed")).message, "no reply")
        assert.strictEqual(yield* ledger.Balance(), 1)
        assert.deepStrictEqual(yield* deposits(agentId), [1])
        assert.strictEqual((yield* info(Ledger, id)).restarts, 2)
      })
    )

    it.effect("whose events their own schema refuses has its command refused, and nothing else happens", () =>
      Effect.gen(function* () {
        const { agentId, faults, id, ledger } = yield* freshLedger
        faults.hold()
        const first = yield* start(ledger.Deposit({ amount: 1 }))
        yield* faults.held
        const fibers = yield* startAll<unknown, { readonly _tag: string }, never>([
          ledger.Deposit({ amount: 2 }),
          ledger.DepositFraction({ amount: 0.5 }),
          ledger.Deposit({ amount: 4 })
        ])
        yield* faults.release
        yield* Fiber.join(first)
        const [before, bad, behind] = yield* results(fibers)
        assert.deepStrictEqual([before?._tag, behind?._tag], ["Success", "Success"])
        assert.deepInclude(bad?._tag === "Failure" ? bad.failure : {}, {
          _tag: "Rejected",
          reason: "InvalidInput",
          agentId
        })
        assert.deepStrictEqual(yield* deposits(agentId), [1, 2, 4])
        assert.deepInclude(yield* info(Ledger, id), { restarts: 0, version: 3 })
        assert.lengthOf(faults.appends, 2)
      })
    )

    it.effect("whose events are too large has its command refused, and nothing else happens", () =>
      Effect.gen(function* () {
        const { agentId, id, ledger } = yield* freshLedger
        const error = yield* fails(ledger.Note({ text: "a".repeat(5 * 1024 * 1024) }), "Rejected")
        assert.deepInclude(error, { reason: "InvalidInput", agentId })
        assert.include(error.message, "bytes")
        assert.strictEqual(yield* ledger.Deposit({ amount: 1 }), 1)
        assert.strictEqual((yield* info(Ledger, id)).restarts, 0)
      })
    )

    it.effect("whose reply its own schema refuses has its command refused, with an id or without", () =>
      Effect.gen(function* () {
        const { agentId, ledger } = yield* freshLedger
        for (const commandId of [freshId(), undefined]) {
          const error = yield* fails(ledger.ReplyFraction({ amount: 1 }, { commandId }), "Rejected")
          assert.deepInclude(error, { reason: "InvalidInput" })
          assert.strictEqual(yield* ledger.Balance(), 0)
        }
        assert.deepStrictEqual(yield* deposits(agentId), [])
      })
    )

    it.effect("whose reply is too large to be kept for a retry has its command refused, and nothing else happens", () =>
      Effect.gen(function* () {
        const { agentId, faults, ledger } = yield* freshLedger
        const text = "a".repeat(5 * 1024 * 1024)
        faults.hold()
        const first = yield* start(ledger.Deposit({ amount: 1 }))
        yield* faults.held
        const before = yield* start(ledger.Deposit({ amount: 2 }))
        const echo = yield* start(Effect.flip(ledger.Echo({ text }, { commandId: freshId() })))
        const behind = yield* start(ledger.Deposit({ amount: 4 }, { commandId: freshId() }))
        yield* faults.release
        assert.deepStrictEqual(yield* Effect.forEach([first, before, behind], Fiber.join), [1, 3, 7])
        assert.deepInclude(yield* Fiber.join(echo), { _tag: "Rejected", reason: "InvalidInput" })
        assert.lengthOf(yield* journal(agentId), 3)
        assert.strictEqual((yield* ledger.Echo({ text })).length, text.length)
      })
    )
  })

  describe("an actor that crashes", () => {
    it.effect("too often stops: those behind and those who come later are told so, and spawning brings it back", () =>
      Effect.gen(function* () {
        const { agentId, faults, id, ledger } = yield* freshLedger
        const system = yield* ActorSystem
        yield* ledger.Deposit({ amount: 1 })
        for (const restarts of [1, 2, 3]) {
          yield* fails(ledger.Die({}), "ActorCrashed")
          assert.strictEqual(yield* ledger.Balance(), 1)
          assert.deepInclude(yield* info(Ledger, id), { restarts, status: "running" })
        }
        faults.hold()
        const before = yield* start(ledger.Deposit({ amount: 2 }))
        yield* faults.held
        const crash = yield* start(Effect.flip(ledger.Die({})))
        const behind = yield* start(Effect.flip(ledger.Deposit({ amount: 4 })))
        yield* faults.release
        assert.strictEqual(yield* Fiber.join(before), 3)
        assert.deepInclude(yield* Fiber.join(crash), { _tag: "ActorCrashed" })
        assert.deepInclude(yield* Fiber.join(behind), { _tag: "ActorStopped", reason: "failed" })
        yield* stopped(ledger.Balance(), "failed")
        assert.deepInclude(yield* info(Ledger, id), { status: "failed", version: 2 })
        assert.deepInclude(yield* system.spawn(Ledger, id), { status: "running", restarts: 0, version: 2 })
        assert.strictEqual(yield* ledger.Deposit({ amount: 4 }), 7)
        assert.deepStrictEqual(yield* deposits(agentId), [1, 2, 4])
      })
    )

    it.effect("stops at once if its supervision says so", () =>
      Effect.gen(function* () {
        const id = freshId()
        const fragile = (yield* Fragile.client)(id)
        const system = yield* ActorSystem
        assert.strictEqual(yield* fragile.Count(), 1)
        yield* fails(fragile.Die(), "ActorCrashed")
        yield* stopped(fragile.Count(), "failed")
        assert.deepInclude(yield* info(Fragile, id), { status: "failed", restarts: 0 })
        yield* system.spawn(Fragile, id)
        assert.strictEqual(yield* fragile.Count(), 2)
      })
    )

    it.effect("keeps those waiting that came while it was restarting, in order", () =>
      Effect.gen(function* () {
        const { agentId, ledger } = yield* freshLedger
        const crash = yield* start(Effect.flip(ledger.Die({})))
        assert.strictEqual((yield* Fiber.join(crash))._tag, "ActorCrashed")
        const fibers = yield* startAll([1, 2, 4].map((amount) => ledger.Deposit({ amount })))
        assert.deepStrictEqual(yield* Effect.forEach(fibers, Fiber.join), [1, 3, 7])
        assert.deepStrictEqual(yield* deposits(agentId), [1, 2, 4])
      })
    )

    it.effect("loses nothing of what was persisted while the handler that dies was waiting", () =>
      Effect.gen(function* () {
        const { agentId, ledger } = yield* freshLedger
        const stage = yield* Stage
        const gate = freshId()
        const fibers = yield* startAll<unknown, { readonly _tag: string }, never>([
          ledger.Deposit({ amount: 1 }),
          ledger.DepositTwice({ other: "a\0b", amount: 2 }),
          ledger.DepositAfter({ gate, amount: 4 })
        ])
        yield* stage.arrival(gate)
        yield* stage.open(gate)
        const answers = yield* results(fibers)
        assert.deepStrictEqual(
          answers.map((answer) => (answer._tag === "Success" ? answer.success : answer.failure._tag)),
          [1, "ActorCrashed", 5]
        )
        assert.deepStrictEqual(
          (yield* journal(agentId)).map(({ version }) => version),
          [1, 2]
        )
      })
    )
  })
}
