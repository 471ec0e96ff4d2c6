/** What actors cost in memory: each measurement in a process of its own. */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import type { Effort, Row } from "../harness.ts"

const suite = "footprint"

export const run = async (effort: Effort): Promise<ReadonlyArray<Row>> => [
  ...(await idle(effort)),
  await million(effort)
]

/** Runs a script of the folder `footprint`, which prints what it has measured. */
const measure = async (script: string, ...args: ReadonlyArray<string>): Promise<Record<string, number>> => {
  const path = fileURLToPath(new URL(`../footprint/${script}`, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", path, ...args])
  return JSON.parse(stdout)
}

const idle = async ({ isQuick }: Effort): Promise<ReadonlyArray<Row>> => {
  const rounds: Array<Record<string, number>> = []
  for (let round = 0; round < (isQuick ? 1 : 3); round++) rounds.push(await measure("idle.ts"))
  const row = (setting: string, name: string, key: string): Row => ({
    suite,
    setting,
    name,
    unit: "bytes",
    kind: "amount",
    values: rounds.map((round) => round[key] ?? Number.NaN)
  })
  return [
    row("an idle actor", "pantheon", "resident"),
    row("an idle actor", "XState transition", "transition"),
    row("an idle actor", "XState machine", "machine"),
    row("an idle actor", "nact", "nact"),
    row("a passivated actor", "pantheon", "passivated")
  ]
}

const million = async ({ isQuick }: Effort): Promise<Row> => {
  const known = isQuick ? 50_000 : 1_000_000
  const { most = Number.NaN } = await measure("million.ts", String(known))
  return {
    suite,
    setting: `${known.toLocaleString("en")} known agents on LevelDB, 10,000 resident`,
    name: "pantheon",
    unit: "MB",
    kind: "amount",
    values: [most / 1e6]
  }
}
