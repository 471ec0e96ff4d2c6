import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Child } from "../support/Child.ts"
import { between, chance, seed } from "../support/chance.ts"

const script = join(import.meta.dirname, "../../examples/census.ts")
const home = mkdtempSync(join(tmpdir(), "pantheon-census-"))
const unreadable = "src/d1/unreadable.ts"
const files = 300

/** One run in the temporary folder. */
const start = (...args: ReadonlyArray<string>) => new Child(script, args, { cwd: home })

const run = async (...args: ReadonlyArray<string>) => {
  const child = start(...args)
  return { ...(await child.ended), stdout: child.stdout, stderr: child.stderr }
}

/** What is in each file, by path, from how the file was made. */
const made = new Map<string, { lines: number; bytes: number; imports: number; todos: number; longest: number }>()

const make = (index: number): void => {
  const next = chance(`file ${index}`)
  const [imports, todos, body] = [between(next, 0, 5), between(next, 0, 3), between(next, 0, 40)]
  const lines = [
    ...Array.from({ length: imports }, (_, line) => `import a${line} from "a${line}"`),
    ...Array.from({ length: todos }, () => "// TODO later"),
    `export function f${index}() {`,
    ...Array.from({ length: body }, () => "  call()"),
    "}"
  ]
  const newline = index % 3 === 0 ? "\r\n" : "\n"
  const text = index === 7 ? "" : lines.join(newline) + (index % 2 === 0 ? newline : "")
  const path = `src/d${index % 7}/f${index}.ts`
  writeFileSync(join(home, path), text)
  const found = { lines: lines.length, bytes: Buffer.byteLength(text), imports, todos, longest: body + 2 }
  made.set(path, index === 7 ? { lines: 0, bytes: 0, imports: 0, todos: 0, longest: 0 } : found)
}

/** The report on the first files in the order in which they are handed out. */
const expected = (settled: number, version: number) => {
  const all = [...made.keys(), unreadable].sort()
  const paths = all.slice(0, settled)
  const found = paths.flatMap((path) => made.get(path) ?? [])
  const sum = (key: "lines" | "bytes" | "imports" | "todos") =>
    found.reduce((total, file) => total + file[key], 0).toLocaleString("en-US")
  const longest = Math.max(...found.map((file) => file.longest))
  const place = paths.find((path) => made.get(path)?.longest === longest) ?? ""
  const failed = paths.includes(unreadable)
  return [
    `Census of ${home} at version ${version}${settled === all.length ? "" : ` (unfinished: ${settled} of ${all.length} files)`}`,
    `  files            ${found.length}`,
    `  lines            ${sum("lines")}`,
    `  bytes            ${sum("bytes")}`,
    `  imports          ${sum("imports")}`,
    `  TODO marks       ${sum("todos")}`,
    `  longest function ${/f\d+/.exec(place)?.[0]}, ${longest} lines, ${place}`,
    `  failed files     ${failed ? 1 : 0}`,
    ...(failed ? [`    ${unreadable}: NotFound: FileSystem.readFile (${join(home, unreadable)})`] : []),
    ""
  ].join("\n")
}

// 301 names go into two events.
const listed = 2
const whole = files + 1

beforeAll(() => {
  for (let folder = 0; folder < 7; folder++) mkdirSync(join(home, `src/d${folder}`), { recursive: true })
  for (let index = 0; index < files; index++) make(index)
  symlinkSync("nowhere", join(home, unreadable))
  // Leads back to where it is, and must not be followed.
  symlinkSync("..", join(home, "src/d2/loop"))
})

afterAll(() => rmSync(home, { recursive: true, force: true }))

