/**
 * Runs the suites whose name contains the argument, or all: `npm start -- leveldb`. `--quick` is a look, not a measurement.
 */
import { writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import pg from "pg"
import { PostgresServer } from "../test/support/PostgresServer.ts"
import { judge } from "./claims.ts"
import type { Effort, Row } from "./harness.ts"
import { claimTable, environment, rowTable, toResults, toText } from "./report.ts"
import * as auth from "./suites/auth.ts"
import * as cluster from "./suites/cluster.ts"
import * as footprint from "./suites/footprint.ts"
import * as leveldb from "./suites/leveldb.ts"
import * as memory from "./suites/memory.ts"
import * as messages from "./suites/messages.ts"
import * as postgresActor from "./suites/postgresActor.ts"
import * as postgresAppend from "./suites/postgresAppend.ts"
import * as postgresGrowth from "./suites/postgresGrowth.ts"
import * as postgresRead from "./suites/postgresRead.ts"
import * as promise from "./suites/promise.ts"
import * as timers from "./suites/timers.ts"

const suites: ReadonlyArray<readonly [string, (effort: Effort, url: string) => Promise<ReadonlyArray<Row>>]> = [
  ["postgres-append", postgresAppend.run],
  ["postgres-read", postgresRead.run],
  ["postgres-actor", postgresActor.run],
  ["postgres-growth", postgresGrowth.run],
  ["leveldb", leveldb.run],
  ["memory", memory.run],
  ["messages", messages.run],
  ["timers", timers.run],
  ["promise", promise.run],
  ["footprint", footprint.run],
  ["auth", auth.run],
  ["cluster", cluster.run]
]

const full: Effort = { rounds: 9, milliseconds: 800, isQuick: false }
const quick: Effort = { rounds: 3, milliseconds: 250, isQuick: true }

const settings = ["fsync", "synchronous_commit", "full_page_writes"]

/** The server's version; refuses one that would not be durable. */
const checkServer = async (url: string): Promise<string> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const show = async (name: string): Promise<string> => (await client.query(`SHOW ${name}`)).rows[0]?.[name]
  for (const name of settings) {
    if ((await show(name)) !== "on") throw new Error(`${name} must be on, found ${await show(name)}`)
  }
  const version = await show("server_version")
  await client.end()
  return `PostgreSQL ${version} with ${settings.join(", ")} on`
}

const file = (name: string): URL => new URL(name, import.meta.url)

const main = async (): Promise<void> => {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { quick: { type: "boolean" } } })
  const [filter = ""] = positionals
  const chosen = suites.filter(([name]) => name.includes(filter))
  if (chosen.length === 0) {
    throw new Error(`no suite contains ${JSON.stringify(filter)}; there are ${suites.map(([name]) => name).join(", ")}`)
  }
  const effort = values.quick === true ? quick : full
  const server = await PostgresServer.start()
  const rows: Array<Row> = []
  try {
    const about = environment(await checkServer(server.url))
    console.log(about.join("\n"))
    for (const [name, run] of chosen) {
      console.log(`\n${name} …`)
      const measured = await run(effort, server.url)
      rows.push(...measured)
      console.log(toText(rowTable(measured)))
    }
    const findings = judge(rows)
    if (findings.length > 0) console.log(`\n${toText(claimTable(findings))}`)
    writeFileSync(file("results.json"), JSON.stringify({ about, effort, rows }, undefined, 2))
    if (chosen.length === suites.length && !effort.isQuick) {
      writeFileSync(file("results.md"), toResults(rows, findings, about, effort))
    }
    const isComplete = rows.every((row) => row.failure === undefined)
    process.exitCode = isComplete && findings.every((finding) => finding.verdict === "holds") ? 0 : 1
    if (effort.isQuick) {
      console.log("\nA quick run is too short to judge by.")
      process.exitCode = isComplete ? 0 : 1
    }
  } finally {
    await server.stop()
  }
}

await main()
// The pool of one of the contenders cannot be closed.
process.exit()
