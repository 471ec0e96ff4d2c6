/**
 * What callers hand over, looked at before it is taken apart. Throws; so whoever calls it is an async method, which rejects.
 */
import { PantheonError } from "./PantheonError.ts"

const refuse = (path: string, expected: string, found: unknown): never => {
  const shown = found === undefined || found === null ? String(found) : `a value of type ${typeof found}`
  throw new PantheonError("INVALID_INPUT", `${path}: expected ${expected}, found ${shown}. Pass one.`)
}

/** Refuses what is no object. */
export const checkObject = (path: string, expected: string, given: unknown): void => {
  if (typeof given !== "object" || given === null) refuse(path, expected, given)
}

/** Refuses what is no array. */
export const checkArray = (path: string, expected: string, given: unknown): void => {
  if (!Array.isArray(given)) refuse(path, expected, given)
}
