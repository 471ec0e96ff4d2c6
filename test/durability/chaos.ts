/** The whole durability test: kills by the dozen, one line for each part. Fails when a promise was broken. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { seed } from "../support/chance.ts"
import { PostgresServer } from "../support/PostgresServer.ts"
import { killActors } from "./actorKills.ts"
import { killCounters } from "./counterKills.ts"
import { killImports } from "./importKills.ts"
import { killMixed } from "./mixedKills.ts"
import { killMovers } from "./moverKills.ts"
import type { Place } from "./place.ts"
import { killServer } from "./serverKills.ts"
import { killServerUnderActors } from "./serverKillsUnderActors.ts"
import { killTimers } from "./timerKills.ts"
import { travel } from "./travel.ts"
import { killWriters, type Outcome } from "./writerKills.ts"

const home = mkdtempSync(join(tmpdir(), "pantheon-chaos-"))
const server = await PostgresServer.start()

// Also when it is interrupted, nothing is left behind.
process.once("exit", () => {
  server.killNow()
  rmSync(home, { recursive: true, force: true })
})
process.once("SIGINT", () => process.exit(130))
process.once("SIGTERM", () => process.exit(143))

const levelDb = (name: string): Place => ({ _tag: "LevelDb", directory: join(home, name) })
const postgres = (schema: string): Place => ({ _tag: "Postgres", url: server.url, schema })

/** Five of them on each store; what has happened in one is looked over before the next begins. */
const minutes = (name: string, run: (minute: number) => Promise<Outcome>) =>
  Array.from({ length: 5 }, (_, minute) => [`${name}, ${minute + 1}`, () => run(minute)] as const)

// `npm run chaos -- everything` runs the parts whose name holds the word.
const filter = process.argv[2] ?? ""

const parts: ReadonlyArray<readonly [string, () => Promise<Outcome>]> = [
  ["LevelDB, writers killed", () => killWriters(levelDb("writers"), 50)],
  ["PostgreSQL, writers killed", () => killWriters(postgres("writers"), 50)],
  ["PostgreSQL, server killed under writers", () => killServer(server, 10)],
  ["PostgreSQL, server killed under actors", () => killServerUnderActors(server, 10)],
  ["LevelDB, actors killed", () => killActors(levelDb("actors"), 25)],
  ["PostgreSQL, actors killed", () => killActors(postgres("actors"), 25)],
  ["LevelDB, timers killed", () => killTimers(levelDb("timers"), 25)],
  ["PostgreSQL, timers killed", () => killTimers(postgres("timers"), 25)],
  ["LevelDB, imports killed", () => killImports(levelDb("imports"), 50)],
  ["PostgreSQL, imports killed", () => killImports(postgres("imports"), 50)],
  ["LevelDB, movers killed", () => killMovers(levelDb("movers"), 50)],
  ["PostgreSQL, movers killed", () => killMovers(postgres("movers"), 50)],
  ["LevelDB, a million events travel", () => travel(levelDb("travel"), 1_000_000, home)],
  ["PostgreSQL, a million events travel", () => travel(postgres("travel"), 1_000_000, home)],
  ["LevelDB, actors killed that delete", () => killCounters(levelDb("counters"), 25)],
  ["PostgreSQL, actors killed that delete", () => killCounters(postgres("counters"), 25)],
  ...minutes("LevelDB, everything at once", (minute) => killMixed(levelDb(`mixed_${minute}`), 60_000)),
  ...minutes("PostgreSQL, everything at once", (minute) => killMixed(postgres(`mixed_${minute}`), 60_000, server))
]

console.log(`Durability under kills; PANTHEON_SEED=${seed} kills at the same moments.`)
let broken = 0
for (const [name, run] of parts.filter(([name]) => name.includes(filter))) {
  const start = performance.now()
  const { acknowledged, kills, violations } = await run().catch(
    (error): Outcome => ({ kills: 0, acknowledged: 0, violations: [`broke off: ${error}`] })
  )
  broken += violations.length
  const seconds = ((performance.now() - start) / 1000).toFixed(0)
  const verdict = violations.length === 0 ? "each there once, no hole" : `${violations.length} VIOLATIONS`
  console.log(
    `${name.padEnd(38)} ${String(kills).padStart(3)} kills  ${acknowledged} acknowledged: ${verdict} (${seconds} s)`
  )
  for (const violation of violations.slice(0, 20)) console.log(`  ${violation}`)
}
process.exit(broken === 0 ? 0 : 1)
