/** Says what was measured: on the terminal and in files. */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { cpus, totalmem } from "node:os"
import type { Finding } from "./claims.ts"
import { type Effort, type Row, summarize } from "./harness.ts"

type Table = ReadonlyArray<ReadonlyArray<string>>

/** The rows: the middle of the rounds, and how far they spread. */
export const rowTable = (rows: ReadonlyArray<Row>): Table => [
  ["what", "setting", "who", "a second, or in all", "least to most", "one takes"],
  ...rows.map(({ failure, kind, name, setting, suite, unit, values }) => {
    const { least, median, most } = summarize(values)
    if (failure !== undefined) return [suite, setting, name, "FAILED", failure, ""]
    const one = kind === "rate" ? duration(1 / median) : ""
    return [suite, setting, name, `${count(median)} ${unit}`, `${count(least)} to ${count(most)}`, one]
  })
]

/** The claims. */
export const claimTable = (findings: ReadonlyArray<Finding>): Table => [
  ["must hold", "target", "measured", "least to most", ""],
  ...findings.map(({ claim, least, median, most, verdict }) => [
    claim.text,
    claim.target,
    toValue(median),
    `${toValue(least)} to ${toValue(most)}`,
    verdict
  ])
]

const count = (value: number): string =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3)

const toValue = (value: number): string =>
  Math.abs(value) >= 100 ? count(value) : value.toFixed(Math.abs(value) >= 10 ? 1 : 2)

const duration = (seconds: number): string => {
  if (seconds >= 1e-3) return `${(seconds * 1e3).toPrecision(3)} ms`
  return `${(seconds * 1e6).toPrecision(3)} µs`
}

/** A table for the terminal. */
export const toText = (table: Table): string => {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}

const toMarkdown = (table: Table): string => {
  const [head = [], ...body] = table.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")))
  return [head, head.map(() => "---"), ...body].map((row) => `| ${row.join(" | ")} |`).join("\n")
}

/** The machine and the versions that the numbers hold for. */
export const environment = (postgres: string): ReadonlyArray<string> => {
  const processors = cpus()
  return [
    `${processors.length} x ${processors[0]?.model.trim() ?? "unknown processor"}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}`,
    `Node ${process.version}; ${postgres}`,
    [
      "effect",
      "@effect/sql-pg",
      "classic-level",
      "@event-driven-io/emmett-postgresql",
      "@castore/event-storage-adapter-postgres",
      "@langchain/langgraph-checkpoint-postgres",
      "nact",
      "xstate"
    ]
      .map((name) => `${name} ${versionOf(name)}`)
      .join(", ")
  ]
}

const { resolve } = createRequire(import.meta.url)

const versionOf = (name: string): string => {
  // Not every package exports its package.json, so walk up from its entry.
  const entry = resolve(name)
  const folder = entry.slice(0, entry.lastIndexOf(`/node_modules/${name}/`) + `/node_modules/${name}/`.length)
  const { version }: { version: string } = JSON.parse(readFileSync(`${folder}package.json`, "utf8"))
  return version
}

/** The results file. */
export const toResults = (
  rows: ReadonlyArray<Row>,
  findings: ReadonlyArray<Finding>,
  about: ReadonlyArray<string>,
  { milliseconds, rounds }: Effort
): string => `# What the bench measured

${new Date().toISOString().slice(0, 10)}, one run; every row is the middle of ${rounds} rounds of ${milliseconds} ms, or of four times as many that are four times as short, taken
in turn with the rows of its setting. Proportions travel between machines, absolute numbers do not. How it is measured stands in README.md.

${about.map((line) => `- ${line}`).join("\n")}

## What must hold

The middle of the rounds: of ratios, each between two measurements of the same round, or of amounts.

${toMarkdown(claimTable(findings))}

## All rows

${toMarkdown(rowTable(rows))}
`
