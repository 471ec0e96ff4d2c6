import { assert, describe, it } from "@effect/vitest"
import { vi } from "vitest"
import * as Pantheon from "../../../layers/promise/index.ts"
import { durable } from "../databases.ts"
import { places } from "./databases.ts"
import { run } from "./run.ts"

interface Pasted {
  readonly updateWithSnapshot: (agentId: string, updates: object) => Promise<unknown>
  readonly getOptimizedContext: (agentId: string) => Promise<object>
  readonly coordinateAgents: (coordinatorId: string, agentIds: ReadonlyArray<string>, task: object) => Promise<void>
  readonly addEvent: (event: Pantheon.NewAgentEvent) => Promise<void>
  readonly flush: () => Promise<void>
}

const made = (pasted: unknown, options: ReadonlyArray<unknown>): Pasted =>
  Reflect.construct(Object(pasted), options) as Pasted

for (const { name, open } of durable) {
  describe(`what users have pasted about agents, on ${name}`, () => {
    const start = () => {
      const stores = open()()
      return { ...stores, stateManager: Pantheon.makeAgentStateManager(stores) }
    }

    it("reads a context", async () => {
      const { stateManager } = start()
      await stateManager.updateContext("agent-123", { state: { status: "idle" } })
      const log = vi.spyOn(console, "log").mockImplementation(() => {})
      const { context } = await run("manager/get-context", { names: { stateManager }, gives: ["context"] })
      assert.deepStrictEqual(log.mock.calls, [[{ status: "idle" }], [1]])
      log.mockRestore()
      assert.deepStrictEqual(context, await stateManager.getContext("agent-123"))
    })

    it("updates a context", async () => {
      const { stateManager } = start()
      const context = await stateManager.updateContext("agent-123", { state: { status: "idle", tasks: 2 } })
      const names = { stateManager, context }
      const { updated } = await run("manager/update-context", { names, gives: ["updated"] })
      assert.deepInclude(updated, {
        version: 2,
        state: { status: "processing", tasks: 2, currentTask: "data-analysis" }
      })
      assert.deepStrictEqual(await stateManager.getContext("agent-123"), updated)
    })

    it("appends an event", async () => {
      const { eventStore, stateManager } = start()
      const { event } = await run("manager/append-event", { names: { stateManager }, gives: ["event"] })
      assert.deepInclude(event, { type: "task.completed", metadata: { source: "worker-pool", priority: "high" } })
      assert.deepStrictEqual(await eventStore.getEvents("agent-123"), [event])
    })

    it("manages snapshots", async () => {
      const { stateManager } = start()
      const context = await stateManager.updateContext("agent-123", { state: { tasks: 1 } })
      const gives = ["snapshot", "restored", "history"]
      const { history, restored, snapshot } = await run("manager/snapshots", { names: { stateManager }, gives })
      assert.deepInclude(snapshot, { agentId: "agent-123", version: 1, state: { tasks: 1 } })
      assert.deepStrictEqual(restored, context)
      assert.deepStrictEqual(history, await stateManager.getContextHistory("agent-123"))
    })

    it("sees after each update whether a snapshot is due, and restores from it with the events after it", async () => {
      const { snapshotStore, stateManager } = start()
      const { OptimizedStateManager } = await run("patterns/snapshots", { gives: ["OptimizedStateManager"] })
      const optimized = made(OptimizedStateManager, [stateManager, 2])
      for (const tasks of [1, 2, 3]) await optimized.updateWithSnapshot("agent-123", { state: { tasks } })
      assert.deepInclude(await snapshotStore.getLatestSnapshot("agent-123"), { version: 2, state: { tasks: 2 } })
      assert.deepInclude(await optimized.getOptimizedContext("agent-123"), { version: 3, state: { tasks: 3 } })
    })

    it("coordinates several agents", async () => {
      const { stateManager } = start()
      const { CoordinatorState } = await run("patterns/coordination", { gives: ["CoordinatorState"] })
      const coordinator = made(CoordinatorState, [stateManager])
      await coordinator.coordinateAgents("lead", ["a", "b"], { job: "sort", due: new Date(0) })
      for (const agentId of ["a", "b"]) {
        const { state } = await stateManager.getContext(agentId)
        assert.deepStrictEqual(state, {
          coordinationId: "lead",
          task: { job: "sort", due: new Date(0) },
          status: "coordinated"
        })
      }
      const [started] = await stateManager.getContextHistory("lead")
      assert.strictEqual(started?.type, "coordination.started")
    })

    it("chooses an interval of snapshots", async () => {
      const { eventStore, snapshotStore } = start()
      const packages = { "@promethean-os/pantheon-state": Pantheon }
      const text = "import { makeAgentStateManager } from '@promethean-os/pantheon-state';\nconst stateManager"
      const { config, stateManager } = await run("patterns/snapshot-strategy", {
        packages,
        names: { eventStore, snapshotStore },
        instead: [["const stateManager", text]],
        gives: ["config", "stateManager"]
      })
      assert.deepInclude(config, { highVolume: { snapshotInterval: 50 } })
      assert.instanceOf(stateManager, Pantheon.StateManager)
      for (let count = 1; count <= 100; count++) await stateManager.appendEvent({ agentId: "a", type: "counted" })
      await stateManager.close()
    })

    it("appends events in batches, in their order", async () => {
      const { stateManager } = start()
      const { BatchEventProcessor } = await run("patterns/batching", { gives: ["BatchEventProcessor"] })
      const processor = made(BatchEventProcessor, [stateManager])
      for (let number = 0; number < 25; number++) {
        await processor.addEvent({ agentId: "a", type: "numbered", data: { number } })
      }
      assert.lengthOf(await stateManager.getContextHistory("a"), 20)
      await processor.flush()
      const history = await stateManager.getContextHistory("a")
      assert.deepStrictEqual(
        history.map(({ data }) => data["number"]),
        Array.from({ length: 25 }, (_, number) => number)
      )
    })

    it("designs events that can be appended, and intervals that can be used", async () => {
      const { stateManager } = start()
      const { badEvent, userEvent } = await run("patterns/event-design", { gives: ["userEvent", "badEvent"] })
      for (const event of [userEvent, badEvent]) {
        const design: Pantheon.NewAgentEvent = Object.assign({ agentId: "", type: "" }, event)
        assert.deepInclude(await stateManager.appendEvent(design), Object(event))
      }
      const { snapshotConfig } = await run("patterns/snapshot-intervals", { gives: ["snapshotConfig"] })
      assert.deepStrictEqual(snapshotConfig, {
        activeAgents: { interval: 50 },
        regularAgents: { interval: 200 },
        archiveAgents: { interval: 1000 }
      })
    })

    it("falls back to a snapshot when an operation fails", async () => {
      const { stateManager } = start()
      const errors = vi.spyOn(console, "error").mockImplementation(() => {})
      const { safeContextOperation } = await run("patterns/error-handling", { gives: ["safeContextOperation"] })
      const safely = (operation: () => Promise<unknown>): Promise<unknown> =>
        Object(safeContextOperation)(stateManager, "agent-123", operation)
      assert.strictEqual(await safely(() => Promise.resolve("fine")), "fine")
      const failing = () => stateManager.getContextAt("agent-123", { version: 9 })
      const error: unknown = await safely(failing).catch((error: unknown) => error)
      assert.isTrue(Pantheon.isPantheonError(error) && error.code === "AGENT_NOT_FOUND")
      const context = await stateManager.updateContext("agent-123", { state: { tasks: 1 } })
      await stateManager.createSnapshot("agent-123")
      assert.deepStrictEqual(await safely(failing), context)
      errors.mockRestore()
    })

    it("tells a context that is not found, and makes one", async () => {
      const { stateManager } = start()
      const names = { stateManager, agentId: "agent-123" }
      await run("patterns/not-found", { names, gives: [] })
      assert.deepInclude(await stateManager.getContext("agent-123"), { state: {}, version: 1 })
      await run("patterns/not-found", { names, gives: [] })
      assert.strictEqual((await stateManager.getContext("agent-123")).version, 1)
    })

    it("reads by snapshot where there is one", async () => {
      const { snapshotStore, stateManager } = start()
      const { getContextWithFallback } = await run("patterns/fallback", {
        names: { snapshotStore, stateManager },
        gives: ["getContextWithFallback"]
      })
      const read = (): Promise<unknown> => Object(getContextWithFallback)("agent-123")
      const first = await stateManager.updateContext("agent-123", { state: { tasks: 1 } })
      assert.deepStrictEqual(await read(), first)
      await stateManager.createSnapshot("agent-123")
      const second = await stateManager.updateContext("agent-123", { state: { tasks: 2 } })
      assert.deepStrictEqual(await read(), second)
    })

    it("pages through a history", async () => {
      const { stateManager } = start()
      for (let number = 0; number < 5; number++) {
        await stateManager.appendEvent({ agentId: "agent-123", type: "numbered", data: { number } })
      }
      const { getEventHistory } = await run("patterns/paging", { names: { stateManager }, gives: ["getEventHistory"] })
      const page: ReadonlyArray<Pantheon.ContextEvent> = await Object(getEventHistory)("agent-123", 2, 3)
      assert.deepStrictEqual(
        page.map(({ version }) => version),
        [4, 5]
      )
    })
  })
}

