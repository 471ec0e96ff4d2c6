/**
 * Snapshots in LevelDB.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import type { DriverError } from "../../src/EventStoreDriver.ts"
import type {
  Saved,
  SnapshotStoreDriver,
  StoredCriteria,
  StoredSnapshot,
  VersionBounds
} from "../../src/SnapshotStoreDriver.ts"
import type { Corrupted } from "../../src/StoreError.ts"
import * as Keys from "./Keys.ts"
import type { LevelDatabase, Operation } from "./LevelDatabase.ts"
import * as Rows from "./Rows.ts"

// Snapshots may be large, so few of them are in memory at a time.
const pageSize = 32

/** A driver over an open database. */
export const make = (database: LevelDatabase["Service"]): Effect.Effect<SnapshotStoreDriver> =>
  Effect.gen(function* () {
    // Replacing a snapshot reads before it writes.
    const mutex = yield* Semaphore.make(1)

    /** Shows the rows of an agent within the bounds on the version, highest first, for as long as more are wanted. */
    const walk = (
      agentId: string,
      criteria: StoredCriteria,
      size: number,
      isMoreWanted: (key: string, row: Rows.Row<StoredSnapshot>) => boolean
    ): Effect.Effect<void, DriverError> =>
      Effect.gen(function* () {
        const { gte, lte } = boundsOf(agentId, criteria)
        let upper: { readonly lte: string } | { readonly lt: string } = { lte }
        while (true) {
          const rows = yield* database.use("read snapshots", (level) =>
            level.iterator({ gte, ...upper, reverse: true, limit: size }).all()
          )
          for (const [key, text] of rows) if (!isMoreWanted(key, Rows.decodeSnapshot(agentId, text))) return
          const lowest = rows.at(-1)
          if (lowest === undefined || rows.length < size) return
          upper = { lt: lowest[0] }
        }
      })

    const list = (
      agentId: string,
      criteria: StoredCriteria,
      limit: number
    ): Effect.Effect<ReadonlyArray<StoredSnapshot>, DriverError> =>
      Effect.gen(function* () {
        const found: Array<Rows.Row<StoredSnapshot>> = []
        // Mostly one read: only bounds on the time make a look further down needed.
        yield* walk(agentId, criteria, Math.min(limit, pageSize), (_, row) => {
          if (Result.isFailure(row) || isInTime(row.success, criteria)) found.push(row)
          return Result.isSuccess(row) && found.length < limit
        })
        return yield* Effect.forEach(found, (row) => Effect.fromResult(row))
      })

    const readById = (snapshotId: string): Effect.Effect<StoredSnapshot | undefined, DriverError> =>
      Effect.gen(function* () {
        const place = yield* readPlace(database, snapshotId)
        if (place === undefined) return undefined
        const [agentId, version] = place
        const text = yield* database.use("read snapshot", (level) => level.get(Keys.snapshot(agentId, version)))
        if (text === undefined) return undefined
        const snapshot = yield* Effect.fromResult(Rows.decodeSnapshot(agentId, text))
        return snapshot.id === snapshotId ? snapshot : undefined
      })

    const save = (snapshot: StoredSnapshot): Effect.Effect<Saved, DriverError> =>
      Effect.gen(function* () {
        const { agentId, id, version } = snapshot
        const place = yield* readPlace(database, id)
        const isElsewhere = place !== undefined && (place[0] !== agentId || place[1] !== version)
        if (isElsewhere && (yield* readById(id)) !== undefined) return "id taken"
        const key = Keys.snapshot(agentId, version)
        const replaced = yield* database.use("save snapshot", (level) => level.get(key))
        yield* database.write([
          ...(replaced === undefined ? [] : removal(key, Rows.decodeSnapshot(agentId, replaced))),
          { type: "put", key, value: Rows.encodeSnapshot(snapshot) },
          { type: "put", key: Keys.snapshotId(id), value: Rows.encodeReference(agentId, version) }
        ])
        return "saved"
      })

    const remove = (agentId: string, criteria: StoredCriteria): Effect.Effect<number, DriverError> =>
      Effect.gen(function* () {
        const isTimed = criteria.minTimestamp !== undefined || criteria.maxTimestamp !== undefined
        const operations: Array<Operation> = []
        let count = 0
        let unreadable: Corrupted | undefined
        yield* walk(agentId, criteria, pageSize, (key, row) => {
          if (Result.isFailure(row) && isTimed) unreadable = row.failure
          else if (Result.isFailure(row) || isInTime(row.success, criteria)) {
            operations.push(...removal(key, row))
            count++
          }
          return unreadable === undefined
        })
        if (unreadable !== undefined) return yield* Effect.fail(unreadable)
        if (count > 0) yield* database.write(operations)
        return count
      })

    const { moves } = database
    return {
      name: database.name,
      save: (snapshot) => moves.before([snapshot.agentId], mutex.withPermit(save(snapshot))),
      readLatest: (agentId, criteria) =>
        moves.before(
          [agentId],
          Effect.map(list(agentId, criteria, 1), (found) => found[0])
        ),
      readById: (snapshotId) => moves.find(readById(snapshotId)),
      list: (agentId, criteria, limit) => moves.before([agentId], list(agentId, criteria, limit)),
      listVersions: (agentId, criteria, limit) => {
        // LevelDB takes no larger one.
        const range = { ...boundsOf(agentId, criteria), reverse: true, limit: Math.min(limit, 0x7fffffff) }
        const keys = database.use("read snapshots", (level) => level.keys(range).all())
        return moves.before(
          [agentId],
          Effect.map(keys, (keys) => keys.map(Keys.snapshotVersion))
        )
      },
      delete: (agentId, criteria) => moves.before([agentId], mutex.withPermit(remove(agentId, criteria)))
    }
  })

/** What takes a snapshot away. When it cannot be read its id stays behind, and leads to nothing. */
export const removal = (key: string, row: Rows.Row<StoredSnapshot>): Array<Operation> => [
  { type: "del", key },
  ...(Result.isSuccess(row) ? [{ type: "del" as const, key: Keys.snapshotId(row.success.id) }] : [])
]

/** Where the snapshot with an id is said to be. */
export const readPlace = (
  database: LevelDatabase["Service"],
  snapshotId: string
): Effect.Effect<Rows.Reference | undefined, DriverError> =>
  Effect.flatMap(
    database.use("read snapshot", (level) => level.get(Keys.snapshotId(snapshotId))),
    (text) =>
      text === undefined
        ? Effect.undefined
        : Effect.fromResult(Rows.decodeReference(`snapshot id ${JSON.stringify(snapshotId)}`, text))
  )

const boundsOf = (agentId: string, { maxVersion, minVersion }: VersionBounds) => ({
  gte: Keys.snapshot(agentId, minVersion ?? 0),
  lte: Keys.snapshot(agentId, maxVersion ?? Number.MAX_SAFE_INTEGER)
})

const isInTime = ({ timestamp }: StoredSnapshot, { maxTimestamp, minTimestamp }: StoredCriteria): boolean =>
  timestamp >= (minTimestamp ?? Number.NEGATIVE_INFINITY) && timestamp <= (maxTimestamp ?? Number.POSITIVE_INFINITY)
