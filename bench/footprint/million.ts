/**
 * Writes to as many agents as it is told, on LevelDB, and holds 10,000 of them in memory as actors. Runs in a process of its own and prints
 * the most memory that the process ever held, in bytes.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Stream from "effect/Stream"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as LevelDb from "../../layers/leveldb/index.ts"
import { ActorSystem, EventStore } from "../../src/index.ts"
import { assertCount } from "../harness.ts"
import { Account, AccountBehavior, deposited } from "../suites/account.ts"

const known = Number(process.argv[2])
const resident = 10_000
const inFlight = 256

/** Every agent has had its first event; then 10,000 of them are woken by a second. */
const fill = Effect.gen(function* () {
  const store = yield* EventStore.EventStore
  const account = yield* Account.client
  yield* each(known, (index) => store.append({ agentId: Account.agentId(`account-${index}`), events: [deposited] }))
  yield* each(resident, (index) =>
    Effect.map(account(`account-${index}`).Deposit({ amount: 1 }), (balance) => assertCount("balance", balance, 2))
  )
})

const each = <E>(count: number, send: (index: number) => Effect.Effect<unknown, E>): Effect.Effect<void, E> => {
  let next = 0
  const caller = Effect.whileLoop({ while: () => next < count, body: () => send(next++), step: () => {} })
  return Effect.all(
    Array.from({ length: inFlight }, () => caller),
    { concurrency: "unbounded", discard: true }
  )
}

const check = Effect.gen(function* () {
  const store = yield* EventStore.EventStore
  const system = yield* ActorSystem.ActorSystem
  const running = Stream.takeWhile(system.list(Account), ({ status }) => status === "running")
  assertCount("resident actors", yield* Stream.runCount(running), resident)
  assertCount("known agents", yield* Stream.runCount(store.agents()), known)
})

const directory = await mkdtemp(join(tmpdir(), "pantheon-footprint-"))
const runtime = ManagedRuntime.make(
  AccountBehavior.pipe(Layer.provideMerge(LocalEngine.layer), Layer.provideMerge(LevelDb.layer({ directory })))
)
await runtime.runPromise(Effect.andThen(fill, check))
await runtime.dispose()
await rm(directory, { recursive: true, force: true })
// Kilobytes, as the system counts them.
console.log(JSON.stringify({ most: process.resourceUsage().maxRSS * 1024 }))
