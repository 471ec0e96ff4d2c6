/**
 * The fold of a context told once more, by itself, to hold the other one to account. It is written to be seen through, not to be fast.
 */
import * as Result from "effect/Result"
import type { AgentContext } from "../AgentContext.ts"
import * as StateValue from "../agent/StateValue.ts"
import type { ContextEvent } from "../ContextEvent.ts"
import * as StatePatch from "../StatePatch.ts"
import type { StateReducer } from "../StateReducer.ts"
import * as Value from "../Value.ts"

/** A context so far; nothing before its first event. */
export type Recounted = AgentContext | undefined

const deepest = 1000

/** The context after the next event; fails with what is wrong with the event. */
export const recount = (
  before: Recounted,
  event: ContextEvent,
  reducer: StateReducer
): Result.Result<AgentContext, string> => {
  const { agentId, data, id, timestamp, version } = event
  const next: AgentContext = {
    id,
    agentId,
    state: {},
    status: "active",
    createdAt: timestamp,
    metadata: {},
    ...before,
    version,
    updatedAt: timestamp
  }
  if (event.schemaVersion !== 1 || !event.type.startsWith("context.")) return ofOthers(before, event, reducer)
  switch (event.type) {
    case "context.updated":
      return Result.all([merged(next.state, data["state"]), merged(next.metadata, data["metadata"])]).pipe(
        Result.map(([state, metadata]) => ({ ...next, state, metadata }))
      )
    case "context.replaced":
    case "context.reverted":
      return Result.map(recordOf(data["state"]), (state) => ({ ...next, state }))
    case "context.patched":
      return Result.map(patched(next.state, data["patch"]), (state) => ({ ...next, state }))
    case "context.forked":
      return Result.all([recordOf(data["state"]), parentOf(data["parent"])]).pipe(
        Result.map(([state, parent]) => ({ ...next, state, parent }))
      )
    case "context.archived":
      return Result.succeed(next.status === "active" ? { ...next, status: "archived" } : next)
    case "context.restored":
      return Result.succeed(next.status === "archived" ? { ...next, status: "active" } : next)
    case "context.deleted":
      return Result.succeed(next.status === "deleted" ? next : { ...next, status: "deleted", deletedAt: timestamp })
    default:
      return Result.succeed(next)
  }
}

/** Only the reducers of the application know what its events mean. */
const ofOthers = (
  before: Recounted,
  event: ContextEvent,
  reducer: StateReducer
): Result.Result<AgentContext, string> => {
  StateValue.freeze(event.data)
  return Result.mapError(reducer.apply(before, event, deepest), ({ message }) => message)
}

const recordOf = (value: Value.Value | undefined): Result.Result<Value.Record, string> =>
  Value.isRecord(value) ? Result.succeed(value) : Result.fail("no state that is an object")

const merged = (base: Value.Record, more: Value.Value | undefined): Result.Result<Value.Record, string> =>
  more === undefined ? Result.succeed(base) : Result.map(recordOf(more), (more) => ({ ...base, ...more }))

const patched = (state: Value.Record, patch: Value.Value | undefined): Result.Result<Value.Record, string> => {
  const valid = StatePatch.validate(patch)
  if (Result.isFailure(valid)) return Result.fail(`a patch with ${valid.failure.found} at ${valid.failure.path}`)
  const applied = StatePatch.apply(valid.success, state)
  if (Result.isFailure(applied)) return Result.fail(`a patch that found ${applied.failure.found}`)
  return recordOf(applied.success as Value.Value)
}

const parentOf = (value: Value.Value | undefined): Result.Result<{ agentId: string; version: number }, string> => {
  const { agentId, version } = Value.isRecord(value) ? value : {}
  return typeof agentId === "string" && typeof version === "number"
    ? Result.succeed({ agentId, version })
    : Result.fail("no parent")
}
