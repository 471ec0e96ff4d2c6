/**
 * Makes a manager of the stores that it is given.
 */
import * as Layer from "effect/Layer"
import * as Manager from "../../src/AgentStateManager.ts"
import type * as StateReducer from "../../src/StateReducer.ts"
import type { EventStore, SnapshotStore } from "./Contracts.ts"
import { checked } from "./checked.ts"
import { foundation } from "./Foundation.ts"
import { invalidOptions } from "./PantheonError.ts"
import { Session } from "./Session.ts"
import { type Services, StateManager } from "./StateManager.ts"

/** The stores of a manager, and how it folds and takes snapshots. */
export interface AgentStateDeps<Event extends EventStore = EventStore, Snapshot extends SnapshotStore = SnapshotStore>
  extends StateReducer.Options {
  /** One of this library, or an object with `appendEvent`, `getEvents` and `getEvent`. */
  readonly eventStore: Event
  /** One of this library, or an object with `saveSnapshot`, `getLatestSnapshot` and `getSnapshot`. */
  readonly snapshotStore: Snapshot
  /** A snapshot is taken once so many events have happened since the last; 100 by default, `Infinity` for never. Agent by agent, if it is a function. */
  readonly snapshotInterval?: number | ((agentId: string) => number) | undefined
  /** More about snapshots, in place of `snapshotInterval`: when they are taken, how many are kept, whether older events are deleted. */
  readonly snapshots?: Manager.Options["snapshots"]
  /** How many agents are remembered so that a write need not read them first; 1,000 by default. */
  readonly cachedAgents?: number | undefined
}

const owner = "makeAgentStateManager"

/** Agents and their states over two stores. Nothing is opened before the first call. Throws a `PantheonError`, `INVALID_OPTIONS`, when an option makes no sense. */
export const makeAgentStateManager = <Event extends EventStore, Snapshot extends SnapshotStore>(
  deps: AgentStateDeps<Event, Snapshot>
): StateManager<Event, Snapshot> => new StateManager(deps, ...open(owner, deps))

/** What a manager is made of. */
export const open = (
  owner: string,
  deps: AgentStateDeps
): readonly [session: Session<Services>, release: () => Promise<void>] => {
  if (typeof deps !== "object" || deps === null) {
    throw invalidOptions(owner, "its argument", "an object with eventStore and snapshotStore", deps)
  }
  const { cachedAgents, reducers, stateVersion, upcastState } = deps
  const layer = checked(() =>
    Manager.layer({ cachedAgents, reducers, stateVersion, upcastState, snapshots: snapshotsOf(owner, deps) })
  )
  const { database, release } = foundation(owner, deps)
  return [new Session("AgentStateManager", Layer.provideMerge(layer, database)), release]
}

const snapshotsOf = (owner: string, { snapshotInterval, snapshots }: AgentStateDeps): Manager.Options["snapshots"] => {
  if (snapshotInterval === undefined) return snapshots
  if (snapshots !== undefined)
    throw invalidOptions(owner, "snapshotInterval", "left out beside snapshots", snapshotInterval)
  if (typeof snapshotInterval === "number") return { every: snapshotInterval }
  if (typeof snapshotInterval === "function") return (agentId) => ({ every: snapshotInterval(agentId) })
  throw invalidOptions(owner, "snapshotInterval", "a number or a function", snapshotInterval)
}
