/**
 * Counts what one address, or one principal, did wrong of late.
 */
import { Latest } from "./Latest.ts"

interface Bucket {
  /** How many milliseconds it needs until it is empty. */
  readonly level: number
  readonly at: number
}

/** Buckets that leak: `times` failures fill one, which needs the time `within` to be empty again. */
export class FailureLimit {
  private readonly buckets = new Latest<Bucket>()
  /** What one failure adds. */
  private readonly share: number
  /** Up to here there is room for one more. */
  private readonly brim: number

  /** `within` in milliseconds. */
  constructor({ times, within }: { readonly times: number; readonly within: number }) {
    this.share = within / times
    this.brim = within - this.share
  }

  get size(): number {
    return this.buckets.size
  }

  /** Counts a failure. Gives how many milliseconds are left until there is room for it; 0 if there was. */
  add(key: string, at: number): number {
    const bucket = this.buckets.get(key)
    // A clock that is set back lets nothing leak.
    const level = bucket === undefined ? 0 : Math.max(0, bucket.level - Math.max(0, at - bucket.at))
    // Rounded, since the share of a failure may be no whole number.
    const wait = Math.round(level - this.brim)
    // A failure that finds no room fills nothing, so that the time to wait is what was told.
    this.buckets.set(key, { level: wait > 0 ? level : level + this.share, at })
    return Math.max(0, wait)
  }
}
