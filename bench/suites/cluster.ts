/** Commands to actors on two machines, beside bare requests of effect/cluster to the same machines. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as ClusterNode from "../../layers/engine/clusterNode.ts"
import * as Postgres from "../../layers/postgres/index.ts"
import { Bare, Counter } from "../cluster/actors.ts"
import { callersEffect, compare, type Effort, type Row } from "../harness.ts"

const schema = "bench_cluster"
const actors = 64
const script = fileURLToPath(new URL("../cluster/machine.ts", import.meta.url))

const startMachine = async (url: string, port: number) => {
  const child = spawn(process.execPath, [script, url, schema, String(port)], { stdio: ["ignore", "pipe", "inherit"] })
  await once(child.stdout, "data")
  return child
}

export const run = async (effort: Effort, url: string): Promise<ReadonlyArray<Row>> => {
  const machines = await Promise.all([34_601, 34_602].map((port) => startMachine(url, port)))
  const runtime = ManagedRuntime.make(
    ClusterNode.layerClient().pipe(
      Layer.provide(Postgres.layerClient({ schema })),
      Layer.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 6 }))
    )
  )
  const counter = await runtime.runPromise(Counter.client)
  const bare = await runtime.runPromise(Bare.client)
  const idOf = (caller: number) => `c-${caller % actors}`
  const round = <E>(callers: number, operation: (caller: number) => Effect.Effect<unknown, E>) => ({
    round: (milliseconds: number) => runtime.runPromise(callersEffect(callers, milliseconds, operation))
  })
  // The machines share the shards out among them first.
  await runtime.runPromise(Effect.sleep("5 seconds"))
  let last = 0
  const many = await compare(
    effort,
    { suite: "cluster", setting: "256 commands in flight, 64 actors on two machines", unit: "commands/s" },
    [
      { name: "pantheon, persisted", ...round(256, (caller) => counter(idOf(caller)).Add({ amount: 1 })) },
      { name: "effect/cluster, volatile", ...round(256, (caller) => bare(idOf(caller)).Add({ amount: 1 })) },
      {
        name: "effect/cluster, persisted",
        ...round(256, (caller) => bare(idOf(caller)).AddDurably({ amount: 1, id: String(last++) }))
      }
    ]
  )
  const one = await compare(
    effort,
    { suite: "cluster", setting: "1 request after the other to another machine", unit: "requests/s" },
    [
      { name: "pantheon, ask", ...round(1, () => counter("c-1").Get()) },
      { name: "effect/cluster, volatile", ...round(1, () => bare("c-1").Get()) }
    ]
  )
  await runtime.dispose()
  for (const machine of machines) machine.kill("SIGKILL")
  return [...many, ...one]
}
