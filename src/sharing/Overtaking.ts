/**
 * How shares are written although others write the agent at the same time.
 *
 * Whoever writes expects the version that he has decided on, and decides anew when another was faster. But an actor that never rests may overtake him
 * each time; so in the end he writes at any version, and looks afterwards at what came between. Of two, the one whose event came first is right.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as ShareRecord from "../access/ShareRecord.ts"
import * as AgentEvent from "../agent/AgentEvent.ts"
import * as LostRace from "../agent/LostRace.ts"
import type { ContextEvent } from "../ContextEvent.ts"
import type { EventStore } from "../EventStore.ts"
import type { Expected } from "../EventStoreDriver.ts"
import * as Note from "../Note.ts"
import { type AppendError, Conflict, type ReadError, Rejected } from "../StoreError.ts"
import { appendSurely } from "../store/AppendSurely.ts"

type Record = ShareRecord.ShareRecord

// Enough among those who rest now and then; whoever writes without a rest wins every time.
const patience = 4

/**
 * Tries again until nobody comes between. Each attempt is told what to expect of the agent whose version it has read, and whether the id of the event of the one before was
 * taken: by another who was faster, or by somebody who has used it for an event of his own. Then it keeps nobody apart, and only the version does.
 */
export const racing = <A, E>(
  attempt: (expect: (version: number) => Expected, isTaken: boolean) => Effect.Effect<A, E>,
  lost = 0,
  isTaken = false
): Effect.Effect<A, E> =>
  Effect.catchIf(
    attempt((version) => (lost < patience || isTaken ? version : "any"), isTaken),
    (error) => lost < LostRace.mostTries && (error instanceof Conflict || isOfTakenId(error)),
    (error) => Effect.andThen(LostRace.pause(lost), racing(attempt, lost + 1, isOfTakenId(error)))
  )

const isOfTakenId = (error: unknown): boolean => error instanceof Rejected && error.reason === "EventIdTaken"

/** A place that was read, and the one where an event was stored then. */
export interface Gap {
  readonly read: number
  readonly stored: number
}

/** What came between. */
export interface Between {
  readonly isPurged: boolean
  readonly isDeleted: boolean
  /** The shares that were made or changed. */
  readonly shares: ReadonlyArray<Record>
}

/** What came between the place that was read and the one where an event was stored. */
export const between = (
  events: EventStore["Service"],
  agentId: string,
  { read, stored }: Gap
): Effect.Effect<Between, ReadError> =>
  Effect.gen(function* () {
    const head = yield* events.head(agentId)
    const isPurged = head.presence === "missing" || (head.isComplete && head.firstVersion > read)
    if (read + 1 === stored) return { isPurged, isDeleted: false, shares: [] }
    const passed = yield* Stream.runCollect(events.read(agentId, { from: read + 1, to: stored - 1 }))
    return {
      isPurged,
      isDeleted: passed.some(({ type }) => type === AgentEvent.deleted),
      shares: passed.flatMap(shareOf)
    }
  })

const shareOf = ({ agentId, data, type }: ContextEvent): ReadonlyArray<Record> => {
  if (type !== AgentEvent.shared && type !== AgentEvent.shareChanged) return []
  const share = ShareRecord.decode({ agentId, body: data["share"] ?? null, name: "" })
  return Result.isSuccess(share) ? [share.success] : []
}

/** Takes back what was stored in an agent that had been purged by then, so that it does not come back by that. */
export const takeBack = (
  events: EventStore["Service"],
  agentId: string,
  stored: number,
  names: ReadonlyArray<string>
): Effect.Effect<void, AppendError | ReadError> =>
  Effect.gen(function* () {
    yield* appendSurely(events, { agentId, events: [], notes: names.map(Note.remove) })
    const { firstVersion, version } = yield* events.head(agentId)
    if (firstVersion === stored && version === stored) yield* events.purge(agentId)
  })
