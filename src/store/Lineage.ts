/**
 * The shapes that something stored has had: counted from 1, with a step from each to the next.
 */
import * as Result from "effect/Result"
import type { ContextEvent } from "../ContextEvent.ts"
import { Corrupted, Unavailable } from "../StoreError.ts"

/** By the version that a step begins with. */
export type Steps<Step> = { readonly [version: number]: Step }

/** Why what was stored cannot be brought into the current shape. */
export interface NoWay {
  /** `newer`: another program has written it, with a shape that this one does not know. `old`: no step begins with its shape. */
  readonly reason: "newer" | "old"
  readonly found: string
}

const nothing: Result.Result<ReadonlyArray<never>> = Result.succeed([])

/** The way from each older shape to the current one. */
export class Lineage<Step> {
  readonly current: number
  /** Those from the oldest shape that can be read. */
  private readonly steps: ReadonlyArray<Step>

  constructor(current: number, steps: ReadonlyArray<Step>) {
    this.current = current
    this.steps = steps
  }

  /** The steps from a version, in order. */
  from(version: number): Result.Result<ReadonlyArray<Step>, NoWay> {
    if (version === this.current) return nothing
    const missing = this.current - version
    if (missing < 0) return Result.fail({ reason: "newer", found: `version ${version}` })
    if (missing > this.steps.length) {
      return Result.fail({ reason: "old", found: `version ${version}, from which no step leads` })
    }
    return Result.succeed(this.steps.slice(this.steps.length - missing))
  }

  /** The shapes that can be read. */
  get known(): string {
    const oldest = this.current - this.steps.length
    return oldest === this.current ? `version ${oldest}` : `version ${oldest} to ${this.current}`
  }
}

const largest = 0x7fffffff

/** Throws when the numbers make no sense, since that is a mistake in the program. The names are those of the options. */
export const make = <Step>(
  owner: string,
  versionName: string,
  current: number,
  stepsName: string,
  steps: Steps<Step> = {}
): Lineage<Step> => {
  if (!Number.isInteger(current) || current < 1 || current > largest) {
    throw new RangeError(`${owner}: ${versionName} must be an integer from 1 to ${largest}, found ${current}`)
  }
  // Integers come first and in order; anything else is refused below.
  const sorted = Object.entries(steps)
  for (const [index, [version]] of sorted.entries()) {
    const expected = current - sorted.length + index
    if (version !== String(expected) || expected < 1) {
      throw new RangeError(
        `${owner}: ${stepsName} must lead from version to version up to ${versionName} ${current}, found a step from ${version}`
      )
    }
  }
  return new Lineage(
    current,
    sorted.map(([, step]) => step)
  )
}

/** Says why an event cannot be read. That it is newer than the program is no fault of the event. */
export const refuseEvent = (
  { known }: Lineage<unknown>,
  { agentId, type, version }: ContextEvent,
  { found, reason }: NoWay
): Corrupted | Unavailable => {
  const subject = `event ${version} of agent ${JSON.stringify(agentId)}`
  const expected = `a ${type} of ${known}`
  if (reason === "newer") return refuseNewer(`read ${subject}`, expected, found)
  const remedy = "Give steps in `upcast` from every version that was ever written."
  return new Corrupted({ subject, expected, found, remedy })
}

/** Says that a newer program has written what is to be read. */
export const refuseNewer = (operation: string, expected: string, found: string): Unavailable =>
  new Unavailable({
    operation,
    reason: "NewerSchema",
    expected,
    found,
    remedy: "A newer program has written it; run that one."
  })
