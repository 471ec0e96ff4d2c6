/**
 * Wakes somebody who waits.
 */
import * as Effect from "effect/Effect"
import type { Turns } from "./Turns.ts"

/** Rung by others, awaited by one. A ring that comes before the wait is not lost. */
export class Bell {
  /** Whether somebody has rung since the last `reset`. */
  isRung = false
  private wake: ((effect: Effect.Effect<void>) => void) | undefined
  private readonly turns: Turns
  private readonly attend: (() => Effect.Effect<void> | undefined) | undefined

  /** Whoever waits may attend to a ring without waking up: it goes on waiting if that gives nothing, else it wakes and does what is given. */
  constructor(turns: Turns, attend?: () => Effect.Effect<void> | undefined) {
    this.turns = turns
    this.attend = attend
  }

  /** Completes at the next ring, or at once when one came since the last `reset`. */
  readonly wait: Effect.Effect<void> = Effect.callback((resume) => {
    if (this.isRung) return resume(Effect.void)
    this.wake = resume
  })

  /** Forgets what was rung; whoever is about to look for what it was needs no reminder. */
  reset(): void {
    this.isRung = false
  }

  ring(): void {
    if (this.isRung) return
    this.isRung = true
    if (this.wake !== undefined) this.turns.add(this.answer)
  }

  private readonly answer = (): void => {
    const { wake } = this
    if (wake === undefined) return
    const effect = this.attend === undefined ? Effect.void : this.attend()
    if (effect === undefined) return
    this.wake = undefined
    wake(effect)
  }
}
