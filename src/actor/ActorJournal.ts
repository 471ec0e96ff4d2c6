/**
 * Between an actor and its stream of events: recovery and snapshots. Used by every engine.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Actor from "../Actor.ts"
import type { VersionMissing } from "../AgentError.ts"
import type { ContextEvent } from "../ContextEvent.ts"
import type { Corrupted, ReadError, Unavailable } from "../StoreError.ts"
import * as Replay from "../store/Replay.ts"
import * as Retention from "../store/Retention.ts"
import type { ActorCodec } from "./ActorCodec.ts"
import * as ActorReading from "./ActorReading.ts"
import * as ServiceEvents from "./ServiceEvents.ts"

/** The state of an actor and where in its stream it stands. */
export interface Recovered extends Replay.Replayed<unknown> {
  /** Why nothing may be appended to its agent, if so. No snapshot of an actor is taken above that. */
  readonly closed: ServiceEvents.Closing | undefined
}

/** Recovers an actor from its latest usable snapshot and what came after it. */
export const recover = (stores: Replay.Stores, { codec }: Actor.Any, id: string): Effect.Effect<Recovered, ReadError> =>
  Effect.map(Replay.replay(stores, codec.agentId(id), foldOf(codec)), open)

/** The same, up to a version. */
export const recoverTo = (
  stores: Replay.Stores,
  { codec }: Actor.Any,
  id: string,
  to: number
): Effect.Effect<Recovered, ReadError | VersionMissing> =>
  Effect.map(Replay.replayTo(stores, codec.agentId(id), foldOf(codec), to), open)

/** A state of an agent to which nothing may be appended. */
class Closed {
  readonly state: unknown
  readonly why: ServiceEvents.Closing

  constructor(state: unknown, why: ServiceEvents.Closing) {
    this.state = state
    this.why = why
  }
}

const open = (replayed: Replay.Replayed<unknown>): Recovered => {
  const { state } = replayed
  return state instanceof Closed
    ? { ...replayed, state: state.state, closed: state.why }
    : { ...replayed, closed: undefined }
}

const foldOf = (codec: ActorCodec): Replay.Fold<unknown> => ({
  initial: codec.initialState,
  apply: (state, event) => fold(codec, state, event),
  open: (snapshot) => ActorReading.readState(codec, snapshot)
})

/** Saves the state as a snapshot, and deletes what that makes superfluous; fails only as the store fails. */
export const takeSnapshot = Effect.fnUntraced(function* (
  stores: Replay.Stores,
  { codec, snapshots }: Actor.Any,
  id: string,
  { eventId, state, version }: Pick<Recovered, "state" | "version" | "eventId">
): Effect.fn.Return<void, ReadError> {
  const agentId = codec.agentId(id)
  // A state that its own schema refuses is a mistake in the program.
  const encoded = yield* Effect.orDie(Effect.fromResult(codec.encodeState(state)))
  const { reducer, stateShapes } = codec
  const schemaVersion = stateShapes.current
  yield* Retention.save(stores, { agentId, version, eventId, state: encoded, schemaVersion, reducer })
  yield* Retention.retain(stores, agentId, version, snapshots, (snapshot) => ActorReading.readState(codec, snapshot))
})

/** Events of other writers, such as those of the lifecycle, change no state. */
const fold = (
  codec: ActorCodec,
  state: unknown,
  event: ContextEvent
): Result.Result<unknown, Corrupted | Unavailable> => {
  if (state instanceof Closed) {
    const why = ServiceEvents.closingAfter(event, state.why)
    return Result.map(fold(codec, state.state, event), (next) => (why === undefined ? next : new Closed(next, why)))
  }
  if (!event.type.startsWith(codec.eventTypePrefix)) {
    const why = ServiceEvents.closingAfter(event, undefined)
    return Result.succeed(why === undefined ? state : new Closed(state, why))
  }
  if (event.schemaVersion === codec.eventShapes.current) {
    return Result.flatMap(ActorReading.readEvent(codec, event, event.data), (own) => evolve(codec, state, own, event))
  }
  return Result.flatMap(ActorReading.readEvents(codec, event), (all) =>
    all.reduce<Result.Result<unknown, Corrupted>>(
      (state, own) => Result.flatMap(state, (state) => evolve(codec, state, own, event)),
      Result.succeed(state)
    )
  )
}

const evolve = (
  codec: ActorCodec,
  state: unknown,
  own: unknown,
  event: ContextEvent
): Result.Result<unknown, Corrupted> =>
  Result.mapError(codec.evolve(state, own), (cause) => ActorReading.refuseFold(event, cause))
