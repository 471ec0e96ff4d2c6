/** PostgreSQL: one actor, with one asker and with many. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as Postgres from "../../layers/postgres/index.ts"
import { assertCount, type Contender, callersEffect, compare, type Effort, type Row } from "../harness.ts"
import { poolSize } from "../targets/rawPostgres.ts"
import { Account, AccountBehavior } from "./account.ts"

export const run = async (effort: Effort, url: string): Promise<ReadonlyArray<Row>> => {
  const stores = Postgres.layer({ url: Redacted.make(url), maxConnections: poolSize, schema: "actor" })
  const runtime = ManagedRuntime.make(
    AccountBehavior.pipe(Layer.provideMerge(LocalEngine.layer), Layer.provideMerge(stores))
  )
  const account = await runtime.runPromise(Effect.map(Account.client, (client) => client("busy")))
  let answered = 0
  const ask = () => Effect.map(account.Deposit({ amount: 1 }), () => answered++)
  const contender = (askers: number): Contender => ({
    name: askers === 1 ? "one ask at a time" : `${askers} asks in flight`,
    round: (time) => runtime.runPromise(callersEffect(askers, time, ask)),
    verify: async () => {
      const { state, version } = await runtime.runPromise(Account.readState("busy"))
      assertCount("balance", state.balance, answered)
      assertCount("version", version, answered)
    }
  })
  const labels = { suite: "postgres-actor", setting: "one actor", unit: "asks" }
  const rows = await compare(effort, labels, [contender(1), contender(64)])
  await runtime.dispose()
  return rows
}
