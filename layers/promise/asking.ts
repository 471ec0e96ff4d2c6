/**
 * Asking a store of the caller's own.
 */
import * as Effect from "effect/Effect"
import { Unavailable } from "../../src/StoreError.ts"

/** Calls a method of a store, which `name` names in errors. */
export const asking =
  (name: string) =>
  <A>(operation: string, run: () => Promise<A>): Effect.Effect<A, Unavailable> =>
    Effect.tryPromise({
      try: async () => await run(),
      catch: (cause) =>
        new Unavailable({
          operation,
          reason: "Failed",
          expected: `${name} to answer`,
          found: told(cause),
          remedy: "See the cause.",
          cause
        })
    })

/** What somebody's error says. */
export const told = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
