import { assert, describe, it } from "@effect/vitest"
import * as Pantheon from "../../layers/promise/index.ts"
import { codeOf, databases, durable, freshDirectory } from "./databases.ts"

const counted = { counted: (state: object) => ({ ...state, count: Number(Reflect.get(state, "count") ?? 0) + 1 }) }

for (const { name, open } of databases) {
  describe(`agents with promises on ${name}`, () => {
    const start = (options: Partial<Pantheon.AgentStateDeps> = {}) => {
      const stores = open()()
      return Pantheon.makeAgentStateManager({ ...options, ...stores })
    }

    it("are what was written, with every value as it was", async () => {
      await using agents = start()
      const state = {
        lastSeen: new Date("2026-01-01T00:00:00.000Z"),
        total: 12n,
        key: new Uint8Array([1, 2]),
        deep: { list: [1, null] }
      }
      const written = await agents.updateContext("a", { state, metadata: { owner: "ann" } })
      const read = await agents.getContext("a")
      assert.deepStrictEqual(read, written)
      assert.deepInclude(read, { agentId: "a", version: 1, status: "active", state, metadata: { owner: "ann" } })
      assert.strictEqual(Object.getPrototypeOf(read), Object.prototype)
    })

    it("take whole contexts as updates, and only of themselves", async () => {
      await using agents = start()
      const context = await agents.updateContext("a", { state: { one: 1 } })
      const updated = await agents.updateContext("a", { ...context, state: { ...context.state, two: 2 } })
      assert.deepInclude(updated, { version: 2, state: { one: 1, two: 2 } })
      assert.strictEqual(await codeOf(agents.updateContext("b", context)), "INVALID_INPUT")
      assert.strictEqual(await codeOf(agents.getContext("b")), "AGENT_NOT_FOUND")
    })

    it("get versions 1 to 5 from five updates at the same time", async () => {
      await using agents = start()
      const all = await Promise.all([1, 2, 3, 4, 5].map((n) => agents.updateContext("a", { state: { [`k${n}`]: n } })))
      assert.deepStrictEqual(
        all.map(({ version }) => version),
        [1, 2, 3, 4, 5]
      )
      assert.deepStrictEqual((await agents.getContext("a")).state, { k1: 1, k2: 2, k3: 3, k4: 4, k5: 5 })
    })

    it("are replaced, patched, computed and reverted, and can be read as they were", async () => {
      await using agents = start()
      await agents.setState("a", { tasks: [1, 2] })
      await agents.patchState("a", [{ op: "remove", path: "/tasks/0" }])
      await agents.modify("a", async (state) => ({ ...state, busy: true }))
      assert.deepStrictEqual((await agents.getContext("a")).state, { tasks: [2], busy: true })
      assert.deepStrictEqual((await agents.getContextAt("a", { version: 1 })).state, { tasks: [1, 2] })
      await agents.revertTo("a", 1)
      assert.deepInclude(await agents.getContext("a"), { version: 4, state: { tasks: [1, 2] } })
      assert.deepInclude(await agents.fork("a", "b", { at: 2 }), { agentId: "b", state: { tasks: [2] } })
    })

    it("are left as they are when the caller's own function throws, and the caller gets what it threw", async () => {
      await using agents = start()
      const own = new Error("no")
      const told = await agents
        .modify("a", () => {
          throw own
        })
        .catch((error: unknown) => error)
      assert.strictEqual(told, own)
      assert.strictEqual(await codeOf(agents.getContext("a")), "AGENT_NOT_FOUND")
    })

    it("fold the events of their reducers, one by one, several at once, and of several agents in one step", async () => {
      await using agents = start({ reducers: counted })
      await agents.appendEvent({ agentId: "a", type: "counted" })
      await agents.appendEvents("a", [{ type: "counted" }, { type: "counted" }])
      const together = (expected: number) =>
        agents.appendTogether([
          { agentId: "a", events: [{ type: "counted" }], expected },
          { agentId: "b", events: [{ type: "counted" }] }
        ])
      assert.strictEqual(await codeOf(together(1)), "CONFLICT")
      assert.strictEqual(await codeOf(agents.getContext("b")), "AGENT_NOT_FOUND")
      await together(3)
      assert.deepInclude(await agents.getContext("a"), { version: 4, state: { count: 4 } })
      assert.deepInclude(await agents.getContext("b"), { version: 1, state: { count: 1 } })
    })

    it("refuse a write that expected another version, and answer a repeated command once more", async () => {
      await using agents = start({ reducers: counted })
      await agents.updateContext("a", { state: { x: 1 } })
      assert.strictEqual(await codeOf(agents.updateContext("a", { state: {} }, { expected: 0 })), "CONFLICT")
      const command = { agentId: "a", type: "counted" }
      const first = await agents.appendEvent(command, { commandId: "c-1" })
      assert.deepStrictEqual(await agents.appendEvent(command, { commandId: "c-1" }), first)
      assert.strictEqual((await agents.getContext("a")).version, 2)
    })

    it("are restored from a snapshot with the events after it, or read as they were then", async () => {
      await using agents = start()
      await agents.updateContext("a", { state: { tasks: 1 } })
      const snapshot = await agents.createSnapshot("a")
      const later = await agents.updateContext("a", { state: { tasks: 2 } })
      assert.deepStrictEqual(await agents.restoreFromSnapshot(snapshot.id), later)
      assert.deepInclude(await agents.getSnapshotContext(snapshot.id), { version: 1, state: { tasks: 1 } })
      assert.strictEqual(await codeOf(agents.restoreFromSnapshot("s-9")), "SNAPSHOT_NOT_FOUND")
    })

    it("are archived, restored, deleted and purged", async () => {
      await using agents = start()
      await agents.updateContext("a", { state: { x: 1 } })
      const snapshot = await agents.createSnapshot("a")
      await agents.archiveContext("a")
      assert.strictEqual(await codeOf(agents.updateContext("a", { state: {} })), "AGENT_ARCHIVED")
      await agents.restoreContext("a")
      await agents.updateContext("a", { state: { x: 2 } })
      assert.isUndefined(await agents.deleteContext("a"))
      assert.strictEqual(await codeOf(agents.getContext("a")), "AGENT_DELETED")
      assert.strictEqual(await codeOf(agents.updateContext("a", { state: {} })), "AGENT_DELETED")
      assert.strictEqual(await agents.purge("a"), 5)
      assert.strictEqual(await codeOf(agents.getContext("a")), "AGENT_NOT_FOUND")
      assert.isNull(await agents.snapshotStore.getSnapshot(snapshot.id))
    })

    it("tell their history whole, the last of it, in pages and one by one", async () => {
      await using agents = start()
      for (let count = 1; count <= 7; count++) await agents.appendEvent({ agentId: "a", type: "counted" })
      const versions = (events: ReadonlyArray<Pantheon.ContextEvent>) => events.map(({ version }) => version)
      assert.deepStrictEqual(versions(await agents.getContextHistory("a")), [1, 2, 3, 4, 5, 6, 7])
      assert.deepStrictEqual(versions(await agents.getContextHistory("a", 2)), [6, 7])
      const page = await agents.getContextHistoryPage("a", { limit: 5 })
      assert.deepStrictEqual(versions(page.events), [1, 2, 3, 4, 5])
      const next = await agents.getContextHistoryPage("a", page.next)
      assert.deepStrictEqual(versions(next.events), [6, 7])
      assert.isUndefined(next.next)
      const seen: Array<number> = []
      for await (const { version } of agents.history("a", { from: 3 })) {
        seen.push(version)
        if (version === 5) break
      }
      assert.deepStrictEqual(seen, [3, 4, 5])
      assert.strictEqual(await codeOf(agents.getContextHistory("b")), "AGENT_NOT_FOUND")
      assert.strictEqual(await codeOf(agents.history("b").next()), "AGENT_NOT_FOUND")
    })

    it("are listed with their versions", async () => {
      await using agents = start()
      for (const agentId of ["a-1", "a-2", "b-1"]) await agents.updateContext(agentId, { state: {} })
      await agents.updateContext("a-2", { state: { x: 1 } })
      const listed: Array<string> = []
      for await (const { agentId, version } of agents.listAgents({ prefix: "a-" })) listed.push(`${agentId} ${version}`)
      assert.deepStrictEqual(listed.sort(), ["a-1 1", "a-2 2"])
    })

    it("tell what happens to them, until nobody listens", async () => {
      await using agents = start({ reducers: counted })
      await agents.appendEvent({ agentId: "a", type: "counted" })
      const counts: Array<unknown> = []
      const listening = (async () => {
        for await (const { context } of agents.changes({ agentId: "a", from: "beginning" })) {
          counts.push(context.state["count"])
          if (counts.length === 3) break
        }
      })()
      await agents.appendEvents("a", [{ type: "counted" }, { type: "counted" }])
      await listening
      assert.deepStrictEqual(counts, [1, 2, 3])
    })

    it("refuse calls after the end, which waits for those that are under way, and end whoever listens", async () => {
      const agents = start()
      const writes = [1, 2, 3].map((x) => agents.updateContext("a", { state: { x } }))
      const told = codeOf(agents.changes().next())
      await agents.close()
      assert.strictEqual((await Promise.all(writes)).at(-1)?.version, 3)
      assert.strictEqual(await told, "CLOSED")
      assert.strictEqual(await codeOf(agents.getContext("a")), "CLOSED")
      assert.strictEqual(await codeOf(agents.history("a").next()), "CLOSED")
      assert.strictEqual(await codeOf(agents.snapshotStore.getLatestSnapshot("a")), "CLOSED")
      await agents.close()
    })

    it("refuse arguments that make no sense", async () => {
      await using agents = start()
      const wrong: Array<Promise<unknown>> = [
        agents.getContext(""),
        agents.updateContext("pantheon/audit", { state: {} }),
        agents.updateContext("a", { state: { run: () => 1 } }),
        agents.getContextHistory("a", -1),
        agents.appendEvent({ agentId: "a", type: "" }),
        // @ts-expect-error it is no id
        agents.getContext(undefined),
        // @ts-expect-error it is no event
        agents.appendEvent(undefined),
        // @ts-expect-error it is no moment
        agents.getContextAt("a", 7),
        // @ts-expect-error they are no writes
        agents.appendTogether("a"),
        // @ts-expect-error the id stands in the event
        agents.appendEvent("a", { type: "a.noted" }),
        // @ts-expect-error it is no update
        agents.updateContext("a", null),
        // @ts-expect-error it belongs below `state`
        agents.updateContext("a", { busy: true })
      ]
      const codes = await Promise.all(wrong.map(codeOf))
      assert.deepStrictEqual(
        codes,
        Array.from(wrong, () => "INVALID_INPUT")
      )
    })
  })
}

