/** What actors on several machines have to do with each other, and with time. */

import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import * as SingleRunner from "effect/cluster/SingleRunner"
import * as TestRunner from "effect/cluster/TestRunner"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as ClusterEngine from "../../layers/engine/cluster.ts"
import * as Memory from "../../layers/memory/index.ts"
import * as Postgres from "../../layers/postgres/index.ts"
import { ActorSystem } from "../../src/ActorSystem.ts"
import { client, Machines } from "./Machines.ts"
import { Member, MemberBehavior } from "./Member.ts"
import { freshPlace } from "./place.ts"

const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}-${index}`)

describe("actors on two machines", { timeout: 300_000 }, () => {
  it.live("have children, ask each other, and wake in time, wherever they are", () =>
    Effect.gen(function* () {
      const place = yield* freshPlace
      const machines = yield* Effect.acquireRelease(
        Effect.promise(() => Machines.start(place, 2)),
        (machines) => Effect.promise(() => machines.stop())
      )
      const program = Effect.gen(function* () {
        const system = yield* ActorSystem
        const member = yield* Member.client
        // They share the shards out among them.
        yield* Effect.sleep("4 seconds")

        // Of many commands at once each is answered as soon as it is done.
        const crowd = ids("crowd", 50)
        yield* Effect.forEach(crowd, (id) => member(id).Rung(), { concurrency: "unbounded" })
        const lingering = yield* Effect.forkChild(member("slow").Linger({ milliseconds: 10_000 }))
        const ringing = Effect.forEach([...crowd, ...crowd], (id) => member(id).Ring(), { concurrency: "unbounded" })
        yield* Effect.repeat(ringing, { times: 2 })
        const counted = yield* Effect.forEach(crowd, (id) => member(id).Rung(), { concurrency: "unbounded" })
        assert.deepStrictEqual(
          counted,
          crowd.map(() => 6)
        )
        assert.isUndefined(lingering.pollUnsafe())

        // A chain of asks that comes back to where it began is found out, whichever machines it goes through.
        const chain = ids("chain", 6)
        assert.strictEqual(yield* member("chain-0").Pass({ path: chain.slice(1) }), 5)
        const circle = yield* Effect.flip(member("chain-0").Pass({ path: [...chain.slice(1), "chain-0"] }))
        assert.strictEqual(circle._tag, "ActorDeadlock")

        // Changes are heard of from all machines.
        const heard = new Set<string>()
        const listening = yield* Effect.forkChild(
          Stream.runForEach(system.changes, ({ id }) => Effect.sync(() => heard.add(id)))
        )
        yield* Effect.sleep("4 seconds")

        // A parent stops with its children.
        const children = ids("child", 10)
        yield* member("parent").Adopt({ ids: children })
        const listed = yield* Stream.runCollect(system.list(Member, { parent: { actor: "Member", id: "parent" } }))
        assert.sameMembers(
          listed.filter(({ status }) => status === "running").map(({ id }) => id),
          children
        )
        yield* system.stop(Member, "parent")
        for (const child of children) {
          const info = yield* system.get(Member, child)
          assert.strictEqual(info._tag === "Some" ? info.value.status : "unknown", "stopped")
        }
        yield* Effect.repeat(Effect.sleep("100 millis"), { until: () => children.every((child) => heard.has(child)) })
        yield* Fiber.interrupt(listening)

        // Whoever waits for its time is woken by another machine when its own has died.
        const waiting = ids("waiting", 20)
        yield* Effect.forEach(waiting, (id) => member(id).Wait({ milliseconds: 3000 }), { concurrency: 20 })
        yield* Effect.promise(() => machines.kill(0))
        const rung = Effect.forEach(waiting, (id) => member(id).Rung(), { concurrency: 20 })
        yield* Effect.repeat(Effect.delay(rung, "500 millis"), {
          until: (counts) => counts.every((count) => count > 0)
        })
        yield* Effect.sleep("2 seconds")
        assert.deepStrictEqual(
          yield* rung,
          waiting.map(() => 1)
        )
      })
      yield* Effect.provide(program, client(place))
    })
  )
})

describe("the cluster engine on SingleRunner", { timeout: 60_000 }, () => {
  it.live("runs actors, durable commands and timers on one machine", () =>
    Effect.gen(function* () {
      const { schema, url } = yield* freshPlace
      const Machine = MemberBehavior.pipe(
        Layer.provideMerge(ClusterEngine.layerWith({ machines: "one" })),
        Layer.provide(SingleRunner.layer({ runnerStorage: "memory" })),
        Layer.provide(NodeCrypto.layerDigest),
        Layer.provide(Postgres.layerClient({ schema })),
        Layer.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 6 }))
      )
      const program = Effect.gen(function* () {
        const system = yield* ActorSystem
        const member = yield* Member.client
        yield* member("a").Wait({ milliseconds: 50 })
        yield* system.tell(Member, "a", "Ring", undefined, { delivery: "durable" })
        yield* Effect.repeat(Effect.delay(member("a").Rung(), "100 millis"), { until: (rung) => rung === 2 })
      })
      yield* Effect.provide(program, Machine)
    })
  )
})

describe("the cluster engine on TestRunner", () => {
  it.live("runs actors in memory, for tests of a program", () =>
    Effect.gen(function* () {
      const Machine = MemberBehavior.pipe(
        Layer.provideMerge(ClusterEngine.layerWith({ machines: "one" })),
        Layer.provide(TestRunner.layer),
        Layer.provide(Memory.layer)
      )
      const program = Effect.gen(function* () {
        const member = yield* Member.client
        yield* member("a").Ring()
        assert.strictEqual(yield* member("a").Rung(), 1)
      })
      yield* Effect.provide(program, Machine)
    })
  )
})
