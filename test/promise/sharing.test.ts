import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Pantheon from "../../layers/promise/index.ts"
import { closed, codeOf, databases } from "./databases.ts"

for (const { name, open } of databases) {
  describe(`sharing with promises on ${name}`, () => {
    const start = async () => {
      const agents = closed(Pantheon.makeAgentStateManager(open()()))
      await agents.updateContext("source", { state: { mood: "curious", profile: { name: "Ann", age: 7 } } })
      return { agents, sharing: closed(new Pantheon.ContextSharingService(agents)) }
    }
    const share = { sourceAgentId: "source", targetAgentId: "target" }

    it("shows the target what is shared, as it is, until the share is revoked", async () => {
      const { agents, sharing } = await start()
      const { id, ...made } = await sharing.shareContext(share)
      assert.deepInclude(made, { ...share, shareType: "read", createdBy: "source", status: "accepted" })
      await agents.updateContext("source", { state: { mood: "sure" } })
      const [shared] = await sharing.getSharedContexts("target")
      assert.strictEqual(shared?.context?.state["mood"], "sure")
      assert.isNull(shared?.error)
      assert.deepStrictEqual(await sharing.getSharedContexts("stranger"), [])
      assert.isTrue(await sharing.checkShareAccess("target", "source"))
      assert.isFalse(await sharing.checkShareAccess("target", "source", "write"))
      assert.isFalse(await sharing.checkShareAccess("stranger", "source"))
      await sharing.revokeShare(id, "source")
      assert.deepStrictEqual(await sharing.getSharedContexts("target"), [])
      assert.isFalse(await sharing.checkShareAccess("target", "source"))
      assert.strictEqual(await codeOf(sharing.getSharedContext(id, "target")), "SHARE_NOT_FOUND")
    })

    it("pins what is shared to a version or a snapshot", async () => {
      const { agents, sharing } = await start()
      const { id: contextSnapshotId } = await agents.createSnapshot("source")
      await agents.updateContext("source", { state: { mood: "sure" } })
      const bySnapshot = await sharing.shareContext({ ...share, contextSnapshotId })
      const byVersion = await sharing.shareContext({ ...share, targetAgentId: "other", version: 1 })
      assert.strictEqual(bySnapshot.version, 1)
      assert.strictEqual((await sharing.getSharedContext(bySnapshot.id, "target")).state["mood"], "curious")
      assert.strictEqual((await sharing.getSharedContext(byVersion.id, "other")).state["mood"], "curious")
      const unknown = { ...share, targetAgentId: "third", contextSnapshotId: "none" }
      assert.strictEqual(await codeOf(sharing.shareContext(unknown)), "SNAPSHOT_NOT_FOUND")
    })

    it("lets the target write what is shared with it, and nothing else", async () => {
      const { agents, sharing } = await start()
      const { id } = await sharing.shareContext({ ...share, shareType: "write", paths: ["/profile"] })
      await sharing.patchSharedContext(id, [{ op: "replace", path: "/profile/age", value: 8 }], "target")
      assert.deepStrictEqual((await agents.getContext("source")).state["profile"], { name: "Ann", age: 8 })
      assert.strictEqual(
        await codeOf(sharing.patchSharedContext(id, [{ op: "remove", path: "/mood" }], "target")),
        "INVALID_INPUT"
      )
      assert.strictEqual(
        await codeOf(sharing.updateSharedContext(id, { state: { profile: {} } }, "stranger")),
        "SHARE_NOT_FOUND"
      )
    })

    it("leaves a share to its owner: the target neither raises nor revokes it", async () => {
      const { sharing } = await start()
      const { id } = await sharing.shareContext(share)
      const raise = { shareType: "admin" as const }
      assert.strictEqual(await codeOf(sharing.updateSharePermissions(id, raise, "target")), "SHARE_NOT_FOUND")
      assert.strictEqual(await codeOf(sharing.revokeShare(id, "target")), "SHARE_NOT_FOUND")
      const changed = await sharing.updateSharePermissions(id, { shareType: "write" }, "source")
      assert.deepInclude(changed, { shareType: "write", permissions: { canView: true, canEdit: true }, revision: 2 })
      assert.strictEqual(
        await codeOf(sharing.updateSharePermissions(id, { shareType: "read", expectedRevision: 1 }, "source")),
        "SHARE_CHANGED"
      )
      assert.deepStrictEqual(await sharing.getShare(id, "target"), changed)
      assert.strictEqual(await codeOf(sharing.getShare(id, "stranger")), "SHARE_NOT_FOUND")
      assert.deepStrictEqual(await sharing.getSharesForAgent("source"), [changed])
      await sharing.revokeShare(id)
      assert.deepStrictEqual(await sharing.getSharesForAgent("source"), [])
    })

    it("offers a share that the target accepts or declines", async () => {
      const { sharing } = await start()
      const offer = { ...share, needsAcceptance: true }
      const { id, status } = await sharing.shareContext(offer)
      assert.strictEqual(status, "offered")
      assert.isFalse(await sharing.checkShareAccess("target", "source"))
      await sharing.acceptShare(id, "target")
      assert.isTrue(await sharing.checkShareAccess("target", "source"))
      await sharing.declineShare(id, "target")
      assert.isFalse(await sharing.checkShareAccess("target", "source"))
      assert.strictEqual((await sharing.shareContext(offer)).revision, 1)
    })

    it("counts shares, and refuses a second one that is the same", async () => {
      const { sharing } = await start()
      await sharing.shareContext(share)
      assert.strictEqual(await codeOf(sharing.shareContext(share)), "SHARE_EXISTS")
      const counts = { created: 1, received: 0, active: 1, expired: 0 }
      assert.deepStrictEqual(await sharing.getShareStatistics("source"), counts)
      assert.strictEqual(await sharing.cleanupExpiredShares(), 0)
    })
  })
}

