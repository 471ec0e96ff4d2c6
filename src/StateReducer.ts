/**
 * The fold of an agent: what each event makes of the context. Writes and replays go through the same functions, so they agree.
 */
import * as Result from "effect/Result"
import type { AgentContext } from "./AgentContext.ts"
import { type PatchFailed, ReducerFailed } from "./AgentError.ts"
import * as AgentId from "./AgentId.ts"
import * as AgentEvent from "./agent/AgentEvent.ts"
import { type Change, emptyState, folders } from "./agent/AgentFold.ts"
import { describe } from "./agent/PatchDocument.ts"
import * as StateValue from "./agent/StateValue.ts"
import type { ContextEvent } from "./ContextEvent.ts"
import type { Corrupted } from "./StoreError.ts"
import * as Checksum from "./store/Checksum.ts"
import * as Value from "./Value.ts"

/**
 * What an event of the caller's own makes of the state. Pure and total: it is run again at each replay. The state and the event are frozen; the
 * answer is a new object of values.
 */
export type Reducer = (state: Value.Record, event: ContextEvent) => object

/** Which events change the state, and how. */
export interface Options {
  /** By event type. Events of other types change no state; they count in the version and are in the history. */
  readonly reducers?: { readonly [type: string]: Reducer } | undefined
  /** Counts the meanings of the reducers, from 1: raise it when a reducer changes, and older snapshots are not used. */
  readonly stateVersion?: number | undefined
}

/** Why an event cannot be folded. */
export type FoldFailure = PatchFailed | ReducerFailed | Corrupted

/** The fold of one set of reducers. */
export interface StateReducer {
  /** Names the fold, as snapshots do. */
  readonly fingerprint: string
  readonly stateVersion: number
  /**
   * Folds the next event, whose data must be frozen, for they become part of the state. The context is `undefined` before the first. A new
   * state may be nested as deep as `depth`.
   */
  readonly apply: (
    context: AgentContext | undefined,
    event: ContextEvent,
    depth: number
  ) => Result.Result<AgentContext, FoldFailure>
}

/** Throws when an option breaks its rule, since that is a mistake in the program. */
export const make = ({ reducers = {}, stateVersion = 1 }: Options): StateReducer => {
  const byType = new Map(Object.entries(reducers))
  for (const type of byType.keys()) {
    const refusal = refuseType(type)
    if (refusal !== undefined) throw new TypeError(`reducers/${type}: expected ${refusal}`)
  }
  if (!Number.isInteger(stateVersion) || stateVersion < 1 || stateVersion > 0x7fffffff) {
    throw new RangeError(`stateVersion: expected an integer from 1 to 2147483647, found ${stateVersion}`)
  }
  const names = JSON.stringify([...byType.keys()].sort())
  return {
    fingerprint: `state:${stateVersion}:${Checksum.of(names).toString(16)}`,
    stateVersion,
    apply: (context, event, depth) => {
      // Upcasting by `schemaVersion` belongs here, before anything looks at the data.
      const change = changeOf(byType.get(event.type), context, event, depth)
      return Result.isSuccess(change)
        ? Result.succeed(advance(context, event, change.success))
        : Result.fail(change.failure)
    }
  }
}

/** What is wrong with the type of an event of the caller's own. */
export const refuseType = (type: string): string | undefined => {
  if (type.startsWith(AgentEvent.prefix)) return `a type that does not begin with "${AgentEvent.prefix}"`
  const valid = AgentId.validate(type, "type")
  return Result.isFailure(valid) ? valid.failure.expected : undefined
}

const noChange: Result.Result<Change, never> = Result.succeed({})

const changeOf = (
  reducer: Reducer | undefined,
  context: AgentContext | undefined,
  event: ContextEvent,
  depth: number
): Result.Result<Change, FoldFailure> => {
  if (reducer !== undefined) return reduce(reducer, context, event, depth)
  const folder = folders.get(event.type)
  return folder === undefined ? noChange : folder(context, event, depth)
}

const advance = (context: AgentContext | undefined, event: ContextEvent, change: Change): AgentContext => {
  const parent = change.parent ?? context?.parent
  const deletedAt = change.deletedAt ?? context?.deletedAt
  const next = {
    id: context === undefined ? event.id : context.id,
    agentId: event.agentId,
    state: change.state ?? context?.state ?? emptyState,
    version: event.version,
    status: change.status ?? context?.status ?? "active",
    createdAt: context === undefined ? event.timestamp : context.createdAt,
    updatedAt: event.timestamp,
    metadata: change.metadata ?? context?.metadata ?? emptyState
  }
  if (parent === undefined && deletedAt === undefined) return Object.freeze(next)
  return Object.freeze({
    ...next,
    ...(parent === undefined ? {} : { parent }),
    ...(deletedAt === undefined ? {} : { deletedAt })
  })
}

// ---- events of the caller's own ----

const reduce = (
  reducer: Reducer,
  context: AgentContext | undefined,
  event: ContextEvent,
  depth: number
): Result.Result<Change, ReducerFailed> => {
  const state = context?.state ?? emptyState
  const next = Result.try((): unknown => reducer(state, event))
  if (Result.isFailure(next)) return refuse(event, "a new state", describe(next.failure), next.failure)
  if (next.success === state) return noChange
  if (!Value.isRecord(next.success)) return refuse(event, "an object of values", describe(next.success))
  const adopted = StateValue.adopt(next.success, state, depth)
  if (Result.isSuccess(adopted)) return Result.succeed({ state: adopted.success as Value.Record })
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
