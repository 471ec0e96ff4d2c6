/**
 * What the tests of the snapshot store share.
 */
import { assert, type Vitest } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ContextSnapshot, NewSnapshot } from "../../../src/ContextSnapshot.ts"
import type { EventStore } from "../../../src/EventStore.ts"
import { type Criteria, SnapshotStore } from "../../../src/SnapshotStore.ts"
import type { ReadError } from "../../../src/StoreError.ts"
import { freshId } from "../eventstore/support.ts"

export { assertTag, freshId, integers, invalid } from "../eventstore/support.ts"

/** Registers tests that have the stores. */
export type It = Vitest.MethodsNonLive<SnapshotStore | EventStore>

/** Saves a snapshot of an agent; what is left out is made up. */
export const save = (agentId: string, version: number, more: Partial<NewSnapshot> = {}) =>
  SnapshotStore.use((store) =>
    store.save({ agentId, version, eventId: `event ${version}`, state: `state ${version}`, ...more })
  )

/** The latest snapshot, or undefined. */
export const latest = (agentId: string, criteria?: Criteria) =>
  SnapshotStore.use((store) => Effect.map(store.latest(agentId, criteria), Option.getOrUndefined))

/** The snapshot with this id, or undefined. */
export const get = (id: string) => SnapshotStore.use((store) => Effect.map(store.get(id), Option.getOrUndefined))

/** The versions of a list of snapshots. */
export const versionsOf = (agentId: string, criteria?: Criteria & { readonly limit?: number }) =>
  SnapshotStore.use((store) =>
    Effect.map(store.list(agentId, criteria), (snapshots) => snapshots.map(({ version }) => version))
  )

/** The moment of the snapshot of a version in `five`. */
export const timeOf = (version: number): Date => new Date(1_767_225_600_000 + version * 1000)

/** Runs an effect at a moment; sleeping takes its time as ever. */
export const at = <A, E, R>(time: Date, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(Clock.Clock, (clock) =>
    Effect.provideService(effect, Clock.Clock, {
      currentTimeMillisUnsafe: () => time.getTime(),
      currentTimeMillis: Effect.succeed(time.getTime()),
      currentTimeNanosUnsafe: () => BigInt(time.getTime()) * 1_000_000n,
      currentTimeNanos: Effect.succeed(BigInt(time.getTime()) * 1_000_000n),
      monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
      monotonicTimeNanos: clock.monotonicTimeNanos,
      sleep: (duration) => clock.sleep(duration)
    })
  )

/** A fresh agent with snapshots of the versions 11 to 15, a second apart, and what saving each returned. */
export const five: Effect.Effect<
  { readonly agentId: string; readonly saved: ReadonlyMap<number, ContextSnapshot> },
  ReadError,
  SnapshotStore
> = Effect.gen(function* () {
  const agentId = freshId()
  const saved = new Map<number, ContextSnapshot>()
  for (const version of [11, 12, 13, 14, 15]) {
    saved.set(version, yield* at(timeOf(version), save(agentId, version)))
  }
  assert.strictEqual(saved.size, 5)
  return { agentId, saved }
})