for (const [name, make] of places) {
  describe(`what users have pasted about stores, on ${name}`, () => {
    it("starts quickly, and dates come back as dates", async () => {
      const { dbConnection, packages } = make()
      const gives = ["eventStore", "snapshotStore", "stateManager", "context", "updated"]
      const names = { dbConnection }
      const unknown: unknown = await run("manager/quick-start", { packages, names, gives }).catch(
        (error: unknown) => error
      )
      assert.isTrue(Pantheon.isPantheonError(unknown) && unknown.code === "AGENT_NOT_FOUND")
      // The agent has been written before.
      const first = await run("manager/quick-start", {
        packages,
        names,
        instead: [["await stateManager.getContext('agent-123')", "undefined"]],
        gives
      })
      const { context, snapshotStore, stateManager, updated } = await run("manager/quick-start", {
        packages,
        names,
        gives
      })
      assert.deepStrictEqual(context, first["updated"])
      assert.instanceOf(stateManager, Pantheon.StateManager)
      assert.strictEqual(stateManager.snapshotStore, snapshotStore)
      const read = await stateManager.getContext("agent-123")
      assert.deepStrictEqual(read, updated)
      assert.instanceOf(read.state["lastSeen"], Date)
      await stateManager.close()
      assert.instanceOf(first["stateManager"], Pantheon.StateManager)
      await first["stateManager"].close()
    })

    it("appends to a journal and asks for events from a version on", async () => {
      const { instead, packages } = make()
      const gives = ["eventStore", "events"]
      const { eventStore, events } = await run("stores/events", { packages, instead: [instead], gives })
      assert.deepStrictEqual(events, [])
      const store = eventStore as Pantheon.PostgresEventStore
      const [event] = await store.getEvents("agent-456")
      assert.deepInclude(event, { id: "event-123", version: 1, data: { oldState: "idle", newState: "active" } })
      await store.close()
    })

    it("saves a snapshot and asks for the latest", async () => {
      const { instead, packages } = make()
      const gives = ["snapshotStore", "latest"]
      const { latest, snapshotStore } = await run("stores/snapshots", { packages, instead: [instead], gives })
      assert.deepInclude(latest, { id: "snapshot-123", version: 150, state: { status: "active", tasks: 5 } })
      await (snapshotStore as Pantheon.PostgresSnapshotStore).close()
    })
  })
}

it("tests that users have written with mocks pass, all of them", async () => {
  const tests: Array<() => Promise<void>> = []
  const t = { truthy: (value: unknown) => assert.isOk(value), is: assert.strictEqual }
  const ava = { test: (_: string, body: (context: typeof t) => Promise<void>) => tests.push(() => body(t)) }
  const packages = { ava, "@promethean-os/pantheon-state": Pantheon }
  await run("patterns/mocks", { packages, gives: [] })
  assert.lengthOf(tests, 1)
  for (const body of tests) await body()
})
