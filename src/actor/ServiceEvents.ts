/**
 * What the library's services write into the streams of actors: who shares them, what is noted about them. It changes no actor's state, so an
 * actor that finds it in its way goes on above it. Used by every engine.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as AgentEvent from "../agent/AgentEvent.ts"
import type { ContextEvent } from "../ContextEvent.ts"
import type { EventStore } from "../EventStore.ts"
import type { ReadError } from "../StoreError.ts"

/** A place in a stream: a version, and the id of the event there. */
export interface Place {
  readonly version: number
  readonly eventId: string
}

/** The place up to which an actor may go on after a version; nothing when something else was written, or events are gone. */
export const passOver = (
  store: EventStore["Service"],
  agentId: string,
  { from, to }: { readonly from: number; readonly to: number }
): Effect.Effect<Place | undefined, ReadError> =>
  Effect.suspend(() => {
    let place: Place = { version: from, eventId: "" }
    const passing = Stream.runForEachWhile(store.read(agentId, { from: from + 1, to }), (event) => {
      const isNext = event.version === place.version + 1 && leavesAlone(event)
      if (isNext) place = { version: event.version, eventId: event.id }
      return Effect.succeed(isNext)
    })
    return Effect.map(passing, () => (place.version === to && to > from ? place : undefined))
  })

/** An agent that was deleted, or can be read only, is no longer the actor's to write to. */
const leavesAlone = ({ type }: ContextEvent): boolean =>
  type.startsWith(AgentEvent.prefix) && type !== AgentEvent.deleted && type !== AgentEvent.archived
