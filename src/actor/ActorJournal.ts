/**
 * Between an actor and its stream of events: recovery and snapshots. Used by every engine.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Actor from "../Actor.ts"
import type { ContextEvent } from "../ContextEvent.ts"
import type { ContextSnapshot } from "../ContextSnapshot.ts"
import { Corrupted, type ReadError } from "../StoreError.ts"
import * as Replay from "../store/Replay.ts"
import type { ActorCodec } from "./ActorCodec.ts"

/** The state of an actor and where in its stream it stands. */
export type Recovered = Replay.Replayed<unknown>

/** Recovers an actor from its latest usable snapshot and what came after it, up to the version `to`. */
export const recover = (
  stores: Replay.Stores,
  definition: Actor.Any,
  id: string,
  to?: number
): Effect.Effect<Recovered, ReadError> => {
  const { codec } = definition
  return Replay.replay(
    stores,
    codec.agentId(id),
    {
      reducer: codec.reducer,
      initial: codec.initialState,
      apply: (state, event) => fold(codec, state, event),
      fromSnapshot: (snapshot) => codec.decodeState(snapshot.state)
    },
    to
  )
}

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
        schemaVersion: definition.codec.stateVersion,
        reducer: definition.codec.reducer
      })
  )

/** Events of other writers, such as those of the lifecycle, change no state. */
const fold = (codec: ActorCodec, state: unknown, event: ContextEvent): Result.Result<unknown, Corrupted> => {
  if (!event.type.startsWith(codec.eventTypePrefix)) return Result.succeed(state)
  return Result.mapError(
    Result.flatMap(codec.decodeEvent(event.data), (decoded) => codec.evolve(state, decoded)),
    (cause) =>
      new Corrupted({
        subject: `event ${event.version} of agent ${JSON.stringify(event.agentId)}`,
        expected: `a ${event.type} that the definition can fold`,
        found: String(cause),
        remedy: "Keep the schema of an event able to read what was written, and `evolve` total.",
        cause
      })
  )
}