for (const { name, open } of durable) {
  describe(`managers on ${name}`, () => {
    it("find after a restart what was there, dates as dates", async () => {
      const stores = open()
      const lastSeen = new Date("2026-01-01T00:00:00.000Z")
      const before = Pantheon.makeAgentStateManager({ ...stores(), snapshotInterval: 2 })
      for (const x of [1, 2, 3]) await before.updateContext("a", { state: { x, lastSeen } })
      await before.close()
      await using after = Pantheon.makeAgentStateManager(stores())
      assert.deepStrictEqual((await after.getContext("a")).state, { x: 3, lastSeen })
      assert.deepInclude(await after.snapshotStore.getLatestSnapshot("a"), { version: 2, state: { x: 2, lastSeen } })
    })

    it("take snapshots at intervals, agent by agent", async () => {
      const stores = open()
      const snapshotInterval = (agentId: string) => (agentId === "busy" ? 2 : Number.POSITIVE_INFINITY)
      const agents = Pantheon.makeAgentStateManager({ ...stores(), snapshotInterval })
      for (const agentId of ["busy", "calm"]) {
        for (const x of [1, 2]) await agents.updateContext(agentId, { state: { x } })
      }
      await agents.close()
      const { snapshotStore } = stores()
      assert.deepInclude(await snapshotStore.getLatestSnapshot("busy"), { version: 2 })
      assert.isNull(await snapshotStore.getLatestSnapshot("calm"))
    })

    it("may share their stores, which are closed with the last of them", async () => {
      const stores = open()()
      const left = Pantheon.makeAgentStateManager(stores)
      const right = Pantheon.makeAgentStateManager(stores)
      await left.updateContext("a", { state: { x: 1 } })
      await left.close()
      assert.lengthOf(await stores.eventStore.getEvents("a"), 1)
      assert.deepInclude(await right.getContext("a"), { version: 1 })
      await right.close()
      assert.strictEqual(await codeOf(stores.eventStore.getEvents("a")), "CLOSED")
    })

    it("may keep snapshots elsewhere, and purge them there", async () => {
      const snapshotStore = new Pantheon.LevelSnapshotStore({ directory: freshDirectory() })
      await using agents = Pantheon.makeAgentStateManager({ eventStore: open()().eventStore, snapshotStore })
      await agents.updateContext("a", { state: { x: 1 } })
      const { id } = await agents.createSnapshot("a")
      assert.deepInclude(await snapshotStore.getSnapshot(id), { version: 1 })
      await agents.purge("a")
      assert.isNull(await snapshotStore.getSnapshot(id))
    })
  })
}

