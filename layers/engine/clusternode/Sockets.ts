/**
 * The sockets between machines, without Nagle's delay: several small messages make up an exchange, and each would wait for the acknowledgement of the one before
 * it, which the other side holds back for up to 40 ms (RFC 896, RFC 1122 4.2.3.2).
 */
import * as NodeSocket from "@effect/platform-node/NodeSocket"
import * as NodeSocketServer from "@effect/platform-node/NodeSocketServer"
import * as Runners from "effect/cluster/Runners"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as RpcClient from "effect/rpc/RpcClient"
import * as RpcSerialization from "effect/rpc/RpcSerialization"
import * as Socket from "effect/socket/Socket"
import type { SocketServer, SocketServerError } from "effect/socket/SocketServer"

/** How a machine reaches the others. */
export const layerClient: Layer.Layer<Runners.RpcClientProtocol, never, RpcSerialization.RpcSerialization> =
  Layer.effect(
    Runners.RpcClientProtocol,
    Effect.map(RpcSerialization.RpcSerialization, (serialization) => ({
      codecFor: serialization.codecFor,
      make: ({ host, port }) =>
        // Milliseconds: a machine that is asked whether it is alive and cannot be reached must not be waited for long.
        NodeSocket.makeNet({ host, port, noDelay: true, openTimeout: 1000, timeout: 5500 }).pipe(
          Effect.flatMap((socket) => Effect.provideService(RpcClient.makeProtocolSocket(), Socket.Socket, socket)),
          Effect.provideService(RpcSerialization.RpcSerialization, serialization)
        )
    }))
  )

/** How the others reach a machine. */
export const layerServer: Layer.Layer<SocketServer, SocketServerError, ShardingConfig.ShardingConfig> = Layer.unwrap(
  Effect.gen(function* () {
    const { runnerAddress, runnerListenAddress } = yield* ShardingConfig.ShardingConfig
    const listen = Option.orElse(runnerListenAddress, () => runnerAddress)
    if (Option.isNone(listen)) return yield* Effect.die(new Error("a machine that runs actors needs an address"))
    return NodeSocketServer.layer({ host: listen.value.host, port: listen.value.port, noDelay: true })
  })
)
