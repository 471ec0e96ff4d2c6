/**
 * Appends, and does not rest at an unknown outcome.
 */
import * as Effect from "effect/Effect"
import type { Append, Appended, EventStore } from "../EventStore.ts"
import type { AppendError, Rejected, TogetherFailed, Unknown } from "../StoreError.ts"

const attempts = 12
const firstDelay = 50
const longestDelay = 1000

/**
 * Repeats an append whose outcome is unknown: its event ids make that safe, notes without events are put to the same end, and once
 * the repetition is stored, or found stored, no late write of the first try can come between. Gives `Unknown` only after about ten seconds of not knowing.
 */
export const appendSurely = (store: EventStore["Service"], append: Append): Effect.Effect<Appended, AppendError> =>
  attempt(store, append, 1, undefined)

/** The same, for a caller who has tried once and was told `Unknown`. */
export const repeatSurely = (
  store: EventStore["Service"],
  append: Append,
  inDoubt: Unknown
): Effect.Effect<Appended, AppendError> => Effect.andThen(Effect.sleep(firstDelay), attempt(store, append, 2, inDoubt))

/** The same for appends to several agents together; they must bring the ids of their events. */
export const togetherSurely = (
  store: EventStore["Service"],
  appends: ReadonlyArray<Append>
): Effect.Effect<ReadonlyArray<Appended>, TogetherFailed> => attemptTogether(store, appends, 1, undefined)

const attemptTogether = (
  store: EventStore["Service"],
  appends: ReadonlyArray<Append>,
  count: number,
  inDoubt: TogetherFailed | undefined
): Effect.Effect<ReadonlyArray<Appended>, TogetherFailed> => {
  const isWorthIt = isTransient(inDoubt?.failure)
  return Effect.catchIf(
    store.appendTogether(appends),
    ({ failure }) => isWorthIt(failure),
    (error) => {
      const { failure } = error
      const doubt = failure._tag === "Unknown" ? error : inDoubt
      const isHopeless = failure._tag === "Rejected" && failure.reason === "Closed"
      if (doubt === undefined || count >= attempts || isHopeless) return Effect.fail(doubt ?? error)
      return Effect.andThen(Effect.sleep(delayAfter(count)), attemptTogether(store, appends, count + 1, doubt))
    }
  )
}

const delayAfter = (count: number): number => Math.min(firstDelay * 2 ** (count - 1), longestDelay)

const attempt = (
  store: EventStore["Service"],
  append: Append,
  count: number,
  inDoubt: Unknown | undefined
): Effect.Effect<Appended, AppendError> =>
  Effect.catchIf(store.append(append), isTransient(inDoubt), (error) => {
    // "Not sent this time" says nothing about the time before.
    const doubt = error._tag === "Unknown" ? error : inDoubt
    const isHopeless = error._tag === "Rejected" && error.reason === "Closed"
    if (doubt === undefined || count >= attempts || isHopeless) return Effect.fail(doubt ?? error)
    return Effect.andThen(Effect.sleep(delayAfter(count)), attempt(store, append, count + 1, doubt))
  })

const isTransient =
  (inDoubt: AppendError | undefined) =>
  (error: AppendError): boolean =>
    error._tag === "Unknown" || (inDoubt !== undefined && error._tag === "Rejected" && !isVerdict(error.reason))

/** Whether the store has looked for the append and knows that it is not there. */
const isVerdict = (reason: Rejected["reason"]): boolean => reason === "EventIdTaken" || reason === "CommandIdTaken"
