/** What the terminal shows. */
import type { State } from "./Census.ts"

const number = new Intl.NumberFormat("en-US")

export const bar = (settled: number, files: number, width = 30): string => {
  const filled = files === 0 ? width : Math.floor((settled / files) * width)
  const percent = files === 0 ? 100 : Math.floor((settled / files) * 100)
  return `[${"#".repeat(filled)}${"-".repeat(width - filled)}] ${String(percent).padStart(3)}%  ${settled}/${files} files`
}

export const report = (folder: string, state: State, version: number): string => {
  const { failures, files, listed, settled, totals } = state
  const { longestFunction } = totals
  const isDone = listed && settled === files.length
  return [
    `Census of ${folder} at version ${version}${isDone ? "" : ` (unfinished: ${settled} of ${files.length} files)`}`,
    `  files            ${number.format(totals.files)}`,
    `  lines            ${number.format(totals.lines)}`,
    `  bytes            ${number.format(totals.bytes)}`,
    `  imports          ${number.format(totals.imports)}`,
    `  TODO marks       ${number.format(totals.todos)}`,
    `  longest function ${longestFunction === null ? "none" : `${longestFunction.name}, ${number.format(longestFunction.lines)} lines, ${longestFunction.path}`}`,
    `  failed files     ${failures.length}`,
    ...failures.map(({ path, reason }) => `    ${path}: ${reason}`)
  ].join("\n")
}
