/**
 * What happens to an actor whose handler dies.
 */
import * as Duration from "effect/Duration"
import * as Schedule from "effect/Schedule"
import * as DurationOption from "./store/DurationOption.ts"

/** What to do after a crash. */
export type Supervision =
  | { readonly _tag: "Stop" }
  | { readonly _tag: "Escalate" }
  | {
      readonly _tag: "Restart"
      readonly times: number
      readonly within: Duration.Duration
      readonly schedule: Schedule.Schedule<unknown>
      readonly whenSpent: "stop" | "escalate"
    }

/** Stops the actor at its first crash. */
export const stop: Supervision = { _tag: "Stop" }

/**
 * Hands the first crash to the parent: it restarts as if one of its own handlers had died, and brings the child back with it. Its own
 * supervision counts that; when that is spent, parent and children stop. Without a parent the actor just stops.
 */
export const escalate: Supervision = { _tag: "Escalate" }

/**
 * Restarts the actor from its journal, and stops it when it crashes more than `times` times (10 by default) within a sliding window
 * (one minute by default). The waits before the restarts follow `schedule`, which begins anew once the actor has run for a whole window
 * without a crash: exponential from 10 milliseconds, at most 5 seconds, by default. A schedule that ends stops the actor too.
 * With `whenSpent: "escalate"` the crash that is too much goes to the parent, as with `escalate`.
 *
 * Throws for options that make no sense, since that is a mistake in the program.
 */
export const restart = (options?: {
  readonly times?: number | undefined
  readonly within?: Duration.Input | undefined
  readonly schedule?: Schedule.Schedule<unknown> | undefined
  readonly whenSpent?: "stop" | "escalate" | undefined
}): Supervision => {
  const { schedule = defaultSchedule, whenSpent = "stop", times = 10, within = "1 minute" } = options ?? {}
  const window = Duration.millis(DurationOption.positive("Supervision.restart", "within", within))
  if (!(times >= 0) || (Number.isFinite(times) && !Number.isInteger(times))) {
    throw new RangeError(`Supervision.restart: times must be an integer from 0, found ${times}`)
  }
  if (whenSpent !== "stop" && whenSpent !== "escalate") {
    throw new RangeError(`Supervision.restart: whenSpent must be "stop" or "escalate", found ${String(whenSpent)}`)
  }
  return { _tag: "Restart", times, within: window, schedule, whenSpent }
}

const defaultSchedule = Schedule.min([Schedule.exponential("10 millis"), Schedule.spaced("5 seconds")])
