import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Pantheon from "../../layers/promise/index.ts"
import { closed, codeOf, databases } from "./databases.ts"

for (const { name, open } of databases) {
  describe(`metadata with promises on ${name}`, () => {
    const start = async () => {
      const agents = closed(Pantheon.makeAgentStateManager(open()()))
      for (const agentId of ["a", "b"]) await agents.updateContext(agentId, { state: {} })
      return { agents, metadata: closed(new Pantheon.ContextMetadataService(agents)) }
    }
    const mood = { agentId: "a", contextKey: "mood", contextValue: { is: "curious", since: new Date(0) } }

    it("are set, read, changed and deleted", async () => {
      const { metadata } = await start()
      const set = await metadata.setMetadata({ ...mood, contextType: "feeling" })
      assert.deepInclude(set, { ...mood, contextType: "feeling", visibility: "private", owner: "a", version: 1 })
      assert.deepStrictEqual(await metadata.getMetadata("a", "mood"), set)
      assert.deepStrictEqual(await metadata.getMetadata("a"), [set])
      const updated = await metadata.updateMetadata("a", "mood", "sure", { expectedVersion: 1 })
      assert.deepInclude(updated, { id: set.id, contextValue: "sure", contextType: "feeling", version: 2 })
      assert.strictEqual(
        await codeOf(metadata.updateMetadata("a", "mood", "glad", { expectedVersion: 1 })),
        "METADATA_CHANGED"
      )
      await metadata.deleteMetadata("a", "mood")
      assert.isNull(await metadata.getMetadata("a", "mood"))
      assert.deepStrictEqual(await metadata.getMetadata("a"), [])
      assert.strictEqual(await codeOf(metadata.deleteMetadata("a", "mood")), "METADATA_NOT_FOUND")
      assert.strictEqual(await codeOf(metadata.updateMetadata("a", "mood", 1)), "METADATA_NOT_FOUND")
    })

    it("are seen by those whom their visibility names", async () => {
      const { agents, metadata } = await start()
      const set = (contextKey: string, visibility: Pantheon.ContextVisibility) =>
        metadata.setMetadata({ ...mood, contextKey, visibility })
      await Promise.all([set("mine", "private"), set("ours", "shared"), set("all", "public")])
      const seenBy = async (...[requestingAgentId]: [requestingAgentId?: string]) => {
        const asking = requestingAgentId === undefined ? {} : { requestingAgentId }
        const entries = await metadata.queryMetadata({ agentId: "a", ...asking })
        return entries.map(({ contextKey }) => contextKey).sort()
      }
      assert.deepStrictEqual(await seenBy(), ["all", "mine", "ours"])
      assert.deepStrictEqual(await seenBy("b"), ["all"])
      assert.isNull(await metadata.getMetadata("a", "ours", { requestingAgentId: "b" }))
      await using sharing = new Pantheon.ContextSharingService(agents)
      const { id } = await sharing.shareContext({ sourceAgentId: "a", targetAgentId: "b" })
      assert.deepStrictEqual(await seenBy("b"), ["all", "ours"])
      assert.strictEqual(
        await codeOf(metadata.updateMetadata("a", "ours", 1, { requestingAgentId: "b" })),
        "ACCESS_DENIED"
      )
      await sharing.revokeShare(id)
      assert.deepStrictEqual(await seenBy("b"), ["all"])
    })

    it("are found by type, key, value and page, of one agent or of all", async () => {
      const { metadata } = await start()
      for (const agentId of ["a", "b"]) {
        for (const topic of ["tea", "ink"]) {
          const entry = { agentId, contextKey: `topic:${topic}`, contextValue: { topic }, contextType: "topic" }
          await metadata.setMetadata(entry)
        }
      }
      await metadata.setMetadata(mood)
      const count = async (query: Pantheon.ContextQuery) => (await metadata.queryMetadata(query)).length
      assert.strictEqual(await count({}), 5)
      assert.strictEqual(await count({ contextType: "topic" }), 4)
      assert.strictEqual(await count({ agentId: "a", keyPattern: "topic:*" }), 2)
      assert.strictEqual(await count({ contextValue: { topic: "tea" } }), 2)
      const [first] = await metadata.queryMetadata({ agentId: "a", limit: 1 })
      assert.strictEqual(await count({ agentId: "a", after: first }), 2)
    })
  })
}

describe("a metadata service", () => {
  it("takes nobody for somebody: a name that is undefined is refused", async () => {
    await using metadata = new Pantheon.ContextMetadataService({
      eventStore: new Pantheon.MemoryEventStore(),
      snapshotStore: new Pantheon.MemorySnapshotStore()
    })
    const asking = Object({ requestingAgentId: undefined })
    const calls = [
      metadata.getMetadata("a", "k", asking),
      metadata.queryMetadata(asking),
      metadata.queryMetadata(Object({ agentId: undefined })),
      metadata.setMetadata({ agentId: "a", contextKey: "k", contextValue: 1, ...asking }),
      metadata.updateMetadata("a", "k", 1, asking),
      metadata.deleteMetadata("a", "k", asking)
    ]
    for (const call of calls) assert.strictEqual(await codeOf(call), "INVALID_INPUT")
  })

  it("refuses what breaks a rule, agents that there are not, and calls once it is closed", async () => {
    const metadata = new Pantheon.ContextMetadataService({
      eventStore: new Pantheon.MemoryEventStore(),
      snapshotStore: new Pantheon.MemorySnapshotStore()
    })
    const entry = { agentId: "a", contextKey: "k", contextValue: 1 }
    assert.strictEqual(await codeOf(metadata.setMetadata(entry)), "AGENT_NOT_FOUND")
    assert.strictEqual(await codeOf(metadata.setMetadata({ ...entry, contextKey: "" })), "INVALID_INPUT")
    assert.strictEqual(await codeOf(metadata.setMetadata({ ...entry, contextValue: () => 1 })), "INVALID_INPUT")
    assert.strictEqual(await codeOf(metadata.queryMetadata({ keyPattern: "*a*" })), "INVALID_INPUT")
    assert.strictEqual(await metadata.cleanupExpired(), 0)
    await metadata.close()
    assert.strictEqual(await codeOf(metadata.getMetadata("a", "k")), "CLOSED")
  })

  it("has the types that callers rely on", () => {
    const metadata = {} as Pantheon.ContextMetadataService
    const one = () => metadata.getMetadata("a", "k")
    const all = () => metadata.getMetadata("a")
    expectTypeOf(one).returns.resolves.toEqualTypeOf<Pantheon.ContextMetadata | null>()
    expectTypeOf(all).returns.resolves.items.toEqualTypeOf<Pantheon.ContextMetadata>()
  })
})
