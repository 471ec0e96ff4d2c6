/**
 * Between an actor and its stream of events: recovery and snapshots. Used by every engine.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type * as Actor from "./Actor.ts"
import type { ActorCodec } from "./ActorCodec.ts"
import type { ContextEvent } from "./ContextEvent.ts"
import type { ContextSnapshot } from "./ContextSnapshot.ts"
import { EventStore } from "./EventStore.ts"
import { SnapshotStore } from "./SnapshotStore.ts"
import { Corrupted, type ReadError } from "./StoreError.ts"

/** The state of an actor and where in its stream it stands. */
export interface Recovered {
  readonly state: unknown
  readonly version: number
  /** The id of the event at `version`; empty at version 0. */
  readonly eventId: string
  /** The version of the snapshot it was read from; 0 for none. */
  readonly snapshotVersion: number
}

/** The stores that a journal lives in. */
export interface Stores {
  readonly events: EventStore["Service"]
  readonly snapshots: SnapshotStore["Service"]
}

/** Asks for the stores that are provided. */
export const stores: Effect.Effect<Stores, never, EventStore | SnapshotStore> = Effect.gen(function* () {
  return { events: yield* EventStore, snapshots: yield* SnapshotStore }
})

/** Reads the latest usable snapshot and folds what came after it, up to the version `to`. */
export const recover = Effect.fnUntraced(function* (stores: Stores, definition: Actor.Any, id: string, to?: number) {
  const { codec } = definition
  const agentId = codec.agentId(id)
  const start = yield* readSnapshot(stores, codec, agentId, to)
  let { eventId, state, version } = start
  yield* Stream.runForEachArray(stores.events.read(agentId, { from: version + 1, to }), (events) =>
    Effect.suspend(() => {
      for (const event of events) {
        if (event.version !== version + 1) return Effect.fail(missingEvents(agentId, version + 1, event.version))
        const folded = fold(codec, state, event)
        if (Result.isFailure(folded)) return Effect.fail(folded.failure)
        state = folded.success
        version = event.version
        eventId = event.id
      }
      return Effect.void
    })
  )
  return { state, version, eventId, snapshotVersion: start.version } satisfies Recovered
})

/** Saves the state as a snapshot; fails only as the store fails. */
export const saveSnapshot = (
  stores: Stores,
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

const readSnapshot = Effect.fnUntraced(function* (stores: Stores, codec: ActorCodec, agentId: string, to?: number) {
  const fresh: Recovered = { state: codec.initialState, version: 0, eventId: "", snapshotVersion: 0 }
  const read = yield* stores.snapshots.latest(agentId, { maxVersion: to }).pipe(
    // A damaged snapshot costs time, not the actor: the events are still there, or the gap is found below.
    Effect.catchTag("Corrupted", (error) => Effect.as(Effect.logWarning(error.message), Option.none<ContextSnapshot>()))
  )
  if (Option.isNone(read) || read.value.reducer !== codec.reducer) return fresh
  const { eventId, state, version } = read.value
  const decoded = codec.decodeState(state)
  if (Result.isFailure(decoded)) {
    yield* Effect.logWarning(
      `snapshot ${version} of ${agentId} does not fit the state's schema; replaying the events instead`
    )
    return fresh
  }
  return { state: decoded.success, version, eventId, snapshotVersion: version } satisfies Recovered
})

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

const missingEvents = (agentId: string, expected: number, found: number): Corrupted =>
  new Corrupted({
    subject: `stream of agent ${JSON.stringify(agentId)}`,
    expected: `event ${expected}`,
    found: `event ${found}`,
    remedy: "Events below were deleted and no snapshot can be used; restore one of them."
  })
