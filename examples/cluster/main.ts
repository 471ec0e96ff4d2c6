/** Three machines and a client: where actors are, and what becomes of them when a machine dies. Needs a database of its own in DATABASE_URL, or starts one. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import * as PgClient from "@effect/sql-pg/PgClient"
import { Console, Duration, Effect, Layer, Redacted } from "effect"
import * as ClusterNode from "../../layers/engine/clusterNode.ts"
import * as Postgres from "../../layers/postgres/index.ts"
import { PostgresServer } from "../../test/support/PostgresServer.ts"
import { Guest } from "./guest.ts"

const guests = ["ann", "bob", "cleo", "dan", "eve", "finn", "gus", "hal", "ivy"]

const given = process.env["DATABASE_URL"]
const server = given === undefined ? await PostgresServer.start() : undefined
const url = given ?? server?.url ?? ""

const startMachine = async (number: number): Promise<readonly [string, ChildProcess]> => {
  const name = `machine-${number}`
  const env = {
    ...process.env,
    DATABASE_URL: url,
    MACHINE_NAME: name,
    MACHINE_HOST: "127.0.0.1",
    MACHINE_PORT: String(34_500 + number)
  }
  const child = spawn(process.execPath, [join(import.meta.dirname, "machine.ts")], {
    env,
    stdio: ["ignore", "pipe", "ignore"]
  })
  // It says that it is ready, and nothing else.
  await once(child.stdout, "data")
  return [name, child]
}

const machines = new Map(await Promise.all([1, 2, 3].map(startMachine)))
process.once("exit", () => {
  for (const child of machines.values()) child.kill("SIGKILL")
  server?.killNow()
})

/** Visits everybody, and says who was met where, how often by now, and how long the slowest took. */
const visitAll = Effect.gen(function* () {
  const guest = yield* Guest.client
  const [time, met] = yield* Effect.timed(
    Effect.forEach(guests, (name) => Effect.map(guest(name).Visit(), (visit) => ({ name, ...visit })), {
      concurrency: "unbounded"
    })
  )
  for (const machine of machines.keys()) {
    const here = met.filter((guest) => guest.machine === machine).map(({ name, visits }) => `${name} (${visits})`)
    yield* Console.log(`${machine}: ${here.join(", ") || "nobody"}`)
  }
  return { time, met }
})

const program = Effect.gen(function* () {
  // The machines share the actors out among them.
  yield* Effect.sleep("5 seconds")
  yield* Console.log("who is where, and how often visited:")
  const { met } = yield* visitAll
  const unlucky = met[0]?.machine ?? ""
  yield* Console.log(`${unlucky} is killed; its guests are visited at once:`)
  machines.get(unlucky)?.kill("SIGKILL")
  const { time } = yield* visitAll
  yield* Console.log(`nobody was told of a failure; the slowest visit took ${Math.round(Duration.toMillis(time))} ms`)
})

const Client = ClusterNode.layerClient().pipe(
  Layer.provide(Postgres.layerClient()),
  Layer.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 4 }))
)
await Effect.runPromise(Effect.provide(program, Client))
process.exit()
