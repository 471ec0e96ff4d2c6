/**
 * Snapshots: states of agents at a version.
 *
 * The contract, which `pantheon-state/testing` checks on every backend:
 *
 * 1. There is one snapshot per agent and version; saving it again replaces it, its id included. A saved snapshot is on disk and every later
 *    read sees it.
 * 2. The store gives the time; a reader gets exactly what `save` returned.
 * 3. "None" means none: a snapshot that cannot be read, or whose checksum does not fit, is an error. It can be deleted, or saved again.
 * 4. Snapshots are a copy: losing all of them loses nothing while the events are there.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as AgentId from "./AgentId.ts"
import type { ContextSnapshot, NewSnapshot } from "./ContextSnapshot.ts"
import * as Limits from "./Limits.ts"
import type { SnapshotStoreDriver, StoredCriteria, StoredSnapshot } from "./SnapshotStoreDriver.ts"
import { Corrupted, InvalidInput, type ReadError } from "./StoreError.ts"
import { encodeRecord } from "./store/AppendInput.ts"
import * as Checksum from "./store/Checksum.ts"
import * as Uuid from "./store/Uuid.ts"
import * as Value from "./Value.ts"

/** Which snapshots of an agent; all bounds inclusive, and what is left out does not bound. */
export interface Criteria {
  readonly minVersion?: number | undefined
  readonly maxVersion?: number | undefined
  readonly minTimestamp?: Date | undefined
  readonly maxTimestamp?: Date | undefined
}

/** The snapshot store; the guarantees are those at the head of this module. */
export class SnapshotStore extends Context.Service<
  SnapshotStore,
  {
    readonly save: (snapshot: NewSnapshot) => Effect.Effect<ContextSnapshot, ReadError>
    /** The snapshot with the highest version within the criteria. */
    readonly latest: (agentId: string, criteria?: Criteria) => Effect.Effect<Option.Option<ContextSnapshot>, ReadError>
    readonly get: (snapshotId: string) => Effect.Effect<Option.Option<ContextSnapshot>, ReadError>
    /** Highest version first; at most `limit`, 100 by default. */
    readonly list: (
      agentId: string,
      criteria?: Criteria & { readonly limit?: number | undefined }
    ) => Effect.Effect<ReadonlyArray<ContextSnapshot>, ReadError>
    /** Only the versions, highest first, those of snapshots that cannot be read too; at most `limit`, 100 by default. */
    readonly versions: (
      agentId: string,
      bounds?: Pick<Criteria, "minVersion" | "maxVersion"> & { readonly limit?: number | undefined }
    ) => Effect.Effect<ReadonlyArray<number>, ReadError>
    /** Deletes the snapshot of one version; whether there was one. */
    readonly delete: (agentId: string, version: number) => Effect.Effect<boolean, ReadError>
    /** Deletes all within the criteria and gives the exact count. */
    readonly deleteAll: (agentId: string, criteria?: Criteria) => Effect.Effect<number, ReadError>
  }
>()("pantheon-state/SnapshotStore") {}

/** Builds the snapshot store over a driver. */
export const make = (driver: SnapshotStoreDriver): Effect.Effect<SnapshotStore["Service"]> =>
  Effect.gen(function* () {
    const limits = yield* Limits.Limits
    const nextId = yield* Uuid.makeGenerator

    const save: SnapshotStore["Service"]["save"] = Effect.fnUntraced(function* (snapshot) {
      const now = yield* Clock.currentTimeMillis
      const stored = yield* Effect.fromResult(encodeSnapshot(snapshot, limits, nextId(now), now))
      if ((yield* driver.save(stored)) === "id taken") yield* refuseId(stored.id)
      return yield* Effect.fromResult(decodeSnapshot(stored))
    })

    /** Checks the arguments of a call about one agent before it reaches the driver. */
    const withCriteria = <A, E>(
      agentId: string,
      criteria: Criteria | undefined,
      use: (criteria: StoredCriteria) => Effect.Effect<A, E>
    ): Effect.Effect<A, E | InvalidInput> =>
      Effect.flatMap(Effect.fromResult(AgentId.validate(agentId)), () =>
        Effect.flatMap(Effect.fromResult(encodeCriteria(criteria ?? {})), use)
      )

    return SnapshotStore.of({
      save,
      latest: (agentId, criteria) =>
        withCriteria(agentId, criteria, (criteria) =>
          Effect.flatMap(driver.readLatest(agentId, criteria), decodeOption)
        ),
      get: (snapshotId) =>
        Effect.flatMap(Effect.fromResult(AgentId.validate(snapshotId, "snapshotId")), () =>
          Effect.flatMap(driver.readById(snapshotId), decodeOption)
        ),
      list: (agentId, options) =>
        withCriteria(agentId, options, (criteria) =>
          Effect.gen(function* () {
            const limit = yield* checkLimit(options?.limit)
            const stored = limit === 0 ? [] : yield* driver.list(agentId, criteria, limit)
            return yield* Effect.forEach(stored, (snapshot) => Effect.fromResult(decodeSnapshot(snapshot)))
          })
        ),
      versions: (agentId, options) =>
        withCriteria(agentId, options, (criteria) =>
          Effect.flatMap(checkLimit(options?.limit), (limit) =>
            limit === 0 ? Effect.succeed([]) : driver.listVersions(agentId, criteria, limit)
          )
        ),
      delete: (agentId, version) =>
        Effect.flatMap(Effect.fromResult(checkBound("version", version)), () =>
          withCriteria(agentId, { minVersion: version, maxVersion: version }, (criteria) =>
            Effect.map(driver.delete(agentId, criteria), (count) => count > 0)
          )
        ),
      deleteAll: (agentId, criteria) => withCriteria(agentId, criteria, (criteria) => driver.delete(agentId, criteria))
    })
  })

