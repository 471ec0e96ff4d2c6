/** Asks actors at a place, many at a time, until it is killed. */
import { randomUUID } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as LocalEngine from "../../layers/engine/local.ts"
import { Account, AccountBehavior } from "../support/account.ts"
import { between, chance } from "../support/chance.ts"
import { say } from "./lines.ts"
import { fromText, layer } from "./place.ts"

const [place = "", name = ""] = process.argv.slice(2)
const next = chance(name)
const accounts = 4
const inFlight = 32

const ask = Effect.gen(function* () {
  const client = yield* Account.client
  const askOne = Effect.gen(function* () {
    const account = `account-${between(next, 1, accounts)}`
    const command = next() < 0.6 ? "Deposit" : "Withdraw"
    const amount = between(next, 1, 100)
    const commandId = randomUUID()
    yield* say({ _tag: "Asked", commandId, account, command, amount })
    yield* Effect.matchEffect(client(account)[command]({ amount }, { commandId }), {
      onSuccess: (balance) => say({ _tag: "Answered", commandId, balance }),
      // Nothing else may go wrong while the store is well.
      onFailure: (error) =>
        error._tag === "InsufficientFunds" ? say({ _tag: "Declined", commandId }) : Effect.die(error)
    })
  })
  yield* Effect.all(
    Array.from({ length: inFlight }, () => Effect.forever(askOne)),
    { concurrency: "unbounded", discard: true }
  )
})

const Runtime = AccountBehavior.pipe(Layer.provideMerge(LocalEngine.layer), Layer.provide(layer(fromText(place), name)))

await Effect.runPromise(Effect.provide(ask, Runtime))
