/**
 * Values that are hard to keep, for property tests of stores.
 */
import { assert } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Value from "../../src/Value.ts"

/** Texts with what encodings and databases like to change: NUL, lone surrogates, normal forms, separators, look-alikes of tags. */
export const texts: ReadonlyArray<string> = [
  "",
  "plain",
  "\0",
  "a\u001fb\u001e\n\r\t",
  '"quoted\\"',
  "\ud800",
  "\udc00\ud800",
  "🦊",
  "é",
  "e\u0301",
  "\u2028\u2029\ufeff\uffff",
  "'; DROP TABLE events; --",
  '{"$date":"2026-01-01T00:00:00.000Z"}',
  "x".repeat(300)
]

/** Names of fields, those that reach for a prototype and those that look like tags included. */
export const names: ReadonlyArray<string> = [
  "a",
  "b",
  "0",
  "10",
  "",
  "/~",
  "é",
  "e\u0301",
  "\0",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "toJSON",
  "$",
  "$$",
  "$date",
  "$$date",
  "$bytes",
  "$bigint",
  "$number"
]

const numbers = [0, 1, -1, 0.1, 1e21, 5e-324, Number.MAX_VALUE, Number.MIN_SAFE_INTEGER, -0]
const bigints = [0n, -1n, 2n ** 64n, -(10n ** 50n)]
const dates = [0, -1, 1_767_225_600_000, 8.64e15, -8.64e15]

/** Values of every kind, nested a few levels deep. */
export const arbitrary: Arbitrary.Arbitrary<Value.Value> = Arbitrary.map(
  Arbitrary.array(Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffff }))), {
    maxLength: 60
  }),
  (choices) => new Builder(choices).value(4)
)

/** Objects of such values. */
export const arbitraryRecord: Arbitrary.Arbitrary<Value.Record> = Arbitrary.map(arbitrary, (value) => ({ value }))

/** Turns a list of choices into a value, so that a shorter list is a simpler value. */
class Builder {
  private readonly choices: ReadonlyArray<number>
  private index = 0

  constructor(choices: ReadonlyArray<number>) {
    this.choices = choices
  }

  value(levels: number): Value.Value {
    switch (this.next(levels > 0 ? 11 : 8)) {
      case 0:
        return null
      case 1:
        return this.next(2) === 0
      case 2:
        return this.next(0x10000) - 0x8000
      case 3:
        return this.of(numbers)
      case 4:
        return this.of(texts)
      case 5:
        return this.of(bigints)
      case 6:
        return new Date(this.of(dates))
      case 7:
        return Uint8Array.from({ length: this.next(5) }, () => this.next(256))
      case 8:
        return Array.from({ length: this.next(4) }, () => this.value(levels - 1))
      default:
        return this.record(levels)
    }
  }

  private record(levels: number): Value.Record {
    const record = {}
    const count = this.next(4)
    for (let index = 0; index < count; index++) define(record, this.of(names), this.value(levels - 1))
    return record
  }

  private next(count: number): number {
    return (this.choices[this.index++] ?? 0) % count
  }

  private of<A>(items: ReadonlyArray<A>): A {
    return items[this.next(items.length)] as A
  }
}

/** Sets an own field of any name; assigning to `__proto__` would change the prototype instead. */
export const define = (record: object, name: string, value: unknown): void => {
  Object.defineProperty(record, name, { value, configurable: true, enumerable: true, writable: true })
}

/** Whether two values are the same to the bit: `-0` is not `0`, and own fields count whatever their name. */
export const isSame = (left: unknown, right: unknown): boolean => {
  if (typeof left !== "object" || left === null || typeof right !== "object" || right === null) {
    return Object.is(left, right)
  }
  if (Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return false
  if (left instanceof Date && right instanceof Date) return left.getTime() === right.getTime()
  const keys = Object.keys(left)
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && isSame(Reflect.get(left, key), Reflect.get(right, key)))
  )
}

/** Fails unless the two are the same to the bit. */
export const assertSame = (actual: unknown, expected: unknown): void => {
  const print = (value: unknown) => Result.getOrElse(Value.encode(value), (error) => error.message)
  assert.isTrue(isSame(actual, expected), `found ${print(actual)}, expected ${print(expected)}`)
}
