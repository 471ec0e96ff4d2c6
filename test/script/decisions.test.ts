import { assert, describe, it } from "@effect/vitest"
import { ScriptAction, type ScriptEvent } from "../../src/index.ts"
import * as ScriptFold from "../../src/script/ScriptFold.ts"
import type { ScriptState } from "../../src/script/ScriptState.ts"
import * as TickDecision from "../../src/script/TickDecision.ts"

const at = new Date(0)
const intents = ["t:0", "t:1"].map((id) => ({ id, action: ScriptAction.tool("note", id) }))

const stateAfter = (...events: ReadonlyArray<ScriptEvent.ScriptEvent>): ScriptState | null =>
  events.reduce(ScriptFold.evolve, null)

const spawned: ScriptEvent.ScriptEvent = {
  _tag: "Spawned",
  id: "a",
  script: { name: "A", contextSources: [], talents: [] },
  goals: [],
  metadata: {},
  parent: null,
  depth: 0,
  at
}
const behaviors = ["one", "two"].map((name) => ({ name, version: "1" }))
const started: ScriptEvent.ScriptEvent = { _tag: "TickStarted", tickId: "t", mail: null, behaviors, at }
const planned: ScriptEvent.ScriptEvent = {
  _tag: "BehaviorPlanned",
  tickId: "t",
  behavior: "one",
  intents,
  done: false,
  at
}

describe("what is handed in for a tick", () => {
  it("decides something when it is awaited", () => {
    const planning = { _tag: "Planned", intents, done: false } as const
    assert.lengthOf(TickDecision.planned(stateAfter(spawned, started), { tickId: "t", left: 2, planning }, at), 1)
    const result = { _tag: "Ok", value: 1 } as const
    const acting = stateAfter(spawned, started, planned)
    assert.lengthOf(TickDecision.actionEnded(acting, { tickId: "t", actionId: "t:0", result }, at), 1)
  })

  it("decides nothing when it comes late, early, a second time, or to an actor that is not there", () => {
    const planning = { _tag: "Failed", failure: { tag: "E", message: "", critical: false } } as const
    const result = { _tag: "Ok", value: 1 } as const
    const asked = stateAfter(spawned, started)
    const acting = stateAfter(spawned, started, planned)
    const idle = stateAfter(spawned)
    for (const state of [null, idle, acting]) {
      assert.deepStrictEqual(TickDecision.planned(state, { tickId: "t", left: 2, planning }, at), [])
    }
    assert.deepStrictEqual(TickDecision.planned(asked, { tickId: "t", left: 1, planning }, at), [])
    assert.deepStrictEqual(TickDecision.planned(asked, { tickId: "u", left: 2, planning }, at), [])
    for (const state of [null, idle, asked]) {
      assert.deepStrictEqual(TickDecision.actionEnded(state, { tickId: "t", actionId: "t:0", result }, at), [])
    }
    assert.deepStrictEqual(TickDecision.actionEnded(acting, { tickId: "t", actionId: "t:1", result }, at), [])
    assert.deepStrictEqual(TickDecision.actionEnded(acting, { tickId: "u", actionId: "t:0", result }, at), [])
  })
})
