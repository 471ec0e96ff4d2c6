/** Everything that must hold before a change may land, in the order in which a mistake is found soonest. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { run } from "./run.ts"

const started = performance.now()
const folder = mkdtempSync(join(tmpdir(), "pantheon-test-"))
process.once("exit", () => rmSync(folder, { recursive: true, force: true }))
const results = join(folder, "results.json")

const step = (name: string, program: string, args: ReadonlyArray<string>): void => {
  console.log(`\n== ${name}`)
  const begun = performance.now()
  run(program, args)
  console.log(`== ${name}: ${Math.round((performance.now() - begun) / 1000)} s`)
}

step("format and lint", "biome", ["ci", "--error-on-warnings", "."])
step("types", "tsc", ["-p", "tsconfig.json"])
step("build", "node", ["scripts/build.ts"])
step("tests", "vitest", ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${results}`])
step("package", "node", ["scripts/checkPackage.ts"])

const { numFailedTests, numPassedTests, numPendingTests, numTotalTests } = JSON.parse(readFileSync(results, "utf8"))
if (numPendingTests > 0 || numPassedTests === 0 || numPassedTests !== numTotalTests) {
  console.error(`${numTotalTests} tests, of which ${numPendingTests} were skipped`)
  process.exit(1)
}
console.log(`\neverything holds, after ${Math.round((performance.now() - started) / 1000)} s`)
console.log(`${numPassedTests} passed, ${numFailedTests} failed`)
