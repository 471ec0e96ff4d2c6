/**
 * The timers that handlers set, without anybody whom they could go off for.
 */
import * as Result from "effect/Result"
import type { Any } from "../../../src/Actor.ts"
import { prepareTimer } from "../../../src/actor/TimerNote.ts"
import type { TimerChange, TimerDesk } from "../../../src/actor/Timers.ts"
import * as Limits from "../../../src/Limits.ts"
import { InvalidInput } from "../../../src/StoreError.ts"
import type { Flaw } from "./Flaw.ts"
import type { Passages } from "./Passage.ts"

/** A timer that is set. */
export interface Timer {
  readonly name: string
  /** Milliseconds since the epoch, by the clock of the test. */
  readonly due: number
  readonly command: string
  /** Left out for a command without one. */
  readonly payload?: unknown
  /** Milliseconds between two, for one that repeats. */
  readonly every?: number
}

/** What becomes of timers, by name. */
export type TimerChanges = Map<string, TimerChange>

/** Takes what a handler sets. */
export const deskOf = ({ name }: Any, timers: TimerChanges): TimerDesk => ({
  actor: name,
  set: (change) => {
    timers.set(change.name, change)
    return true
  }
})

/** Refuses what an engine would refuse, or what does not survive storage. */
export const checkTimer = (
  { codec }: Any,
  passages: Passages,
  change: TimerChange
): Result.Result<unknown, InvalidInput | Flaw> =>
  Result.gen(function* () {
    if (change._tag === "Set") {
      const payload = codec.commands.get(change.command)?.makePayload(change.payload)
      const passage = passages.commands.get(change.command)?.payload
      if (payload !== undefined && passage !== undefined) yield* passage.cross(yield* payload)
    }
    return yield* Result.mapError(prepareTimer(codec, change, Limits.defaults), (error) =>
      error._tag === "InvalidInput"
        ? error
        : new InvalidInput({ path: change.name, expected: "a payload", found: error.message, remedy: "Send another." })
    )
  })

/** Those that are set in the end, the earliest first. */
export const timersIn = (timers: TimerChanges): ReadonlyArray<Timer> =>
  [...timers.values()]
    .flatMap((change): ReadonlyArray<Timer> => {
      if (change._tag === "Cancel") return []
      const { command, due, every, name, payload } = change
      const timer = { name, due, command, ...(payload === undefined ? {} : { payload }) }
      return [every === undefined ? timer : { ...timer, every }]
    })
    .sort((left, right) => left.due - right.due || (left.name < right.name ? -1 : 1))
