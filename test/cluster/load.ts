/** Constant load on the accounts of a cluster, and whether it came to exactly what was acknowledged. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { EventStore } from "../../src/EventStore.ts"
import { Account } from "../support/account.ts"

/** What became of the load. */
export interface Outcome {
  readonly acknowledged: number
  /** Milliseconds of the slowest command. */
  readonly slowest: number
  readonly violations: ReadonlyArray<string>
}

/** What one caller was told: each of its commands deposits another amount. */
interface Caller {
  readonly id: string
  readonly acknowledged: Set<number>
  readonly failures: Array<string>
  slowest: number
}

/** Deposits to so many accounts, each again and again, for as long as something goes on; then looks into the journal. */
export const loadDuring = <E, R>(count: number, pause: number, something: Effect.Effect<void, E, R>) =>
  Effect.gen(function* () {
    const run = crypto.randomUUID()
    const accounts = Array.from(
      { length: count },
      (_, index): Caller => ({
        id: `${run}-${index}`,
        acknowledged: new Set(),
        failures: [],
        slowest: 0
      })
    )
    let isOver = false
    const client = yield* Account.client
    const work = (account: Caller) =>
      Effect.gen(function* () {
        for (let amount = 1; !isOver; amount++) {
          const begun = yield* Clock.currentTimeMillis
          const exit = yield* Effect.exit(client(account.id).Deposit({ amount }))
          account.slowest = Math.max(account.slowest, (yield* Clock.currentTimeMillis) - begun)
          if (exit._tag === "Success") account.acknowledged.add(amount)
          else account.failures.push(`deposit ${amount} of ${account.id} has failed: ${exit.cause}`)
          yield* Effect.sleep(pause)
        }
      })
    const workers = yield* Effect.forkChild(Effect.forEach(accounts, work, { concurrency: "unbounded", discard: true }))
    yield* something
    isOver = true
    yield* Fiber.join(workers)
    const violations = yield* Effect.forEach(accounts, audit)
    const outcome: Outcome = {
      acknowledged: accounts.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0),
      slowest: Math.max(...accounts.map(({ slowest }) => slowest)),
      violations: [...accounts.flatMap(({ failures }) => failures), ...violations.flat()]
    }
    return outcome
  })

/** What is acknowledged is there, once, and nothing is there twice. */
const audit = ({ acknowledged, id }: Caller) =>
  Effect.gen(function* () {
    const store = yield* EventStore
    const violations: Array<string> = []
    const found = new Set<unknown>()
    const events = yield* Stream.runCollect(store.read(Account.agentId(id)))
    for (const { data, version } of events) {
      if (found.has(data["amount"])) violations.push(`deposit ${data["amount"]} of ${id} is there twice, at ${version}`)
      found.add(data["amount"])
    }
    for (const amount of acknowledged) if (!found.has(amount)) violations.push(`deposit ${amount} of ${id} is lost`)
    return violations
  })
