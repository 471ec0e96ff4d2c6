import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { AgentStateManager } from "../../src/index.ts"
import * as TestDirectory from "../support/TestDirectory.ts"

/** As in the head of `AgentStateManager`. */
const program = Effect.gen(function* () {
  const agents = yield* AgentStateManager.AgentStateManager
  yield* agents.updateContext("agent-1", { state: { status: "busy", lastSeen: new Date() } })
  yield* agents.appendEvent("agent-1", { type: "task.completed", data: { taskId: "t-1" } })
  const { state, version } = yield* agents.getContext("agent-1")
  yield* agents.modify("agent-1", (state) => Effect.succeed({ ...state, status: "idle" }))
  const before = yield* agents.getContextAt("agent-1", { version: 1 })
  const after = yield* agents.revertTo("agent-1", before.version)
  return { state, version, before, after }
})

const Agents = AgentStateManager.layer({
  reducers: { "task.completed": (state) => ({ ...state, completed: Number(state["completed"] ?? 0) + 1 }) },
  snapshots: { every: 50 }
})

it.live("the example at the head of the manager does what it says", () =>
  Effect.gen(function* () {
    const { after, before, state, version } = yield* program.pipe(
      Effect.provide(Agents),
      Effect.provide(TestDirectory.layer)
    )
    assert.deepStrictEqual([version, state["status"], state["completed"]], [2, "busy", 1])
    assert.instanceOf(state["lastSeen"], Date)
    assert.deepStrictEqual([after.version, after.state], [4, before.state])
  })
)
