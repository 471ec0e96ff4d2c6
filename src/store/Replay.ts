/**
 * From a stream of events to a state: the latest usable snapshot, and the fold of what came after it. Everything that reads an agent
 * goes this way, so that all of them see the same state.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { ContextEvent } from "../ContextEvent.ts"
import type { ContextSnapshot } from "../ContextSnapshot.ts"
import { EventStore } from "../EventStore.ts"
import type { Head } from "../EventStoreDriver.ts"
import { SnapshotStore } from "../SnapshotStore.ts"
import { Corrupted, type ReadError } from "../StoreError.ts"

/** The stores that agents live in. */
export interface Stores {
  readonly events: EventStore["Service"]
  readonly snapshots: SnapshotStore["Service"]
}

/** Asks for the stores that are provided. */
export const stores: Effect.Effect<Stores, never, EventStore | SnapshotStore> = Effect.gen(function* () {
  return { events: yield* EventStore, snapshots: yield* SnapshotStore }
})

/** How a reader folds the events of an agent. */
export interface Fold<State> {
  /** Names the fold and its version; snapshots that another fold made are not used. */
  readonly reducer: string
  /** The state before the first event. */
  readonly initial: State
  readonly apply: (state: State, event: ContextEvent) => Result.Result<State, Corrupted>
  /** Fails for a snapshot that the reader cannot use; the events are replayed instead. */
  readonly fromSnapshot: (snapshot: ContextSnapshot) => Result.Result<State, unknown>
}

/** A state and where in its stream it stands. */
export interface Replayed<State> {
  readonly state: State
  readonly version: number
  /** The id of the event at `version`; empty when nothing has happened since the beginning or the last purge. */
  readonly eventId: string
  /** The version of the snapshot it was read from; 0 for none. */
  readonly snapshotVersion: number
  /** `missing` when the agent was never written, or was purged. */
  readonly presence: Head["presence"]
}

/**
 * Replays an agent up to the version `to`, or up to now.
 *
 * Fails with `Corrupted` when events that are needed were deleted and no usable snapshot stands above them.
 */
export const replay = <State>(
  stores: Stores,
  agentId: string,
  fold: Fold<State>,
  to = Number.MAX_SAFE_INTEGER
): Effect.Effect<Replayed<State>, ReadError> =>
  attempt(stores, agentId, fold, to).pipe(
    // Deletion and snapshots are not one read with the events: what is missing may have been deleted a moment ago, below a new snapshot.
    Effect.retry({ times: 2, while: (error) => error._tag === "MissingEvents" }),
    Effect.catchTag("MissingEvents", (missing) => Effect.fail(refuseGap(agentId, missing)))
  )

interface MissingEvents {
  readonly _tag: "MissingEvents"
  readonly expected: number
  readonly found: number
}

const attempt = Effect.fnUntraced(function* <State>(stores: Stores, agentId: string, fold: Fold<State>, to: number) {
  const [head, snapshot] = yield* Effect.all([stores.events.head(agentId), readSnapshot(stores, agentId, fold, to)], {
    concurrency: 2
  })
  const last = Math.min(head.version, to)
  const start = begin(head, snapshot, fold, to)
  if (head.presence === "missing" || start.version >= last) return start
  if (snapshot === undefined && !head.isComplete) {
    return yield* Effect.fail<MissingEvents>({ _tag: "MissingEvents", expected: 1, found: head.firstVersion })
  }
  return yield* foldFrom(stores, agentId, fold, start, last, to)
})

/** Where the fold begins: at the snapshot, or before the first event there is. */
const begin = <State>(
  head: Head,
  snapshot: Replayed<State> | undefined,
  { initial }: Fold<State>,
  to: number
): Replayed<State> => {
  const { firstVersion, isComplete, presence } = head
  // A snapshot from before a purge is of another life.
  const isOfThisLife = presence === "present" && !(isComplete && (snapshot?.version ?? 0) < firstVersion)
  if (snapshot !== undefined && isOfThisLife) return snapshot
  const beginning = presence === "missing" ? head.version : isComplete ? firstVersion - 1 : 0
  return { state: initial, version: Math.min(beginning, to), eventId: "", snapshotVersion: 0, presence }
}

const foldFrom = <State>(
  stores: Stores,
  agentId: string,
  fold: Fold<State>,
  start: Replayed<State>,
  last: number,
  to: number
): Effect.Effect<Replayed<State>, ReadError | MissingEvents> =>
  Effect.suspend(() => {
    let { eventId, state, version } = start
    const events = stores.events.read(agentId, { from: version + 1, to })
    const folding = Stream.runForEachArray(events, (page): Effect.Effect<void, ReadError | MissingEvents> => {
      for (const event of page) {
        if (event.version !== version + 1) {
          return Effect.fail({ _tag: "MissingEvents", expected: version + 1, found: event.version })
        }
        const folded = fold.apply(state, event)
        if (Result.isFailure(folded)) return Effect.fail(folded.failure)
        state = folded.success
        version = event.version
        eventId = event.id
      }
      return Effect.void
    })
    return Effect.flatMap(folding, () =>
      version < last
        ? Effect.fail<MissingEvents>({ _tag: "MissingEvents", expected: version + 1, found: 0 })
        : Effect.succeed({ ...start, state, version, eventId })
    )
  })

const readSnapshot = Effect.fnUntraced(function* <State>(
  stores: Stores,
  agentId: string,
  fold: Fold<State>,
  to: number
) {
  const read = yield* stores.snapshots.latest(agentId, { maxVersion: to }).pipe(
    // A damaged snapshot costs time, not the agent: the events are still there, or their absence is an error.
    Effect.catchTag("Corrupted", (error) => Effect.as(Effect.logWarning(error.message), Option.none<ContextSnapshot>()))
  )
  if (Option.isNone(read) || read.value.reducer !== fold.reducer) return undefined
  const { eventId, version } = read.value
  const state = fold.fromSnapshot(read.value)
  if (Result.isFailure(state)) {
    yield* Effect.logWarning(`snapshot ${version} of ${agentId} does not fit its reader; replaying the events instead`)
    return undefined
  }
  const replayed: Replayed<State> = {
    state: state.success,
    version,
    eventId,
    snapshotVersion: version,
    presence: "present"
  }
  return replayed
})

const refuseGap = (agentId: string, { expected, found }: MissingEvents): Corrupted =>
  new Corrupted({
    subject: `stream of agent ${JSON.stringify(agentId)}`,
    expected: `event ${expected}`,
    found: found === 0 ? "the end of the stream" : `event ${found}`,
    remedy: "Events were deleted and no snapshot can be used; restore one of them from a backup or an export."
  })
