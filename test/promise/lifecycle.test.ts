import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Pantheon from "../../layers/promise/index.ts"
import { closed, codeOf, databases } from "./databases.ts"

for (const { name, open } of databases) {
  describe(`the lifecycle with promises on ${name}`, () => {
    const start = () => {
      const agents = closed(Pantheon.makeAgentStateManager(open()()))
      return { agents, lifecycle: closed(new Pantheon.ContextLifecycleManager(agents)) }
    }

    it("creates a context once, also an empty one", async () => {
      const { agents, lifecycle } = start()
      const created = await lifecycle.createContext("a")
      assert.deepStrictEqual(await agents.getContext("a"), created)
      assert.strictEqual(await codeOf(lifecycle.createContext("a", { more: 1 })), "CONTEXT_EXISTS")
    })

    it("archives, restores, deletes and purges", async () => {
      const { agents, lifecycle } = start()
      await lifecycle.createContext("a", { tasks: 1 })
      await lifecycle.archiveContext("a")
      assert.strictEqual(await codeOf(agents.updateContext("a", { state: {} })), "AGENT_ARCHIVED")
      await lifecycle.restoreContext("a")
      await agents.updateContext("a", { state: { tasks: 2 } })
      await lifecycle.deleteContext("a")
      await lifecycle.deleteContext("a")
      assert.strictEqual(await codeOf(agents.getContext("a")), "AGENT_DELETED")
      assert.strictEqual(await lifecycle.purgeContext("a"), 5)
      assert.strictEqual(await codeOf(agents.getContext("a")), "AGENT_NOT_FOUND")
      assert.strictEqual((await lifecycle.createContext("a")).status, "active")
    })

    it("counts one context and all", async () => {
      const { agents, lifecycle } = start()
      await lifecycle.createContext("a", { text: "grün" })
      await agents.createSnapshot("a")
      await lifecycle.createContext("b")
      assert.deepInclude(await lifecycle.getContextStatistics("a"), {
        totalEvents: 1,
        totalSnapshots: 1,
        contextSize: new TextEncoder().encode(JSON.stringify({ text: "grün" })).length
      })
      assert.deepInclude(await lifecycle.getSystemStatistics(), { totalContexts: 2, activeContexts: 2, totalEvents: 2 })
      assert.strictEqual(await codeOf(lifecycle.getContextStatistics("c")), "AGENT_NOT_FOUND")
    })

    it("exports a context and imports it as another agent, which does not touch the first", async () => {
      const { agents, lifecycle } = start()
      const context = await lifecycle.createContext("a", { since: new Date(0) })
      await agents.updateContext("a", { state: { tasks: 1 } })
      const imported = await lifecycle.importContext("b", lifecycle.exportContext("a"))
      assert.deepInclude(imported, { agentId: "b", version: 2, state: { since: new Date(0), tasks: 1 } })
      assert.deepInclude(await agents.getContext("a"), { id: context.id, version: 2 })
      let text = ""
      for await (const line of lifecycle.exportContext("a")) text += line
      assert.deepInclude(await lifecycle.importContext("c", text), { agentId: "c", version: 2 })
      assert.strictEqual(await codeOf(lifecycle.importContext("d", text.slice(0, -20))), "IMPORT_REFUSED")
      assert.strictEqual(await codeOf(agents.getContext("d")), "AGENT_NOT_FOUND")
      assert.strictEqual(await codeOf(lifecycle.exportContext("none").next()), "AGENT_NOT_FOUND")
    })

    it("says whether a context is sound", async () => {
      const { lifecycle } = start()
      await lifecycle.createContext("a")
      const sound = { isValid: true, issues: [], findings: [] }
      assert.deepStrictEqual(await lifecycle.validateContextIntegrity("a"), sound)
      const missing = await lifecycle.validateContextIntegrity("b")
      assert.isFalse(missing.isValid)
      assert.deepStrictEqual(missing.issues, ["the context does not exist"])
    })

    it("ends what has expired, and counts it", async () => {
      const { agents, lifecycle } = start()
      await lifecycle.createContext("old", {}, { expiresAt: new Date(Date.now() - 1000) })
      await lifecycle.createContext("kept")
      await lifecycle.setExpiry("kept", new Date(Date.now() - 1000))
      await lifecycle.setExpiry("kept", null)
      assert.deepInclude(await lifecycle.cleanupExpiredContexts(), { contexts: 1, metadata: 0, shares: 0 })
      assert.strictEqual(await codeOf(agents.getContext("old")), "AGENT_DELETED")
      assert.strictEqual((await agents.getContext("kept")).status, "active")
    })
  })
}

describe("a lifecycle manager", () => {
  const stores = () => ({
    eventStore: new Pantheon.MemoryEventStore(),
    snapshotStore: new Pantheon.MemorySnapshotStore()
  })

  it("gives back what the pieces of an import are rejected with", async () => {
    await using lifecycle = new Pantheon.ContextLifecycleManager(stores())
    const own = new Error("the disk is gone")
    const pieces = async function* () {
      yield "{"
      throw own
    }
    const found = await lifecycle.importContext("a", pieces()).catch((error: unknown) => error)
    assert.strictEqual(found, own)
  })

  it("refuses calls once it is closed, and leaves the manager open", async () => {
    await using agents = Pantheon.makeAgentStateManager(stores())
    const lifecycle = new Pantheon.ContextLifecycleManager(agents, new Pantheon.ContextMetadataService(agents))
    await lifecycle.createContext("a")
    await lifecycle.close()
    assert.strictEqual(await codeOf(lifecycle.createContext("b")), "CLOSED")
    assert.strictEqual(await codeOf(lifecycle.exportContext("a").next()), "CLOSED")
    assert.strictEqual((await agents.getContext("a")).version, 1)
  })

  it("says what is no home of agents", () => {
    for (const home of [undefined, "x", { eventStore: {} }]) {
      const make = () => Reflect.construct(Pantheon.ContextLifecycleManager, [home])
      assert.throws(make, Pantheon.PantheonError)
    }
  })

  it("has the types that callers rely on", () => {
    type Manager = Pantheon.ContextLifecycleManager
    expectTypeOf<Manager["createContext"]>().returns.resolves.toEqualTypeOf<Pantheon.AgentContext>()
    expectTypeOf<Manager["exportContext"]>().returns.toExtend<AsyncIterable<string>>()
    expectTypeOf(Pantheon.DefaultContextManager).instance.toExtend<Pantheon.AgentStateManager>()
  })
})
