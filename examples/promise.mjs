// @ts-check
/** Agents without Effect and without TypeScript: states, events, snapshots, errors with codes, and an end. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { isPantheonError, LevelEventStore, LevelSnapshotStore, makeAgentStateManager } from "../layers/promise/index.ts"

const directory = mkdtempSync(join(tmpdir(), "pantheon-example-"))

const open = () =>
  makeAgentStateManager({
    eventStore: new LevelEventStore({ directory }),
    snapshotStore: new LevelSnapshotStore({ directory }),
    snapshotInterval: 2,
    reducers: { "task.completed": (state) => ({ ...state, completed: Number(state["completed"] ?? 0) + 1 }) }
  })

const before = open()
await before.updateContext("worker-1", { state: { status: "busy", since: new Date("2026-01-01") } })
// Several at once, of several agents: all or none.
await before.appendTogether([
  { agentId: "worker-1", events: [{ type: "task.completed", data: { task: "t-1" } }] },
  { agentId: "worker-2", events: [{ type: "task.completed", data: { task: "t-2" } }] }
])
const seen = (async () => {
  for await (const { context, event } of before.changes({ from: "beginning" })) {
    console.log(`${event.agentId} ${context.version}: ${event.type}`)
    if (event.type === "context.deleted") break
  }
})()
await before.deleteContext("worker-2")
await seen
await before.close()

const after = open()
const { state, version } = await after.getContext("worker-1")
console.log(`after a restart: version ${version},`, state)
const snapshot = await after.snapshotStore.getLatestSnapshot("worker-1")
console.log(`a snapshot of version ${snapshot?.version}`)
for (const agentId of ["worker-2", "worker-3"]) {
  try {
    await after.getContext(agentId)
  } catch (error) {
    console.log(`${agentId}: ${isPantheonError(error) ? error.code : error}`)
  }
}
try {
  await after.updateContext("worker-1", { state: { status: "idle" } }, { expected: 1 })
} catch (error) {
  console.log(error instanceof Error ? error.message : error)
}
await after.close()
rmSync(directory, { recursive: true })
