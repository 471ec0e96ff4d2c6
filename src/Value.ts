/**
 * The values that events, states and metadata may hold, and their lossless encoding as JSON text.
 *
 * JSON plus `Date`, `bigint`, `Uint8Array` and `-0`. What JSON lacks becomes an object with one key that starts with
 * `$`: `{"$date":"2026-01-01T00:00:00.000Z"}`, `{"$bigint":"12"}`, `{"$bytes":"AQI="}`, `{"$number":"-0"}`; an object
 * of the caller's with one such key gets a second `$`. Anything else is refused with the path to it.
 */
import * as Base64 from "effect/encoding/Base64"
import * as Result from "effect/Result"
import * as Limits from "./Limits.ts"
import { Corrupted, InvalidInput } from "./StoreError.ts"

/** A value that comes back as it was stored. */
export type Value = null | boolean | number | string | bigint | Date | Uint8Array | ReadonlyArray<Value> | Record

/** An object of values. Own keys named `__proto__` or `constructor` are data like any other. */
export interface Record {
  readonly [key: string]: Value
}

/** Whether the value is an object of values: neither null, nor an array, nor one of the tagged types. */
export const isRecord = (value: unknown): value is Record => isObject(value) && isPlain(value)

/**
 * Encodes a value as JSON text.
 *
 * Fails with `InvalidInput`, naming the path, for functions, symbols, `undefined`, class instances, cycles, holes,
 * accessors, NaN and infinities, invalid dates, and for what is deeper than `limits.depth` or larger than `bytes`.
 */
export const encode = (
  value: unknown,
  subject = "value",
  limits: Limits.Limits = Limits.defaults,
  bytes: number = limits.eventBytes
): Result.Result<string, InvalidInput> => {
  const walk = new Walk(subject, limits.depth, bytes)
  const prepared = walk.prepare(value)
  if (walk.refusal !== undefined) return Result.fail(walk.refusal)
  const text = JSON.stringify(prepared)
  return isLonger(text, bytes)
    ? Result.fail(tooLarge(subject, bytes, `${utf8Length(text)} bytes`))
    : Result.succeed(text)
}

/** Decodes what `encode` wrote. Fails with `Corrupted` for any other text. */
export const decode = (text: string, subject = "value"): Result.Result<Value, Corrupted> => {
  const parsed = Result.try({
    try: (): unknown => JSON.parse(text),
    catch: (cause) => unreadable(subject, text, cause)
  })
  if (Result.isFailure(parsed)) return Result.fail(parsed.failure)
  // Only a text with a key that starts with `$` can hold a tag.
  if (!(text.includes("$") && text.includes('"$'))) return Result.succeed(parsed.success as Value)
  const unknownTags: Array<string> = []
  // A text that is nested deeper than the stack reaches comes from another writer.
  const revived = Result.try({
    try: () => revive(parsed.success, unknownTags),
    catch: (cause) => unreadable(subject, text, cause)
  })
  const unknownTag = unknownTags[0]
  return unknownTag === undefined ? revived : Result.fail(unreadable(subject, unknownTag))
}

const unreadable = (subject: string, found: string, cause?: unknown): Corrupted =>
  new Corrupted({
    subject,
    expected: "text written by the value encoding",
    found: found === "" ? "an empty text" : found.length > 80 ? `${found.slice(0, 80)}…` : found,
    remedy: "Restore the row from a backup; it was changed outside the store.",
    ...(cause === undefined ? {} : { cause })
  })

// ---- encoding ----

const tooLarge = (subject: string, bytes: number, found: string): InvalidInput =>
  new InvalidInput({
    path: subject,
    expected: `at most ${bytes} bytes of encoded text`,
    found,
    remedy: "Store less in one value, or raise the limit in `Limits`."
  })

/** One walk over a value; remembers the keys on the way down so that a refusal can name the path. */
class Walk {
  refusal: InvalidInput | undefined
  private readonly keys: Array<string | number> = []
  private readonly ancestors: Array<object> = []
  private readonly subject: string
  private readonly depth: number
  private readonly bytes: number
  /** The encoded text has at least so many bytes. */
  private size = 0

  constructor(subject: string, depth: number, bytes: number) {
    this.subject = subject
    this.depth = depth
    this.bytes = bytes
  }

  /** The value itself when JSON can carry it as it is, else a copy with tags. */
  prepare(value: unknown): unknown {
    // Objects that share parts can be far larger as text than in memory, so do not walk on for ever.
    if (!this.count(typeof value === "string" ? value.length + 2 : 1)) return undefined
    switch (typeof value) {
      case "string":
      case "boolean":
        return value
      case "number":
        if (!Number.isFinite(value)) return this.refuse(String(value))
        return Object.is(value, -0) ? { $number: "-0" } : value
      case "bigint":
        return { $bigint: value.toString() }
      case "object":
        return value === null ? null : this.prepareObject(value)
      default:
        return this.refuse(typeof value === "undefined" ? "undefined" : `a ${typeof value}`)
    }
  }

  private prepareObject(value: object): unknown {
    if (value instanceof Date) {
      return Number.isNaN(value.getTime()) ? this.refuse("an invalid Date") : { $date: value.toISOString() }
    }
    if (value instanceof Uint8Array) {
      return this.count(Math.ceil(value.length / 3) * 4) ? { $bytes: Base64.encode(value) } : undefined
    }
    if (this.ancestors.length >= this.depth) {
      return this.ancestors.includes(value) ? this.refuse("a cycle") : this.refuse(`more than ${this.depth} levels`)
    }
    this.ancestors.push(value)
    const prepared = Array.isArray(value) ? this.prepareArray(value) : this.prepareRecord(value)
    this.ancestors.pop()
    return prepared
  }

