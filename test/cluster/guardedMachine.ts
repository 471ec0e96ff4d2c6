/** One machine of a cluster where permissions and shares decide who may do what; runs boards until it is told to end. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as ClusterNode from "../../layers/engine/clusterNode.ts"
import * as Postgres from "../../layers/postgres/index.ts"
import { BoardBehavior } from "./Board.ts"
import * as GuardedServices from "./guardedServices.ts"

const [url = "", schema = "", port = ""] = process.argv.slice(2)

const ready = Layer.effectDiscard(Effect.sync(() => console.log("ready")))

const Machine = ready.pipe(
  Layer.provide(BoardBehavior),
  Layer.provide(ClusterNode.layer({ address: { host: "127.0.0.1", port: Number(port) } })),
  Layer.provide(GuardedServices.layer),
  Layer.provide(Postgres.layerClient({ schema })),
  Layer.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 10 }))
)

NodeRuntime.runMain(Layer.launch(Machine))
