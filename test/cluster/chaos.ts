/** The whole test of a cluster in trouble: three machines and 200 actors under load; one line for each part. Fails when a promise was broken. */
import { setTimeout as sleep } from "node:timers/promises"
import * as Effect from "effect/Effect"
import { between, chance, seed } from "../support/chance.ts"
import { PostgresServer } from "../support/PostgresServer.ts"
import { loadDuring } from "./load.ts"
import { client, Machines } from "./Machines.ts"

const actors = 200
const pause = 500

/** What happens to the machines, and the longest that a command may take through it. */
interface Part {
  readonly name: string
  readonly most: number
  readonly run: (machines: Machines, server: PostgresServer) => Promise<void>
}

const next = chance("machines")

const parts: ReadonlyArray<Part> = [
  {
    name: "a random machine killed every 10 seconds, for 3 minutes",
    most: 5000,
    run: async (machines) => {
      for (let kill = 0; kill < 18; kill++) {
        const index = between(next, 0, machines.count - 1)
        await machines.kill(index)
        await sleep(5000)
        await machines.restart(index)
        await sleep(5000)
      }
    }
  },
  {
    name: "a machine frozen for 60 seconds, then thawed",
    // Its locks fall with its idle session, and whoever waits for its answer waits until it is given up.
    most: 20_000,
    run: async (machines) => {
      machines.freeze(0)
      await sleep(60_000)
      machines.thaw(0)
      await sleep(15_000)
    }
  },
  {
    name: "all machines restarted, one after the other, twice",
    most: 10_000,
    run: async (machines) => {
      for (let index = 0; index < 2 * machines.count; index++) {
        await machines.end(index % machines.count)
        await machines.restart(index % machines.count)
        await sleep(2000)
      }
    }
  },
  {
    name: "PostgreSQL killed and restarted, twice",
    most: 25_000,
    run: async (_, server) => {
      for (let restart = 0; restart < 2; restart++) {
        await server.kill()
        await sleep(2000)
        await server.restart()
        await sleep(15_000)
      }
    }
  }
]

// `npm run chaos:cluster -- frozen` runs the parts whose name holds the word.
const filter = process.argv[2] ?? ""

const server = await PostgresServer.start()
process.once("exit", () => server.killNow())
process.once("SIGINT", () => process.exit(130))
process.once("SIGTERM", () => process.exit(143))

console.log(`Three machines, ${actors} actors under load; PANTHEON_SEED=${seed} kills the same machines.`)
let broken = 0
for (const [index, { most, name, run }] of parts.entries()) {
  if (!name.includes(filter)) continue
  const place = { url: server.url, schema: `chaos_${index}` }
  const machines = await Machines.start(place, 3)
  // They take their shards first.
  await sleep(5000)
  const program = loadDuring(
    actors,
    pause,
    Effect.promise(() => run(machines, server))
  )
  const { acknowledged, slowest, violations } = await Effect.runPromise(Effect.provide(program, client(place)))
  const all = slowest > most ? [...violations, `a command took ${slowest} ms, more than ${most}`] : violations
  broken += all.length
  const verdict = all.length === 0 ? "each there once" : `${all.length} VIOLATIONS`
  console.log(`${name.padEnd(58)} ${acknowledged} acknowledged, the slowest in ${slowest} ms: ${verdict}`)
  for (const violation of all.slice(0, 20)) console.log(`  ${violation}`)
  await machines.stop()
  // Members that were killed are forgotten before the next cluster begins on the same tables.
  await sleep(5000)
}
process.exit(broken === 0 ? 0 : 1)
