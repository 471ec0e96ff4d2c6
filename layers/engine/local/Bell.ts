/**
 * Wakes somebody who waits.
 */
import * as Effect from "effect/Effect"
import type { Turns } from "./Turns.ts"

/** Rung by others, awaited by one. A ring that comes before the wait is not lost. */
export class Bell {
  private wake: (() => void) | undefined
  private isRung = false
  private readonly turns: Turns

  constructor(turns: Turns) {
    this.turns = turns
  }

  /** Completes at the next ring, or at once when one came since the last `reset`. */
  readonly wait: Effect.Effect<void> = Effect.callback((resume) => {
    if (this.isRung) return resume(Effect.void)
    this.wake = () => resume(Effect.void)
  })

  /** Forgets what was rung; whoever is about to look for what it was needs no reminder. */
  reset(): void {
    this.isRung = false
  }

  ring(): void {
    const { wake } = this
    this.isRung = true
    if (wake === undefined) return
    this.wake = undefined
    this.turns.add(wake)
  }
}
