/**
 * Reads what older versions of a definition have stored, as a recovery does, and with suspicion: steps must be pure.
 */
import * as Result from "effect/Result"
import type { Any } from "../../../src/Actor.ts"
import * as ActorReading from "../../../src/actor/ActorReading.ts"
import type { ContextEvent } from "../../../src/ContextEvent.ts"
import * as Value from "../../../src/Value.ts"
import { difference, print } from "./difference.ts"
import { evolve, freeze, refuseThrown } from "./evolving.ts"
import { Flaw } from "./Flaw.ts"
import { passagesOf } from "./Passage.ts"

/** An event as an older version has stored it. */
export interface StoredEvent {
  /** The version that wrote it; 1 by default. */
  readonly schemaVersion?: number | undefined
  /** Its body, with its tag. */
  readonly data: { readonly _tag: string } & { readonly [field: string]: unknown }
  readonly timestamp?: Date | undefined
  readonly metadata?: Value.Record | undefined
}

/** A state as an older version has stored it in a snapshot. */
export interface StoredState {
  readonly stateVersion: number
  readonly state: unknown
}

/** What stored events are now, and the state that they make. */
export interface Read {
  readonly events: ReadonlyArray<unknown>
  readonly state: unknown
}

/** Reads events that an actor was begun with. */
export const readEvents = (definition: Any, stored: ReadonlyArray<StoredEvent>): Result.Result<Read, Flaw> =>
  Result.gen(function* () {
    const passages = passagesOf(definition)
    const events: Array<unknown> = []
    let state = definition.codec.initialState
    for (const [index, one] of stored.entries()) {
      for (const event of yield* readEvent(definition, one, index + 1)) {
        yield* passages.event.cross(event)
        const next = evolve(definition, passages, state, event)
        state = yield* Result.mapError(next, (failure) => refuseThrown(definition, failure))
        events.push(event)
      }
    }
    return { events, state }
  })

/** Reads the state of a snapshot. */
export const readState = (definition: Any, { state, stateVersion }: StoredState): Result.Result<unknown, Flaw> => {
  const { codec, name } = definition
  const subject = `state of ${name}, version ${stateVersion}`
  const read = (state: Value.Value) =>
    Result.mapError(
      ActorReading.readState(codec, {
        ...place,
        agentId: codec.agentId("a"),
        reducer: codec.reducer,
        schemaVersion: stateVersion,
        state
      }),
      ({ found }) => new Flaw({ subject, path: "", expected: "what `upcastState` can bring into shape", found })
    )
  return Result.flatMap(twice(subject, state, read), (read) => passagesOf(definition).state.cross(read))
}

const place = { id: "s", version: 1, eventId: "e", timestamp: new Date(0), metadata: {} }

const readEvent = (
  { codec, name }: Any,
  { data, metadata = {}, schemaVersion = 1, timestamp = new Date(0) }: StoredEvent,
  version: number
): Result.Result<ReadonlyArray<unknown>, Flaw> => {
  const subject = `event ${data._tag} of ${name}, version ${schemaVersion}`
  return twice(subject, data, (data) => {
    const event: ContextEvent = {
      id: `event ${version}`,
      agentId: codec.agentId("under test"),
      version,
      type: `${codec.eventTypePrefix}${Object(data)._tag}`,
      schemaVersion,
      timestamp,
      data: data as Value.Record,
      metadata
    }
    return Result.mapError(
      ActorReading.readEvents(codec, event),
      ({ expected, found }) => new Flaw({ subject, path: "", expected, found })
    )
  })
}

/** Reads copies of what lies in the store, the second one where nothing can be written; both must come to the same. */
const twice = <A>(
  subject: string,
  stored: unknown,
  read: (copy: Value.Value) => Result.Result<A, Flaw>
): Result.Result<A, Flaw> =>
  Result.gen(function* () {
    const text = yield* Result.mapError(
      Value.encode(stored, "stored"),
      ({ found, path }) => new Flaw({ subject, path, expected: "what can lie in a store", found: print(found) })
    )
    const copy = () => Result.getOrThrow(Value.decode(text))
    const first = yield* read(copy())
    const second = yield* read(freeze(copy()))
    const differs = difference(first, second)
    if (differs === undefined) return first
    const { expected, found, path } = differs
    return yield* Result.fail(
      new Flaw({ subject, path, expected: `its steps to make the same of it each time, ${expected}`, found })
    )
  })
