/**
 * UUIDs of version 7 (RFC 9562), ascending within a process.
 */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

/** Makes the next id for a moment, in milliseconds since the epoch. */
export type Generator = (milliseconds: number) => string

/**
 * A generator whose ids ascend even within a millisecond and when the clock steps back: the 12 bits after the version
 * count up (RFC 9562, 6.2, method 1), and the time is carried on by one when they overflow.
 */
export const makeGenerator: Effect.Effect<Generator> = Effect.gen(function* () {
  const words = yield* Effect.all(Array.from({ length: 4 }, () => Random.nextIntBetween(0, 0xffff)))
  let low = words.reduce((all, word) => all * 0x10000 + (word % 0x1000), 0) % 0x1000000000000
  const variant = (0x8000 + ((words[0] ?? 0) % 0x4000)).toString(16)
  let last = 0
  let counter = 0
  let prefix = timeOf(last)
  const random = yield* Random.Random
  return (milliseconds) => {
    if (milliseconds > last) {
      last = milliseconds
      counter = 0
      prefix = timeOf(last)
    } else if (++counter > 0xfff) {
      last++
      counter = 0
      prefix = timeOf(last)
    }
    // An odd random stride keeps ids of processes that share a seed's neighbourhood apart and never repeats within one.
    low = (low + 1 + Math.floor(random.nextDoubleUnsafe() * 0xffffffff)) % 0x1000000000000
    const high = Math.floor(low / 0x1000000)
    const tail = `${digits(high >> 12)}${digits(high)}${digits(low >> 12)}${digits(low)}`
    return `${prefix}${digits(counter)}-${variant}-${tail}`
  }
})

/** The time, up to the version. */
const timeOf = (milliseconds: number): string => {
  const time = milliseconds.toString(16).padStart(12, "0")
  return `${time.slice(0, 8)}-${time.slice(8)}-7`
}

// Looked up, since every event needs them and large numbers are slow to print.
const threeDigits = Array.from({ length: 0x1000 }, (_, value) => value.toString(16).padStart(3, "0"))

/** The lowest 12 bits. */
const digits = (value: number): string => threeDigits[value & 0xfff] ?? ""
