/**
 * Between an agent and its stream: where it stands, from the beginning or from where it was last seen, and its snapshots.
 */
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { AgentContext } from "../AgentContext.ts"
import type { VersionMissing } from "../AgentError.ts"
import type { ContextEvent } from "../ContextEvent.ts"
import type { ContextSnapshot } from "../ContextSnapshot.ts"
import type { FoldFailure, StateReducer } from "../StateReducer.ts"
import { Corrupted, type ReadError, type Unavailable } from "../StoreError.ts"
import * as Replay from "../store/Replay.ts"
import * as Retention from "../store/Retention.ts"
import * as AgentSnapshot from "./AgentSnapshot.ts"
import * as StateValue from "./StateValue.ts"

/** An agent and where in its stream it stands. */
export interface Standing {
  /** `undefined` when the agent was never written, or was purged. */
  readonly context: AgentContext | undefined
  readonly version: number
  readonly eventId: string
  /** The version of the last snapshot that was read or begun; 0 for none. */
  readonly snapshotVersion: number
}

/** Reads and saves agents with one fold. */
export interface AgentJournal {
  /** Where the agent stands. */
  readonly recall: (agentId: string) => Effect.Effect<Standing, ReadError>
  /** Where it stood at a version. */
  readonly recallAt: (agentId: string, version: number) => Effect.Effect<Standing, ReadError | VersionMissing>
  /** The same, from where it stood before: only what came since is read, if there is no more to it. */
  readonly catchUp: (agentId: string, since: Standing, to: number) => Effect.Effect<Standing, ReadError>
  /** Saves where it stands as a snapshot; none when the agent was purged meanwhile. */
  readonly save: (agentId: string, standing: Standing) => Effect.Effect<Option.Option<ContextSnapshot>, ReadError>
  /** Deletes what the snapshot of a version makes superfluous. */
  readonly retain: (agentId: string, version: number, retention: Retention.Retention) => Effect.Effect<void, ReadError>
  /** Folds an event that was read. */
  readonly fold: (
    context: AgentContext | undefined,
    event: ContextEvent
  ) => Result.Result<AgentContext, Corrupted | Unavailable>
}

// What was written is folded whatever the limits are by now; this only ends the descent into what cannot end.
const deepest = 1000

/** The journal of all agents in the stores. */
export const make = (stores: Replay.Stores, reducer: StateReducer): AgentJournal => {
  const fold: AgentJournal["fold"] = (context, event) => {
    StateValue.freeze(event.data)
    return Result.mapError(reducer.apply(context, event, deepest), (failure) => corrupted(event, failure))
  }

  const agentFold: Replay.Fold<AgentContext | undefined> = { initial: undefined, apply: fold, open: reducer.open }

  const recall: AgentJournal["recall"] = (agentId) => Effect.map(Replay.replay(stores, agentId, agentFold), toStanding)

  const recallAt: AgentJournal["recallAt"] = (agentId, version) =>
    Effect.map(Replay.replayTo(stores, agentId, agentFold, version), toStanding)

  const continued = Effect.fnUntraced(function* (agentId: string, since: Standing, to: number) {
    let { context, eventId, version } = since
    const events = stores.events.read(agentId, { from: version + 1, to })
    yield* Stream.runForEachArray(events, (page): Effect.Effect<void, ReadError | Discontinued> => {
      for (const event of page) {
        if (event.version !== version + 1) return Effect.fail(discontinued)
        const folded = fold(context, event)
        if (Result.isFailure(folded)) return Effect.fail(folded.failure)
        context = folded.success
        version = event.version
        eventId = event.id
      }
      return Effect.void
    })
    if (version < to) return yield* Effect.fail(discontinued)
    return { context, version, eventId, snapshotVersion: since.snapshotVersion }
  })

  const catchUp: AgentJournal["catchUp"] = (agentId, since, to) =>
    since.context === undefined
      ? recall(agentId)
      : Effect.catchTag(continued(agentId, since, to), "Discontinued", () => recall(agentId))

  const save: AgentJournal["save"] = (agentId, { context, eventId, version }) =>
    context === undefined
      ? Effect.succeedNone
      : Retention.save(stores, {
          agentId,
          version,
          eventId,
          ...AgentSnapshot.encode(context),
          schemaVersion: reducer.stateVersion,
          reducer: reducer.fingerprint
        })

  return {
    recall,
    recallAt,
    catchUp,
    save,
    retain: (agentId, version, retention) => Retention.retain(stores, agentId, version, retention, reducer.open),
    fold
  }
}

const toStanding = (replayed: Replay.Replayed<AgentContext | undefined>): Standing => {
  const { eventId, snapshotVersion, state, version } = replayed
  return { context: state, version, eventId, snapshotVersion }
}

/** After a purge, or a deletion of events, what is there does not continue what was seen. */
interface Discontinued {
  readonly _tag: "Discontinued"
}

const discontinued: Discontinued = { _tag: "Discontinued" }

const corrupted = (event: ContextEvent, failure: FoldFailure): Corrupted | Unavailable =>
  failure._tag === "Corrupted" || failure._tag === "Unavailable"
    ? failure
    : new Corrupted({
        subject: `event ${event.version} of agent ${JSON.stringify(event.agentId)}`,
        expected: `a ${event.type} that can be folded`,
        found: failure.message,
        remedy:
          "Register reducers that can fold what was written with them, and bring what they no longer know into shape with `upcast`.",
        cause: failure
      })
