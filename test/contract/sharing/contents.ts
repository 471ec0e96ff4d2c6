/**
 * What a share shows.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { EventStore } from "../../../src/EventStore.ts"
import { SnapshotStore } from "../../../src/SnapshotStore.ts"
import {
  Agents,
  agentWith,
  as,
  fails,
  freshId,
  type It,
  ownedAgent,
  Sharing,
  shared,
  user,
  withServices
} from "./support.ts"

/** Shares with somebody, and gives what he sees each time that it is run. */
const shareWith = (agentId: string, more: object = {}) =>
  Effect.gen(function* () {
    const sharing = yield* Sharing
    const bob = user(freshId())
    const share = yield* sharing.share({ agentId, recipientId: bob.id, level: "read", ...more })
    return { bob, share, look: as(bob)(sharing.getSharedContext(share.id)) }
  })

const odd = {
  date: new Date(5),
  big: 12n,
  bytes: new Uint8Array([1, 2]),
  list: [{ a: 1 }],
  "a/b": { "~": 1 },
  "": { "": "empty" },
  ["__proto__"]: { polluted: true },
  constructor: { deep: 1 }
}

export const register = (it: It): void => {
  describe("a share that is live", () => {
    it.effect("shows the agent as it is at each read, also to a reader in another process", () =>
      Effect.gen(function* () {
        const agents = yield* Agents
        const agentId = yield* agentWith(odd)
        const { look, share } = yield* shareWith(agentId)
        assert.deepStrictEqual(share.content, { _tag: "Live" })
        assert.deepStrictEqual((yield* look).state, (yield* agents.getContext(agentId)).state)
        const { state, updatedAt, version } = yield* agents.setState(agentId, { now: "another" })
        assert.deepStrictEqual(yield* look, { state, updatedAt, version })
        yield* EventStore.use((store) => store.append({ agentId, events: [{ type: "by.another" }] }))
        assert.strictEqual((yield* look).version, version + 1)
      }).pipe(shared)
    )

    it.effect("shows only the parts that are shared, and the way to them", () =>
      Effect.gen(function* () {
        const state = {
          profile: { name: "Ada", salary: 5, address: { city: "X" } },
          list: [1, { a: 2 }],
          other: "hush"
        }
        const cases: ReadonlyArray<readonly [ReadonlyArray<string>, object]> = [
          [["/profile"], { profile: state.profile }],
          [["/profile/name"], { profile: { name: "Ada" } }],
          [["/profile/name", "/profile/address/city"], { profile: { name: "Ada", address: { city: "X" } } }],
          [["/profile", "/profile/name"], { profile: state.profile }],
          [["/profile/none"], { profile: {} }],
          [["/none/at/all"], {}],
          [["/list"], { list: state.list }],
          [["/list/0"], {}],
          [["/list/1/a"], {}],
          [["/other/length"], {}],
          [["/__proto__"], {}],
          [["/toString"], {}],
          [["/profile/constructor"], { profile: {} }]
        ]
        const agentId = yield* agentWith(state)
        for (const [paths, expected] of cases) {
          const { look } = yield* shareWith(agentId, { paths })
          assert.deepStrictEqual((yield* look).state, expected, paths.join(" "))
        }
        const oddAgent = yield* agentWith(odd)
        const { look } = yield* shareWith(oddAgent, {
          paths: ["/a~1b/~0", "//", "/__proto__/polluted", "/constructor", "/date", "/bytes", "/big"]
        })
        const { list: _, ...shown } = odd
        assert.deepStrictEqual((yield* look).state, shown)
        assert.isUndefined(Reflect.get({}, "polluted"))
      }).pipe(shared)
    )

    it.effect(
      "is over once the agent is deleted or purged, also for its owner, and does not come back with the id",
      () =>
        Effect.gen(function* () {
          const sharing = yield* Sharing
          const agents = yield* Agents
          for (const end of ["delete", "purge"] as const) {
            const { agentId, owner } = yield* ownedAgent({ a: 1 })
            const bob = user(freshId())
            const terms = { agentId, recipientId: bob.id, level: "read" } as const
            const live = yield* as(owner)(sharing.share(terms))
            const pinned = yield* as(owner)(sharing.share({ ...terms, content: { version: 1 } }))
            yield* end === "delete" ? agents.deleteContext(agentId) : agents.purge(agentId)
            const check = Effect.gen(function* () {
              for (const { id } of [live, pinned]) {
                yield* fails(as(bob)(sharing.getSharedContext(id)), "ShareMissing")
                for (const who of [bob, owner]) yield* fails(as(who)(sharing.getShare(id)), "ShareMissing")
                yield* fails(as(owner)(sharing.revoke(id)), "ShareMissing")
                yield* fails(as(owner)(sharing.change(id, { expiresAt: null })), "ShareMissing")
              }
              assert.isEmpty(yield* as(bob)(sharing.getSharedContexts()))
              assert.isEmpty(yield* as(bob)(sharing.sharesWith(bob.id)))
              assert.isEmpty(yield* as(owner)(sharing.sharesOf(agentId)))
              assert.deepStrictEqual(yield* sharing.statistics(agentId), {
                created: 0,
                received: 0,
                active: 0,
                expired: 0
              })
            })
            yield* check
            const again = as(owner)(sharing.share({ agentId, recipientId: freshId(), level: "read" }))
            yield* fails(again, end === "delete" ? "AgentDeleted" : "AgentMissing")
            if (end === "delete") yield* agents.purge(agentId)
            yield* agents.setState(agentId, { a: "another" })
            yield* check
          }
        }).pipe(shared)
    )

    it.effect("shows an archived agent, which can be shared too, and lets nobody write it", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const agents = yield* Agents
        const agentId = yield* agentWith({ a: 1 })
        yield* agents.archive(agentId)
        const { bob, look, share } = yield* shareWith(agentId, { level: "write" })
        assert.deepStrictEqual((yield* look).state, { a: 1 })
        yield* fails(as(bob)(sharing.updateContext(share.id, { state: { a: 2 } })), "AgentArchived")
        yield* sharing.revoke(share.id)
        assert.strictEqual((yield* agents.getContext(agentId)).status, "archived")
        yield* fails(look, "ShareMissing")
      }).pipe(shared)
    )

    it.effect("needs an agent", () =>
      Effect.gen(function* () {
        yield* fails(shareWith(freshId()), "AgentMissing")
        yield* fails(shareWith(freshId(), { content: { version: 1 } }), "AgentMissing")
        yield* fails(shareWith(freshId(), { content: { snapshotId: freshId() } }), "SnapshotMissing")
      }).pipe(shared)
    )
  })

  describe("a share that is pinned", () => {
    it.effect("shows the version that was shared, whatever becomes of the agent, its events and its snapshots", () =>
      Effect.gen(function* () {
        const agents = yield* Agents
        const agentId = yield* agentWith(odd)
        yield* agents.updateContext(agentId, { state: { a: 2 } })
        const { id: snapshotId, version } = yield* agents.createSnapshot(agentId)
        const then = yield* agents.getContext(agentId)
        yield* agents.updateContext(agentId, { state: { a: 3 } })
        const first = yield* shareWith(agentId, { content: { version: 1 } })
        const second = yield* shareWith(agentId, { content: { snapshotId } })
        const part = yield* shareWith(agentId, { content: { version }, paths: ["/a"] })
        assert.deepStrictEqual(second.share.content, { _tag: "Pinned", version })
        const check = Effect.gen(function* () {
          assert.deepStrictEqual((yield* first.look).state, odd)
          assert.strictEqual((yield* first.look).version, 1)
          const { state, updatedAt } = then
          assert.deepStrictEqual(yield* second.look, { state, updatedAt, version })
          assert.deepStrictEqual((yield* part.look).state, { a: 2 })
        })
        yield* check
        yield* agents.createSnapshot(agentId)
        yield* EventStore.use((store) => store.deleteEvents(agentId, 5))
        yield* SnapshotStore.use((store) => store.deleteAll(agentId, { maxVersion: 4 }))
        yield* agents.archive(agentId)
        yield* check
      }).pipe(shared)
    )

    it.effect("is of the agent that is named: not of another's snapshot, nor of a version that is not there", () =>
      Effect.gen(function* () {
        const agents = yield* Agents
        const [agentId, other] = [yield* agentWith({ a: 1 }), yield* agentWith({ hush: 1 })]
        const { id: snapshotId } = yield* agents.createSnapshot(other)
        yield* fails(shareWith(agentId, { content: { snapshotId } }), "SnapshotMissing")
        yield* fails(shareWith(agentId, { content: { version: 2 } }), "VersionMissing")
      }).pipe(shared)
    )

    it.effect("can be read only", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const agentId = yield* agentWith({ a: 1 })
        for (const level of ["write", "admin"]) {
          yield* fails(shareWith(agentId, { content: { version: 1 }, level }), "InvalidInput", { path: "level" })
        }
        const { bob, share } = yield* shareWith(agentId, { content: { version: 1 } })
        yield* fails(sharing.change(share.id, { level: "write" }), "InvalidInput", { path: "level" })
        yield* fails(as(bob)(sharing.updateContext(share.id, { state: { a: 2 } })), "ShareMissing")
      }).pipe(shared)
    )
  })

  describe("what is shared with somebody", () => {
    it.effect("is told of every agent that can be read, and why one cannot", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const bob = user(freshId())
        const good = yield* agentWith({ a: 1 })
        const bad = freshId()
        // What another program has written, which this one cannot fold.
        const event = { type: "context.replaced", data: { state: "none" } }
        yield* EventStore.use((store) => store.append({ agentId: bad, events: [event] }))
        for (const agentId of [good, bad]) yield* sharing.share({ agentId, recipientId: bob.id, level: "read" })
        const told = yield* as(bob)(sharing.getSharedContexts())
        const states = told.map(({ content, share }) => [
          share.agentId,
          Result.isSuccess(content) ? content.success.state : content.failure._tag
        ])
        assert.sameDeepMembers(states, [
          [good, { a: 1 }],
          [bad, "Corrupted"]
        ])
      }).pipe(withServices({ cachedAgents: 1 }))
    )
  })
}
