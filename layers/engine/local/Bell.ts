/**
 * Wakes somebody who waits.
 */
import * as Effect from "effect/Effect"
import type { Turns } from "./Turns.ts"

/** Rung by others, awaited by one. */
export class Bell {
  private wake: (() => void) | undefined
  private readonly turns: Turns

  constructor(turns: Turns) {
    this.turns = turns
  }

  /** Whether somebody waits and has not been called. */
  get isAwaited(): boolean {
    return this.wake !== undefined
  }

  /** Completes at the next ring. */
  readonly wait: Effect.Effect<void> = Effect.callback((resume) => {
    this.wake = () => resume(Effect.void)
  })

  /** Nothing happens when nobody waits. */
  ring(): void {
    const { wake } = this
    if (wake === undefined) return
    this.wake = undefined
    this.turns.add(wake)
  }
}