describe("a manager is not made", () => {
  const stores = { eventStore: new Pantheon.MemoryEventStore(), snapshotStore: new Pantheon.MemorySnapshotStore() }
  const refused = (make: () => unknown): string => {
    try {
      make()
    } catch (error) {
      if (Pantheon.isPantheonError(error) && error.code === "INVALID_OPTIONS") return error.message
      throw error
    }
    return "it was made"
  }

  it("without stores, and the error says which method is missing", () => {
    // @ts-expect-error nothing is handed over
    const none = refused(() => Pantheon.makeAgentStateManager())
    assert.include(none, "eventStore and snapshotStore")
    const { eventStore } = stores
    // @ts-expect-error one is missing
    const one = refused(() => Pantheon.makeAgentStateManager({ eventStore }))
    assert.include(one, "snapshotStore")
    const half = { appendEvent: async () => {}, getEvents: async () => [] }
    // @ts-expect-error a method is missing
    const method = refused(() => Pantheon.makeAgentStateManager({ ...stores, eventStore: half }))
    assert.include(method, "a method getEvent")
  })

  it("with options that make no sense", () => {
    const intervals: ReadonlyArray<number> = [0, -1, 1.5, Number.NaN]
    for (const snapshotInterval of intervals) {
      assert.include(
        refused(() => Pantheon.makeAgentStateManager({ ...stores, snapshotInterval })),
        "snapshots.every"
      )
    }
    // @ts-expect-error a text is no interval
    refused(() => Pantheon.makeAgentStateManager({ ...stores, snapshotInterval: "100" }))
    refused(() => Pantheon.makeAgentStateManager({ ...stores, snapshotInterval: 5, snapshots: { every: 5 } }))
    refused(() => Pantheon.makeAgentStateManager({ ...stores, cachedAgents: 0 }))
  })
})
