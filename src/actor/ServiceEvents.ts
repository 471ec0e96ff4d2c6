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

/** Why nothing may be appended to an agent. */
export type Closing = "archived" | "deleted"

/** Whether an agent is closed after an event, given what it was before. */
export const closingAfter = ({ type }: ContextEvent, before: Closing | undefined): Closing | undefined => {
  if (type === AgentEvent.deleted) return "deleted"
  if (type === AgentEvent.archived) return before ?? "archived"
  return type === AgentEvent.restored && before === "archived" ? undefined : before
}

/**
 * The place up to which an actor may go on after a version, or why it may not when its agent is closed by then; nothing when something else was written,
 * or events are gone.
 */
export const passOver = (
  store: EventStore["Service"],
  agentId: string,
  { from, to }: { readonly from: number; readonly to: number }
): Effect.Effect<Place | Closing | undefined, ReadError> =>
  Effect.suspend(() => {
    let place: Place = { version: from, eventId: "" }
    let closing: Closing | undefined
    const passing = Stream.runForEachWhile(store.read(agentId, { from: from + 1, to }), (event) => {
      const isNext = event.version === place.version + 1 && event.type.startsWith(AgentEvent.prefix)
      if (isNext) {
        place = { version: event.version, eventId: event.id }
        closing = closingAfter(event, closing)
      }
      return Effect.succeed(isNext)
    })
    return Effect.map(passing, () => (place.version === to && to > from ? (closing ?? place) : undefined))
  })
