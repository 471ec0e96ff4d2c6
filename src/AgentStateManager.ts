/**
 * Agents and their states: each agent is the fold of its own stream of events.
 *
 * ```ts
 * const program = Effect.gen(function* () {
 *   const agents = yield* AgentStateManager.AgentStateManager
 *   yield* agents.updateContext("agent-1", { state: { status: "busy", lastSeen: new Date() } })
 *   yield* agents.appendEvent("agent-1", { type: "task.completed", data: { taskId: "t-1" } })
 *   const { state, version } = yield* agents.getContext("agent-1")     // { status, lastSeen, completed: 1 }, 2
 *   yield* agents.modify("agent-1", (state) => Effect.succeed({ ...state, status: "idle" }))
 *   const before = yield* agents.getContextAt("agent-1", { version: 1 })
 *   yield* agents.revertTo("agent-1", before.version)                  // version 4; the history stays
 * })
 *
 * const Agents = AgentStateManager.layer({
 *   reducers: { "task.completed": (state) => ({ ...state, completed: Number(state["completed"] ?? 0) + 1 }) },
 *   snapshots: { every: 50 }
 * })
 * program.pipe(Effect.provide(Agents), Effect.provide(LevelDb.layer({ directory: "./data" })))
 * ```
 *
 * What the manager promises:
 *
 * 1. What a write returns is what every later read and every replay gives for that version, to the last field. It is on disk.
 * 2. A read sees every write that was answered before it began, in this process or another.
 * 3. Writes to one agent are applied one after the other. A write that is refused leaves nothing behind, and no other write suffers from it.
 *    What `appendTogether` writes to several agents is applied to all of them or to none.
 * 4. A write without `expected` is applied to the agent as it is by then, whoever else writes; `Conflict` only after a hundred lost races.
 *    With `expected`, a version that is not the agent's gives `Conflict`.
 * 5. A write that is repeated with the same event ids and the same content, or with the same command id, gives the first result and
 *    stores nothing, whatever has happened to the agent since; when the events of the first result were deleted, it fails and says so.
 * 6. Missing, deleted, archived and empty are told apart.
 * 7. Snapshots change no answer. They are taken behind the writes; one that fails is logged.
 * 8. Each call is one that the `AccessPolicy` allows the current principal: reads need `context:read` on the agent, writes and `createSnapshot` `context:write`, `fork` both,
 *    `archive` and `restore` `lifecycle:write`, `deleteContext` and `purge` `lifecycle:admin`. It is asked first, and `AccessDenied` says nothing of the
 *    agent. Who may not read an agent does not see it in `changes`.
 * 9. When the layer closes, writes that are under way and snapshots are finished, and later writes are refused.
 *
 * Contexts are frozen and shared; dates and bytes in them must not be changed.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import type { AccessDenied } from "./AccessError.ts"
import { AccessPolicy } from "./AccessPolicy.ts"
import type { AgentContext } from "./AgentContext.ts"
import type {
  AgentDeleted,
  AgentMissing,
  AgentWriteError,
  PatchFailed,
  ReducerFailed,
  SnapshotMissing,
  VersionMissing
} from "./AgentError.ts"
import * as AgentAccess from "./agent/AgentAccess.ts"
import { AgentCache } from "./agent/AgentCache.ts"
import * as AgentChanges from "./agent/AgentChanges.ts"
import { AgentInterior } from "./agent/AgentInterior.ts"
import * as AgentJournal from "./agent/AgentJournal.ts"
import { AgentLanes } from "./agent/AgentLanes.ts"
import * as AgentModification from "./agent/AgentModification.ts"
import * as AgentReader from "./agent/AgentReader.ts"
import type {
  AgentEvents,
  AppendOptions,
  Change,
  ChangesOptions,
  History,
  HistoryOptions,
  Moment,
  TogetherOptions,
  Update,
  WriteOptions
} from "./agent/AgentRequest.ts"
import type { PolicyOf } from "./agent/AgentSnapshots.ts"
import * as AgentTogether from "./agent/AgentTogether.ts"
import * as AgentWriter from "./agent/AgentWriter.ts"
import * as AgentWrites from "./agent/AgentWrites.ts"
import type { ContextEvent, NewEvent } from "./ContextEvent.ts"
import type { ContextSnapshot } from "./ContextSnapshot.ts"
import type { EventStore } from "./EventStore.ts"
import * as Limits from "./Limits.ts"
import * as SnapshotPolicy from "./SnapshotPolicy.ts"
import type { SnapshotStore } from "./SnapshotStore.ts"
import type { Patch } from "./StatePatch.ts"
import * as StateReducer from "./StateReducer.ts"
import type { ReadError } from "./StoreError.ts"
import * as Replay from "./store/Replay.ts"
import * as Uuid from "./store/Uuid.ts"
import type * as Value from "./Value.ts"

export type {
  AgentEvents,
  AppendOptions,
  Change,
  ChangesOptions,
  History,
  HistoryOptions,
  Moment,
  TogetherOptions,
  Update,
  WriteOptions
} from "./agent/AgentRequest.ts"

type WriteResult<A, E = never> = Effect.Effect<A, E | AccessDenied | AgentWriteError>

/** Agents and their states; the promises are those at the head of this module. */
export class AgentStateManager extends Context.Service<
  AgentStateManager,
  {
    /** The agent as it is. An archived one can be read too. */
    readonly getContext: (
      agentId: string
    ) => Effect.Effect<AgentContext, AccessDenied | AgentMissing | AgentDeleted | ReadError>
    /** The agent as it was; also of a deleted one. A time gives the last version whose event is not later. */
    readonly getContextAt: (
      agentId: string,
      moment: Moment
    ) => Effect.Effect<AgentContext, AccessDenied | AgentMissing | VersionMissing | ReadError>
    /** Merges top-level keys into the state and the metadata. Creates the agent if there is none. */
    readonly updateContext: (agentId: string, update: Update, options?: WriteOptions) => WriteResult<AgentContext>
    /** Replaces the state. Creates the agent if there is none. */
    readonly setState: (agentId: string, state: object, options?: WriteOptions) => WriteResult<AgentContext>
    /** Applies a JSON Patch (RFC 6902) to the state, all of it or nothing. Creates the agent if there is none. */
    readonly patchState: (
      agentId: string,
      patch: Patch,
      options?: WriteOptions
    ) => WriteResult<AgentContext, PatchFailed>
    /**
     * Computes the next state from the state, `{}` for a new agent, and stores it. When another writer comes between, it is computed anew, at most
     * a hundred times, so `f` may run more than once. If it fails, or gives the very state it got, nothing is stored.
     */
    readonly modify: <E, R>(
      agentId: string,
      f: (state: Value.Record) => Effect.Effect<object, E, R>,
      options?: Pick<WriteOptions, "commandId" | "metadata">
    ) => Effect.Effect<AgentContext, E | AccessDenied | AgentWriteError, R>
    /** Appends an event of the caller's own, and folds it with the reducer of its type. Creates the agent if there is none. */
    readonly appendEvent: (
      agentId: string,
      event: NewEvent,
      options?: AppendOptions
    ) => WriteResult<ContextEvent, ReducerFailed>
    /** Appends several, in order, all or none. */
    readonly appendEvents: (
      agentId: string,
      events: ReadonlyArray<NewEvent>,
      options?: AppendOptions
    ) => WriteResult<ReadonlyArray<ContextEvent>, ReducerFailed>
    /**
     * Appends events of the caller's own to several agents, each of which may come once: all or none, as one moment. Gives the events of each, in order. What is
     * refused names its agent. Repeated as a whole, with the ids of all events or the command id, it gives the first result.
     */
    readonly appendTogether: (
      writes: ReadonlyArray<AgentEvents>,
      options?: TogetherOptions
    ) => WriteResult<ReadonlyArray<ReadonlyArray<ContextEvent>>, ReducerFailed>
    /** Makes the state again what it was at a version. The history stays; metadata and status do not change. */
    readonly revertTo: (
      agentId: string,
      version: number,
      options?: WriteOptions
    ) => WriteResult<AgentContext, AgentMissing | VersionMissing>
    /** A new agent that begins with the state of another, now or at a version. Fails with `Conflict` if the new id is in use. */
    readonly fork: (
      agentId: string,
      newAgentId: string,
      options?: Omit<WriteOptions, "expected"> & { readonly at?: number | undefined }
    ) => WriteResult<AgentContext, AgentMissing | VersionMissing>
    /** Makes the agent read-only, until it is restored. Nothing is stored if it is so already. */
    readonly archive: (agentId: string, options?: WriteOptions) => WriteResult<AgentContext, AgentMissing>
    /** Makes an archived agent active again. */
    readonly restore: (agentId: string, options?: WriteOptions) => WriteResult<AgentContext, AgentMissing>
    /** Deletes the agent: it can be written no more, and its history stays. Nothing is stored if it is so already. */
    readonly deleteContext: (agentId: string, options?: WriteOptions) => WriteResult<AgentContext, AgentMissing>
    /** Removes all that is stored of the agent, for good; then the id is free. Gives the number of events. */
    readonly purge: (agentId: string) => Effect.Effect<number, AccessDenied | ReadError>
    /** Saves the agent as it is as a snapshot. What that makes superfluous is deleted behind it. */
    readonly createSnapshot: (
      agentId: string
    ) => Effect.Effect<ContextSnapshot, AccessDenied | AgentMissing | AgentDeleted | ReadError>
    /** The agent as it was when the snapshot was taken. Only reads; `revertTo` its version to go back to it. */
    readonly restoreFromSnapshot: (snapshotId: string) => Effect.Effect<AgentContext, SnapshotMissing | ReadError>
    /** The events of an agent, a page of 100 unless `limit` says otherwise; also of a deleted one. */
    readonly getContextHistory: (
      agentId: string,
      options?: HistoryOptions
    ) => Effect.Effect<History, AccessDenied | AgentMissing | ReadError>
    /** The events of an agent that are there; also of a deleted one. Fails with `VersionMissing` when all that is asked for was deleted. */
    readonly history: (
      agentId: string,
      options?: HistoryOptions
    ) => Stream.Stream<ContextEvent, AccessDenied | AgentMissing | VersionMissing | ReadError>
    /** What happens, event by event, live; of one agent or of all. What was deleted or purged meanwhile may be passed over. */
    readonly changes: (options?: ChangesOptions) => Stream.Stream<Change, AccessDenied | ReadError>
  }
