/**
 * How a share is made, changed, and ends.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { NewShare } from "../../../src/ContextSharing.ts"
import {
  Agents,
  as,
  fails,
  freshId,
  hour,
  type It,
  inFuture,
  later,
  notesOf,
  ownedAgent,
  Sharing,
  shared,
  user,
  versionOf
} from "./support.ts"

export const register = (it: It): void => {
  describe("a share", () => {
    it.effect("is told as it was made, and its changes are events of the agent that change no state", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const agents = yield* Agents
        const { agentId, owner } = yield* ownedAgent({ a: 1 })
        const bob = user(freshId())
        const expiresAt = yield* inFuture(hour)
        const request: NewShare = {
          agentId,
          recipientId: bob.id,
          level: "read",
          paths: ["/b", "/a"],
          expiresAt,
          needsAcceptance: true
        }
        const share = yield* as(owner)(sharing.share(request))
        assert.deepInclude<object>(share, {
          agentId,
          ownerId: owner.id,
          recipientId: bob.id,
          level: "read",
          content: { _tag: "Live" },
          paths: ["/a", "/b"],
          status: "offered",
          expiresAt,
          revision: 1
        })
        assert.deepStrictEqual(yield* as(bob)(sharing.getShare(share.id)), share)
        const accepted = yield* as(bob)(sharing.accept(share.id))
        assert.deepStrictEqual(
          { ...accepted, updatedAt: share.updatedAt },
          { ...share, status: "accepted", revision: 2 }
        )
        // Once more is nothing.
        assert.deepStrictEqual(yield* as(bob)(sharing.accept(share.id)), accepted)
        const changed = yield* as(owner)(sharing.change(share.id, { level: "write", paths: null, expiresAt: null }))
        assert.isFalse("paths" in changed || "expiresAt" in changed)
        assert.deepStrictEqual(yield* as(bob)(sharing.getShare(share.id)), changed)
        yield* as(owner)(sharing.revoke(share.id))
        const { events } = yield* agents.getContextHistory(agentId, { from: 2 })
        assert.deepStrictEqual(
          events.map(({ metadata, type }) => [type, metadata["principal"]]),
          [
            ["context.shared", owner.id],
            ["context.share-changed", bob.id],
            ["context.share-changed", owner.id],
            ["context.share-revoked", owner.id]
          ]
        )
        assert.deepInclude<object>(events[3]?.data ?? {}, { shareId: share.id, reason: "revoked", recipientId: bob.id })
        assert.deepInclude<object>(yield* agents.getContext(agentId), { version: 5, state: { a: 1 } })
        assert.isEmpty(yield* notesOf(agentId))
      }).pipe(shared)
    )

    it.effect("of the same from the same to the same is there once; what differs is another", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const { agentId, owner } = yield* ownedAgent({ a: 1 })
        const other = user(freshId(), `share:write:${agentId}`)
        const recipientId = freshId()
        const terms: NewShare = { agentId, recipientId, level: "read" }
        const share = (more: Partial<NewShare> = {}, who = owner) => as(who)(sharing.share({ ...terms, ...more }))
        const { id } = yield* share()
        for (const more of [{}, { level: "admin" }, { needsAcceptance: true }, { content: "live" }] as const) {
          yield* fails(share(more), "ShareExists", { agentId, shareId: id })
        }
        const parts = yield* share({ paths: ["/a", "/b"] })
        yield* fails(share({ paths: ["/b", "/a", "/a"] }), "ShareExists", { shareId: parts.id })
        yield* share({ paths: ["/a"] })
        yield* share({ content: { version: 1 } })
        yield* fails(share({ content: { version: 1 } }), "ShareExists")
        yield* share({ content: { version: 2 } })
        yield* share({ recipientId: freshId() })
        yield* share({}, other)
        yield* fails(as(owner)(sharing.change(parts.id, { paths: ["/a"] })), "ShareExists")
        yield* fails(as(owner)(sharing.change(parts.id, { paths: null })), "ShareExists", { shareId: id })
        yield* as(owner)(sharing.revoke(id))
        assert.notStrictEqual((yield* share()).id, id)
        assert.lengthOf(yield* as(owner)(sharing.sharesOf(agentId)), 7)
      }).pipe(shared)
    )

    it.effect("is made once, however many try at the same time", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const { agentId, owner } = yield* ownedAgent({ a: 1 })
        const share = as(owner)(sharing.share({ agentId, recipientId: "bob", level: "read" }))
        const tries = Array.from({ length: 8 }, () => Effect.result(share))
        const results = yield* Effect.all(tries, { concurrency: "unbounded" })
        const tags = results.map((result) => (Result.isSuccess(result) ? "made" : result.failure._tag)).sort()
        assert.deepStrictEqual(tags, [...Array.from({ length: 7 }, () => "ShareExists"), "made"])
      }).pipe(shared)
    )

    it.effect("is refused when its terms make no sense, and nothing is stored", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const { agentId, owner } = yield* ownedAgent({ a: 1 })
        const good = { agentId, recipientId: "bob", level: "read" } as const
        const past = yield* inFuture(-1)
        const wrong: ReadonlyArray<readonly [string, object]> = [
          ["agentId", { agentId: "" }],
          ["agentId", { agentId: "pantheon/audit" }],
          ["recipientId", { recipientId: "a\0b" }],
          ["recipientId", { recipientId: owner.id }],
          ["level", { level: "owner" }],
          ["level", { level: undefined }],
          ["content", { content: "pinned" }],
          ["content", { content: {} }],
          ["content", { content: { version: 1, snapshotId: "a" } }],
          ["version", { content: { version: 0 } }],
          ["paths", { paths: [] }],
          ["paths", { paths: "/a" }],
          ["paths", { paths: Array.from({ length: 101 }, (_, index) => `/${index}`) }],
          ["paths/1", { paths: ["/a", ""] }],
          ["paths/0", { paths: ["a"] }],
          ["paths/0", { paths: ["/~2"] }],
          ["paths/0", { paths: [1] }],
          ["paths", { level: "admin", paths: ["/a"] }],
          ["expiresAt", { expiresAt: past }],
          ["expiresAt", { expiresAt: new Date(Number.NaN) }],
          ["expiresAt", { expiresAt: "2999-01-01" }],
          ["expiresAt", { expiresAt: {} }]
        ]
        for (const [path, change] of wrong) {
          yield* fails(as(owner)(sharing.share({ ...good, ...change })), "InvalidInput", { path })
        }
        assert.strictEqual(yield* versionOf(agentId), 1)
        const { id } = yield* as(owner)(sharing.share({ ...good, paths: ["/a"] }))
        for (const [path, change] of [
          ["level", { level: "owner" }],
          ["paths", { level: "admin" }],
          ["paths", { paths: [] }],
          ["expiresAt", { expiresAt: past }],
          ["expiresAt", { expiresAt: "2999-01-01" }]
        ] as const) {
          yield* fails(as(owner)(sharing.change(id, change as object)), "InvalidInput", { path })
        }
      }).pipe(shared)
    )

    it.effect("that is offered grants nothing until it is accepted, and is gone when it is declined", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const { agentId, owner } = yield* ownedAgent({ a: 1 })
        const bob = user(freshId())
        const offer = as(owner)(sharing.share({ agentId, recipientId: bob.id, level: "write", needsAcceptance: true }))
        const first = yield* offer
        yield* fails(as(bob)(sharing.getSharedContext(first.id)), "ShareMissing")
        assert.isFalse(yield* as(bob)(sharing.checkAccess(agentId, "read")))
        for (const who of [owner, user(freshId())]) {
          yield* fails(as(who)(sharing.accept(first.id)), "ShareMissing")
          yield* fails(as(who)(sharing.decline(first.id)), "ShareMissing")
        }
        yield* as(bob)(sharing.decline(first.id))
        for (const end of [sharing.accept, sharing.decline]) yield* fails(as(bob)(end(first.id)), "ShareMissing")
        yield* fails(as(owner)(sharing.getShare(first.id)), "ShareMissing")
        const second = yield* offer
        yield* as(bob)(sharing.accept(second.id))
        assert.deepStrictEqual((yield* as(bob)(sharing.getSharedContext(second.id))).state, { a: 1 })
        assert.isTrue(yield* as(bob)(sharing.checkAccess(agentId, "write")))
        assert.isFalse(yield* as(bob)(sharing.checkAccess(agentId, "admin")))
        assert.isFalse(yield* as(bob)(sharing.checkAccess(`${agentId}/`, "read")))
        yield* as(bob)(sharing.decline(second.id))
        yield* fails(as(bob)(sharing.getSharedContext(second.id)), "ShareMissing")
      }).pipe(shared)
    )

    it.effect("that is revoked shows nothing from the next call on", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const { agentId, owner } = yield* ownedAgent({ a: 1 })
        const bob = user(freshId())
        const terms = { agentId, recipientId: bob.id, level: "read" } as const
        for (const content of ["live", { version: 1 }] as const) {
          const { id } = yield* as(owner)(sharing.share({ ...terms, content }))
          yield* as(bob)(sharing.getSharedContext(id))
          yield* as(owner)(sharing.revoke(id))
          yield* fails(as(bob)(sharing.getSharedContext(id)), "ShareMissing")
          yield* fails(as(owner)(sharing.revoke(id)), "ShareMissing")
        }
        assert.isEmpty(yield* notesOf(agentId))
      }).pipe(shared)
    )

    it.effect("expires to the millisecond, and can be prolonged by its owner even then", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const { agentId, owner } = yield* ownedAgent({ a: 1 })
        const bob = user(freshId())
        const expiresAt = yield* inFuture(hour)
        const { id } = yield* as(owner)(sharing.share({ agentId, recipientId: bob.id, level: "read", expiresAt }))
        const look = as(bob)(sharing.getSharedContext(id))
        const check = as(bob)(sharing.checkAccess(agentId, "read"))
        yield* later(hour / 2)(look)
        assert.isTrue(yield* later(hour / 2)(check))
        yield* fails(later(hour)(look), "ShareMissing")
        assert.isFalse(yield* later(hour)(check))
        yield* later(hour)(as(owner)(sharing.change(id, { expiresAt: new Date(expiresAt.getTime() + 2 * hour) })))
        yield* later(hour)(look)
        yield* fails(later(3 * hour)(look), "ShareMissing")
      }).pipe(shared)
    )

    it.effect("is changed with an expected revision, and by nobody who has read an older one", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const { agentId, owner } = yield* ownedAgent({ a: 1 })
        const { id } = yield* as(owner)(sharing.share({ agentId, recipientId: "bob", level: "read" }))
        const change = (expectedRevision: number, level: "read" | "write") =>
          as(owner)(sharing.change(id, { level }, { expectedRevision }))
        assert.strictEqual((yield* change(1, "write")).revision, 2)
        yield* fails(change(1, "read"), "ShareChanged", { shareId: id, expected: 1, actual: 2 })
        const tries = Array.from({ length: 6 }, () => Effect.result(change(2, "read")))
        const results = yield* Effect.all(tries, { concurrency: "unbounded" })
        assert.isAtLeast(results.filter(Result.isSuccess).length, 1)
        assert.strictEqual((yield* as(owner)(sharing.getShare(id))).revision, 3)
      }).pipe(shared)
    )
  })
}
