import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Child } from "../support/Child.ts"
import { connectionString, freshDirectory, freshSchema } from "./databases.ts"

const script = join(import.meta.dirname, "program.ts")

const ends = async (args: ReadonlyArray<string>): Promise<void> => {
  const child = new Child(script, args)
  assert.deepStrictEqual(await child.ended, { code: 0, signal: null })
  assert.strictEqual(child.stderr, "")
  assert.strictEqual(child.stdout, "CLOSED\n")
}

it("a program on LevelDB ends by itself once it has closed everything", () => ends(["LevelDB", freshDirectory()]))

it("a program on PostgreSQL ends by itself once it has closed everything", () =>
  ends(["PostgreSQL", connectionString, freshSchema()]))

it("a program that cannot reach its database is told so, and ends", async () => {
  const child = new Child(script, ["PostgreSQL", "postgresql://user:hunter2@127.0.0.1:1/none", "none"])
  const { code } = await child.ended
  assert.strictEqual(code, 1)
  assert.include(child.stderr, "UNAVAILABLE")
  assert.notInclude(child.stderr, "hunter2")
})
