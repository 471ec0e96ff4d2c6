/**
 * Snapshots in LevelDB.
 */
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import type { DriverError } from "../../src/EventStoreDriver.ts"
import type { SnapshotStoreDriver, StoredCriteria, StoredSnapshot } from "../../src/SnapshotStoreDriver.ts"
import * as Keys from "./Keys.ts"
import type { LevelDatabase, Operation } from "./LevelDatabase.ts"
import * as Rows from "./Rows.ts"

/** A driver over an open database. */
export const make = (database: LevelDatabase["Service"]): Effect.Effect<SnapshotStoreDriver> =>
  Effect.gen(function* () {
    // Replacing a snapshot reads before it writes.
    const mutex = yield* Semaphore.make(1)

    const list = (
      agentId: string,
      criteria: StoredCriteria,
      limit: number
    ): Effect.Effect<ReadonlyArray<StoredSnapshot>, DriverError> =>
      Effect.gen(function* () {
        const gte = Keys.snapshot(agentId, criteria.minVersion ?? 0)
        let upper: { readonly lte: string } | { readonly lt: string } = {
          lte: Keys.snapshot(agentId, criteria.maxVersion ?? Number.MAX_SAFE_INTEGER)
        }
        const found: Array<StoredSnapshot> = []
        // Mostly one read: only bounds on the time make a look further down needed.
        const size = Math.min(limit, 100)
        while (true) {
          const rows = yield* database.use("read snapshots", (level) =>
            level.iterator({ gte, ...upper, reverse: true, limit: size }).all()
          )
          for (const [, text] of rows) {
            const snapshot = yield* Effect.fromResult(Rows.decodeSnapshot(agentId, text))
            if (isInTime(snapshot, criteria)) found.push(snapshot)
            if (found.length === limit) return found
          }
          const lowest = rows.at(-1)
          if (lowest === undefined || rows.length < size) return found
          upper = { lt: lowest[0] }
        }
      })

    const save = (snapshot: StoredSnapshot) =>
      Effect.gen(function* () {
        const key = Keys.snapshot(snapshot.agentId, snapshot.version)
        const replaced = yield* database.use("save snapshot", (level) => level.get(key))
        const operations: Array<Operation> = []
        if (replaced !== undefined) {
          const old = yield* Effect.fromResult(Rows.decodeSnapshot(snapshot.agentId, replaced))
          operations.push({ type: "del", key: Keys.snapshotId(old.id) })
        }
        operations.push(
          { type: "put", key, value: Rows.encodeSnapshot(snapshot) },
          {
            type: "put",
            key: Keys.snapshotId(snapshot.id),
            value: Rows.encodeReference(snapshot.agentId, snapshot.version)
          }
        )
        yield* database.write(operations)
      })

    const remove = (agentId: string, criteria: StoredCriteria) =>
      Effect.gen(function* () {
        const found = yield* list(agentId, criteria, Number.MAX_SAFE_INTEGER)
        const operations = found.flatMap(
          (snapshot): Array<Operation> => [
            { type: "del", key: Keys.snapshot(agentId, snapshot.version) },
            { type: "del", key: Keys.snapshotId(snapshot.id) }
          ]
        )
        if (operations.length > 0) yield* database.write(operations)
        return found.length
      })

    return {
      name: database.name,
      save: (snapshot) => mutex.withPermit(save(snapshot)),
      readLatest: (agentId, criteria) => Effect.map(list(agentId, criteria, 1), (found) => found[0]),
      readById: Effect.fnUntraced(function* (snapshotId) {
        const reference = yield* database.use("read snapshot", (level) => level.get(Keys.snapshotId(snapshotId)))
        if (reference === undefined) return undefined
        const subject = `snapshot id ${JSON.stringify(snapshotId)}`
        const [agentId, version] = yield* Effect.fromResult(Rows.decodeReference(subject, reference))
        const row = yield* database.use("read snapshot", (level) => level.get(Keys.snapshot(agentId, version)))
        return row === undefined ? undefined : yield* Effect.fromResult(Rows.decodeSnapshot(agentId, row))
      }),
      list,
      delete: (agentId, criteria) => mutex.withPermit(remove(agentId, criteria))
    }
  })

const isInTime = ({ timestamp }: StoredSnapshot, { maxTimestamp, minTimestamp }: StoredCriteria): boolean =>
  timestamp >= (minTimestamp ?? Number.NEGATIVE_INFINITY) && timestamp <= (maxTimestamp ?? Number.POSITIVE_INFINITY)
