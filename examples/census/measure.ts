/** What is counted in one source text. It goes by the look of the lines; it is no parser. */
import * as Schema from "effect/Schema"

export const Findings = Schema.Struct({
  lines: Schema.Int,
  bytes: Schema.Int,
  imports: Schema.Int,
  todos: Schema.Int,
  /** The longest function, in lines; none when there is no function. */
  longestFunction: Schema.NullOr(Schema.Struct({ name: Schema.String, lines: Schema.Int }))
})

export const measure = (bytes: Uint8Array): typeof Findings.Type => {
  const text = new TextDecoder().decode(bytes)
  const lines = text === "" ? [] : text.replace(/\r?\n$/, "").split(/\r?\n/)
  return {
    lines: lines.length,
    bytes: bytes.length,
    imports: text.match(importStatement)?.length ?? 0,
    todos: lines.filter((line) => /\b(?:TODO|FIXME|XXX|HACK)\b/.test(line)).length,
    longestFunction: longestFunction(lines)
  }
}

// The bounds keep a file of another kind from being searched to its end again and again.
const importStatement =
  /^[ \t]*(?:import\b\s*(?:[\w$\s{},*]{1,5000}?\bfrom\s*)?\(?\s*["']|export\s+(?:type\s+)?(?:\*(?:\s+as\s+[\w$]+)?|\{[^}]{0,5000}\})\s*from\s*["']|(?:const|let|var|import)\s[^=\n]*=\s*require\()/gm

// ---- functions ----

const comment = /^\s*(?:\*|\/\/|\/\*)/
const declared = /\bfunction\s*\*?\s*(?<name>[\w$]+)/
const bound = /\b(?:const|let|var)\s+(?<name>[\w$]+).*(?:=>|\bfunction\b)/
const property =
  /^\s*(?:(?:static|readonly|private|protected|public|override)\s+)*(?<name>#?[\w$]+)\s*[:=].*(?:=>|\bfunction\b.*)\s*[{(]$/
const method =
  /^\s*(?:(?:static|async|get|set|private|protected|public|override)\s+)*(?!(?:if|for|while|switch|catch|with)\b)(?<name>#?[\w$]+)\s*(?:<[^(]*>)?\(.*\)\s*(?::.+)?\{/

const longestFunction = (lines: ReadonlyArray<string>): (typeof Findings.Type)["longestFunction"] => {
  const indents = lines.map((line) => line.length - line.trimStart().length)
  let longest: { name: string; lines: number } | null = null
  for (const [start, line] of lines.entries()) {
    // Longer lines are made by machines.
    if (line.length > 1000 || !/[(=<]/.test(line) || comment.test(line)) continue
    const { head, length } = block(lines, indents, start)
    if (longest !== null && length <= longest.lines) continue
    const name = [declared, bound, property, method].flatMap(
      (form) => form.exec(head.slice(0, 2000))?.groups?.["name"] ?? []
    )[0]
    if (name !== undefined) longest = { name, lines: length }
  }
  return longest
}

/** By indentation: a block ends before the next line that is not indented more than its first, or with it, if it closes the block. */
const block = (lines: ReadonlyArray<string>, indents: ReadonlyArray<number>, start: number) => {
  const indent = indents[start] ?? 0
  let head = lines[start] ?? ""
  let last = start
  for (let index = start + 1; index < lines.length; index++) {
    const line = lines[index] ?? ""
    if (line.trim() === "") continue
    if ((indents[index] ?? 0) <= indent) {
      if (!/^\s*[)\]}>]/.test(line)) break
      last = index
      // Either it closes the parameters and opens the body, or that was all.
      if (!/(?:[{([<:|&=]|=>)\s*$/.test(line)) break
      head += line.trim()
    }
    last = index
  }
  return { head, length: last - start + 1 }
}
