/**
 * The actors in memory, and who has been idle the longest.
 */

/** An actor, as far as its place in memory goes. Idle ones are links of a chain. */
export interface Resident {
  /** The neighbours in the chain, while it is idle. */
  idleBefore: Resident | undefined
  idleAfter: Resident | undefined
  isIdle: boolean
  /** Leaves the memory, if it has nothing to do. */
  evict(): void
}

/** Keeps the number of actors in memory below a maximum, as far as idle ones can be put to sleep: the one first that was used least recently. */
export class Residents {
  count = 0
  private readonly maximum: number
  private longest: Resident | undefined
  private latest: Resident | undefined

  constructor(maximum: number) {
    this.maximum = maximum
  }

  /** One more is in memory. */
  enter(): void {
    this.count++
    this.makeRoom()
  }

  /** It has left the memory. */
  leave(resident: Resident): void {
    this.count--
    this.wake(resident)
  }

  /** It has nothing to do. */
  rest(resident: Resident): void {
    if (resident.isIdle) return
    resident.isIdle = true
    resident.idleBefore = this.latest
    if (this.latest === undefined) this.longest = resident
    else this.latest.idleAfter = resident
    this.latest = resident
    this.makeRoom()
  }

  /** It has something to do. */
  wake(resident: Resident): void {
    if (!resident.isIdle) return
    const { idleAfter, idleBefore } = resident
    if (idleBefore === undefined) this.longest = idleAfter
    else idleBefore.idleAfter = idleAfter
    if (idleAfter === undefined) this.latest = idleBefore
    else idleAfter.idleBefore = idleBefore
    resident.isIdle = false
    resident.idleBefore = undefined
    resident.idleAfter = undefined
  }

  private makeRoom(): void {
    while (this.count > this.maximum && this.longest !== undefined) {
      const resident = this.longest
      // Whoever cannot leave now comes back to the chain when it rests again.
      this.wake(resident)
      resident.evict()
    }
  }
}
