/**
 * The flushes under way. LevelDB may apply two writes in either order, so what comes after the lowest one that is still open is told to
 * nobody yet: a reader of the feed would pass over the events of that one.
 */
import * as Effect from "effect/Effect"
import type { EncodedAppend } from "../../src/EventStoreDriver.ts"

/** Counts the flushes of a store, and knows which of them have ended. */
export class Flushes {
  private newest: number
  /** Those that are being written, by their numbers. */
  private readonly writing = new Set<number>()
  /** Those that begin after others have begun wait here for one of them to end. */
  private readonly waiting = new Set<() => void>()
  private readonly open = new Set<ReadonlyArray<EncodedAppend>>()

  constructor(newest: number) {
    this.newest = newest
  }

  /** The newest flush such that it and all before it have ended. */
  get settled(): number {
    let settled = this.newest
    for (const number of this.writing) settled = Math.min(settled, number - 1)
    return settled
  }

  /** Runs what decides on a batch and writes it. Batches with an event id in common take turns, since one must see what the other stored. */
  run<A, E>(appends: ReadonlyArray<EncodedAppend>, flush: Effect.Effect<A, E>): Effect.Effect<A, E> {
    const begin = Effect.andThen(
      this.until(() => !this.sharesAnId(appends)),
      Effect.sync(() => this.open.add(appends))
    )
    const end = Effect.sync(() => {
      this.open.delete(appends)
      this.wake()
    })
    // A write that nobody waits for any more would still be on its way.
    return Effect.uninterruptible(Effect.andThen(begin, Effect.ensuring(flush, end)))
  }

  /** Gives a write its number, and completes once everything before it has ended as well, so that the feed can tell it at once. */
  write<A, E>(write: (number: number) => Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.suspend(() => {
      const number = ++this.newest
      this.writing.add(number)
      const end = Effect.suspend(() => {
        this.writing.delete(number)
        this.wake()
        return this.until(() => this.settled >= number)
      })
      return Effect.ensuring(write(number), end)
    })
  }

  private sharesAnId(appends: ReadonlyArray<EncodedAppend>): boolean {
    if (this.open.size === 0) return false
    const ids = new Set<string>()
    for (const { events } of appends) for (const { id } of events) ids.add(id)
    for (const others of this.open) {
      for (const { events } of others) for (const { id } of events) if (ids.has(id)) return true
    }
    return false
  }

  /** Completes once something holds; asked again whenever a flush has ended. */
  private until(holds: () => boolean): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const ask = () => {
        if (!holds()) return
        this.waiting.delete(ask)
        resume(Effect.void)
      }
      this.waiting.add(ask)
      ask()
    })
  }

  private wake(): void {
    for (const ask of this.waiting) ask()
  }
}
