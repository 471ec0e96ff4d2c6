/** What users have pasted, given to the compiler. */
import { spawnSync } from "node:child_process"
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

const root = join(import.meta.dirname, "../../..")
const home = mkdtempSync(join(tmpdir(), "pantheon-pasted-"))
const name = "@promethean-os/pantheon-state"
const snippets = globSync("**/*.snippet", { cwd: import.meta.dirname }).map((file) => file.replace(/\.snippet$/, ""))

/** The names that the texts leave out, and what they stand for. */
const elided = {
  dbConnection: "ConstructorParameters<typeof Pantheon.PostgresEventStore>[0]",
  eventStore: "Pantheon.EventStore",
  snapshotStore: "Pantheon.SnapshotStore",
  stateManager: "Pantheon.StateManager",
  shareStore: "Pantheon.StateManager",
  metadataStore: "Pantheon.StateManager",
  metadataService: "Pantheon.ContextMetadataService",
  context: "Pantheon.AgentContext",
  agentId: "string"
}
const types = ["AgentContext", "AgentStateManager", "ContextEvent", "DefaultContextManager"]

// What the interfaces of the text promise, ours keep; and stores that are no more than they say are taken.
const kept = `
export const manager: AgentStateManager = undefined as unknown as Pantheon.AgentStateManager
export const event: ContextEvent = undefined as unknown as Pantheon.ContextEvent
export const snapshot: ContextSnapshot = undefined as unknown as Pantheon.ContextSnapshot
export const context: AgentContext = undefined as unknown as Pantheon.AgentContext
declare const eventStore: EventStore
declare const snapshotStore: SnapshotStore
export const made: AgentStateManager = Pantheon.makeAgentStateManager({ eventStore, snapshotStore })
`

/** A program of the text and what it leaves out. */
const programOf = (snippet: string): string => {
  const text = readFileSync(join(import.meta.dirname, `${snippet}.snippet`), "utf8")
  const defines = (word: string) =>
    new RegExp(`(const|interface|class) ${word}\\b|import \\{[^}]*\\b${word}\\b`).test(text)
  const values = Object.entries(elided).filter(([word]) => !defines(word) && snippet !== "interfaces")
  const head = [
    `import * as Pantheon from "${name}"`,
    ...values.map(([word, type]) => `declare const ${word}: ${type}`),
    ...types.filter((word) => !defines(word)).map((word) => `type ${word} = Pantheon.${word}`)
  ]
  const uses = text.includes("makeAgentStateManager(") && !text.includes("import { makeAgentStateManager")
  if (uses) head.push(`import { makeAgentStateManager } from "${name}"`)
  return `${head.join("\n")}\n${text}${snippet === "interfaces" ? kept : ""}`
}

/** What no type can mend: in strict programs a caught error is unknown, and a text wants a member of an interface that another leaves out. */
const contradictions: Record<string, string> = {
  "patterns/not-found": "TS18046: 'error' is of type 'unknown'.",
  "services/migration-helper": "AgentStateManager': eventStore, snapshotStore"
}

/** The errors of the compiler, by snippet. */
const told = new Map<string, Array<string>>()

describe("what users have pasted", () => {
  beforeAll(() => {
    for (const snippet of snippets) {
      const file = join(home, `${snippet}.ts`)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, programOf(snippet))
    }
    const test =
      "(title: string, run: (t: { truthy(value: unknown): void; is<A>(found: A, expected: A): void }) => void)"
    writeFileSync(join(home, "ava.d.ts"), `declare module "ava" { export const test: ${test} => void }`)
    const options = {
      extends: join(root, "tsconfig.json"),
      compilerOptions: {
        // What this project asks of itself beyond `strict` is not asked of users.
        exactOptionalPropertyTypes: false,
        noUncheckedIndexedAccess: false,
        noUnusedLocals: false,
        noUnusedParameters: false,
        erasableSyntaxOnly: false,
        verbatimModuleSyntax: false,
        typeRoots: [join(root, "node_modules/@types")],
        paths: { [name]: [join(root, "layers/promise/index.ts")] }
      },
      include: [home],
      exclude: []
    }
    writeFileSync(join(home, "tsconfig.json"), JSON.stringify(options))
    writeFileSync(join(home, "package.json"), JSON.stringify({ type: "module" }))
    const { stdout } = spawnSync(
      process.execPath,
      [join(root, "node_modules/typescript/bin/tsc"), "-p", home, "--pretty", "false"],
      {
        cwd: home,
        encoding: "utf8"
      }
    )
    for (const [, file = "", error = ""] of stdout.matchAll(/^([^\s(]+)\.ts\(\d+,\d+\): error (.*)$/gm)) {
      told.set(file, [...(told.get(file) ?? []), error])
    }
    // What is wrong with no file, such as the options, is no pass.
    assert.strictEqual(stdout.match(/error TS/g)?.length ?? 0, [...told.values()].flat().length, stdout)
  }, 180_000)

  afterAll(() => rmSync(home, { recursive: true }))

  it("was found", () => {
    assert.isAbove(snippets.length, 20)
  })

  for (const snippet of snippets) {
    const contradiction = contradictions[snippet]
    if (contradiction === undefined) {
      it(`type-checks under strict: ${snippet}`, () => {
        assert.deepStrictEqual(told.get(snippet) ?? [], [])
      })
    } else {
      it(`contradicts itself under strict in one place only: ${snippet}`, () => {
        assert.lengthOf(told.get(snippet) ?? [], 1)
        assert.include(told.get(snippet)?.[0], contradiction)
      })
    }
  }
})
