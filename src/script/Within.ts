/**
 * Time limits for what programs of the user's do.
 */
import * as Effect from "effect/Effect"
import { TimedOut } from "../ScriptError.ts"

/** Interrupts an effect that takes longer, and fails. */
export const within = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  subject: string,
  milliseconds: number
): Effect.Effect<A, E | TimedOut, R> =>
  Effect.timeoutOrElse(effect, {
    duration: milliseconds,
    orElse: () => Effect.fail(new TimedOut({ subject, milliseconds }))
  })
