/**
 * Wakes somebody who waits.
 */
import * as Effect from "effect/Effect"
import type { Task, Turns } from "./Turns.ts"

/** Rung by others, awaited by one. A ring that comes before the wait is not lost. An actor is its own bell, since it is one object less to look at. */
export class Bell implements Task {
  /** Whether somebody has rung since the last `reset`. */
  isRung = false
  private wake: ((effect: Effect.Effect<void>) => void) | undefined
  private readonly turns: Turns

  constructor(turns: Turns) {
    this.turns = turns
  }

  /** Completes at the next ring, or at once when one came since the last `reset`. */
  get wait(): Effect.Effect<void> {
    return Effect.callback((resume) => {
      if (this.isRung) return resume(Effect.void)
      this.wake = resume
    })
  }

  /** Forgets what was rung; whoever is about to look for what it was needs no reminder. */
  reset(): void {
    this.isRung = false
  }

  ring(): void {
    if (this.isRung) return
    this.isRung = true
    if (this.wake !== undefined) this.turns.add(this)
  }

  /** Answers a ring, when its turn has come. */
  run(): void {
    const { wake } = this
    if (wake === undefined) return
    const effect = this.attend()
    if (effect === undefined) return
    this.wake = undefined
    wake(effect)
  }

  /** Whoever waits may attend to a ring without waking up: it goes on waiting if that gives nothing, else it wakes and does what is given. */
  protected attend(): Effect.Effect<void> | undefined {
    return Effect.void
  }
}
