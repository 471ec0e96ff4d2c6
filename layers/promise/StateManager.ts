/**
 * Agents and their states, for callers without Effect; what it promises is at the head of `src/AgentStateManager.ts`.
 *
 * ```ts
 * const directory = "./data"
 * await using agents = makeAgentStateManager({
 *   eventStore: new LevelEventStore({ directory }),
 *   snapshotStore: new LevelSnapshotStore({ directory })
 * })
 * await agents.updateContext("agent-1", { state: { status: "active", lastSeen: new Date() } })
 * const { state, version } = await agents.getContext("agent-1")
 * ```
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { AgentContext } from "../../src/AgentContext.ts"
import * as Manager from "../../src/AgentStateManager.ts"
import type { AgentInterior } from "../../src/agent/AgentInterior.ts"
import type { ContextEvent, NewEvent } from "../../src/ContextEvent.ts"
import * as Events from "../../src/EventStore.ts"
import type { AgentEntry } from "../../src/EventStoreDriver.ts"
import type { SnapshotStore as Snapshots } from "../../src/SnapshotStore.ts"
import type { Patch } from "../../src/StatePatch.ts"
import { InvalidInput } from "../../src/StoreError.ts"
import * as ReservedAgents from "../../src/store/ReservedAgents.ts"
import type * as Value from "../../src/Value.ts"
import { type ContextSnapshot, ofAgent } from "./AgentSnapshot.ts"
import { type CallerError, call } from "./CallerError.ts"
import type { EventStore, SnapshotStore } from "./Contracts.ts"
import { checkArray, checkFunction, checkObject } from "./given.ts"
import type { Failure } from "./PantheonError.ts"
import type { Session } from "./Session.ts"
import { Shell } from "./Shell.ts"

/** An event that is to be appended, and its agent. What is left out is filled in. */
export interface NewAgentEvent extends NewEvent {
  readonly agentId: string
}

/**
 * What `updateContext` merges, key by key at the top level. A whole context may be handed over; what is neither state nor metadata is told by the
 * events and passed over.
 */
export interface ContextUpdate extends Omit<Partial<AgentContext>, "state" | "metadata"> {
  readonly state?: object | undefined
  readonly metadata?: object | undefined
}

/** The calls that most programs need. */
export interface AgentStateManager {
  readonly eventStore: EventStore
  readonly snapshotStore: SnapshotStore
  getContext(agentId: string): Promise<AgentContext>
  updateContext(agentId: string, updates: ContextUpdate): Promise<AgentContext>
  appendEvent(event: NewAgentEvent): Promise<ContextEvent>
  createSnapshot(agentId: string): Promise<ContextSnapshot>
  restoreFromSnapshot(snapshotId: string): Promise<AgentContext>
  deleteContext(agentId: string): Promise<void>
  getContextHistory(agentId: string, limit?: number): Promise<Array<ContextEvent>>
}

/** The services of a manager. */
export type Services = Manager.AgentStateManager | AgentInterior | Events.EventStore | Snapshots

type Core = Manager.AgentStateManager["Service"]

/**
 * Agents and their states; made by `makeAgentStateManager`. Contexts are frozen and shared: write to the agent to change it. `close` closes the stores
 * too, those of this library that no other manager uses.
 */
