/**
 * What is decided about a tick that is under way. Whatever comes too late, or a second time, decides nothing.
 */
import type { Result } from "../ScriptAction.ts"
import type { ScriptEvent } from "../ScriptEvent.ts"
import type { Planning } from "./ScriptActor.ts"
import * as ScriptProgress from "./ScriptProgress.ts"
import type { ScriptState } from "./ScriptState.ts"

type State = ScriptState | null

const none: ReadonlyArray<ScriptEvent> = []

/** A behavior was asked for its plan. */
export const planned = (
  state: State,
  { left, planning, tickId }: { readonly tickId: string; readonly left: number; readonly planning: Planning },
  at: Date
): ReadonlyArray<ScriptEvent> => {
  const tick = state?.tick
  const behavior = tick?.behaviors[0]?.name
  const isAwaited = tick?.id === tickId && tick.pending.length === 0 && tick.behaviors.length === left
  if (!isAwaited || behavior === undefined) return none
  switch (planning._tag) {
    case "Planned": {
      const { done, intents } = planning
      return [{ _tag: "BehaviorPlanned", tickId, behavior, intents, done, at }]
    }
    case "Failed":
      return [{ _tag: "PlanFailed", tickId, behavior, failure: planning.failure, at }]
    case "WithoutContext":
      return [{ _tag: "ContextFailed", tickId, failure: planning.failure, at }]
  }
}

/** An action has come to its end. After a critical failure the rest of its behavior is skipped. */
export const actionEnded = (
  state: State,
  ended: {
    readonly tickId: string
    readonly actionId: string
    readonly result: Result
    readonly child?: string
  },
  at: Date
): ReadonlyArray<ScriptEvent> => {
  const { actionId, result, tickId } = ended
  const tick = state?.tick
  if (tick?.id !== tickId || tick.pending[0]?.id !== actionId) return none
  const isCritical = result._tag === "Failed" && result.failure.critical
  const skipped = isCritical ? tick.pending.slice(1) : []
  return [
    { _tag: "ActionEnded", ...ended, at },
    ...skipped.map(
      ({ id }): ScriptEvent => ({ _tag: "ActionEnded", tickId, actionId: id, result: { _tag: "Skipped" }, at })
    )
  ]
}

// However often an actor fails, it is tried again at least this often, or at its own interval if that is longer.
const longestPause = ScriptProgress.milliseconds("1 hour")

/** Whether a scheduled tick may begin: never beside another, and the later the more ticks have failed before it. */
export const isDue = ({ everyMilliseconds, failedTicks, lastTick, standing, tick }: ScriptState, at: Date): boolean => {
  if (standing !== "active" || tick !== null || everyMilliseconds === null) return false
  if (lastTick === null || failedTicks < 2) return true
  const pause = Math.min(everyMilliseconds * 2 ** (failedTicks - 1), Math.max(longestPause, everyMilliseconds))
  // Timers are not exact, so half an interval is as good as a whole one.
  return at.getTime() >= lastTick.startedAt.getTime() + pause - everyMilliseconds / 2
}
