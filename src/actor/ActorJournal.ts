/**
 * Between an actor and its stream of events: recovery and snapshots. Used by every engine.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Actor from "../Actor.ts"
import type { VersionMissing } from "../AgentError.ts"
import type { ContextEvent } from "../ContextEvent.ts"
import type { ContextSnapshot } from "../ContextSnapshot.ts"
import type { Corrupted, ReadError, Unavailable } from "../StoreError.ts"
import * as Replay from "../store/Replay.ts"
import type { ActorCodec } from "./ActorCodec.ts"
import * as ActorReading from "./ActorReading.ts"

/** The state of an actor and where in its stream it stands. */
export type Recovered = Replay.Replayed<unknown>

/** Recovers an actor from its latest usable snapshot and what came after it. */
export const recover = (stores: Replay.Stores, { codec }: Actor.Any, id: string): Effect.Effect<Recovered, ReadError> =>
  Replay.replay(stores, codec.agentId(id), foldOf(codec))

/** The same, up to a version. */
export const recoverTo = (
  stores: Replay.Stores,
  { codec }: Actor.Any,
  id: string,
  to: number
): Effect.Effect<Recovered, ReadError | VersionMissing> => Replay.replayTo(stores, codec.agentId(id), foldOf(codec), to)

const foldOf = (codec: ActorCodec): Replay.Fold<unknown> => ({
  initial: codec.initialState,
  apply: (state, event) => fold(codec, state, event),
  open: (snapshot) => ActorReading.readState(codec, snapshot)
})

/** Saves the state as a snapshot; fails only as the store fails. */
export const saveSnapshot = (
  stores: Replay.Stores,
  definition: Actor.Any,
  id: string,
  at: { readonly state: unknown; readonly version: number; readonly eventId: string }
): Effect.Effect<ContextSnapshot, ReadError> =>
  Effect.flatMap(
    // A state that its own schema refuses is a mistake in the program.
    Effect.orDie(Effect.fromResult(definition.codec.encodeState(at.state))),
    (state) =>
      stores.snapshots.save({
        agentId: definition.codec.agentId(id),
        version: at.version,
        eventId: at.eventId,
        state,
        schemaVersion: definition.codec.stateShapes.current,
        reducer: definition.codec.reducer
      })
  )

/** Events of other writers, such as those of the lifecycle, change no state. */
const fold = (
  codec: ActorCodec,
  state: unknown,
  event: ContextEvent
): Result.Result<unknown, Corrupted | Unavailable> => {
  if (!event.type.startsWith(codec.eventTypePrefix)) return Result.succeed(state)
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
