/**
 * What others want of an actor beside its commands. It is heeded before the next command begins, however many wait.
 */
import type { ChildFailed } from "../../../src/ActorError.ts"

/** A child that has failed, and what is to be done once its parent goes on in spite of it. */
export interface Trouble {
  readonly cause: ChildFailed
  readonly onRestart: () => void
}

/** The orders of one actor. */
export class Orders {
  /** No command is run until that is over. */
  isHeld = false
  private wantsRestart = false
  private troubles: Array<Trouble> | undefined
  private onQuiet: Array<() => void> | undefined

  /** Whether there are some that must not wait. */
  get areUrgent(): boolean {
    return this.wantsRestart || this.troubles !== undefined
  }

  restart(): void {
    this.wantsRestart = true
  }

  trouble(trouble: Trouble): void {
    this.troubles = [...(this.troubles ?? []), trouble]
  }

  /** Calls back once the actor runs nothing. */
  whenQuiet(listener: () => void): void {
    this.onQuiet = [...(this.onQuiet ?? []), listener]
  }

  takeRestart(): boolean {
    const { wantsRestart } = this
    this.wantsRestart = false
    return wantsRestart
  }

  takeTrouble(): Trouble | undefined {
    const trouble = this.troubles?.shift()
    if (this.troubles?.length === 0) this.troubles = undefined
    return trouble
  }

  /** The actor runs nothing. */
  tellQuiet(): void {
    const { onQuiet } = this
    this.onQuiet = undefined
    for (const listener of onQuiet ?? []) listener()
  }
}
