import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"

const examples = join(import.meta.dirname, "../../examples")

const lines = async (example: string): Promise<ReadonlyArray<string>> => {
  const { stderr, stdout } = await promisify(execFile)(process.execPath, [join(examples, example)])
  assert.strictEqual(stderr, "")
  return stdout.trimEnd().split("\n")
}

const isShort = (example: string): void => {
  assert.isBelow(readFileSync(join(examples, example), "utf8").trimEnd().split("\n").length, 80)
}

describe("the small examples", { timeout: 60_000 }, () => {
  it("show a parent that limits, restarts, brings back and stops its children", async () => {
    isShort("supervision.ts")
    assert.deepStrictEqual(await lines("supervision.ts"), [
      'a crew of two, and no more: Worker "carl" cannot be a child of Foreman/f-1 (TooManyChildren): expected at most 2 children, found 2 that it has.',
      "ann: ActorCrashed, then goes on with 2 jobs done",
      "ann again: Failed, which goes to the foreman",
      "who brings her back: 3 jobs done",
      "the foreman stops: ann stopped, bob stopped"
    ])
  })

  it("show one program on disk and on the layers of a test", async () => {
    isShort("test-layers.ts")
    assert.deepStrictEqual(await lines("test-layers.ts"), [
      "sent: water the plants",
      "production, run 1: 1 sent",
      "production, run 2: 1 sent",
      "test: 1, then 2 sent, 2 in the outbox"
    ])
  })

  it("show scripted agents that work on files, one of which is missing", async () => {
    isShort("scripted-agents.ts")
    assert.deepStrictEqual(await lines("scripted-agents.ts"), [
      "poem is completed",
      "missing is failed",
      "note is completed",
      "poem: 7 words",
      "missing: cannot be read",
      "note: 2 words",
      "That is all."
    ])
  })

  it("show a context that is shared live and pinned, written by its recipient within bounds, and taken back", async () => {
    isShort("sharing.ts")
    assert.deepStrictEqual(await lines("sharing.ts"), [
      'Bob sees of the plan as it is: {"trip":{"to":"Oslo","days":3}}',
      'he writes: {"trip":{"to":"Oslo","days":5}}',
      'Ann sees: {"trip":{"to":"Oslo","days":5},"budget":900}',
      'outside of it: state/budget: expected a place inside "/trip", found "/budget". Write only what is shared with you.',
      'to write what he may read: "ShareMissing"',
      'to raise his level: "ShareMissing"',
      'to pass it on: "AccessDenied"',
      'to read all of the plan: "AccessDenied"',
      'revoked, Bob\'s next read: "ShareMissing"',
      'left is Pinned: {"trip":{"to":"Oslo","days":3},"budget":900}'
    ])
  })

  it("show agents without Effect and without TypeScript", async () => {
    isShort("promise.mjs")
    assert.deepStrictEqual(await lines("promise.mjs"), [
      "worker-1 1: context.updated",
      "worker-1 2: task.completed",
      "worker-2 1: task.completed",
      "worker-2 2: context.deleted",
      "after a restart: version 2, { status: 'busy', since: 2026-01-01T00:00:00.000Z, completed: 1 }",
      "a snapshot of version 2",
      "worker-2: AGENT_DELETED",
      "worker-3: AGENT_NOT_FOUND",
      'agent "worker-1": expected version 1, found version 2. Read the agent again and decide anew.'
    ])
  })
})
