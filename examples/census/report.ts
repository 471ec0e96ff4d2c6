/** What the terminal shows: the report on the standard output, everything else on the other. */
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import type { Progress, State } from "./Census.ts"

const number = new Intl.NumberFormat("en-US")

/** A file's name may hold anything, what would move the cursor included. */
const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, "?")

export const report = (folder: string, state: State, version: number): string => {
  const { failures, files, listed, settled, totals } = state
  const { longestFunction } = totals
  const isDone = listed && settled === files.length
  return [
    `Census of ${printable(folder)} at version ${version}${isDone ? "" : ` (unfinished: ${settled} of ${files.length} files)`}`,
    `  files            ${number.format(totals.files)}`,
    `  lines            ${number.format(totals.lines)}`,
    `  bytes            ${number.format(totals.bytes)}`,
    `  imports          ${number.format(totals.imports)}`,
    `  TODO marks       ${number.format(totals.todos)}`,
    `  longest function ${longestFunction === null ? "none" : `${longestFunction.name}, ${number.format(longestFunction.lines)} lines, ${printable(longestFunction.path)}`}`,
    `  failed files     ${number.format(failures.length)}`,
    ...failures.map(({ path, reason }) => `    ${printable(path)}: ${printable(reason)}`)
  ].join("\n")
}

// ---- on the way ----

const { stderr } = process

const bar = ({ files, settled }: Progress, width = 30): string => {
  const share = files === 0 ? 1 : settled / files
  const filled = Math.floor(share * width)
  return `[${"#".repeat(filled)}${"-".repeat(width - filled)}] ${String(Math.floor(share * 100)).padStart(3)}%  ${settled}/${files} files`
}

/** Draws the bar anew; where nothing can be drawn, one line for each tenth. */
export const showProgress = (before: Progress, now: Progress): Effect.Effect<void> =>
  Effect.sync(() => {
    const isDone = now.settled === now.files
    const tenth = ({ files, settled }: Progress) => Math.floor((settled * 10) / files)
    if (stderr.isTTY) stderr.write(`\r${bar(now)}${isDone ? "\n" : ""}`)
    else if (tenth(now) > tenth(before)) stderr.write(`${bar(now)}\n`)
  })

/** What supervisors have to say, in one line each and above the bar. */
export const layerLogger = Logger.layer([
  Logger.make(({ logLevel, message }) => {
    const [text] = Array.isArray(message) ? message : [message]
    stderr.write(`${stderr.isTTY ? "\r\x1b[K" : ""}${logLevel}: ${printable(String(text))}\n`)
  })
])
