/**
 * Cuts a text that comes in pieces into lines.
 */

/** The lines so far, in order; a line that never ends is told as soon as it is too long. */
export class LineCutter {
  private readonly longest: number
  private rest = ""
  private at = 0

  /** `longest` is in UTF-16 units. */
  constructor(longest: number) {
    this.longest = longest
  }

  add(piece: string): void {
    this.rest = this.rest.slice(this.at) + piece
    this.at = 0
  }

  /** The next line that is whole, without its end. */
  next(): string | undefined {
    const end = this.rest.indexOf("\n", this.at)
    if (end < 0) return undefined
    const line = this.rest.slice(this.at, end)
    this.at = end + 1
    return line
  }

  /** Whether there is more than a line may have. */
  get isTooLong(): boolean {
    return this.rest.length - this.at > this.longest
  }

  /** What came behind the last end of a line. */
  last(): string | undefined {
    const line = this.rest.slice(this.at)
    this.at = this.rest.length
    return line === "" ? undefined : line
  }
}
