/**
 * What is stored of an actor, read as its definition has it now, whatever shape it was written in.
 */
import * as Result from "effect/Result"
import type { ContextEvent } from "../ContextEvent.ts"
import type { ContextSnapshot } from "../ContextSnapshot.ts"
import { Corrupted, type Unavailable } from "../StoreError.ts"
import * as Lineage from "../store/Lineage.ts"
import type { Unusable } from "../store/ReplaySnapshot.ts"
import type * as Value from "../Value.ts"
import type { ActorCodec } from "./ActorCodec.ts"

/**
 * Brings the stored data of an event into the next shape: an event of that shape, none (`[]`) or several. Gets the event as it lies in the
 * store, too. Pure and total.
 */
export type EventStep = (data: Value.Record, event: ContextEvent) => object | ReadonlyArray<object>

/** By the tag that the event has in the older shape; events of other tags stay as they are. */
export type EventSteps = { readonly [tag: string]: EventStep }

/** Brings a stored state into the next shape. Where states are no objects, it takes a `Value.Value`. Pure and total. */
export type StateStep = (state: Value.Record) => unknown

/** What a stored event is now: mostly one event of the definition, but its steps may have made several of it, or none. */
export const readEvents = (
  codec: ActorCodec,
  event: ContextEvent
): Result.Result<ReadonlyArray<unknown>, Corrupted | Unavailable> => {
  const way = codec.eventShapes.from(event.schemaVersion)
  if (Result.isFailure(way)) return Result.fail(Lineage.refuseEvent(codec.eventShapes, event, way.failure))
  const tag = event.type.slice(codec.eventTypePrefix.length)
  const shaped = Result.try({
    try: () =>
      way.success.reduce<ReadonlyArray<object>>(
        (all, steps) => all.flatMap((data) => take(steps, tag, data, event)),
        [event.data]
      ),
    catch: (cause) => refuseFold(event, cause)
  })
  return Result.flatMap(shaped, (all) => Result.all(all.map((data) => readEvent(codec, event, data))))
}

/** Reads data of the current shape. */
export const readEvent = (codec: ActorCodec, event: ContextEvent, data: unknown): Result.Result<unknown, Corrupted> =>
  Result.mapError(codec.decodeEvent(data), (cause) => refuseFold(event, cause))

/** Why an event cannot be folded. */
export const refuseFold = (event: ContextEvent, cause: unknown): Corrupted =>
  new Corrupted({
    subject: `event ${event.version} of agent ${JSON.stringify(event.agentId)}`,
    expected: `a ${event.type} that the definition can fold`,
    found: String(cause),
    remedy: "Keep the definition able to read what was written, if need be with steps in `upcast`, and `evolve` total.",
    cause
  })

/** The state of a snapshot. */
export const readState = (
  codec: ActorCodec,
  { reducer, schemaVersion, state }: ContextSnapshot
): Result.Result<unknown, Unusable> => {
  if (reducer !== codec.reducer) return Result.fail({ reason: "foreign", found: `a snapshot of ${reducer}` })
  const way = codec.stateShapes.from(schemaVersion)
  if (Result.isFailure(way)) return Result.fail(way.failure)
  return Result.mapError(
    Result.flatMap(
      Result.try(() => way.success.reduce((state: unknown, step) => step(state as Value.Record), state)),
      codec.decodeState
    ),
    (cause): Unusable => ({ reason: "damaged", found: String(cause) })
  )
}

const take = (
  steps: ReadonlyMap<string, EventStep>,
  typeTag: string,
  data: object,
  event: ContextEvent
): ReadonlyArray<object> => {
  const tag = "_tag" in data ? String(data._tag) : typeTag
  const made = steps.get(tag)?.(data as Value.Record, event) ?? data
  return Array.isArray(made) ? made : [made]
}
