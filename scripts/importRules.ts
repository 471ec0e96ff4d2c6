/**
 * Which part of the project may import what. The rules keep drivers out of programs that do not ask for them, and unstable
 * modules of Effect behind few files, so that a minor release of Effect touches few files.
 */
import { dirname, join, normalize } from "node:path/posix"

/** A source file, by its path from the root. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

interface Import {
  readonly specifier: string
  readonly isTypeOnly: boolean
}

/** The packages that a folder may import, beside its own files and `alsoFrom`. The longest folder that holds a file counts. */
const folders: ReadonlyArray<{
  readonly folder: string
  readonly packages: ReadonlyArray<string>
  readonly alsoFrom: ReadonlyArray<string>
}> = [
  { folder: "src", packages: ["effect"], alsoFrom: [] },
  { folder: "layers/memory", packages: ["effect"], alsoFrom: ["src"] },
  { folder: "layers/leveldb", packages: ["effect", "classic-level", "node:"], alsoFrom: ["src"] },
  { folder: "layers/postgres", packages: ["effect", "@effect/sql-pg"], alsoFrom: ["src"] },
  { folder: "layers/engine", packages: ["effect", "@effect/platform-node"], alsoFrom: ["src"] },
  { folder: "layers/auth", packages: ["effect", "jose", "node:"], alsoFrom: ["src"] },
  { folder: "layers/promise", packages: ["effect", "node:"], alsoFrom: ["src", "layers"] },
  { folder: "test/contract", packages: ["effect", "vitest", "@effect/vitest"], alsoFrom: ["src"] }
]

const unstable =
  /^effect\/(?:cluster|sql|rpc|http|http-api|persistence|eventlog|workflow|observability|devtools|cli|crypto|socket|LayerMap|FileSystem|Path|Arbitrary)(?:\/|$)/

/** The files that may import unstable modules of Effect, and which. */
const unstableAllowed: ReadonlyArray<readonly [file: string, modules: ReadonlyArray<string>]> = [
  ["src/actor/Command.ts", ["effect/rpc"]],
  ["src/script/ScriptActor.ts", ["effect/rpc"]],
  ["layers/postgres/", ["effect/sql"]],
  ["layers/promise/PostgresStores.ts", ["effect/sql"]],
  ["layers/engine/cluster.ts", ["effect/cluster"]],
  ["layers/engine/clusterNode.ts", ["effect/cluster", "effect/rpc", "effect/socket", "effect/sql"]],
  ["layers/engine/clusternode/", ["effect/cluster", "effect/rpc", "effect/socket"]],
  ["layers/engine/cluster/", ["effect/cluster", "effect/rpc", "effect/sql"]],
  ["test/contract/", ["effect/rpc", "effect/Arbitrary"]]
]

/** Every broken rule, as a sentence. */
export const violations = (files: ReadonlyArray<SourceFile>): ReadonlyArray<string> => [
  ...files.flatMap((file) => importsOf(file.text).flatMap((found) => check(file.path, found.specifier))),
  ...cycles(files)
]

const check = (path: string, specifier: string): ReadonlyArray<string> => {
  const rule = folders
    .filter(({ folder }) => path.startsWith(`${folder}/`))
    .sort((left, right) => right.folder.length - left.folder.length)[0]
  if (rule === undefined) return [`${path} lies in no folder that has a rule; add one to scripts/importRules.ts`]
  if (specifier.startsWith(".")) {
    const target = normalize(join(dirname(path), specifier))
    const isAllowed = [rule.folder, ...rule.alsoFrom].some((folder) => target.startsWith(`${folder}/`))
    return isAllowed ? [] : [`${path} imports ${target}; ${rule.folder} may import ${allowed(rule)}`]
  }
  const isAllowed = rule.packages.some((name) =>
    name.endsWith(":") ? specifier.startsWith(name) : specifier === name || specifier.startsWith(`${name}/`)
  )
  if (!isAllowed) return [`${path} imports ${specifier}; ${rule.folder} may import ${allowed(rule)}`]
  if (!unstable.test(specifier)) return []
  const isListed = unstableAllowed.some(
    ([file, modules]) => path.startsWith(file) && modules.some((module) => specifier.startsWith(module))
  )
  return isListed
    ? []
    : [`${path} imports ${specifier}, an unstable module, and is not listed in scripts/importRules.ts`]
}

const allowed = ({ alsoFrom, folder, packages }: (typeof folders)[number]): string =>
  [...packages, folder, ...alsoFrom].join(", ")

const statement = /^(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm
const dynamic = /\bimport\(\s*"([^"]+)"\s*\)/g
const comment = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm

/** The imports and re-exports of a source text, types included. */
export const importsOf = (text: string): ReadonlyArray<Import> => {
  const code = text.replace(comment, "")
  const statements = [...code.matchAll(statement)].map((match) => ({
    specifier: match[2] ?? "",
    isTypeOnly: match[1] !== undefined
  }))
  return [
    ...statements,
    ...[...code.matchAll(dynamic)].map((match) => ({ specifier: match[1] ?? "", isTypeOnly: false }))
  ]
}

/** Files that need each other at run time; whichever is loaded first would see the other half-made. */
const cycles = (files: ReadonlyArray<SourceFile>): ReadonlyArray<string> => {
  const edges = new Map(
    files.map(({ path, text }) => [
      path,
      importsOf(text)
        .filter(({ isTypeOnly, specifier }) => !isTypeOnly && specifier.startsWith("."))
        .map(({ specifier }) => normalize(join(dirname(path), specifier)))
    ])
  )
  const found: Array<string> = []
  const done = new Set<string>()
  const visit = (path: string, trail: ReadonlyArray<string>): void => {
    const start = trail.indexOf(path)
    if (start >= 0) {
      found.push(`import cycle: ${[...trail.slice(start), path].join(" -> ")}`)
      return
    }
    if (done.has(path)) return
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of edges.keys()) visit(path, [])
  return found
}
