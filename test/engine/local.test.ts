import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as Memory from "../../layers/memory/index.ts"
import { ActorSystem, EventStore } from "../../src/index.ts"
import { Account, AccountBehavior } from "../support/account.ts"

const Stores = Memory.layer
const Runtime = AccountBehavior.pipe(Layer.provideMerge(LocalEngine.layer), Layer.provideMerge(Layer.fresh(Stores)))

const run = <A, E>(effect: Effect.Effect<A, E, ActorSystem.ActorSystem | EventStore.EventStore>) =>
  Effect.provide(effect, Layer.fresh(Runtime))

describe("the local engine", () => {
  it.effect("answers with the state after the command's own events", () =>
    run(
      Effect.gen(function* () {
        const account = yield* Account.client
        assert.strictEqual(yield* account("a").Deposit({ amount: 10 }), 10)
        assert.strictEqual(yield* account("a").Withdraw({ amount: 4 }), 6)
        assert.strictEqual(yield* account("a").Balance(), 6)
      })
    )
  )

  it.effect("gives a command's own error to its caller and persists nothing", () =>
    run(
      Effect.gen(function* () {
        const account = yield* Account.client
        yield* account("a").Deposit({ amount: 1 })
        const error = yield* Effect.flip(account("a").Withdraw({ amount: 5 }))
        assert.strictEqual(error._tag, "InsufficientFunds")
        const events = yield* Stream.runCollect(EventStore.read("Account/a"))
        assert.deepStrictEqual(
          events.map((event) => [event.version, event.type]),
          [[1, "Account.Deposited"]]
        )
      })
    )
  )

  it.effect("runs the commands that wait together in order and persists them in one append", () =>
    run(
      Effect.gen(function* () {
        const account = yield* Account.client
        const balances = yield* Effect.all(
          Array.from({ length: 64 }, () => account("a").Deposit({ amount: 1 })),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(
          balances,
          Array.from({ length: 64 }, (_, index) => index + 1)
        )
      })
    )
  )

  it.effect("answers a dying handler with ActorCrashed, keeps what was persisted, and goes on", () =>
    run(
      Effect.gen(function* () {
        const account = yield* Account.client
        const fiber = yield* Effect.forkChild(
          Effect.all(
            [
              Effect.exit(account("a").Deposit({ amount: 1 })),
              Effect.exit(account("a").Crash()),
              Effect.exit(account("a").Deposit({ amount: 1 }))
            ],
            { concurrency: "unbounded" }
          )
        )
        yield* TestClock.adjust("1 second")
        const [first, crash, last] = yield* Fiber.join(fiber)
        assert.deepStrictEqual(first, Effect.runSyncExit(Effect.succeed(1)))
        assert.deepStrictEqual(last, Effect.runSyncExit(Effect.succeed(2)))
        assert.isTrue(crash._tag === "Failure" && String(crash.cause).includes("boom"), String(crash))
        const system = yield* ActorSystem.ActorSystem
        const info = Option.getOrThrow(yield* system.get(Account, "a"))
        assert.deepInclude(info, { status: "running", version: 2, restarts: 1 })
      })
    )
  )
})