>()("pantheon-state/AgentStateManager") {}

/** The snapshots of an agent. */
export type Snapshots = SnapshotPolicy.SnapshotPolicy<ContextEvent, AgentContext>

/** How a manager folds, remembers, and takes snapshots. */
export interface Options extends StateReducer.Options {
  /** When snapshots are taken, and what they make superfluous; of all agents alike, or agent by agent. */
  readonly snapshots?: Snapshots | ((agentId: string) => Snapshots) | undefined
  /** How many agents are remembered so that a write need not read them first; 1,000 by default. */
  readonly cachedAgents?: number | undefined
}

/** The manager, with its inside for the services around agents. Throws when an option breaks its rule, since that is a mistake in the program. */
export const layer = (
  options: Options = {}
): Layer.Layer<AgentStateManager | AgentInterior, never, EventStore | SnapshotStore> => {
  const reducer = StateReducer.make(options)
  const policyOf = toPolicy(options.snapshots)
  const cachedAgents = positive("cachedAgents", options.cachedAgents ?? 1000)
  return Layer.effectContext(
    Effect.gen(function* () {
      const stores = yield* Replay.stores
      const policy = yield* AccessPolicy
      const workshop = { reducer, limits: yield* Limits.Limits, nextId: yield* Uuid.makeGenerator }
      const cache = new AgentCache(cachedAgents)
      const journal = AgentJournal.make(stores, reducer)
      const lanes = new AgentLanes(
        { events: stores.events, journal, cache, eventsPerAppend: workshop.limits.eventsPerAppend },
        policyOf,
        yield* Effect.context<never>()
      )
      yield* Effect.addFinalizer(() => lanes.close)
      const reader = AgentReader.make(stores, reducer, journal, cache)
      const writer = AgentWriter.make(stores.events, journal, lanes, workshop)
      const manager = AgentStateManager.of({
        getContext: reader.getContext,
        getContextAt: reader.getContextAt,
        createSnapshot: (agentId) =>
          Effect.tap(reader.createSnapshot(agentId), ({ version }) =>
            Effect.sync(() => lanes.afterSnapshot(agentId, version))
          ),
        restoreFromSnapshot: reader.restoreFromSnapshot,
        getContextHistory: reader.getContextHistory,
        history: reader.history,
        ...AgentWrites.make(reader, writer),
        appendTogether: AgentTogether.make(stores.events, journal, cache, lanes, writer, workshop),
        modify: AgentModification.make(stores.events, writer, workshop),
        purge: (agentId) => Effect.tap(stores.events.purge(agentId), () => Effect.sync(() => cache.forget(agentId))),
        changes: AgentChanges.make(stores.events, journal, cache, AgentAccess.sees(policy))
      })
      const guarded = AgentAccess.guard(manager, policy, stores.snapshots)
      return Context.add(AgentStateManager.context(guarded), AgentInterior, { reader, writer, reducer })
    })
  )
}

const toPolicy = (snapshots: Options["snapshots"] = {}): PolicyOf => {
  if (typeof snapshots === "function") return (agentId) => SnapshotPolicy.check(owner, snapshots(agentId))
  const policy = SnapshotPolicy.check(owner, snapshots)
  return () => policy
}

const owner = "AgentStateManager"

const positive = (option: string, value: number): number => {
  if (value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value > 0)) return value
  throw new RangeError(`${owner}: ${option} must be an integer from 1, found ${value}`)
}
