/**
 * Where two values differ.
 */
import { assert } from "@effect/vitest"
import * as Equal from "effect/Equal"
import * as Formatter from "effect/Formatter"

/** The first place where two values differ. */
export interface Difference {
  /** JSON pointer (RFC 6901); empty for the whole. */
  readonly path: string
  readonly expected: string
  readonly found: string
}

/** Compares to the bit: `-0` is not `0`, a field that is undefined is not one that is missing, and classes count. */
export const difference = (expected: unknown, found: unknown, path = ""): Difference | undefined => {
  if (Object.is(expected, found)) return undefined
  if (!isObject(expected) || !isObject(found) || kindOf(expected) !== kindOf(found)) {
    return { path, expected: print(expected), found: print(found) }
  }
  if (isClosed(expected)) {
    return Equal.equals(expected, found) ? undefined : { path, expected: print(expected), found: print(found) }
  }
  for (const key of new Set([...fieldsOf(expected), ...fieldsOf(found)])) {
    const below = `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`
    if (!Object.hasOwn(found, key)) {
      return { path: below, expected: print(Reflect.get(expected, key)), found: "nothing" }
    }
    if (!Object.hasOwn(expected, key))
      return { path: below, expected: "nothing", found: print(Reflect.get(found, key)) }
    const inner = difference(Reflect.get(expected, key), Reflect.get(found, key), below)
    if (inner !== undefined) return inner
  }
  return undefined
}

/** Fails as an assertion does, with both values for whoever prints a diff, unless they are the same to the bit. */
export const assertSame = (found: unknown, expected: unknown, subject: string): void => {
  const differs = difference(expected, found)
  if (differs === undefined) return
  assert.fail(found, expected, `${subject}${differs.path}: expected ${differs.expected}, found ${differs.found}`)
}

/** A value as a reader of messages sees it; undefined fields and negative zeros too. */
export const print = (value: unknown): string => (Object.is(value, -0) ? "-0" : Formatter.format(value))

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

const kindOf = (value: object): object => Object.getPrototypeOf(value) ?? Object.prototype

/** Whether only the object itself can tell if another is the same: dates, maps, bytes, the data types of Effect. */
export const isClosed = (value: object): boolean =>
  Equal.isEqual(value) || ArrayBuffer.isView(value) || (!isPlain(value) && fieldsOf(value).length === 0)

const isPlain = (value: object): boolean => Array.isArray(value) || kindOf(value) === Object.prototype

const fieldsOf = (value: object): ReadonlyArray<string> =>
  value instanceof Error
    ? ["message", ...Object.keys(value)].filter((key) => Object.hasOwn(value, key))
    : Object.keys(value)
