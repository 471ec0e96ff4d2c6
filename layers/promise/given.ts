/**
 * What callers hand over, looked at before it is taken apart. Throws; so whoever calls it is an async method, which rejects.
 */
import * as Value from "../../src/Value.ts"
import { PantheonError } from "./PantheonError.ts"

const refuse = (path: string, expected: string, found: unknown): never => {
  const shown = found === undefined || found === null ? String(found) : `a value of type ${typeof found}`
  throw new PantheonError("INVALID_INPUT", `${path}: expected ${expected}, found ${shown}. Pass one.`)
}

/** Refuses what is no object. */
export const checkObject = (path: string, expected: string, given: unknown): void => {
  if (typeof given !== "object" || given === null) refuse(path, expected, given)
}

/** Refuses what is no object of values. */
export const checkRecord = (path: string, given: unknown): void => {
  if (!Value.isRecord(given)) refuse(path, "an object of values", given)
}

/** Refuses what is no function. */
export const checkFunction = (path: string, expected: string, given: unknown): void => {
  if (typeof given !== "function") refuse(path, expected, given)
}

/** Refuses what is neither a text nor something that gives texts one after the other. */
export const checkTexts = (path: string, given: unknown): void => {
  const isIterable =
    typeof given === "object" && given !== null && (Symbol.iterator in given || Symbol.asyncIterator in given)
  if (typeof given !== "string" && !isIterable) refuse(path, "a text, or an iterable of texts", given)
}

/** Refuses what is no array. */
export const checkArray = (path: string, expected: string, given: unknown): void => {
  if (!Array.isArray(given)) refuse(path, expected, given)
}