describe("a sharing service", () => {
  const stores = () => ({
    eventStore: new Pantheon.MemoryEventStore(),
    snapshotStore: new Pantheon.MemorySnapshotStore()
  })

  it("refuses permissions that contradict the kind of share, and those that it does not know", async () => {
    await using agents = Pantheon.makeAgentStateManager(stores())
    await agents.updateContext("source", { state: {} })
    await using sharing = new Pantheon.ContextSharingService(agents)
    const share = { sourceAgentId: "source", targetAgentId: "target" }
    const wrong = [
      { ...share, permissions: { canEdit: true } },
      { ...share, shareType: "write" as const, permissions: { canEdit: false } },
      { ...share, permissions: { canView: false } },
      { ...share, permissions: { canExport: true } },
      { ...share, version: 1, contextSnapshotId: "x" },
      { ...share, expiresAt: new Date(0) },
      { ...share, targetAgentId: "source" },
      { ...share, sourceAgentId: "" }
    ]
    for (const given of wrong) assert.strictEqual(await codeOf(sharing.shareContext(given)), "INVALID_INPUT")
    const unknown = { ...share, sourceAgentId: "nobody" }
    assert.strictEqual(await codeOf(sharing.shareContext(unknown)), "AGENT_NOT_FOUND")
  })

  it("lives on two stores as well, refuses what is neither, and is closed once", async () => {
    const pair = stores()
    const agents = Pantheon.makeAgentStateManager(pair)
    await agents.updateContext("source", { state: {} })
    const sharing = new Pantheon.ContextSharingService(pair)
    const { id } = await sharing.shareContext({ sourceAgentId: "source", targetAgentId: "target" })
    await agents.close()
    assert.strictEqual((await sharing.getShare(id)).id, id)
    await Promise.all([sharing.close(), sharing.close()])
    assert.strictEqual(await codeOf(sharing.getShare(id)), "CLOSED")
    for (const home of [undefined, null, 1, {}]) {
      assert.throws(() => Reflect.construct(Pantheon.ContextSharingService, [home]), /ContextSharingService|makeAgent/)
    }
  })

  it("takes nobody for somebody: a name that is undefined is refused", async () => {
    await using sharing = new Pantheon.ContextSharingService(stores())
    for (const [method, ...args] of [
      ["checkShareAccess", undefined, "source"],
      ["getSharedContexts", undefined],
      ["revokeShare", "s", undefined],
      ["getShare", "s", undefined],
      ["updateSharedContext", "s", { state: {} }, undefined],
      ["acceptShare", "s", ""]
    ] as const) {
      assert.strictEqual(await codeOf(Reflect.apply(sharing[method], sharing, args)), "INVALID_INPUT", method)
    }
  })

  it("refuses to write to stores that cannot keep what stands beside events", async () => {
    const rows: Array<Pantheon.ContextEvent> = []
    const eventStore = {
      appendEvent: async (event: Pantheon.ContextEvent) => rows.push(event),
      getEvents: async (agentId: string) => rows.filter((row) => row.agentId === agentId),
      getEvent: async (id: string) => rows.find((row) => row.id === id)
    }
    const snapshotStore = {
      saveSnapshot: async () => {},
      getLatestSnapshot: async () => null,
      getSnapshot: async () => null
    }
    await using agents = Pantheon.makeAgentStateManager({ eventStore, snapshotStore })
    await agents.updateContext("source", { state: {} })
    await using sharing = new Pantheon.ContextSharingService(agents)
    await using metadata = new Pantheon.ContextMetadataService(agents)
    const share = sharing.shareContext({ sourceAgentId: "source", targetAgentId: "target" })
    assert.strictEqual(await codeOf(share), "REFUSED")
    const entry = metadata.setMetadata({ agentId: "source", contextKey: "k", contextValue: 1 })
    assert.strictEqual(await codeOf(entry), "REFUSED")
    assert.lengthOf(rows, 1)
  })

  it("has the types that callers rely on", () => {
    type Service = Pantheon.ContextSharingService
    expectTypeOf<Service["shareContext"]>().returns.resolves.toEqualTypeOf<Pantheon.ContextShare>()
    expectTypeOf<Service["getSharedContexts"]>().returns.resolves.items.toEqualTypeOf<Pantheon.SharedAgentContext>()
    expectTypeOf<Pantheon.ShareType>().toEqualTypeOf<"read" | "write" | "admin">()
  })
})
