/**
 * Runs what users have pasted from the documentation of the class-based predecessor: the text as it stands there, but for the place that it
 * imports from, the addresses of databases, and the names that it leaves out.
 */
import { readFileSync } from "node:fs"
import { stripTypeScriptTypes } from "node:module"
import { join } from "node:path"

interface Options {
  /** What stands for the packages that are imported. */
  readonly packages?: { readonly [name: string]: object }
  /** What stands for names that the text leaves out. */
  readonly names?: { readonly [name: string]: unknown }
  /** Texts in the place of others. */
  readonly instead?: ReadonlyArray<readonly [old: string, text: string]>
  /** The names that the text defines and that are given back. */
  readonly gives: ReadonlyArray<string>
}

const importing = /^import \{ (.*) \} from '(.*)';$/gm

const AsyncFunction: new (...texts: ReadonlyArray<string>) => (...values: ReadonlyArray<unknown>) => Promise<unknown> =
  Object.getPrototypeOf(async () => {}).constructor

/** Runs a file of this folder and gives what it has defined. */
export const run = async (file: string, options: Options): Promise<Record<string, unknown>> => {
  const { gives, instead = [], names = {}, packages = {} } = options
  let text = readFileSync(join(import.meta.dirname, `${file}.snippet`), "utf8")
  for (const [old, other] of instead) {
    if (!text.includes(old)) throw new Error(`${file} does not say ${old}`)
    text = text.replaceAll(old, other)
  }
  const body = text.replaceAll(importing, (_, imported: string, from: string) => {
    if (packages[from] === undefined) throw new Error(`${file} imports ${from}`)
    return `const { ${imported} } = packages[${JSON.stringify(from)}];`
  })
  const script = stripTypeScriptTypes(`async () => {\n${body}\nreturn { ${gives.join(", ")} }\n}`, {
    mode: "transform"
  })
  const main = new AsyncFunction("packages", ...Object.keys(names), `return await (${script.replace(/;\s*$/, "")})()`)
  return Object(await main(packages, ...Object.values(names)))
}
