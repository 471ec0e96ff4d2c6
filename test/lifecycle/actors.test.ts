/** Actors travel as contexts do: a journal is a stream of events, and the replies to its commands come with it. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as Memory from "../../layers/memory/index.ts"
import { ActorSystem, AgentStateManager, ContextLifecycle } from "../../src/index.ts"
import { Account, AccountBehavior } from "../support/account.ts"

const Runtime = AccountBehavior.pipe(
  Layer.provideMerge(LocalEngine.layer),
  Layer.provideMerge(ContextLifecycle.layer),
  Layer.provideMerge(AgentStateManager.layer()),
  Layer.provideMerge(Layer.fresh(Memory.layer))
)

const [source, target] = ["travelling", "settled"].map(Account.agentId)

describe("an actor", () => {
  it.live("goes on under another id where it was when it was exported, and knows its commands again", () =>
    Effect.gen(function* () {
      const account = yield* Account.client
      const { exportContext, importContext, validateContextIntegrity } = yield* ContextLifecycle.ContextLifecycle
      for (let amount = 1; amount <= 15; amount++) yield* account("travelling").Deposit({ amount })
      assert.strictEqual(yield* account("travelling").Deposit({ amount: 80 }, { commandId: "gift" }), 200)
      const lines = yield* Stream.runCollect(exportContext(source ?? ""))
      const { counts } = yield* importContext(target ?? "", Stream.fromIterable(lines))
      assert.deepInclude(counts, { events: 16, commands: 1 })
      assert.strictEqual(yield* account("settled").Balance(), 200)
      assert.strictEqual(yield* account("settled").Deposit({ amount: 80 }, { commandId: "gift" }), 200)
      assert.strictEqual(yield* account("settled").Withdraw({ amount: 50 }), 150)
      assert.strictEqual(yield* account("travelling").Balance(), 200)
      assert.isTrue((yield* validateContextIntegrity(target ?? "")).isValid)
    }).pipe(Effect.provide(Runtime))
  )

  it.live("that runs goes on as what it was replaced by, once it was told to begin anew", () =>
    Effect.gen(function* () {
      const account = yield* Account.client
      const system = yield* ActorSystem.ActorSystem
      const { exportContext, importContext } = yield* ContextLifecycle.ContextLifecycle
      yield* account("travelling").Deposit({ amount: 7 })
      const lines = yield* Stream.runCollect(exportContext(source ?? ""))
      yield* account("travelling").Deposit({ amount: 100 })
      yield* importContext(source ?? "", Stream.fromIterable(lines), { existing: "replace" })
      // What it had in mind is no more; it must not be written over what is there now.
      assert.strictEqual((yield* Effect.exit(account("travelling").Deposit({ amount: 1 })))._tag, "Failure")
      yield* system.restart(Account, "travelling")
      assert.strictEqual(yield* account("travelling").Balance(), 7)
    }).pipe(Effect.provide(Runtime))
  )
})
