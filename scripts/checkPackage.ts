/**
 * Tries the package as a user does: packs it, installs the tarball into empty folders, imports every subpath, and runs every code block of
 * the README and the guides there.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { PostgresServer } from "../test/support/PostgresServer.ts"
import { type CodeBlock, codeBlocks } from "./codeBlocks.ts"
import { read, run } from "./run.ts"

interface PackageJson {
  readonly name: string
  readonly exports: Record<string, unknown>
  readonly scripts: Record<string, string>
  readonly devDependencies: Record<string, string>
  readonly allowScripts: Record<string, boolean>
}

const root = resolve(import.meta.dirname, "..")
const project: PackageJson = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
const drivers = ["@effect/platform-node", "@effect/sql-pg", "classic-level", "jose", "vitest", "@effect/vitest"]
const subpaths = Object.keys(project.exports)
  .filter((path) => !path.endsWith(".json"))
  .map((path) => `${project.name}${path.slice(1)}`)

const workshop = mkdtempSync(join(tmpdir(), "pantheon-package-"))
process.once("exit", () => rmSync(workshop, { recursive: true, force: true }))

const say = (text: string): void => console.log(`  ${text}`)

const pack = (): string => {
  const packed: ReadonlyArray<{ filename: string; size: number; files: ReadonlyArray<{ path: string }> }> = JSON.parse(
    read("npm", ["pack", "--json", "--pack-destination", workshop])
  )
  const { filename, files, size } = packed[0] ?? { filename: "", files: [], size: 0 }
  const strays = files.filter(({ path }) => !/^(?:dist\/|package\.json|README\.md|LICENSE|CHANGELOG\.md)/.test(path))
  if (strays.length > 0) throw new Error(`the package holds what it should not: ${strays.map((file) => file.path)}`)
  say(`${filename}: ${files.length} files, ${Math.round(size / 1024)} KiB`)
  return join(workshop, filename)
}

/** An empty application with the tarball and some of the packages that it may be used with. */
const install = (name: string, tarball: string, packages: ReadonlyArray<string>): string => {
  const folder = join(workshop, name)
  mkdirSync(folder)
  const dependencies = Object.fromEntries(packages.map((name) => [name, project.devDependencies[name]]))
  const { allowScripts } = project
  const application = {
    private: true,
    type: "module",
    allowScripts,
    dependencies: { [project.name]: tarball, ...dependencies }
  }
  writeFileSync(join(folder, "package.json"), JSON.stringify(application, undefined, 2))
  run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"], { cwd: folder })
  return folder
}

/** Imports in a process of its own; gives the addresses of all modules that were loaded. */
const loadedBy = (folder: string, specifiers: ReadonlyArray<string>): string => {
  const watch = `
    import { registerHooks } from "node:module"
    registerHooks({ load: (url, context, next) => { console.log(url); return next(url, context) } })
    ${specifiers.map((specifier) => `await import(${JSON.stringify(specifier)})`).join("\n")}`
  return read("node", ["--input-type=module", "--eval", watch], { cwd: folder })
}

const checkLoading = (tarball: string): void => {
  const folder = install("bare", tarball, ["effect"])
  const bare = ["", "/memory", "/engine/local", "/promise"].map((subpath) => `${project.name}${subpath}`)
  const loaded = loadedBy(folder, bare)
  if (!loaded.includes("/dist/src/index.js")) throw new Error("the watch over loaded modules saw nothing")
  const strays = loaded
    .split("\n")
    .filter((url) => /sql-pg|classic-level|\/jose\/|effect\/dist\/(?:cluster|sql)\/|vitest/.test(url))
  if (strays.length > 0) throw new Error(`loaded without being asked for: ${strays.join(", ")}`)
  say(`${bare.join(", ")} load neither a driver nor effect/cluster nor effect/sql`)
}

const tsconfig = {
  compilerOptions: {
    module: "NodeNext",
    target: "ES2024",
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    types: ["node"]
  }
}

const guides = (): ReadonlyArray<string> => {
  const docs = join(root, "docs")
  const names = existsSync(docs) ? readdirSync(docs).filter((name) => name.endsWith(".md")) : []
  return ["README.md", ...names.map((name) => join("docs", name))]
}

const checkShell = (guide: string, block: CodeBlock): void => {
  for (const [, script] of block.text.matchAll(/npm (?:run )?(start|test|[\w:]+)/g)) {
    const isOurs =
      script !== undefined && (script === "start" || script === "test" || block.text.includes(`npm run ${script}`))
    if (isOurs && project.scripts[script] === undefined) {
      throw new Error(`${guide}:${block.line} names the script ${script}, which package.json lacks`)
    }
  }
}

/** Writes the blocks of one guide into a folder of their own, checks their types together, and runs each. */
const runGuide = (application: string, guide: string, url: string): void => {
  const blocks = codeBlocks(readFileSync(join(root, guide), "utf8"))
  const folder = join(application, guide.replaceAll(/\W/g, "-"))
  mkdirSync(folder)
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig))
  const files: Array<string> = []
  for (const block of blocks) {
    if (block.language === "sh") checkShell(guide, block)
    if (block.language !== "ts") continue
    const file = block.file ?? `line-${block.line}.ts`
    if (files.includes(file)) throw new Error(`${guide}:${block.line} writes ${file} a second time`)
    writeFileSync(join(folder, file), block.text)
    files.push(file)
  }
  if (files.length === 0) return
  run("tsc", ["-p", folder], { cwd: folder })
  const env = { DATABASE_URL: url }
  for (const file of files.filter((file) => !file.endsWith(".test.ts"))) {
    const output = read("node", [file], { cwd: folder, env })
    say(`${guide}: ${file}${output === "" ? "" : ` printed ${JSON.stringify(output.trim().slice(0, 60))}`}`)
  }
  const tests = files.filter((file) => file.endsWith(".test.ts"))
  // The application's own, since the suites belong to the copy of vitest that they are imported with.
  const vitest = join(application, "node_modules", ".bin", "vitest")
  if (tests.length > 0) run(vitest, ["run", "--dir", folder, "--reporter=dot"], { cwd: folder, env })
}

console.log("The package")
const tarball = pack()
run("publint", ["run", tarball, "--strict"])
read("attw", [tarball, "--profile", "esm-only", "--format", "ascii"])
say("publint and attw have nothing to say")
checkLoading(tarball)
const application = install("application", tarball, ["effect", "@types/node", ...drivers])
loadedBy(application, subpaths)
say(`${subpaths.length} subpaths can be imported`)
const server = await PostgresServer.start()
process.once("exit", () => server.killNow())
for (const guide of guides()) runGuide(application, guide, server.url)
await server.stop()
