/**
 * Runs `evolve` as recovery does, and with suspicion: it must be pure, and give states that can be stored.
 */
import * as Result from "effect/Result"
import type { Any } from "../../../src/Actor.ts"
import { difference, isClosed, print } from "./difference.ts"
import { Flaw } from "./Flaw.ts"
import type { Passages } from "./Passage.ts"

/** What `evolve` threw. */
export interface Thrown {
  readonly _tag: "Thrown"
  readonly cause: unknown
}

/** Says of what `evolve` threw that it must not throw. */
export const refuseThrown = ({ name }: Any, failure: Flaw | Thrown): Flaw => {
  if (failure._tag === "Flaw") return failure
  const found = print(failure.cause)
  return new Flaw({ subject: `evolve of ${name}`, path: "", expected: "a state for every state and event", found })
}

/** Folds one event; the state and the event stay as they are, whatever `evolve` does. */
export const evolve = (
  { codec, name }: Any,
  passages: Passages,
  state: unknown,
  event: unknown
): Result.Result<unknown, Flaw | Thrown> =>
  Result.gen(function* () {
    const subject = `evolve of ${name}`
    const copies = () => Result.all([passages.state.cross(state), passages.event.cross(event)])
    const given = yield* copies()
    const next = yield* Result.mapError(codec.evolve(...given), (cause): Thrown => ({ _tag: "Thrown", cause }))
    yield* untouched(subject, "the state", state, given[0])
    yield* untouched(subject, "the event", event, given[1])
    // Writes that leave the values as they were are found where nothing can be written.
    const again = yield* Result.mapError(
      codec.evolve(...freeze(yield* copies())),
      (cause) => new Flaw({ subject, path: "", expected: "no change of what it is given", found: print(cause) })
    )
    const differs = difference(next, again)
    if (differs !== undefined) {
      const { expected, found, path } = differs
      return yield* Result.fail(
        new Flaw({ subject, path, expected: `the same state for the same event, ${expected}`, found })
      )
    }
    yield* passages.state.cross(next)
    return next
  })

/** Fails if what was lent to a program has changed. */
export const untouched = (
  subject: string,
  what: string,
  before: unknown,
  after: unknown
): Result.Result<void, Flaw> => {
  const change = difference(before, after)
  if (change === undefined) return Result.void
  const { expected, found, path } = change
  return Result.fail(
    new Flaw({ subject, path, expected: `${what} it was given to stay as it was, ${expected}`, found })
  )
}

/** Freezes a value and all its parts, but for those that only tell themselves what they are. */
export const freeze = <A>(value: A): A => {
  if (typeof value === "object" && value !== null && !isClosed(value)) {
    for (const field of Object.values(value)) freeze(field)
    Object.freeze(value)
  }
  return value
}
