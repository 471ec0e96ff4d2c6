/**
 * Durations among the options of a program.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/** Gives the milliseconds. Throws for what is no duration, or a negative one, since that is a mistake in the program. */
export const nonNegative = (owner: string, option: string, input: Duration.Input): number =>
  checked(owner, option, input, (milliseconds) => milliseconds >= 0, "a duration")

/** As `nonNegative`, and throws for none at all. */
export const positive = (owner: string, option: string, input: Duration.Input): number =>
  checked(owner, option, input, (milliseconds) => milliseconds > 0, "a duration longer than nothing")

const checked = (
  owner: string,
  option: string,
  input: Duration.Input,
  isAllowed: (milliseconds: number) => boolean,
  expected: string
): number => {
  // What is not a number of milliseconds would be taken for none.
  const duration = Number.isNaN(input) ? Option.none<Duration.Duration>() : Duration.fromInput(input)
  const milliseconds = Option.match(duration, { onNone: () => Number.NaN, onSome: Duration.toMillis })
  if (isAllowed(milliseconds)) return milliseconds
  throw new RangeError(`${owner}: ${option} must be ${expected}, such as 500 or "5 seconds", found ${String(input)}`)
}
