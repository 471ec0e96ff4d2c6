import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as LevelDb from "../../layers/leveldb/index.ts"
import * as Postgres from "../../layers/postgres/index.ts"
import {
  Agents,
  as,
  fails,
  freshId,
  hour,
  inFuture,
  later,
  Sharing,
  shared,
  user
} from "../contract/sharing/support.ts"
import { Child } from "../support/Child.ts"
import * as TestDatabase from "../support/TestDatabase.ts"
import * as TestDirectory from "../support/TestDirectory.ts"

interface Line {
  readonly beganAt: number
  readonly told: string
}

describe("a share", { timeout: 60_000 }, () => {
  it.live("that one process revokes shows nothing to another one at its next call", () =>
    Effect.gen(function* () {
      const schema = yield* TestDatabase.schema
      const trial = Effect.gen(function* () {
        const sharing = yield* Sharing
        const agents = yield* Agents
        const [agentId, recipientId] = [freshId(), freshId()]
        yield* agents.setState(agentId, { a: 1 })
        const share = yield* sharing.share({ agentId, recipientId, level: "read" })
        const args = [Redacted.value(TestDatabase.url), schema, recipientId, share.id]
        const reader = yield* Effect.acquireRelease(
          Effect.sync(() => new Child("test/sharing/reader.ts", args)),
          (child) => Effect.promise(() => child.kill())
        )
        yield* Effect.promise(() => reader.until(({ stdout }) => stdout.includes("Shown")))
        yield* sharing.revoke(share.id)
        const revokedAt = yield* Clock.currentTimeMillis
        const { code } = yield* Effect.promise(() => reader.ended)
        assert.strictEqual(code, 0, reader.stderr)
        const lines: ReadonlyArray<Line> = reader.stdout
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line))
        assert.strictEqual(lines.at(-1)?.told, "ShareMissing")
        // What began before that may have been shown.
        for (const { beganAt, told } of lines.slice(0, -1)) {
          assert.strictEqual(told, "Shown")
          assert.isAtMost(beganAt, revokedAt)
        }
      })
      yield* Effect.provide(shared(trial), Postgres.layer({ url: TestDatabase.url, schema }))
    })
  )

  it.live("is after a restart what it was before: live, pinned, offered, changed, expiring, revoked or declined", () =>
    Effect.gen(function* () {
      const directory = yield* TestDirectory.make
      const open = <A, E>(use: Effect.Effect<A, E, typeof Sharing.Identifier | typeof Agents.Identifier>) =>
        Effect.scoped(Effect.provide(shared(use), LevelDb.layer({ directory }), { local: true }))
      const bob = user(freshId())
      const agentId = freshId()
      const terms = { agentId, recipientId: bob.id, level: "read" } as const
      const expiresAt = yield* inFuture(hour)
      const before = yield* open(
        Effect.gen(function* () {
          const sharing = yield* Sharing
          const agents = yield* Agents
          yield* agents.setState(agentId, { a: 1, b: 2 })
          const pinned = yield* sharing.share({ ...terms, content: { version: 1 } })
          const live = yield* sharing.share({ ...terms, paths: ["/a"] })
          const offered = yield* sharing.share({ ...terms, paths: ["/b"], needsAcceptance: true })
          const expiring = yield* sharing.share({ ...terms, paths: ["/a", "/b"], expiresAt })
          const changed = yield* sharing.change((yield* sharing.share(terms)).id, { level: "write" })
          const revoked = yield* sharing.share({ ...terms, paths: ["/c"] })
          const declined = yield* sharing.share({ ...terms, paths: ["/d"] })
          yield* sharing.revoke(revoked.id)
          yield* as(bob)(sharing.decline(declined.id))
          yield* agents.setState(agentId, { a: 3, b: 4 })
          return { pinned, live, offered, expiring, changed, revoked, declined }
        })
      )
      yield* open(
        Effect.gen(function* () {
          const sharing = yield* Sharing
          const { changed, declined, expiring, live, offered, pinned, revoked } = before
          const look = (id: string) => Effect.map(as(bob)(sharing.getSharedContext(id)), ({ state }): object => state)
          for (const share of [pinned, live, offered, expiring, changed]) {
            assert.deepStrictEqual(yield* sharing.getShare(share.id), share)
          }
          assert.deepStrictEqual(yield* look(pinned.id), { a: 1, b: 2 })
          assert.deepStrictEqual(yield* look(live.id), { a: 3 })
          assert.deepStrictEqual(yield* look(expiring.id), { a: 3, b: 4 })
          for (const { id } of [offered, revoked, declined]) yield* fails(look(id), "ShareMissing")
          yield* fails(later(hour)(look(expiring.id)), "ShareMissing")
          yield* as(bob)(sharing.accept(offered.id))
          yield* as(bob)(sharing.updateContext(changed.id, { state: { b: 5 } }))
          yield* sharing.revoke(live.id)
          assert.deepStrictEqual(yield* look(offered.id), { b: 5 })
        })
      )
      const left = yield* open(Effect.flatMap(Sharing, (sharing) => as(bob)(sharing.getSharedContexts())))
      const { changed, expiring, offered, pinned } = before
      assert.sameMembers(
        left.map(({ share }) => share.id),
        [pinned.id, offered.id, expiring.id, changed.id]
      )
    })
  )
})
