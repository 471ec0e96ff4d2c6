/**
 * From a stream of events to a state: the latest usable snapshot, and the fold of what came after it. Everything that reads an agent
 * goes this way, so that all of them see the same state.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { VersionMissing } from "../AgentError.ts"
import type { ContextEvent } from "../ContextEvent.ts"
import type { ContextSnapshot } from "../ContextSnapshot.ts"
import { EventStore } from "../EventStore.ts"
import type { Head } from "../EventStoreDriver.ts"
import { SnapshotStore } from "../SnapshotStore.ts"
import { Corrupted, type ReadError, type Unavailable } from "../StoreError.ts"
import * as Lineage from "./Lineage.ts"
import * as ReplaySnapshot from "./ReplaySnapshot.ts"

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
  /** The state before the first event. */
  readonly initial: State
  readonly apply: (state: State, event: ContextEvent) => Result.Result<State, Corrupted | Unavailable>
  /** The state that a snapshot holds. When it is of no use, an older one is taken, or the events are. */
  readonly open: (snapshot: ContextSnapshot) => Result.Result<State, ReplaySnapshot.Unusable>
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
 * Replays an agent up to now.
 *
 * Fails with `Corrupted` when events that are needed were deleted and no usable snapshot stands above them, or with `Unavailable` when only
 * a newer program can read what there is.
 */
export const replay = <State>(
  stores: Stores,
  agentId: string,
  fold: Fold<State>
): Effect.Effect<Replayed<State>, ReadError> =>
  Effect.catchTag(follow(stores, agentId, fold, Number.MAX_SAFE_INTEGER), "MissingEvents", (missing) =>
    Effect.fail(refuseGap(agentId, missing))
  )

/** Replays an agent up to a version. Fails with `VersionMissing` when the events there were deleted. */
export const replayTo = <State>(
  stores: Stores,
  agentId: string,
  fold: Fold<State>,
  to: number
): Effect.Effect<Replayed<State>, ReadError | VersionMissing> =>
  Effect.catchTag(
    follow(stores, agentId, fold, to),
    "MissingEvents",
    (missing): Effect.Effect<never, ReadError | VersionMissing> => {
      const { firstVersion, isComplete, version } = missing.head
      const isDeleted = !isComplete && to < (firstVersion || version)
      return Effect.fail(
        isDeleted
          ? new VersionMissing({ agentId, asked: to, first: firstVersion, last: version })
          : refuseGap(agentId, missing)
      )
    }
  )

interface MissingEvents {
  readonly _tag: "MissingEvents"
  readonly head: Head
  readonly expected: number
  /** 0 for the end of the stream. */
  readonly found: number
  /** What is wrong with the snapshot that might have helped. */
  readonly unusable: ReplaySnapshot.Unusable | undefined
}

// Each try sees a deletion that began later than the one before it.
const mostTries = 100

/** Deletion and snapshots are not one read with the events: what is missing may have been deleted a moment ago, below a new snapshot. */
const follow = <State>(
  stores: Stores,
  agentId: string,
  fold: Fold<State>,
  to: number,
  tries = 1,
  before?: MissingEvents
): Effect.Effect<Replayed<State>, ReadError | MissingEvents> =>
  Effect.catchTag(attempt(stores, agentId, fold, to), "MissingEvents", (missing) =>
    tries === mostTries || (before !== undefined && isSameGap(before, missing))
      ? Effect.fail(missing)
      : follow(stores, agentId, fold, to, tries + 1, missing)
  )

const isSameGap = (left: MissingEvents, right: MissingEvents): boolean =>
  left.expected === right.expected && left.found === right.found && left.head.firstVersion === right.head.firstVersion

const attempt = Effect.fnUntraced(function* <State>(stores: Stores, agentId: string, fold: Fold<State>, to: number) {
  const [head, latest] = yield* Effect.all(
    [stores.events.head(agentId), ReplaySnapshot.latest(stores, agentId, fold, to)],
    { concurrency: 2 }
  )
  const isNeeded = Result.isFailure(latest) && head.presence === "present" && !head.isComplete
  const opened = isNeeded ? yield* ReplaySnapshot.older(stores, agentId, fold, head, to, latest.failure) : latest
  const snapshot = Result.getOrUndefined(opened)
  const last = Math.min(head.version, to)
  const start = begin(head, snapshot, fold, to)
  if (head.presence === "missing" || start.version >= last) return start
  const unusable = Result.isFailure(opened) ? opened.failure : undefined
  if (snapshot === undefined && !head.isComplete) {
    return yield* missing(head, 1, head.firstVersion, unusable)
  }
  return yield* foldFrom(stores, agentId, fold, start, head, to)
})

const missing = (
  head: Head,
  expected: number,
  found: number,
  unusable: ReplaySnapshot.Unusable | undefined
): Effect.Effect<never, MissingEvents> => Effect.fail({ _tag: "MissingEvents", head, expected, found, unusable })

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
  head: Head,
  to: number
): Effect.Effect<Replayed<State>, ReadError | MissingEvents> =>
  Effect.suspend(() => {
    let { eventId, state, version } = start
    const events = stores.events.read(agentId, { from: version + 1, to })
    const folding = Stream.runForEachArray(events, (page): Effect.Effect<void, ReadError | MissingEvents> => {
      for (const event of page) {
        if (event.version !== version + 1) return missing(head, version + 1, event.version, undefined)
        const folded = fold.apply(state, event)
        if (Result.isFailure(folded)) return Effect.fail(folded.failure)
        state = folded.success
        version = event.version
        eventId = event.id
      }
      return Effect.void
    })
    return Effect.flatMap(folding, () =>
      version < Math.min(head.version, to)
        ? missing(head, version + 1, 0, undefined)
        : Effect.succeed({ ...start, state, version, eventId })
    )
  })

const refuseGap = (agentId: string, { expected, found, unusable }: MissingEvents): Corrupted | Unavailable => {
  const subject = `stream of agent ${JSON.stringify(agentId)}`
  if (unusable?.reason === "newer") {
    return Lineage.refuseNewer(`read ${subject}`, "a snapshot that this program knows", unusable.found)
  }
  const event = found === 0 ? "the end of the stream" : `event ${found}`
  return new Corrupted({
    subject,
    expected: `event ${expected}`,
    found: unusable === undefined ? event : `${event}, and a snapshot that is of no use: ${unusable.found}`,
    remedy:
      "Events were deleted and no snapshot can be used: give steps in `upcastState` if its shape is old, or restore it or the events from a backup."
  })
}
