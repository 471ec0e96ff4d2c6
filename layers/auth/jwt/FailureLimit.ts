/**
 * Counts what one address, or one principal, did wrong of late.
 */
import { Latest } from "./Latest.ts"

interface Bucket {
  readonly level: number
  readonly at: number
}

/** Buckets that leak: each failure adds one, and `times` leak away `within` a time. */
export class FailureLimit {
  private readonly buckets = new Latest<Bucket>()
  private readonly times: number
  /** Failures that leak away in a millisecond. */
  private readonly leak: number

  constructor({ times, within }: { readonly times: number; readonly within: number }) {
    this.times = times
    this.leak = times / within
  }

  get size(): number {
    return this.buckets.size
  }

  /** Counts a failure. Gives how many milliseconds are left until there is room for it; 0 if there was. */
  add(key: string, at: number): number {
    const bucket = this.buckets.get(key)
    // A clock that is set back lets nothing leak.
    const level = bucket === undefined ? 0 : Math.max(0, bucket.level - Math.max(0, at - bucket.at) * this.leak)
    // A failure that finds no room fills nothing, so that the time to wait is what was told.
    const isFull = level > this.times - 1
    this.buckets.set(key, { level: isFull ? level : level + 1, at })
    return isFull ? Math.ceil((level - this.times + 1) / this.leak) : 0
  }
}
