/**
 * Another fold of agents, as plain as can be, to hold the manager's against.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type AgentContext, AgentStateManager, type ContextEvent, type Value } from "../../../src/index.ts"
import { eventsOf, includes, options } from "./support.ts"

type Context = AgentContext.AgentContext
type Mutable = { [key: string]: Value.Value }

/** The agent after each of its events, from the first. */
export const replay = (events: ReadonlyArray<ContextEvent.ContextEvent>): ReadonlyArray<Context> => {
  const contexts: Array<Context> = []
  const first = events[0]
  if (first === undefined) return contexts
  let context: Context = {
    id: first.id,
    agentId: first.agentId,
    state: {},
    version: 0,
    status: "active",
    createdAt: first.timestamp,
    updatedAt: first.timestamp,
    metadata: {}
  }
  for (const event of events) {
    context = { ...context, ...change(context, event), version: event.version, updatedAt: event.timestamp }
    contexts.push(context)
  }
  return contexts
}

const change = (context: Context, event: ContextEvent.ContextEvent): Partial<Context> => {
  const { metadata, parent, patch, state } = event.data
  switch (event.type) {
    case "context.updated":
      return {
        state: { ...context.state, ...(state as Value.Record) },
        metadata: { ...context.metadata, ...(metadata as Value.Record) }
      }
    case "context.replaced":
    case "context.reverted":
      return { state: state as Value.Record }
    case "context.patched":
      return { state: patched(context.state, patch as unknown as ReadonlyArray<{ [key: string]: string }>) }
    case "context.forked":
      return { state: state as Value.Record, parent: parent as unknown as AgentContext.AgentParent }
    case "context.archived":
      return { status: "archived" }
    case "context.restored":
      return { status: "active" }
    case "context.deleted":
      return { status: "deleted", deletedAt: event.timestamp }
  }
  const reducer = options.reducers?.[event.type]
  if (reducer === undefined) return {}
  const reduce = typeof reducer === "function" ? reducer : reducer.reduce
  return { state: reduce(context.state, event) as Value.Record }
}

/** Knows what the tests use: `add`, `replace` and `remove` of keys at the top, and `add` to the end of a list there. */
const patched = (state: Value.Record, patch: ReadonlyArray<{ [key: string]: string }>): Value.Record => {
  const next: Mutable = { ...state }
  for (const { op, path = "", value } of patch) {
    const [, key = "", place] = path.split("/")
    const list = next[key]
    if (op === "remove") delete next[key]
    else if (place === "-" && Array.isArray(list)) next[key] = [...list, value ?? null]
    else next[key] = value as unknown as Value.Value
  }
  return next
}

/** What the manager gives for an agent must be what the plain fold gives, at each version, now and with a manager that knows nothing yet. */
export const checkAgent = (agentId: string, returned: ReadonlyArray<Context> = []) =>
  Effect.gen(function* () {
    const agents = yield* AgentStateManager.AgentStateManager
    const expected = replay(yield* eventsOf(agentId))
    const first = expected[0]?.version ?? Number.POSITIVE_INFINITY
    const at = (version: number) => expected[version - first]
    const last = expected.at(-1)
    const now = yield* Effect.result(agents.getContext(agentId))
    if (now._tag === "Success") assert.deepStrictEqual(now.success, last)
    else if (last === undefined) assert.strictEqual(now.failure._tag, "AgentMissing")
    else includes(now.failure, { _tag: "AgentDeleted", version: last.version, deletedAt: last.deletedAt })
    for (const context of returned) {
      // What was returned before a purge is gone.
      if (context.version >= first) assert.deepStrictEqual(context, at(context.version))
    }
    for (const context of expected) {
      assert.deepStrictEqual(yield* agents.getContextAt(agentId, { version: context.version }), context)
    }
  })
