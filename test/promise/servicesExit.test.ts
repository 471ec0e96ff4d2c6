import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Child } from "../support/Child.ts"
import { connectionString, freshDirectory, freshSchema } from "./databases.ts"

const ends = async (args: ReadonlyArray<string>): Promise<void> => {
  const child = new Child(join(import.meta.dirname, "servicesProgram.ts"), args)
  assert.deepStrictEqual(await child.ended, { code: 0, signal: null })
  assert.strictEqual(child.stderr, "")
  assert.strictEqual(child.stdout, "CLOSED CLOSED CLOSED CLOSED\n")
}

it("a program with every service on LevelDB ends by itself, whatever was under way", () =>
  ends(["LevelDB", freshDirectory()]))

it("a program with every service on PostgreSQL ends by itself, whatever was under way", () =>
  ends(["PostgreSQL", connectionString, freshSchema()]))
