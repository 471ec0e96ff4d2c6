/** What cannot work is refused when the layer is built, with the reason and the remedy. */
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import * as TestRunner from "effect/cluster/TestRunner"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as ClusterEngine from "../../layers/engine/cluster.ts"
import * as ClusterNode from "../../layers/engine/clusterNode.ts"
import * as LevelDb from "../../layers/leveldb/index.ts"
import * as Memory from "../../layers/memory/index.ts"
import * as Postgres from "../../layers/postgres/index.ts"
import { Actor, ActorSystem } from "../../src/index.ts"
import * as TestDirectory from "../support/TestDirectory.ts"
import { freshPlace } from "./place.ts"

const counter = (schemaVersion: number, amount: Schema.Codec<number>) =>
  Actor.make("Counter", {
    state: Schema.Struct({ count: Schema.Int }),
    initialState: { count: 0 },
    events: Schema.TaggedUnion({ Counted: {} }),
    evolve: ({ count }) => ({ count: count + 1 }),
    commands: [Rpc.make("Count", { payload: { amount }, success: Schema.Int })],
    schemaVersion,
    ...(schemaVersion === 1 ? {} : { upcast: { 1: {} } })
  })

const behaviorOf = (definition: ReturnType<typeof counter>) =>
  definition.toLayer({ Count: () => definition.persist({ _tag: "Counted" }, ({ count }) => count) })

const alone = Layer.fresh(Layer.provide(ClusterEngine.layerWith({ machines: "one" }), Layer.fresh(TestRunner.layer)))

describe("a machine of a cluster", { timeout: 60_000 }, () => {
  it.live("is refused stores of one process", () =>
    Effect.gen(function* () {
      const directory = yield* TestDirectory.make
      for (const stores of [Memory.layer, LevelDb.layer({ directory })]) {
        const built = Layer.build(ClusterEngine.layer.pipe(Layer.provide(TestRunner.layer), Layer.provide(stores)))
        const error = yield* Effect.flip(Effect.scoped(built))
        assert.deepInclude(error, { _tag: "InvalidInput", path: "stores" })
        assert.include(error.message, "PostgreSQL")
      }
    })
  )

  it.live("is refused a definition that differs from that of another machine, in versions or shapes", () =>
    Effect.gen(function* () {
      const stores = yield* Layer.build(Memory.layer)
      const first = counter(1, Schema.Int)
      yield* Layer.build(behaviorOf(first).pipe(Layer.provide(alone), Layer.provide(Layer.succeedContext(stores))))
      const join = (definition: ReturnType<typeof counter>) =>
        Effect.scoped(
          Layer.build(behaviorOf(definition).pipe(Layer.provide(alone), Layer.provide(Layer.succeedContext(stores))))
        )
      yield* join(counter(1, Schema.Int))
      for (const other of [counter(2, Schema.Int), counter(1, Schema.Finite)]) {
        const error = yield* Effect.flip(join(other))
        assert.deepInclude(error, { _tag: "ActorMismatch", actor: "Counter" })
        assert.include(error.message, "stop those of the old one first")
      }
      // Whoever was refused is in nobody's way.
      yield* join(counter(1, Schema.Int))
    })
  )

  it.live("is refused too small a pool", () =>
    Effect.gen(function* () {
      const { schema, url } = yield* freshPlace
      const Machine = ClusterNode.layer({ address: { host: "127.0.0.1", port: 34_999 } }).pipe(
        Layer.provide(Postgres.layerClient({ schema })),
        Layer.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 3 }))
      )
      const error = yield* Effect.flip(Effect.scoped(Layer.build(Machine)))
      assert.deepInclude(error, { _tag: "InvalidInput", path: "maxConnections" })
    })
  )

  it.live("is refused tables that are missing", () =>
    Effect.gen(function* () {
      const { schema, url } = yield* freshPlace
      const Machine = ClusterNode.layer({ address: { host: "127.0.0.1", port: 34_999 } }).pipe(
        Layer.provide(Postgres.layerStorage({ schema })),
        Layer.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 5 }))
      )
      const error = yield* Effect.flip(Effect.scoped(Layer.build(Machine)))
      assert.deepInclude(error, { _tag: "Unavailable", reason: "NotMigrated" })
    })
  )

  it.live("keeps what is told durably for no longer than it is asked to", () =>
    Effect.gen(function* () {
      const { schema, url } = yield* freshPlace
      const sql = PgClient.layer({ url: Redacted.make(url), maxConnections: 8 })
      const definition = counter(1, Schema.Int)
      const Machine = behaviorOf(definition).pipe(
        Layer.provideMerge(ClusterNode.layer({ address: { host: "127.0.0.1", port: 34_998 } })),
        Layer.provide(Postgres.layerClient({ schema })),
        Layer.provideMerge(sql)
      )
      const program = Effect.gen(function* () {
        const system = yield* ActorSystem.ActorSystem
        const client = yield* definition.client
        for (let number = 0; number < 3; number++) {
          yield* system.tell(definition, "a", "Count", { amount: 1 }, { delivery: "durable" })
        }
        const isThere = Effect.map(client("a").Count({ amount: 1 }), (count) => count > 3)
        yield* Effect.repeat(Effect.delay(isThere, "200 millis"), { until: (is) => is })
        yield* Effect.sleep("500 millis")
        assert.strictEqual(yield* ClusterNode.cleanMessages(), 0)
        assert.strictEqual(yield* ClusterNode.cleanMessages({ olderThan: 0 }), 3)
        assert.strictEqual(yield* ClusterNode.cleanMessages({ olderThan: 0 }), 0)
      })
      yield* Effect.provide(program, Machine)
    })
  )
})