describe(`the census (PANTHEON_SEED=${seed})`, () => {
  it("goes on after each of several kills at any moment, and counts every file once", async () => {
    const next = chance("kills")
    let wentOn = 0
    for (let kill = 0; kill < 5; kill++) {
      const child = start("--rest", "3", ".")
      // The first is killed in the middle for certain, the others whenever it comes.
      if (kill === 0) await child.until(({ stderr }) => stderr.includes("% "))
      else await Promise.race([sleep(between(next, 100, 1200)), child.ended])
      await child.kill()
      if (child.stderr.includes("Going on after")) wentOn++
    }
    const last = await run("--rest", "0", ".")
    if (last.stderr.includes("Going on after")) wentOn++
    assert.deepInclude(last, { code: 0, stdout: expected(whole, listed + whole) }, last.stderr)
    assert.isAbove(wentOn, 0)
  })

  it("shows the report of a finished run at once, without counting", async () => {
    assert.deepInclude(await run("."), { code: 0, stdout: expected(whole, listed + whole), stderr: "" })
  })

  it("shows the report as it was at a version, the failed file included once its turn had come", async () => {
    for (const settled of [100, whole - 1]) {
      const { code, stdout } = await run("--at", String(listed + settled), ".")
      assert.deepStrictEqual({ code, stdout }, { code: 0, stdout: expected(settled, listed + settled) })
    }
  })

  it("shows an empty report at version 0, and refuses versions that are none or still to come", async () => {
    const first = await run("--at", "0", ".")
    assert.strictEqual(first.code, 0)
    assert.include(first.stdout, "at version 0 (unfinished: 0 of 0 files)\n  files            0\n")
    const late = await run("--at", "999999", ".")
    assert.deepInclude(late, { code: 1, stdout: "" })
    assert.include(late.stderr, `has not come to version 999999; it is at ${listed + whole}.`)
    const negative = await run("--at", "-1", ".")
    assert.strictEqual(negative.code, 1)
    assert.include(negative.stderr, "Expected: a version from 0")
  })

  it("has its worker crash, restart and give up on a file that cannot be read, and says so in few lines", async () => {
    const only = join(home, "one")
    mkdirSync(only)
    symlinkSync("nowhere", join(only, "broken.ts"))
    const { code, stderr, stdout } = await run("--rest", "0", "one")
    assert.strictEqual(code, 0)
    const told = stderr.trimEnd().split("\n")
    assert.deepStrictEqual(
      told.map((line) => /crashed on Measure and restarts|has spent its restarts and stops|100%/.exec(line)?.[0]),
      [...Array(3).fill("crashed on Measure and restarts"), "has spent its restarts and stops", "100%"]
    )
    assert.include(stdout, "  failed files     1\n    broken.ts: NotFound")
  })

  it("tells the progress in at most a line for each tenth where there is no terminal", async () => {
    mkdirSync(join(home, "many"))
    for (let index = 0; index < 1000; index++) writeFileSync(join(home, "many", `${index}.txt`), "")
    const { code, stderr, stdout } = await run("--rest", "0", "many")
    assert.strictEqual(code, 0)
    assert.include(stdout, "  files            1,000\n")
    assert.isAtMost(stderr.trimEnd().split("\n").length, 10, stderr)
  })

  it("reports on an empty folder, and refuses what is no folder, in words and not in a stack trace", async () => {
    mkdirSync(join(home, "empty"))
    const empty = await run("empty")
    assert.deepInclude(empty, { code: 0, stderr: "" })
    assert.include(empty.stdout, "  files            0\n")
    for (const folder of ["missing", "src/d1/f1.ts"]) {
      const { code, stderr, stdout } = await run(folder)
      assert.deepStrictEqual({ code, stdout }, { code: 1, stdout: "" })
      assert.include(stderr, `${join(home, folder)} is no folder that can be read`)
      assert.notInclude(stderr, "    at ")
    }
  })

  it("refuses an option that it does not know", async () => {
    const { code, stderr } = await run("--color", ".")
    assert.strictEqual(code, 1)
    assert.include(stderr, "Unrecognized flag: --color")
  })

  it("refuses to work on a store that another process works on, which goes on undisturbed", async () => {
    // Slow enough to be at work when the second has begun, however busy the machine is.
    const first = start("--rest", "400", "src")
    try {
      await first.until(({ stderr }) => stderr.includes("% "))
      const second = await run("--rest", "0", "src")
      assert.deepInclude(second, { code: 1, stdout: "" })
      assert.match(second.stderr, /expected to be the only user of ".*\.pantheon"/)
      assert.notInclude(second.stderr, "    at ")
      const told = first.stderr.length
      await first.until(({ stderr }) => stderr.length > told)
    } finally {
      await first.kill()
    }
  })
})
