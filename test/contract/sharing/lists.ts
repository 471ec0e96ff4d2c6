/**
 * Which shares there are, and what is counted and cleared away.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { PageOptions, Share } from "../../../src/ContextSharing.ts"
import { anonymous } from "../../../src/CurrentPrincipal.ts"
import { EventStore } from "../../../src/EventStore.ts"
import {
  Agents,
  agentWith,
  as,
  fails,
  freshId,
  hour,
  type It,
  inFuture,
  later,
  ownedAgent,
  Sharing,
  shared,
  user
} from "./support.ts"

/** Reads page after page. */
const allPages = <A, E, R>(
  read: (page: PageOptions) => Effect.Effect<ReadonlyArray<A>, E, R>,
  shareOf: (item: A) => Share,
  limit: number
) =>
  Effect.gen(function* () {
    const items: Array<A> = []
    let page: PageOptions = { limit }
    while (true) {
      const found = yield* read(page)
      items.push(...found)
      const last = found.at(-1)
      if (last === undefined || found.length < limit) return items
      page = { limit, after: shareOf(last) }
    }
  })

const idsOf = (shares: ReadonlyArray<Share>): ReadonlyArray<string> => shares.map(({ id }) => id).sort()

export const register = (it: It): void => {
  describe("a list of shares", () => {
    it.effect("comes in pages that together are the whole, for the agent, the recipient, and with what they show", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const bob = user(freshId())
        const agentId = yield* agentWith({ a: 1 })
        const paths = ["/a", "/b", "/c", "/d", "/e"]
        const ofAgent = yield* Effect.forEach(paths, (path) =>
          sharing.share({ agentId, recipientId: bob.id, level: "read", paths: [path] })
        )
        const toOthers = yield* Effect.forEach(paths, () =>
          sharing.share({ agentId, recipientId: freshId(), level: "read" })
        )
        const ofOthers = yield* Effect.forEach(paths, (_, index) =>
          Effect.flatMap(agentWith({ index }), (agentId) =>
            sharing.share({ agentId, recipientId: bob.id, level: "read" })
          )
        )
        for (const limit of [1, 2, 3, 5, 10, 100]) {
          const all = yield* allPages(
            (page) => sharing.sharesOf(agentId, page),
            (share) => share,
            limit
          )
          assert.deepStrictEqual(idsOf(all), idsOf([...ofAgent, ...toOthers]))
          const received = yield* allPages(
            (page) => as(bob)(sharing.sharesWith(bob.id, page)),
            (share) => share,
            limit
          )
          assert.deepStrictEqual(idsOf(received), idsOf([...ofAgent, ...ofOthers]))
          const contexts = yield* allPages(
            (page) => as(bob)(sharing.getSharedContexts(page)),
            ({ share }) => share,
            limit
          )
          assert.deepStrictEqual(idsOf(contexts.map(({ share }) => share)), idsOf(received))
        }
        for (const limit of [0, -1, 1.5, Number.NaN]) {
          yield* fails(sharing.sharesOf(agentId, { limit }), "InvalidInput", { path: "limit" })
        }
      }).pipe(shared)
    )

    it.effect("goes on after a share that is gone by then", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const agentId = yield* agentWith({ a: 1 })
        for (const path of ["/a", "/b", "/c"]) {
          yield* sharing.share({ agentId, recipientId: "bob", level: "read", paths: [path] })
        }
        const all = yield* sharing.sharesOf(agentId)
        const [first] = all
        assert(first !== undefined)
        yield* sharing.revoke(first.id)
        assert.deepStrictEqual(yield* sharing.sharesOf(agentId, { after: first }), all.slice(1))
      }).pipe(shared)
    )

    it.effect("tells nobody of what does not concern him", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const { agentId, owner } = yield* ownedAgent({ a: 1 })
        const [bob, eve] = [user(freshId()), user(freshId())]
        const share = yield* as(owner)(sharing.share({ agentId, recipientId: bob.id, level: "read" }))
        yield* sharing.share({ agentId, recipientId: freshId(), level: "read" })
        assert.deepStrictEqual(yield* as(owner)(sharing.sharesWith(bob.id)), [share])
        assert.deepStrictEqual(yield* as(bob)(sharing.sharesOf(agentId)), [share])
        for (const who of [
          eve,
          { ...bob, kind: "anonymous" } as const,
          user(`${bob.id}/`),
          user(bob.id.toUpperCase())
        ]) {
          assert.isEmpty(yield* as(who)(sharing.sharesWith(bob.id)))
          assert.isEmpty(yield* as(who)(sharing.sharesOf(agentId)))
          assert.isEmpty(yield* as(who)(sharing.getSharedContexts()))
        }
      }).pipe(shared)
    )

    it.effect("keeps agents and recipients apart whose ids mean something elsewhere", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const base = freshId()
        const marks = ["", "/", "%", "_", "*", "\\", "'; --", ":", "__proto__", "é", "e\u0301", "👍", "x".repeat(200)]
        const agents = yield* Agents
        for (const mark of marks) yield* agents.setState(`${base}${mark}`, { mark })
        const shares = yield* Effect.forEach(marks, (mark) =>
          sharing.share({ agentId: `${base}${mark}`, recipientId: `${base}${mark}`, level: "read" })
        )
        for (const [index, mark] of marks.entries()) {
          const recipient = as(user(`${base}${mark}`))
          const contexts = yield* recipient(sharing.getSharedContexts())
          assert.deepStrictEqual(
            contexts.map(({ share }) => share),
            [shares[index]]
          )
          assert.deepStrictEqual((yield* recipient(sharing.getSharedContext(shares[index]?.id ?? ""))).state, { mark })
          assert.lengthOf(yield* sharing.sharesOf(`${base}${mark}`), 1)
        }
      }).pipe(shared)
    )
  })

  describe("the statistics", () => {
    it.effect("count exactly what was created and received, and each share once among the active and the expired", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const agentId = yield* agentWith({ a: 1 })
        const other = yield* agentWith({ b: 1 })
        const expiresAt = yield* inFuture(hour)
        yield* sharing.share({ agentId, recipientId: "bob", level: "read" })
        yield* sharing.share({ agentId, recipientId: "eve", level: "read", expiresAt })
        yield* sharing.share({ agentId: other, recipientId: agentId, level: "read" })
        assert.deepStrictEqual(yield* sharing.statistics(agentId), { created: 2, received: 1, active: 3, expired: 0 })
        yield* sharing.share({ agentId, recipientId: agentId, level: "read" })
        yield* sharing.share({ agentId, recipientId: "dan", level: "read", needsAcceptance: true })
        const { id } = yield* sharing.share({ agentId, recipientId: "sue", level: "read" })
        yield* sharing.revoke(id)
        assert.deepStrictEqual(yield* sharing.statistics(agentId), { created: 4, received: 2, active: 4, expired: 0 })
        const late = yield* later(hour)(sharing.statistics(agentId))
        assert.deepStrictEqual(late, { created: 4, received: 2, active: 3, expired: 1 })
        assert.deepStrictEqual(yield* sharing.statistics(other), { created: 1, received: 0, active: 1, expired: 0 })
        const itself = yield* as(user(agentId))(sharing.statistics(agentId))
        assert.strictEqual(itself.received, 2)
        yield* fails(as(user(freshId()))(sharing.statistics(agentId)), "AccessDenied")
      }).pipe(shared)
    )
  })

  describe("the clean-up", () => {
    it.effect("removes what has expired, and nothing else, and gives the exact number", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const agentId = yield* agentWith({ a: 1 })
        // Only this test's clock comes to these times.
        const far = 1_000_000 * hour + Math.floor(Math.random() * 1000) * hour
        const [soon, late] = [yield* inFuture(far), yield* inFuture(far + 2 * hour)]
        const share = (path: string, more: object = {}) =>
          sharing.share({ agentId, recipientId: "bob", level: "read", paths: [path], ...more })
        yield* share("/1", { expiresAt: soon })
        const pinned = { content: { version: 1 }, expiresAt: soon }
        yield* share("/2", pinned)
        const prolonged = yield* share("/3", { expiresAt: soon })
        const kept = [yield* share("/4", { expiresAt: late }), yield* share("/5")]
        kept.push(yield* sharing.change(prolonged.id, { expiresAt: late }))
        const gone = yield* agentWith({ a: 1 })
        yield* sharing.share({ agentId: gone, recipientId: "bob", level: "read", expiresAt: soon })
        yield* (yield* Agents).deleteContext(gone)
        const atEnd = later(far + hour)
        for (const other of [anonymous, user(freshId(), "share:admin:x*", `share:admin:${agentId}`)]) {
          yield* fails(as(other)(atEnd(sharing.cleanUp)), "AccessDenied", { resource: "share", action: "admin" })
        }
        // Another clean-up of this store would take what is ours.
        const counts = yield* Effect.all([atEnd(sharing.cleanUp), atEnd(sharing.cleanUp)], { concurrency: 2 })
        const removed = counts[0] + counts[1]
        assert.isAtLeast(removed, 2)
        assert.strictEqual(yield* atEnd(sharing.cleanUp), 0)
        assert.deepStrictEqual(idsOf(yield* sharing.sharesOf(agentId)), idsOf(kept))
        assert.deepStrictEqual(yield* atEnd(sharing.statistics(agentId)), {
          created: 3,
          received: 0,
          active: 3,
          expired: 0
        })
        const left = yield* EventStore.use((store) => Stream.runCollect(store.notes(gone)))
        assert.deepStrictEqual(left.map(({ name }) => name).filter((name) => name !== "share-end").length, 0)
        const notes = yield* EventStore.use((store) => Stream.runCollect(store.notes(agentId)))
        assert.lengthOf(notes, 6)
      }).pipe(shared)
    )
  })
}
