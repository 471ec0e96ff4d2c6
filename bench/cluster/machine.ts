/** One machine of the bench: the address of the server, a schema and a port are its arguments. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as ClusterNode from "../../layers/engine/clusterNode.ts"
import * as Postgres from "../../layers/postgres/index.ts"
import { BareLayer, CounterBehavior } from "./actors.ts"

const [url = "", schema = "", port = ""] = process.argv.slice(2)

const Machine = Layer.effectDiscard(Effect.sync(() => console.log("ready"))).pipe(
  Layer.provide([CounterBehavior, BareLayer]),
  Layer.provide(ClusterNode.layer({ address: { host: "127.0.0.1", port: Number(port) } })),
  Layer.provide(Postgres.layerClient({ schema })),
  Layer.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 10 }))
)

NodeRuntime.runMain(Layer.launch(Machine))
