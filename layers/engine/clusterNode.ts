/**
 * The cluster engine on Node, over TCP sockets, with the messages and the members of the cluster in PostgreSQL.
 *
 * ```ts
 * const Sql = PgClient.layer({ url, maxConnections: 10 })
 * const Runtime = AccountBehavior.pipe(
 *   Layer.provideMerge(ClusterNode.layer({ address: { host: "10.0.0.7", port: 34431 } })),
 *   Layer.provide(Postgres.layerClient()),
 *   Layer.provide(Sql)
 * )
 * ```
 */
import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as Clock from "effect/Clock"
import type * as Config from "effect/Config"
import * as MachineId from "effect/cluster/MachineId"
import type { MessageStorage } from "effect/cluster/MessageStorage"
import * as RunnerAddress from "effect/cluster/RunnerAddress"
import * as RunnerHealth from "effect/cluster/RunnerHealth"
import * as Runners from "effect/cluster/Runners"
import type { Sharding } from "effect/cluster/Sharding"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as Snowflake from "effect/cluster/Snowflake"
import * as SocketRunner from "effect/cluster/SocketRunner"
import * as SqlMessageStorage from "effect/cluster/SqlMessageStorage"
import * as SqlRunnerStorage from "effect/cluster/SqlRunnerStorage"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as RpcSerialization from "effect/rpc/RpcSerialization"
import type { SocketServerError } from "effect/socket/SocketServer"
import * as SqlClient from "effect/sql/SqlClient"
import type { ActorSystem } from "../../src/ActorSystem.ts"
import type { EventStore } from "../../src/EventStore.ts"
import type { SnapshotStore } from "../../src/SnapshotStore.ts"
import { InvalidInput } from "../../src/StoreError.ts"
import * as DurationOption from "../../src/store/DurationOption.ts"
import * as ClusterEngine from "./cluster.ts"
import * as Sockets from "./clusternode/Sockets.ts"

/** Where a machine is reached. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** How programs that run no actors take part. */
export interface ClientOptions extends ClusterEngine.ClientOptions {
  /** Beside `ClusterEngine.settings`; the same on all machines. */
  readonly sharding?: Partial<ShardingConfig.ShardingConfig["Service"]> | undefined
}

/** How a machine takes part. */
export interface Options extends Omit<ClusterEngine.Options, "machines">, ClientOptions {
  /** Where the other machines reach this one. */
  readonly address: Address
  /** Where it listens, if that differs, as behind a translation of addresses. */
  readonly listen?: Address | undefined
  /** How it is known whether a machine is alive: `ping`, the default, asks it, `k8s` asks Kubernetes. */
  readonly health?: "ping" | "k8s" | undefined
}

type Cluster = ActorSystem | Sharding | Runners.Runners | MessageStorage

const toAddress = ({ host, port }: Address) => Option.some(RunnerAddress.make(host, port))

/** The engine of one machine. */
export const layer = (
  options: Options
): Layer.Layer<
  Cluster,
  InvalidInput | SocketServerError | Config.ConfigError,
  SqlClient.SqlClient | EventStore | SnapshotStore
> => {
  const { address, health, listen, sharding, ...engine } = options
  const socket = SocketRunner.layer.pipe(
    Layer.provide([Sockets.layerServer, healthBy(health)]),
    clustered({ ...sharding, runnerAddress: toAddress(address), runnerListenAddress: toAddress(listen ?? address) })
  )
  return ClusterEngine.layerWith(engine).pipe(Layer.provideMerge(socket), Layer.provide(Layer.effectDiscard(checkPool)))
}

/** For programs that run no actors, but send to those of the cluster. */
export const layerClient = (
  options: ClientOptions = {}
): Layer.Layer<Cluster, Config.ConfigError, SqlClient.SqlClient | EventStore> => {
  const { sharding, ...engine } = options
  const socket = clustered(sharding)(SocketRunner.layerClientOnly)
  return Layer.provideMerge(ClusterEngine.layerClient(engine), socket)
}

/** The sockets, settings and tables that all who take part have. */
const clustered =
  (sharding: Partial<ShardingConfig.ShardingConfig["Service"]> | undefined) =>
  <A, E, R>(layer: Layer.Layer<A, E, R>) =>
    layer.pipe(
      Layer.provide(Sockets.layerClient),
      Layer.provideMerge(Layer.provide(SqlMessageStorage.layer, NodeCrypto.layerDigest)),
      Layer.provide(Layer.orDie(SqlRunnerStorage.layer)),
      Layer.provide(ShardingConfig.layerFromEnv({ ...ClusterEngine.settings, ...sharding })),
      Layer.provide(RpcSerialization.layerSchemaBinary())
    )

const healthBy = (health: Options["health"]) =>
  health === "k8s"
    ? Layer.provide(RunnerHealth.layerK8s(), NodeClusterSocket.layerK8sHttpClient)
    : Layer.provide(RunnerHealth.layerPing, Runners.layerRpc)

// One that holds the locks, one for messages, and two for the journal.
const leastConnections = 4

/** The cluster keeps a connection for itself, so a pool without room would let everybody wait for ever. */
const checkPool = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const all = Effect.all(
    Array.from({ length: leastConnections }, () => sql.reserve),
    { concurrency: "unbounded", discard: true }
  )
  const reserved = yield* Effect.result(Effect.timeout(Effect.scoped(all), "10 seconds"))
  if (reserved._tag === "Success") return
  return yield* new InvalidInput({
    path: "maxConnections",
    expected: `a pool of at least ${leastConnections} connections`,
    found:
      reserved.failure._tag === "TimeoutError" ? "no such number within ten seconds" : `${reserved.failure.message}`,
    remedy: "Raise maxConnections of the SqlClient, and see that the server allows so many."
  })
})

/**
 * Deletes the messages that the cluster has kept, and has handed over, for so long, and the replies to them; gives how many messages. The cluster itself
 * keeps them for ever. Commands are on record in the journal, so they take effect once all the same.
 */
export const cleanMessages = Effect.fnUntraced(function* (
  options: {
    /** A day, unless said. */
    readonly olderThan?: Duration.Input | undefined
  } = {}
) {
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const age = DurationOption.nonNegative("ClusterNode", "olderThan", options.olderThan ?? "1 day")
  const timestamp = Math.max((yield* Clock.currentTimeMillis) - age, Snowflake.constEpochMillis)
  const before = String(Snowflake.make({ timestamp, machineId: MachineId.make(0), sequence: 0 }))
  const old = sql`SELECT id FROM cluster_messages WHERE processed AND id < CAST(${before} AS BIGINT)`
  const remove = Effect.gen(function* () {
    yield* sql`DELETE FROM cluster_replies WHERE request_id IN (${old})`
    const deleted = yield* sql`DELETE FROM cluster_messages WHERE id IN (${old}) RETURNING id`
    return deleted.length
  })
  return yield* sql.withTransaction(remove)
})
