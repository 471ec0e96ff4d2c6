/**
 * The fold of an agent: what each event makes of the context. Writes and replays go through the same functions, so they agree.
 */
import * as Result from "effect/Result"
import type { AgentContext } from "./AgentContext.ts"
import type { PatchFailed, ReducerFailed } from "./AgentError.ts"
import * as AgentId from "./AgentId.ts"
import * as AgentEvent from "./agent/AgentEvent.ts"
import { type Change, emptyState, folders } from "./agent/AgentFold.ts"
import * as AgentSnapshot from "./agent/AgentSnapshot.ts"
import type { OwnType } from "./agent/OwnEvents.ts"
import * as OwnEvents from "./agent/OwnEvents.ts"
import { describe } from "./agent/PatchDocument.ts"
import * as StateValue from "./agent/StateValue.ts"
import type { ContextEvent } from "./ContextEvent.ts"
import type { ContextSnapshot } from "./ContextSnapshot.ts"
import type { Corrupted, Unavailable } from "./StoreError.ts"
import * as Checksum from "./store/Checksum.ts"
import * as Lineage from "./store/Lineage.ts"
import type { Unusable } from "./store/ReplaySnapshot.ts"
import type * as Value from "./Value.ts"

/**
 * What an event of the caller's own makes of the state. Pure and total: it is run again at each replay. The state and the event are frozen; the
 * answer is a new object of values.
 */
export type Reducer = (state: Value.Record, event: ContextEvent) => object

/** Brings the data of an event into the next shape. Gets the event as it lies in the store, too. Pure and total. */
export type DataStep = (data: Value.Record, event: ContextEvent) => object

/** Brings a state into the next shape. Pure and total. */
export type StateStep = (state: Value.Record) => object

/** The reducer of events whose shape has changed since the first were written. */
export interface VersionedReducer {
  /** Counts the shapes of the data, from 1; written with each new event that does not say otherwise. Newer events are not read. */
  readonly schemaVersion: number
  /** By version: what became of data of that version in the next. Each version up to `schemaVersion` that may still be stored has a step. */
  readonly upcast?: { readonly [schemaVersion: number]: DataStep } | undefined
  /** Sees events of the current shape only. */
  readonly reduce: Reducer
}

/** Which events change the state, and how. */
export interface Options {
  /**
   * By event type; a function alone is for events of version 1. Events of other types change no state; they count in the version and are
   * in the history.
   */
  readonly reducers?: { readonly [type: string]: Reducer | VersionedReducer } | undefined
  /**
   * Counts the shapes of the state and the meanings of the reducers, from 1: raise it when one of them changes, and when there is one more.
   * A snapshot of another version is not used, unless `upcastState` leads from it.
   */
  readonly stateVersion?: number | undefined
  /** By version: what became of a state of that version in the next. */
  readonly upcastState?: { readonly [stateVersion: number]: StateStep } | undefined
}

/** Why an event cannot be folded. */
export type FoldFailure = PatchFailed | ReducerFailed | Corrupted | Unavailable

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
  /** The context that a snapshot holds. */
  readonly open: (snapshot: ContextSnapshot) => Result.Result<AgentContext, Unusable>
  /** The versions of events of a type; nothing for types that nobody folds. */
  readonly shapesOf: (type: string) => Lineage.Lineage<unknown> | undefined
}

/** Throws when an option breaks its rule, since that is a mistake in the program. */
export const make = ({ reducers = {}, stateVersion = 1, upcastState }: Options): StateReducer => {
  const types = new Map(Object.entries(reducers).map(([type, reducer]) => [type, toOwnType(type, reducer)]))
  const states = Lineage.make("AgentStateManager", "stateVersion", stateVersion, "upcastState", upcastState)
  const fingerprint = `${foldName}${Checksum.of(JSON.stringify([...types.keys()].sort())).toString(16)}`
  return {
    fingerprint,
    stateVersion,
    apply: (context, event, depth) => {
      const change = changeOf(types.get(event.type), context, event, depth)
      return Result.isSuccess(change)
        ? Result.succeed(advance(context, event, change.success))
        : Result.fail(change.failure)
    },
    open: (snapshot) => open(states, fingerprint, snapshot),
    shapesOf: (type) => types.get(type)?.shapes ?? (folders.has(type) ? builtIn : undefined)
  }
}

/** What begins the names of all folds of contexts. */
export const foldName = "state:"

const builtIn = new Lineage.Lineage<never>(1, [])

const toOwnType = (type: string, reducer: Reducer | VersionedReducer): OwnType => {
  const refusal = refuseType(type)
  if (refusal !== undefined) throw new TypeError(`reducers/${type}: expected ${refusal}`)
  const { reduce, schemaVersion, upcast } = typeof reducer === "function" ? { reduce: reducer } : reducer
  return { reduce, shapes: Lineage.make(`reducers/${type}`, "schemaVersion", schemaVersion ?? 1, "upcast", upcast) }
}

const open = (
  states: Lineage.Lineage<StateStep>,
  fingerprint: string,
  snapshot: ContextSnapshot
): Result.Result<AgentContext, Unusable> => {
  const { reducer, schemaVersion } = snapshot
  const isOther = schemaVersion === states.current ? reducer !== fingerprint : !reducer.startsWith(foldName)
  if (isOther) return Result.fail({ reason: "foreign", found: `a snapshot of other reducers, ${reducer}` })
  const way = states.from(schemaVersion)
  if (Result.isFailure(way)) return Result.fail(way.failure)
  return Result.flatMap(
    Result.mapError(AgentSnapshot.decode(snapshot), (field) => damaged(`${field} that does not fit`)),
    (context) => {
      if (way.success.length === 0) return Result.succeed(context)
      const stepped = Result.try(() => way.success.reduce((state, step) => step(state) as Value.Record, context.state))
      const adopted = Result.flatMap(stepped, (state) =>
        StateValue.adopt(state, context.state, Number.MAX_SAFE_INTEGER)
      )
      return Result.mapBoth(adopted, {
        onSuccess: (state) => Object.freeze({ ...context, state: state as Value.Record }),
        onFailure: (cause) => damaged(describe(cause))
      })
    }
  )
}

const damaged = (found: string): Unusable => ({ reason: "damaged", found })

/** What is wrong with the type of an event of the caller's own. */
export const refuseType = (type: string): string | undefined => {
  if (type.startsWith(AgentEvent.prefix)) return `a type that does not begin with "${AgentEvent.prefix}"`
  const valid = AgentId.validate(type, "type")
  return Result.isFailure(valid) ? valid.failure.expected : undefined
}

const noChange: Result.Result<Change, never> = Result.succeed({})

const changeOf = (
  own: OwnType | undefined,
  context: AgentContext | undefined,
  event: ContextEvent,
  depth: number
): Result.Result<Change, FoldFailure> => {
  if (own !== undefined) return OwnEvents.fold(own, context, event, depth)
  const folder = folders.get(event.type)
  if (folder === undefined) return noChange
  if (event.schemaVersion === builtIn.current) return folder(context, event, depth)
  const way = builtIn.from(event.schemaVersion)
  return Result.isFailure(way) ? Result.fail(Lineage.refuseEvent(builtIn, event, way.failure)) : noChange
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
