/**
 * Saves snapshots, and deletes what they make superfluous: first the snapshot is on disk, then events go, then older snapshots. Wherever
 * that ends, what is left gives every state that is not below it, and the next snapshot goes on with the rest.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { ContextSnapshot, NewSnapshot } from "../ContextSnapshot.ts"
import { Corrupted, type ReadError } from "../StoreError.ts"
import type { Fold, Stores } from "./Replay.ts"

/** What is kept of an agent. */
export interface Retention {
  /** So many snapshots, from 1; `Infinity` for all. */
  readonly keep: number
  /** Whether events below the oldest of them are deleted. */
  readonly deleteEvents: boolean
}

/** Saves a snapshot; none when the agent was purged meanwhile. */
export const save = Effect.fnUntraced(function* (stores: Stores, snapshot: NewSnapshot) {
  const { agentId, version } = snapshot
  const saved = yield* stores.snapshots.save(snapshot)
  // A purge between the reading of the agent and now left nothing of it but this.
  const head = yield* stores.events.head(agentId)
  const isGone = head.presence === "missing" || (head.isComplete && head.firstVersion > version)
  if (!isGone) return Option.some(saved)
  yield* stores.snapshots.delete(agentId, version)
  return Option.none<ContextSnapshot>()
})

/** Deletes what the snapshot of a version makes superfluous; nothing when it is no longer there, or of no use. */
export const retain = Effect.fnUntraced(function* (
  stores: Stores,
  agentId: string,
  version: number,
  { deleteEvents, keep }: Retention,
  open: Fold<unknown>["open"]
): Effect.fn.Return<void, ReadError> {
  if (keep === Number.POSITIVE_INFINITY) return
  const kept = yield* stores.snapshots.versions(agentId, { maxVersion: version, limit: keep })
  const oldest = kept.at(-1)
  if (oldest === undefined || kept.length < keep || kept[0] !== version) return
  yield* prove(stores, agentId, version, open)
  // The event of the oldest one stays, so that whoever follows the events begins with a state.
  if (deleteEvents) yield* stores.events.deleteEvents(agentId, oldest - 1)
  yield* stores.snapshots.deleteAll(agentId, { maxVersion: oldest - 1 })
})

/** Fails unless a snapshot gives a state, since there may be no other way to it soon. */
const prove = Effect.fnUntraced(function* (
  stores: Stores,
  agentId: string,
  version: number,
  open: Fold<unknown>["open"]
) {
  const found = yield* stores.snapshots.latest(agentId, { minVersion: version, maxVersion: version })
  const opened = Option.match(found, {
    onNone: () => Result.fail("none"),
    onSome: (snapshot) => Result.mapError(open(snapshot), ({ found }) => found)
  })
  if (Result.isSuccess(opened)) return
  return yield* new Corrupted({
    subject: `snapshot ${version} of agent ${JSON.stringify(agentId)}`,
    expected: "what was saved a moment ago",
    found: opened.failure,
    remedy: "Nothing was deleted. Keep the schema of a state able to read what it writes."
  })
})
