import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Postgres from "../../layers/postgres/index.ts"
import { AuditLog } from "../../src/index.ts"
import { Agents, as, freshId, root, Sharing, shared } from "../contract/sharing/support.ts"
import { Child } from "../support/Child.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const second = 1000

interface Line {
  readonly beganAt: number
  readonly told: string
}

describe("a share that one process revokes", { timeout: 60_000 }, () => {
  it.live("lets nobody in through another one a second later, and the refusal is kept", () =>
    Effect.gen(function* () {
      const schema = yield* TestDatabase.schema
      const trial = Effect.gen(function* () {
        const sharing = yield* Sharing
        const [agentId, recipientId] = [freshId(), freshId()]
        yield* (yield* Agents).setState(agentId, { a: 1 })
        const share = yield* sharing.share({ agentId, recipientId, level: "read" })
        const args = [Redacted.value(TestDatabase.url), schema, recipientId, agentId]
        const doorman = yield* Effect.acquireRelease(
          Effect.sync(() => new Child("test/access/doorman.ts", args)),
          (child) => Effect.promise(() => child.kill())
        )
        yield* Effect.promise(() => doorman.until(({ stdout }) => stdout.includes("In")))
        yield* sharing.revoke(share.id)
        const revokedAt = yield* Clock.currentTimeMillis
        const { code } = yield* Effect.promise(() => doorman.ended)
        assert.strictEqual(code, 0, doorman.stderr)
        const lines: ReadonlyArray<Line> = doorman.stdout
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line))
        assert.strictEqual(lines.at(-1)?.told, "AccessDenied")
        for (const { beganAt, told } of lines.slice(0, -1)) {
          assert.strictEqual(told, "In")
          assert.isAtMost(beganAt, revokedAt + second)
        }
        const refused = yield* AuditLog.AuditLog.use((log) => log.query({ principalId: recipientId, agentId }))
        assert.deepStrictEqual(
          refused.map(({ outcome }) => outcome),
          ["refused"]
        )
      })
      const stores = Postgres.layer({ url: TestDatabase.url, schema })
      yield* Effect.provide(as(root)(shared(trial)), AuditLog.layer.pipe(Layer.provideMerge(stores)))
    })
  )
})
