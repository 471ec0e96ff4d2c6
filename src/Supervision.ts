/**
 * What happens to an actor whose handler dies.
 */
import * as Duration from "effect/Duration"
import * as Schedule from "effect/Schedule"

/** What to do after a crash. */
export type Supervision =
  | { readonly _tag: "Stop" }
  | {
      readonly _tag: "Restart"
      readonly times: number
      readonly within: Duration.Duration
      readonly schedule: Schedule.Schedule<unknown>
    }

/** Stops the actor at its first crash. */
export const stop: Supervision = { _tag: "Stop" }

/**
 * Restarts the actor from its journal, and stops it when it crashes more than `times` times (10 by default) within a sliding window
 * (one minute by default). The waits before the restarts follow `schedule`, which begins anew once the actor has run for a whole window
 * without a crash: exponential from 10 milliseconds, at most 5 seconds, by default.
 */
export const restart = (options?: {
  readonly times?: number | undefined
  readonly within?: Duration.Input | undefined
  readonly schedule?: Schedule.Schedule<unknown> | undefined
}): Supervision => ({
  _tag: "Restart",
  times: options?.times ?? 10,
  within: Duration.fromInputUnsafe(options?.within ?? "1 minute"),
  schedule: options?.schedule ?? Schedule.min([Schedule.exponential("10 millis"), Schedule.spaced("5 seconds")])
})
