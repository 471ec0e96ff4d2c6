import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path/posix"
import { assert, describe, it } from "@effect/vitest"
import { importsOf, type SourceFile, violations } from "../../scripts/importRules.ts"

const root = join(import.meta.dirname, "../..")

const filesBelow = (folder: string): ReadonlyArray<SourceFile> =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => join(folder, path))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }))

const broken = (path: string, text: string) => violations([{ path, text }])

describe("the import rules", () => {
  it("hold in src, layers and the published suites", () => {
    assert.deepStrictEqual(violations(["src", "layers", "test/contract"].flatMap(filesBelow)), [])
  })

  it("keep src free of drivers, of node and of the layers", () => {
    assert.lengthOf(broken("src/A.ts", 'import { ClassicLevel } from "classic-level"'), 1)
    assert.lengthOf(broken("src/A.ts", 'import type { Stats } from "node:fs"'), 1)
    assert.lengthOf(broken("src/A.ts", 'import * as Memory from "../layers/memory/index.ts"'), 1)
    assert.lengthOf(broken("src/A.ts", 'const late = import("classic-level")'), 1)
    assert.lengthOf(broken("src/A.ts", 'export * from "@effect/sql-pg"'), 1)
    assert.lengthOf(broken("src/A.ts", 'import * as Effect from "effect/Effect"\nimport { B } from "./B.ts"'), 0)
  })

  it("keep the technologies apart", () => {
    assert.lengthOf(broken("layers/memory/A.ts", 'import { x } from "../leveldb/Keys.ts"'), 1)
    assert.lengthOf(broken("layers/postgres/A.ts", 'import { x } from "classic-level"'), 1)
    assert.lengthOf(broken("layers/leveldb/A.ts", 'import { x } from "../../src/Value.ts"'), 0)
  })

  it("keep unstable modules of Effect in the files that are listed", () => {
    assert.lengthOf(broken("src/Value.ts", 'import * as Rpc from "effect/rpc/Rpc"'), 1)
    assert.lengthOf(broken("src/actor/Command.ts", 'import type * as Rpc from "effect/rpc/Rpc"'), 0)
    assert.lengthOf(broken("layers/memory/A.ts", 'import * as SqlClient from "effect/sql/SqlClient"'), 1)
  })

  it("want a rule for every folder", () => {
    assert.lengthOf(broken("layers/redis/A.ts", 'import * as Effect from "effect/Effect"'), 1)
  })

  it("find cycles of imports that count at run time", () => {
    const cycle = violations([
      { path: "src/A.ts", text: 'import { b } from "./B.ts"' },
      { path: "src/B.ts", text: 'import { a } from "./A.ts"' }
    ])
    assert.deepStrictEqual(cycle, ["import cycle: src/A.ts -> src/B.ts -> src/A.ts"])
    const types = violations([
      { path: "src/A.ts", text: 'import type { B } from "./B.ts"' },
      { path: "src/B.ts", text: 'import { a } from "./A.ts"' }
    ])
    assert.deepStrictEqual(types, [])
  })

  it("see statements over several lines, and no comments", () => {
    const text =
      '/* import "a" */\n// import "b"\nimport {\n  type C,\n  c\n} from "c"\nexport type { D } from "d"\nimport "e"'
    assert.deepStrictEqual(
      importsOf(text).map((found) => [found.specifier, found.isTypeOnly]),
      [
        ["c", false],
        ["d", true],
        ["e", false]
      ]
    )
  })
})
