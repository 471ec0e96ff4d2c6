// Compose layers.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as LocalEngine from "../../../layers/engine/local.ts"
import * as LevelDb from "../../../layers/leveldb/index.ts"
import { Account } from "./account.ts"
import { AccountBehavior } from "./account-behavior.ts"

export const Runtime = AccountBehavior.pipe(
  Layer.provideMerge(LocalEngine.layer),
  Layer.provide(LevelDb.layer({ directory: ".pantheon" }))
)

export const program = Effect.gen(function* () {
  const account = yield* Account.client
  const balance = yield* account("acc-1").Deposit({ amount: 10 }) // durable when this line has returned
  return balance
})
