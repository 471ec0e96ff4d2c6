/**
 * What a function of the caller's threw or rejected with. It goes back to the caller as it is.
 */
import * as Effect from "effect/Effect"

/** Carries the caller's own error through an Effect. */
export class CallerError {
  readonly _tag = "CallerError"
  readonly thrown: unknown

  constructor(thrown: unknown) {
    this.thrown = thrown
  }
}

/** Calls a function of the caller's, which may give a promise. */
export const call = <A>(run: () => A | PromiseLike<A>): Effect.Effect<A, CallerError> =>
  Effect.tryPromise({ try: async () => await run(), catch: (thrown) => new CallerError(thrown) })
