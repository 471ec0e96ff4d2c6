/**
 * The snapshots that a replay may begin with.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { Head } from "../EventStoreDriver.ts"
import type { ReadError } from "../StoreError.ts"
import type { Fold, Replayed, Stores } from "./Replay.ts"

/** Why a snapshot is of no use to a reader. */
export interface Unusable {
  /** `foreign`: another fold made it. `old`, `newer`: of a shape that the reader does not know. `damaged`: it cannot be read. */
  readonly reason: "foreign" | "old" | "newer" | "damaged"
  readonly found: string
}

/** What a snapshot holds; nothing when there is no snapshot. */
export type Opened<State> = Result.Result<Replayed<State> | undefined, Unusable>

/** Opens the latest snapshot up to a version. */
export const latest = <State>(
  stores: Stores,
  agentId: string,
  fold: Fold<State>,
  to: number
): Effect.Effect<Opened<State>, ReadError> =>
  Effect.tap(open(stores, agentId, fold, { maxVersion: to }), (opened) =>
    Result.isFailure(opened) && opened.failure.reason === "damaged"
      ? Effect.logWarning(`agent ${JSON.stringify(agentId)}: a snapshot cannot be used: ${opened.failure.found}`)
      : Effect.void
  )

/** Looks for an older one, which the events that are left continue. */
export const older = Effect.fnUntraced(function* <State>(
  stores: Stores,
  agentId: string,
  fold: Fold<State>,
  head: Head,
  to: number,
  unusable: Unusable
) {
  const minVersion = head.firstVersion === 0 ? head.version : head.firstVersion - 1
  const versions = yield* stores.snapshots.versions(agentId, { minVersion, maxVersion: to })
  for (const version of versions) {
    const opened = yield* open(stores, agentId, fold, { minVersion: version, maxVersion: version })
    if (Result.isSuccess(opened) && opened.success !== undefined) return opened
  }
  const none: Opened<State> = Result.fail(unusable)
  return none
})

const open = <State>(
  stores: Stores,
  agentId: string,
  fold: Fold<State>,
  bounds: { readonly minVersion?: number; readonly maxVersion: number }
): Effect.Effect<Opened<State>, ReadError> =>
  stores.snapshots.latest(agentId, bounds).pipe(
    Effect.map((found): Opened<State> => {
      if (Option.isNone(found)) return Result.succeed(undefined)
      const { eventId, version } = found.value
      return Result.map(fold.open(found.value), (state) => ({
        state,
        version,
        eventId,
        snapshotVersion: version,
        presence: "present"
      }))
    }),
    // A damaged snapshot costs time, not the agent: the events are still there, or an older snapshot, or their absence is an error.
    Effect.catchTag("Corrupted", ({ message }) =>
      Effect.succeed(Result.fail({ reason: "damaged" as const, found: message }))
    )
  )
