/** What is counted in one source text. */
import * as Schema from "effect/Schema"

export const Findings = Schema.Struct({
  lines: Schema.Int,
  bytes: Schema.Int,
  imports: Schema.Int,
  todos: Schema.Int,
  /** The longest function, in lines; none when there is no function. */
  longestFunction: Schema.NullOr(Schema.Struct({ name: Schema.String, lines: Schema.Int }))
})

const importLine = /^\s*(?:import\b|export\b.*\bfrom\s+["']|(?:const|let|var)\b.*\brequire\()/
const todoMark = /\b(?:TODO|FIXME|XXX|HACK)\b/
const functionStart =
  /\bfunction\s*\*?\s*(?<named>[\w$]+)|\b(?:const|let|var)\s+(?<bound>[\w$]+)[^=]*=\s*(?:async\s*)?(?:function\b|\([^)]*\)[^=]*=>|[\w$]+\s*=>)/

export const measure = (bytes: Uint8Array): typeof Findings.Type => {
  const text = new TextDecoder().decode(bytes)
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n")
  return {
    lines: lines.length,
    bytes: bytes.length,
    imports: lines.filter((line) => importLine.test(line)).length,
    todos: lines.filter((line) => todoMark.test(line)).length,
    longestFunction: longestFunction(lines)
  }
}

/** By indentation: a function ends at the next line that is not indented more than its first, and closes it. */
const longestFunction = (lines: ReadonlyArray<string>): (typeof Findings.Type)["longestFunction"] => {
  let longest: { name: string; lines: number } | null = null
  for (const [start, line] of lines.entries()) {
    const groups = functionStart.exec(line)?.groups
    if (groups === undefined || /^\s*(?:\*|\/\/)/.test(line)) continue
    const length = lengthFrom(lines, start)
    if (longest === null || length > longest.lines) {
      longest = { name: groups["named"] ?? groups["bound"] ?? "", lines: length }
    }
  }
  return longest
}

const lengthFrom = (lines: ReadonlyArray<string>, start: number): number => {
  const indent = indentation(lines[start] ?? "")
  for (let index = start + 1; index < lines.length; index++) {
    const line = lines[index] ?? ""
    if (line.trim() === "" || indentation(line) > indent) continue
    // A closing bracket belongs to the function; so does a line that closes the parameters and goes on.
    if (!/^\s*[)\]}]/.test(line)) return index - start
    if (!/[{(,>:|&]\s*$/.test(line)) return index - start + 1
  }
  return lines.length - start
}

const indentation = (line: string): number => line.length - line.trimStart().length
