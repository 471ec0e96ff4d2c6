/**
 * Options of layers.
 */
import { PantheonError } from "./PantheonError.ts"

/** What layers throw of options that make no sense has a code, too. */
export const checked = <A>(make: () => A): A => {
  try {
    return make()
  } catch (error) {
    if (error instanceof PantheonError || !(error instanceof Error)) throw error
    throw new PantheonError("INVALID_OPTIONS", error.message, { cause: error })
  }
}
