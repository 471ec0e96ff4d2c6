/**
 * How long something is good, as options of tokens say it.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import { invalidOptions } from "./PantheonError.ts"

/** A number of seconds, a text such as `24h`, `15m`, `7d` or `90 seconds`, or a `Duration`. */
export type TokenTime = number | string | Duration.Duration

const milliseconds: { readonly [unit: string]: number } = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000
}

const short = /^(\d+(?:\.\d+)?)\s*(ms|[smhdw])$/

/** Understands it. Throws a `PantheonError` when it is no time. */
export const parse = (owner: string, option: string, time: TokenTime): Duration.Duration => {
  if (typeof time === "number" && Number.isFinite(time) && time >= 0) return Duration.seconds(time)
  if (Duration.isDuration(time)) return time
  if (typeof time === "string") {
    const [, count, unit = ""] = short.exec(time.trim()) ?? []
    if (count !== undefined) return Duration.millis(Number(count) * (milliseconds[unit] ?? Number.NaN))
    // It says by itself whether a text is a duration, whatever its type.
    const long = Duration.fromInput(time as Duration.Input)
    if (Option.isSome(long)) return long.value
  }
  throw invalidOptions(owner, option, "a time like 24h, 15m or 7d, or a number of seconds", time)
}
