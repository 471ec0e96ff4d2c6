/** One machine. Where it is reached and where its database is, its environment says; SIGTERM hands its actors over. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as PgClient from "@effect/sql-pg/PgClient"
import { Config, Console, Effect, Layer } from "effect"
import * as ClusterNode from "../../layers/engine/clusterNode.ts"
import * as Postgres from "../../layers/postgres/index.ts"
import { GuestBehavior } from "./guest.ts"

const Engine = Layer.unwrap(
  Effect.gen(function* () {
    const host = yield* Config.String("MACHINE_HOST")
    const port = yield* Config.Port("MACHINE_PORT")
    return ClusterNode.layer({ address: { host, port }, listen: { host: "0.0.0.0", port } })
  })
)

const Machine = Layer.effectDiscard(Console.log("ready")).pipe(
  Layer.provide(GuestBehavior),
  Layer.provide(Engine),
  Layer.provide(Postgres.layerClient()),
  Layer.provide(PgClient.layerConfig({ url: Config.Redacted("DATABASE_URL"), maxConnections: Config.succeed(10) }))
)

NodeRuntime.runMain(Layer.launch(Machine))
