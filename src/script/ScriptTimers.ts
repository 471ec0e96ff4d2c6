/**
 * The durable timers of scripted actors, each derived from the state.
 */
import * as Effect from "effect/Effect"
import { ScriptActor } from "./ScriptActor.ts"
import { workOf } from "./ScriptProgress.ts"
import type { ScriptState } from "./ScriptState.ts"

// Work is driven by this very process; only when it is killed in the middle must a timer see to it that somebody goes on.
const lookEvery = "5 seconds"

/** Sets and cancels what the step from one state to the next changes. */
export const follow = (before: ScriptState | null, after: ScriptState | null): Effect.Effect<void> => {
  const { timers } = ScriptActor
  const changes: Array<Effect.Effect<void>> = []
  const every = scheduleOf(after)
  if (every !== scheduleOf(before)) {
    changes.push(every === undefined ? timers.cancel("tick") : timers.every("tick", every, "ScheduledTick"))
  }
  const until = waitOf(after)
  if (until !== waitOf(before)) {
    changes.push(until === undefined ? timers.cancel("wait") : timers.at("wait", until, "Wake"))
  }
  const hasWork = workOf(after) !== undefined
  if (hasWork !== (workOf(before) !== undefined)) {
    changes.push(hasWork ? timers.every("work", lookEvery, "Wake") : timers.cancel("work"))
  }
  return Effect.all(changes, { discard: true })
}

/** Sets the timer of a wait that is not over: it may have gone off already, by a clock that was set back since. */
export const resume = (state: ScriptState | null, at: Date): Effect.Effect<void> => {
  const until = waitOf(state)
  return until === undefined || until <= at.getTime() ? Effect.void : ScriptActor.timers.at("wait", until, "Wake")
}

/** The interval of scheduled ticks, unless something holds them. */
const scheduleOf = (state: ScriptState | null): number | undefined =>
  state?.standing === "active" ? (state.everyMilliseconds ?? undefined) : undefined

const waitOf = (state: ScriptState | null): number | undefined => state?.tick?.waitUntil?.getTime()