export class StateManager<Event extends EventStore = EventStore, Snapshot extends SnapshotStore = SnapshotStore>
  extends Shell<Services>
  implements AgentStateManager
{
  readonly eventStore: Event
  readonly snapshotStore: Snapshot

  /** @internal */
  constructor(
    stores: { readonly eventStore: Event; readonly snapshotStore: Snapshot },
    session: Session<Services>,
    release: () => Promise<void>
  ) {
    super(session, release)
    this.eventStore = stores.eventStore
    this.snapshotStore = stores.snapshotStore
  }

  /** The agent as it is. Rejected with `AGENT_NOT_FOUND` when it was never written, with `AGENT_DELETED` when it was deleted. */
  getContext(agentId: string): Promise<AgentContext> {
    return this.#run((agents) => agents.getContext(agentId))
  }

  /** The agent as it was at a version, or at a time; also of a deleted one. */
  async getContextAt(agentId: string, moment: Manager.Moment): Promise<AgentContext> {
    checkObject("moment", "an object with version or time", moment)
    return this.#run((agents) => agents.getContextAt(agentId, moment))
  }

  /** Merges top-level keys into the state and the metadata. Creates the agent if there is none. */
  updateContext(agentId: string, updates: ContextUpdate, options?: Manager.WriteOptions): Promise<AgentContext> {
    return this.#run((agents) => {
      const { agentId: named = agentId, metadata, state } = updates ?? {}
      if (named !== agentId) return refuseOther(agentId, named)
      if (state === undefined && metadata === undefined) return refuseEmpty
      return agents.updateContext(agentId, { state, metadata }, options)
    })
  }

  /** Replaces the state. Creates the agent if there is none. */
  setState(agentId: string, state: object, options?: Manager.WriteOptions): Promise<AgentContext> {
    return this.#run((agents) => agents.setState(agentId, state, options))
  }

  /** Applies a JSON Patch (RFC 6902) to the state, all of it or nothing. */
  patchState(agentId: string, patch: Patch, options?: Manager.WriteOptions): Promise<AgentContext> {
    return this.#run((agents) => agents.patchState(agentId, patch, options))
  }

  /**
   * Computes the next state from the state, `{}` for a new agent, and stores it. When another writer comes between, it is computed anew. When the
   * function throws, nothing is stored and the promise is rejected with what it threw.
   */
  async modify(
    agentId: string,
    next: (state: Value.Record) => object | Promise<object>,
    options?: Pick<Manager.WriteOptions, "commandId" | "metadata">
  ): Promise<AgentContext> {
    checkFunction("next", "a function from a state to the next", next)
    return await this.#run((agents) => agents.modify(agentId, (state) => call(() => next(state)), options))
  }

  /** Appends an event, and folds it with the reducer of its type. Creates the agent if there is none. */
  appendEvent(event: NewAgentEvent, options?: Manager.AppendOptions): Promise<ContextEvent> {
    if (typeof event === "string") return this.#run(() => refuseText(event))
    return this.#run((agents) => agents.appendEvent(event?.agentId, toNew(event), options))
  }

  /** Appends several events to one agent, in order, all or none. */
  appendEvents(
    agentId: string,
    events: ReadonlyArray<NewEvent>,
    options?: Manager.AppendOptions
  ): Promise<ReadonlyArray<ContextEvent>> {
    return this.#run((agents) => agents.appendEvents(agentId, events, options))
  }

  /** Appends events to several agents in one step, all or none. Gives the events of each, in order. */
  async appendTogether(
    writes: ReadonlyArray<Manager.AgentEvents>,
    options?: Manager.TogetherOptions
  ): Promise<ReadonlyArray<ReadonlyArray<ContextEvent>>> {
    checkArray("writes", "an array of { agentId, events }", writes)
    return this.#run((agents) => agents.appendTogether(writes, options))
  }

  /** Saves the agent as it is as a snapshot. */
  createSnapshot(agentId: string): Promise<ContextSnapshot> {
    return this.#run((agents) =>
      Effect.flatMap(agents.createSnapshot(agentId), (made) => Effect.fromResult(ofAgent(made)))
    )
  }

  /**
   * The agent of a snapshot as it is now: the snapshot, and the events after it. To read it as it was then, use `getSnapshotContext`; to go back to
   * it, `revertTo` its version.
   */
  restoreFromSnapshot(snapshotId: string): Promise<AgentContext> {
    return this.#run((agents) =>
      Effect.flatMap(agents.restoreFromSnapshot(snapshotId), ({ agentId }) => agents.getContext(agentId))
    )
  }

  /** The agent as it was when the snapshot was taken. */
  getSnapshotContext(snapshotId: string): Promise<AgentContext> {
    return this.#run((agents) => agents.restoreFromSnapshot(snapshotId))
  }

  /** Makes the state again what it was at a version. The history stays. */
  revertTo(agentId: string, version: number, options?: Manager.WriteOptions): Promise<AgentContext> {
    return this.#run((agents) => agents.revertTo(agentId, version, options))
  }

  /** A new agent that begins with the state of another, now or at a version. */
  fork(agentId: string, newAgentId: string, options?: Parameters<Core["fork"]>[2]): Promise<AgentContext> {
    return this.#run((agents) => agents.fork(agentId, newAgentId, options))
  }

  /** Makes the agent read-only, until it is restored. */
  archiveContext(agentId: string, options?: Manager.WriteOptions): Promise<AgentContext> {
    return this.#run((agents) => agents.archive(agentId, options))
  }

  /** Makes an archived agent active again. */
  restoreContext(agentId: string, options?: Manager.WriteOptions): Promise<AgentContext> {
    return this.#run((agents) => agents.restore(agentId, options))
  }

  /** Deletes the agent: it can be read and written no more, and its history stays. */
  deleteContext(agentId: string, options?: Manager.WriteOptions): Promise<void> {
    return this.#run((agents) => Effect.asVoid(agents.deleteContext(agentId, options)))
  }

  /** Removes all that is stored of the agent, for good. Gives the number of events. */
  purge(agentId: string): Promise<number> {
    return this.#run((agents) => agents.purge(agentId))
  }

  /** The last events of an agent in their order; all of them without `limit`. */
  getContextHistory(agentId: string, limit?: number): Promise<Array<ContextEvent>> {
    const options = limit === undefined ? {} : { limit, direction: "backward" as const }
    return this.#run((agents) =>
      Effect.map(Stream.runCollect(agents.history(agentId, options)), (events) =>
        limit === undefined ? events : events.reverse()
      )
    )
  }

  /** One page of a history, 100 events unless `limit` says otherwise, and where the next begins. */
  getContextHistoryPage(agentId: string, options?: Manager.HistoryOptions): Promise<Manager.History> {
    return this.#run((agents) => agents.getContextHistory(agentId, options))
  }

  /** The events of an agent, one by one; read from the store as they are asked for. */
  history(agentId: string, options?: Manager.HistoryOptions): AsyncIterableIterator<ContextEvent> {
    return this.session.iterate(
      Stream.unwrap(Manager.AgentStateManager.useSync((agents) => agents.history(agentId, options)))
    )
  }

  /** What happens, event by event, live; of one agent or of all. It ends with the loop that reads it, or with the manager. */
  changes(options?: Manager.ChangesOptions): AsyncIterableIterator<Manager.Change> {
    return this.session.iterate(Stream.unwrap(Manager.AgentStateManager.useSync((agents) => agents.changes(options))))
  }

  /** The agents, with their versions, in an order of the store's own. */
  listAgents(options?: Events.AgentsOptions): AsyncIterableIterator<AgentEntry> {
    const agents = Stream.unwrap(Events.EventStore.useSync((store) => store.agents(options)))
    return this.session.iterate(Stream.filter(agents, ({ agentId }) => !ReservedAgents.isReserved(agentId)))
  }

  #run<A>(use: (agents: Core) => Effect.Effect<A, Failure | CallerError>): Promise<A> {
    return this.session.run(Manager.AgentStateManager.use(use))
  }
}

const toNew = (event: NewEvent): NewEvent => {
  const { data, id, metadata, schemaVersion, timestamp, type } = event ?? {}
  return { data, id, metadata, schemaVersion, timestamp, type }
}

// The id stands in the event here, and before it in `appendEvents`.
const refuseText = (found: string): Effect.Effect<never, InvalidInput> =>
  Effect.fail(
    new InvalidInput({
      path: "event",
      expected: "an object with agentId, type and data",
      found: JSON.stringify(found),
      remedy: "Put the id into the event, or pass it to `appendEvents` with a list of events."
    })
  )

const refuseOther = (agentId: string, found: string): Effect.Effect<never, InvalidInput> =>
  Effect.fail(
    new InvalidInput({
      path: "updates/agentId",
      expected: JSON.stringify(agentId),
      found: JSON.stringify(found),
      remedy: "Hand over the context of the agent that is written, or its state only."
    })
  )

const refuseEmpty: Effect.Effect<never, InvalidInput> = Effect.fail(
  new InvalidInput({
    path: "updates",
    expected: "an object with state or metadata",
    found: "neither",
    remedy: "Put what is to be merged into the state below `state`."
  })
)
