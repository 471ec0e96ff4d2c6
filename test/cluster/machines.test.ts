/** Three machines under load, of which one after the other is killed, frozen and restarted. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { ActorSystem } from "../../src/ActorSystem.ts"
import { Account } from "../support/account.ts"
import { loadDuring } from "./load.ts"
import { client, Machines } from "./Machines.ts"
import { freshPlace } from "./place.ts"

const ids = Array.from({ length: 40 }, (_, index) => `account-${index}`)

describe("a cluster of three machines", { timeout: 300_000 }, () => {
  it.live("does each command once, whatever becomes of its machines, and tells callers of no failure", () =>
    Effect.gen(function* () {
      const place = yield* freshPlace
      const machines = yield* Effect.acquireRelease(
        Effect.promise(() => Machines.start(place, 3)),
        (machines) => Effect.promise(() => machines.stop())
      )
      const trouble = Effect.gen(function* () {
        yield* Effect.sleep("3 seconds")
        yield* Effect.promise(() => machines.kill(0))
        yield* Effect.sleep("5 seconds")
        yield* Effect.promise(() => machines.restart(0))
        yield* Effect.sleep("3 seconds")
        machines.freeze(1)
        yield* Effect.sleep("8 seconds")
        machines.thaw(1)
        yield* Effect.sleep("4 seconds")
        for (const index of [0, 1, 2]) {
          yield* Effect.promise(() => machines.end(index))
          yield* Effect.promise(() => machines.restart(index))
        }
        yield* Effect.sleep("3 seconds")
      })
      const program = Effect.gen(function* () {
        const { acknowledged, violations } = yield* loadDuring(40, 100, trouble)
        assert.deepStrictEqual(violations, [], `${acknowledged} acknowledged`)
        assert.isAbove(acknowledged, 40)

        // They are listed from wherever they are, each once.
        const accounts = yield* Account.client
        yield* Effect.forEach(ids, (id) => accounts(id).Deposit({ amount: 1 }), { concurrency: 16 })
        const system = yield* ActorSystem
        const isEachOnce = (listed: ReadonlyArray<{ readonly id: string }>) =>
          listed.length === new Set(listed.map(({ id }) => id)).size
        // While a shard still moves, its actors may be told of by both of its machines.
        const listed = yield* Effect.repeat(Effect.delay(Stream.runCollect(system.list(Account)), "500 millis"), {
          until: isEachOnce
        })
        const running = new Set(listed.filter(({ status }) => status === "running").map(({ id }) => id))
        assert.isTrue(ids.every((id) => running.has(id)))

        // A command that is kept by the cluster is run once, though it is told twice.
        const told = system.tell(
          Account,
          "durable",
          "Deposit",
          { amount: 7 },
          { delivery: "durable", commandId: "once" }
        )
        yield* Effect.all([told, told], { discard: true })
        yield* Effect.repeat(accounts("durable").Balance(), { until: (balance) => balance === 7 })
        yield* Effect.sleep("1 second")
        assert.strictEqual(yield* accounts("durable").Balance(), 7)
      })
      yield* Effect.provide(program, client(place))
    })
  )
})
