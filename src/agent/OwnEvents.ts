/**
 * Events of the caller's own types: brought into the shape that their reducer knows, and reduced.
 */
import * as Result from "effect/Result"
import type { AgentContext } from "../AgentContext.ts"
import { ReducerFailed } from "../AgentError.ts"
import type { ContextEvent } from "../ContextEvent.ts"
import type { DataStep, Reducer } from "../StateReducer.ts"
import type { Corrupted, Unavailable } from "../StoreError.ts"
import * as Lineage from "../store/Lineage.ts"
import * as Value from "../Value.ts"
import { type Change, emptyState } from "./AgentFold.ts"
import { describe } from "./PatchDocument.ts"
import * as StateValue from "./StateValue.ts"

/** What is known of one type. */
export interface OwnType {
  readonly shapes: Lineage.Lineage<DataStep>
  readonly reduce: Reducer
}

/** What an event changes. A new state may be nested as deep as `depth`. */
export const fold = (
  { reduce, shapes }: OwnType,
  context: AgentContext | undefined,
  event: ContextEvent,
  depth: number
): Result.Result<Change, ReducerFailed | Corrupted | Unavailable> => {
  if (event.schemaVersion === shapes.current) return run(reduce, context, event, depth)
  return Result.flatMap(upcast(shapes, event, depth), (event) => run(reduce, context, event, depth))
}

const noChange: Result.Result<Change, never> = Result.succeed({})

const run = (
  reduce: Reducer,
  context: AgentContext | undefined,
  event: ContextEvent,
  depth: number
): Result.Result<Change, ReducerFailed> => {
  const state = context?.state ?? emptyState
  const next = Result.try((): unknown => reduce(state, event))
  if (Result.isFailure(next)) return refuse(event, "a new state", describe(next.failure), next.failure)
  if (next.success === state) return noChange
  return Result.map(adopt(event, "state", next.success, state, depth), (state) => ({ state }))
}

const upcast = (
  shapes: Lineage.Lineage<DataStep>,
  event: ContextEvent,
  depth: number
): Result.Result<ContextEvent, ReducerFailed | Corrupted | Unavailable> => {
  const way = shapes.from(event.schemaVersion)
  if (Result.isFailure(way)) return Result.fail(Lineage.refuseEvent(shapes, event, way.failure))
  let { data, schemaVersion } = event
  for (const step of way.success) {
    schemaVersion++
    const next = Result.try((): unknown => step(data, event))
    const expected = `the data of version ${schemaVersion}`
    if (Result.isFailure(next)) return refuse(event, expected, describe(next.failure), next.failure)
    const adopted = adopt(event, "data", next.success, data, depth)
    if (Result.isFailure(adopted)) return Result.fail(adopted.failure)
    data = adopted.success
  }
  return Result.succeed({ ...event, schemaVersion, data })
}

const adopt = (
  event: ContextEvent,
  subject: string,
  next: unknown,
  previous: Value.Record,
  depth: number
): Result.Result<Value.Record, ReducerFailed> => {
  if (!Value.isRecord(next)) return refuse(event, "an object of values", describe(next))
  const adopted = StateValue.adopt(next, previous, depth, subject)
  if (Result.isSuccess(adopted)) return Result.succeed(adopted.success as Value.Record)
  const { expected, found, path } = adopted.failure
  return refuse(event, `${path}: ${expected}`, found, adopted.failure)
}

const refuse = (
  { agentId, type }: ContextEvent,
  expected: string,
  found: string,
  cause?: unknown
): Result.Result<never, ReducerFailed> =>
  Result.fail(
    new ReducerFailed({ agentId, eventType: type, expected, found, ...(cause === undefined ? {} : { cause }) })
  )
