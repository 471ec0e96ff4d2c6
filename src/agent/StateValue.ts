/**
 * A state is shared by everybody who reads the agent, so what becomes part of one is checked, copied and frozen first.
 */
import * as Result from "effect/Result"
import * as Limits from "../Limits.ts"
import type { InvalidInput } from "../StoreError.ts"
import * as Value from "../Value.ts"

/** Freezes a decoded value and all its parts. Dates and bytes cannot be frozen. */
export const freeze = <A extends Value.Value>(value: A): A => {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value
  if (Array.isArray(value)) for (const item of value) freeze(item)
  else if (Value.isRecord(value)) for (const name of Object.keys(value)) freeze(value[name] as Value.Value)
  else return value
  return Object.freeze(value)
}

/**
 * A frozen copy of a value that can be encoded: what its encoding gives back. Callers may change their own; this stays as it was encoded.
 */
export const copy = (value: unknown): Value.Value => {
  if (typeof value !== "object" || value === null) return value as Value.Value
  if (value instanceof Date) return new Date(value)
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (Array.isArray(value)) return Object.freeze(value.map(copy))
  // Spreading is much faster than setting one key after the other, and most values are no objects.
  const record: { [key: string]: unknown } = { ...value }
  for (const name of Object.keys(record)) {
    const item = record[name]
    if (typeof item === "object" && item !== null) Value.setOwn(record, name, copy(item))
  }
  return Object.freeze(record) as Value.Record
}

/**
 * The canonical, frozen form of a new state: what a snapshot of it would give back. Parts that are those of the previous state are taken as
 * they are, so this costs as much as what has changed. Fails, naming the path, for what is no value, or nested deeper than `depth`.
 */
export const adopt = (
  next: unknown,
  previous: Value.Value,
  depth: number,
  subject = "state"
): Result.Result<Value.Value, InvalidInput> => {
  const adoption = new Adoption(subject)
  const adopted = adoption.adopt(next, previous, depth)
  return adoption.refusal === undefined ? Result.succeed(adopted) : Result.fail(adoption.refusal)
}

class Adoption {
  refusal: InvalidInput | undefined
  private readonly keys: Array<string | number> = []
  private readonly subject: string

  constructor(subject: string) {
    this.subject = subject
  }

  adopt(next: unknown, previous: Value.Value | undefined, depth: number): Value.Value {
    if (this.refusal !== undefined) return null
    // At the last level nothing may be nested, so let the encoding say so.
    if (typeof next === "object" && next !== null && previous !== undefined && depth > 0) {
      if (isPlainArray(next) && Array.isArray(previous)) return this.array(next, previous, depth - 1)
      if (Value.isRecord(next) && Value.isRecord(previous)) return this.record(next, previous, depth - 1)
    }
    return this.copy(next, depth)
  }

  private array(next: ReadonlyArray<unknown>, previous: ReadonlyArray<Value.Value>, depth: number): Value.Value {
    const items: Array<Value.Value> = []
    for (let index = 0; index < next.length; index++) items.push(this.below(index, next[index], previous[index], depth))
    return Object.freeze(items)
  }

  private record(next: object, previous: Value.Record, depth: number): Value.Value {
    if (Object.getOwnPropertySymbols(next).length > 0) return this.copy(next, depth + 1)
    const record: { [key: string]: Value.Value } = {}
    for (const name of Object.keys(next)) {
      const before = Object.hasOwn(previous, name) ? previous[name] : undefined
      Value.setOwn(record, name, this.below(name, Reflect.get(next, name), before, depth))
    }
    return Object.freeze(record)
  }

  private below(key: string | number, next: unknown, previous: Value.Value | undefined, depth: number): Value.Value {
    if (isLeaf(next)) return next
    if (next === previous && previous !== undefined) return previous
    this.keys.push(key)
    const adopted = this.adopt(next, previous, depth)
    this.keys.pop()
    return adopted
  }

  /** The encoding knows what a value is. */
  private copy(next: unknown, depth: number): Value.Value {
    const subject = [this.subject, ...this.keys.map((key) => escape(String(key)))].join("/")
    const limits = { ...Limits.defaults, depth }
    const encoded = Value.encode(next, subject, limits, Number.MAX_SAFE_INTEGER)
    if (Result.isSuccess(encoded)) return copy(next)
    this.refusal ??= encoded.failure
    return null
  }
}

/** Values that are what they are. */
const isLeaf = (value: unknown): value is null | boolean | number | string | bigint => {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "bigint":
      return true
    case "number":
      return Number.isFinite(value)
    default:
      return value === null
  }
}

const isPlainArray = (value: object): value is ReadonlyArray<unknown> =>
  Array.isArray(value) && Object.getPrototypeOf(value) === Array.prototype

/** As a token of a JSON pointer. */
const escape = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1")
