/**
 * Answers of the store that are trusted for a moment, so that a credential that is shown often is not looked up each time.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Unavailable } from "../../../src/StoreError.ts"
import { Latest } from "./Latest.ts"

// Half of the second within which a revocation must be seen; the rest is for the clocks and for what the caller does.
const trustedMilliseconds = 500

interface Answer<A> {
  /** When the store was asked; what it said may have changed since. */
  readonly askedAt: number
  readonly answer: A
}

export class Answers<A> {
  private readonly ask: (key: string) => Effect.Effect<A, Unavailable>
  private readonly answers = new Latest<Answer<A>>()
  /** Counts what was forgotten. */
  private changes = 0

  constructor(ask: (key: string) => Effect.Effect<A, Unavailable>) {
    this.ask = ask
  }

  /** What the store says, or said a moment before `at`. */
  get(key: string, at: number): Effect.Effect<A, Unavailable> {
    const known = this.answers.get(key)
    // The clock may have been set back.
    if (known !== undefined && Math.abs(at - known.askedAt) <= trustedMilliseconds) return Effect.succeed(known.answer)
    return Effect.flatMap(Clock.currentTimeMillis, (askedAt) => {
      const before = this.changes
      return Effect.map(this.ask(key), (answer) => {
        // An answer may be older than what was forgotten while the store was asked.
        if (before === this.changes) this.answers.set(key, { askedAt, answer })
        return answer
      })
    })
  }

  /** Asks the store anew from now on. */
  forget(key: string): void {
    this.changes++
    this.answers.delete(key)
  }

  /** Asks the store anew for every key. */
  forgetAll(): void {
    this.changes++
    this.answers.clear()
  }
}
