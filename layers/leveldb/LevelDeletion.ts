/**
 * Deleting from LevelDB.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { DriverError } from "../../src/EventStoreDriver.ts"
import { type Heads, isPurged } from "./Heads.ts"
import * as Keys from "./Keys.ts"
import type { LevelDatabase, Operation } from "./LevelDatabase.ts"
import { removeNotes } from "./LevelNotes.ts"
import { removal } from "./LevelSnapshotStore.ts"
import * as Rows from "./Rows.ts"

type Database = LevelDatabase["Service"]

// A long stream would not fit into memory.
const deletedAtOnce = 1000

/** Deletes up to a version, lowest first; the last write takes other changes along. The references of the feed dangle; its reader skips them. */
export const deleteEvents = (
  database: Database,
  heads: Heads,
  agentId: string,
  toVersion: number,
  others: ReadonlyArray<Operation> = []
) =>
  Effect.gen(function* () {
    const bounds = { gt: Keys.allOf("e", agentId).gt, lte: Keys.event(agentId, toVersion), limit: deletedAtOnce }
    let operations = yield* headBefore(heads, agentId)
    let count = 0
    while (true) {
      const rows = yield* database.use("delete events", (level) => level.iterator(bounds).all())
      for (const [key, text] of rows) {
        const event = Rows.decodeEvent(agentId, text)
        operations.push({ type: "del", key })
        // When the event cannot be read its id stays behind, and leads to nothing, as ids in runs always do.
        if (Result.isSuccess(event)) operations.push({ type: "del", key: Keys.eventId(event.success.id) })
      }
      count += rows.length
      if (rows.length < deletedAtOnce) break
      yield* database.write(operations)
      operations = []
    }
    operations = operations.concat(others)
    if (operations.length > 0) yield* database.write(operations)
    return count
  })

/** The row of an agent lags behind its newest events, so it must be up to date before they go. */
const headBefore = (heads: Heads, agentId: string): Effect.Effect<Array<Operation>, DriverError> =>
  Effect.map(heads.read([agentId]), (found) => {
    const head = found.get(agentId)
    if (head === undefined || head.written === head.version) return []
    return [{ type: "put", key: Keys.head(agentId), value: Rows.encodeHead(head) }]
  })

/** What takes away the replies and the snapshots of an agent. */
export const removeCopies = (
  database: Database,
  agentId: string,
  toVersion = Number.MAX_SAFE_INTEGER
): Effect.Effect<Array<Operation>, DriverError> =>
  Effect.gen(function* () {
    const commands = yield* database.use("purge", (level) => level.keys(Keys.allOf("c", agentId)).all())
    const bounds = { gt: Keys.allOf("s", agentId).gt, lte: Keys.snapshot(agentId, toVersion) }
    const snapshots = yield* database.use("purge", (level) => level.iterator(bounds).all())
    const operations: Array<Operation> = commands.map((key) => ({ type: "del", key }))
    for (const [key, text] of snapshots) operations.push(...removal(key, Rows.decodeSnapshot(agentId, text)))
    return operations
  })

/** Deletes all that an agent has, and raises its version by one. */
export const purge = (database: Database, heads: Heads, agentId: string): Effect.Effect<number, DriverError> =>
  Effect.gen(function* () {
    const head = (yield* heads.read([agentId])).get(agentId)
    const operations = yield* removeCopies(database, agentId)
    for (const operation of yield* removeNotes(database, agentId)) operations.push(operation)
    if (head !== undefined && !isPurged(head)) {
      const version = head.version + 1
      operations.push({ type: "put", key: Keys.head(agentId), value: Rows.encodeHead({ version, origin: version }) })
    }
    heads.forget()
    return yield* deleteEvents(database, heads, agentId, Number.MAX_SAFE_INTEGER, operations)
  })