  private prepareArray(array: ReadonlyArray<unknown>): unknown {
    if (Object.getPrototypeOf(array) !== Array.prototype) return this.refuse(`an instance of ${className(array)}`)
    let copy: Array<unknown> | undefined
    for (let index = 0; index < array.length; index++) {
      const item = array[index]
      if (item === undefined) return this.refuseAt(index, index in array ? "undefined" : "a hole in an array")
      this.keys.push(index)
      const prepared = this.prepare(item)
      this.keys.pop()
      if (this.refusal !== undefined) return undefined
      if (prepared !== item && copy === undefined) copy = array.slice(0, index)
      if (copy !== undefined) copy.push(prepared)
    }
    // Whatever else hangs on the array comes after the indexes.
    const other = Object.keys(array)[array.length]
    return other === undefined ? (copy ?? array) : this.refuseAt(other, "a named property of an array")
  }

  private prepareRecord(record: object): unknown {
    if (!isPlain(record)) return this.refuse(`an instance of ${className(record)}`)
    if (Object.getOwnPropertySymbols(record).length > 0) return this.refuse("an object with a symbol key")
    const names = Object.keys(record)
    let copy: { [key: string]: unknown } | undefined
    for (let index = 0; index < names.length; index++) {
      const name = names[index] as string
      const property = Object.getOwnPropertyDescriptor(record, name)
      // What an accessor gives may differ from one look to the next.
      if (property === undefined || !("value" in property)) return this.refuseAt(name, "an accessor")
      const item: unknown = property.value
      if (!this.count(name.length + 3)) return undefined
      this.keys.push(name)
      const prepared = this.prepare(item)
      this.keys.pop()
      if (this.refusal !== undefined) return undefined
      if (prepared !== item && copy === undefined) copy = copyOf(record, names, index)
      if (copy !== undefined) setOwn(copy, name, prepared)
    }
    const only = names.length === 1 ? names[0] : undefined
    if (only?.startsWith("$")) return { [`$${only}`]: copy === undefined ? Reflect.get(record, only) : copy[only] }
    return copy ?? record
  }

  /** Whether the text may still be short enough with so many more bytes. */
  private count(bytes: number): boolean {
    this.size += bytes
    if (this.size <= this.bytes) return true
    this.refusal ??= tooLarge(this.subject, this.bytes, `more than ${this.bytes} bytes`)
    return false
  }

  private refuseAt(key: string | number, found: string): undefined {
    this.keys.push(key)
    this.refuse(found)
    this.keys.pop()
  }

  private refuse(found: string): undefined {
    this.refusal ??= new InvalidInput({
      path: [this.subject, ...this.keys.map((key) => String(key).replaceAll("~", "~0").replaceAll("/", "~1"))].join(
        "/"
      ),
      expected: "JSON, a Date, a bigint or a Uint8Array",
      found,
      remedy: "Leave it out, or turn it into one of the values that can be stored."
    })
    return undefined
  }
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

const className = (value: object): string => {
  const { constructor } = value
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "a class"
}

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Sets an own property. Defines rather than assigns, since assigning to `__proto__` would change the prototype. */
export const setOwn = (target: { [key: string]: unknown }, name: string, value: unknown): void => {
  if (name === "__proto__") {
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true })
  } else {
    target[name] = value
  }
}

const copyOf = (record: object, names: ReadonlyArray<string>, count: number): { [key: string]: unknown } => {
  const copy: { [key: string]: unknown } = {}
  for (let index = 0; index < count; index++) {
    const name = names[index] as string
    setOwn(copy, name, Reflect.get(record, name))
  }
  return copy
}

const encoder = new TextEncoder()

/** The number of bytes that a text takes as UTF-8. */
export const utf8Length = (text: string): number => encoder.encode(text).length

const isLonger = (text: string, bytes: number): boolean =>
  // A UTF-16 unit takes at most three bytes, so most texts need no count.
  text.length > bytes || (text.length * 3 > bytes && utf8Length(text) > bytes)

// ---- decoding ----

const revive = (value: unknown, unknownTags: Array<string>): Value => {
  if (Array.isArray(value)) return value.map((item) => revive(item, unknownTags))
  if (!isObject(value)) return value as Value
  const names = Object.keys(value)
  const only = names.length === 1 ? names[0] : undefined
  if (only?.startsWith("$")) {
    const item: unknown = Reflect.get(value, only)
    return only.startsWith("$$") ? { [only.slice(1)]: revive(item, unknownTags) } : reviveTag(only, item, unknownTags)
  }
  const copy: { [key: string]: Value } = {}
  for (const name of names) setOwn(copy, name, revive(Reflect.get(value, name), unknownTags))
  return copy
}

const reviveTag = (tag: string, item: unknown, unknownTags: Array<string>): Value => {
  if (typeof item === "string") {
    if (tag === "$date") {
      const date = new Date(item)
      if (!Number.isNaN(date.getTime()) && date.toISOString() === item) return date
    }
    if (tag === "$bigint" && /^-?\d+$/.test(item)) return BigInt(item)
    if (tag === "$number" && item === "-0") return -0
    if (tag === "$bytes") {
      const bytes = Base64.decode(item)
      if (Result.isSuccess(bytes)) return bytes.success
    }
  }
  unknownTags.push(`{"${tag}": …}`)
  return null
}
