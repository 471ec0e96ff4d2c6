/** PostgreSQL: one actor, with one asker and with many; many actors, each with one asker; and actors that wake up. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as Postgres from "../../layers/postgres/index.ts"
import { EventStore } from "../../src/index.ts"
import { assertCount, type Contender, callersEffect, compare, type Effort, type Row } from "../harness.ts"
import { connect, poolSize } from "../targets/rawPostgres.ts"
import { Account, AccountBehavior, deposited } from "./account.ts"

const suite = "postgres-actor"
const schema = "actor"

export const run = async (effort: Effort, url: string): Promise<ReadonlyArray<Row>> => [
  ...(await oneActor(effort, url)),
  ...(await manyActors(effort, url)),
  ...(await wakeUp(effort, url))
]

const open = (url: string) =>
  ManagedRuntime.make(
    AccountBehavior.pipe(
      Layer.provideMerge(LocalEngine.layer),
      Layer.provideMerge(Postgres.layer({ url: Redacted.make(url), maxConnections: poolSize, schema }))
    )
  )

const oneActor = async (effort: Effort, url: string): Promise<ReadonlyArray<Row>> => {
  const runtime = open(url)
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
  const labels = { suite, setting: "one actor", unit: "asks" }
  const rows = await compare(effort, labels, [contender(1), contender(64)])
  await runtime.dispose()
  return rows
}

/** As many callers as actors, so that each actor is asked one thing after the other; and the same events through the store alone. */
const manyActors = async (effort: Effort, url: string): Promise<ReadonlyArray<Row>> => {
  const actors = 1000
  const runtime = open(url)
  const client = await runtime.runPromise(Account.client)
  const store = await runtime.runPromise(EventStore.EventStore)
  // Its agents are others than those of the actors: a second writer would stop them.
  const ids = (kind: string) => Array.from({ length: actors }, (_, index) => `${kind}-${index}`)
  const accounts = ids("asked").map(client)
  const agents = ids("appended").map(Account.agentId)
  const contender = <E>(name: string, kind: string, send: (caller: number) => Effect.Effect<unknown, E>): Contender => {
    let answered = 0
    return {
      name,
      round: (time) =>
        runtime.runPromise(callersEffect(actors, time, (caller) => Effect.map(send(caller), () => answered++))),
      verify: async () => {
        const states = await runtime.runPromise(
          Effect.forEach(ids(kind), (id) => Account.readState(id), { concurrency: poolSize })
        )
        const sum = states.reduce((sum, { state }) => sum + state.balance, 0)
        assertCount("balances", sum, answered)
      }
    }
  }
  const labels = { suite, setting: "1,000 actors, each asked one after the other", unit: "asks" }
  const rows = await compare(effort, labels, [
    contender("pantheon", "asked", (caller) => accounts[caller]?.Deposit({ amount: 1 }) ?? Effect.die("no such actor")),
    contender("the store's appends", "appended", (caller) =>
      store.append({ agentId: agents[caller] ?? "", events: [deposited] })
    )
  ])
  await runtime.dispose()
  return rows
}

/** The first answers of actors that sleep, one after the other: each has a snapshot at its end. */
const wakeUp = async (effort: Effort, url: string): Promise<ReadonlyArray<Row>> => {
  const actors = 5000
  const ids = Array.from({ length: actors }, (_, index) => `sleeper-${index}`)
  const preparing = open(url)
  // So many deposits that the last makes a snapshot.
  await preparing.runPromise(
    Effect.gen(function* () {
      const store = yield* EventStore.EventStore
      const append = (id: string) =>
        store.append({ agentId: Account.agentId(id), events: Array.from({ length: 99 }, () => deposited) })
      yield* Effect.forEach(ids, append, { concurrency: 100, discard: true })
      const account = yield* Account.client
      yield* Effect.forEach(ids, (id) => account(id).Deposit({ amount: 1 }), { concurrency: 1000, discard: true })
    })
  )
  // The snapshots are on disk when it is closed.
  await preparing.dispose()
  let next = 0
  const wake = async (milliseconds: number): Promise<number> => {
    // All actors of a new engine sleep.
    const runtime = open(url)
    const client = await runtime.runPromise(Account.client)
    // The first opens connections and prepares statements.
    await runtime.runPromise(client("warm").Balance())
    const balance = () => client(ids[next++ % actors] ?? "").Balance()
    const check = () => Effect.map(balance(), (balance) => assertCount("balance", balance, 100))
    const rate = await runtime.runPromise(callersEffect(1, milliseconds, check))
    await runtime.dispose()
    return rate
  }
  const raw = connect(url, schema)
  const sql = await raw.runPromise(SqlClient.SqlClient)
  const statement = `SELECT version, id, type, schema_version, timestamp, data, metadata FROM "${schema}".events
    WHERE tenant = '' AND agent_id = $1 AND version = 100`
  const readRow = () => sql.unsafe(statement, [Account.agentId(ids[next++ % actors] ?? "")])
  const labels = { suite, setting: "a passivated actor with a snapshot wakes and answers", unit: "reads" }
  const rows = await compare(effort, labels, [
    { name: "pantheon", round: wake },
    { name: "raw row by key", round: (time) => raw.runPromise(callersEffect(1, time, readRow)) }
  ])
  await raw.dispose()
  return rows
}