const refuseId = (id: string): Effect.Effect<never, InvalidInput> =>
  Effect.fail(
    new InvalidInput({
      path: "id",
      expected: "an id that no other snapshot has",
      found: `${JSON.stringify(id)}, the id of another one`,
      remedy: "Leave the id out to get a new one."
    })
  )

const encodeSnapshot = (
  snapshot: NewSnapshot,
  limits: Limits.Limits,
  nextId: string,
  timestamp: number
): Result.Result<StoredSnapshot, InvalidInput> =>
  Result.gen(function* () {
    const { id = nextId, reducer = "", schemaVersion = 1 } = snapshot
    const metadata = yield* encodeRecord(snapshot.metadata, "metadata", limits)
    const state = yield* Value.encode(snapshot.state, "state", limits, limits.snapshotBytes)
    return {
      id: yield* AgentId.validate(id, "id"),
      agentId: yield* AgentId.validate(snapshot.agentId),
      version: yield* checkBound("version", snapshot.version, 1),
      eventId: yield* AgentId.validate(snapshot.eventId, "eventId"),
      state,
      timestamp,
      schemaVersion: yield* checkBound("schemaVersion", schemaVersion, 1, 0x7fffffff),
      reducer: reducer === "" ? "" : yield* AgentId.validate(reducer, "reducer"),
      metadata,
      checksum: Checksum.of(state)
    }
  })

const encodeCriteria = (criteria: Criteria): Result.Result<StoredCriteria, InvalidInput> =>
  Result.gen(function* () {
    const { maxTimestamp, maxVersion, minTimestamp, minVersion } = criteria
    return {
      minVersion: minVersion === undefined ? undefined : yield* checkBound("minVersion", minVersion),
      maxVersion: maxVersion === undefined ? undefined : yield* checkBound("maxVersion", maxVersion),
      minTimestamp: minTimestamp === undefined ? undefined : yield* checkTime("minTimestamp", minTimestamp),
      maxTimestamp: maxTimestamp === undefined ? undefined : yield* checkTime("maxTimestamp", maxTimestamp)
    }
  })

const checkLimit = (limit = 100): Effect.Effect<number, InvalidInput> => Effect.fromResult(checkBound("limit", limit))

const checkBound = (
  path: string,
  bound: number,
  minimum = 0,
  maximum = Number.MAX_SAFE_INTEGER
): Result.Result<number, InvalidInput> =>
  Number.isSafeInteger(bound) && bound >= minimum && bound <= maximum
    ? Result.succeed(bound)
    : Result.fail(
        new InvalidInput({
          path,
          expected: `an integer from ${minimum} to ${maximum}`,
          found: String(bound),
          remedy: "Pass a version or a count."
        })
      )

const checkTime = (path: string, time: Date): Result.Result<number, InvalidInput> =>
  time instanceof Date && !Number.isNaN(time.getTime())
    ? Result.succeed(time.getTime())
    : Result.fail(
        new InvalidInput({
          path,
          expected: "a valid Date",
          found: time instanceof Date ? "an invalid Date" : `a value of type ${typeof time}`,
          remedy: "Leave the bound out, or pass a moment."
        })
      )

const decodeOption = (stored: StoredSnapshot | undefined): Effect.Effect<Option.Option<ContextSnapshot>, Corrupted> =>
  stored === undefined ? Effect.succeedNone : Effect.map(Effect.fromResult(decodeSnapshot(stored)), Option.some)

const decodeSnapshot = (stored: StoredSnapshot): Result.Result<ContextSnapshot, Corrupted> =>
  Result.gen(function* () {
    const subject = `snapshot ${stored.version} of agent ${JSON.stringify(stored.agentId)}`
    const checksum = Checksum.of(stored.state)
    const remedy = "Delete the snapshot; the agent is then replayed from its events."
    if (checksum !== stored.checksum) {
      return yield* Result.fail(
        new Corrupted({ subject, expected: `checksum ${stored.checksum}`, found: `checksum ${checksum}`, remedy })
      )
    }
    const state = yield* Value.decode(stored.state, `state of ${subject}`)
    const metadata = yield* Value.decode(stored.metadata, `metadata of ${subject}`)
    if (!Value.isRecord(metadata)) {
      return yield* Result.fail(
        new Corrupted({ subject, expected: "metadata that is an object", found: stored.metadata.slice(0, 80), remedy })
      )
    }
    return {
      id: stored.id,
      agentId: stored.agentId,
      version: stored.version,
      eventId: stored.eventId,
      state,
      timestamp: new Date(stored.timestamp),
      schemaVersion: stored.schemaVersion,
      reducer: stored.reducer,
      metadata
    }
  })
