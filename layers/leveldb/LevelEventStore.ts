/**
 * Events in LevelDB: reading, listing and deleting. Appending is in `LevelAppend.ts`.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type {
  AgentEntry,
  DriverError,
  EventStoreDriver,
  Head,
  StoredEvent,
  StreamRange
} from "../../src/EventStoreDriver.ts"
import { Heads } from "./Heads.ts"
import * as Keys from "./Keys.ts"
import { makeAppendBatch } from "./LevelAppend.ts"
import type { LevelDatabase, Operation } from "./LevelDatabase.ts"
import { makeReadFeed } from "./LevelFeed.ts"
import { makeNotes, removeNotes } from "./LevelNotes.ts"
import { removal } from "./LevelSnapshotStore.ts"
import * as Rows from "./Rows.ts"

type Database = LevelDatabase["Service"]

/** A driver over an open database. */
export const make = (database: Database): Effect.Effect<EventStoreDriver, DriverError> =>
  Effect.gen(function* () {
    const heads = new Heads(database)
    const feed = yield* makeReadFeed(database)
    return {
      name: database.name,
      maximumBatch: 4096,
      // One process owns the directory, so the signal inside it tells everything.
      feedPollMilliseconds: undefined,
      appendBatch: yield* makeAppendBatch(database, heads, feed.nextFlush),
      readHead: (agentId) => readHead(database, heads, agentId),
      readStream: (range) => readStream(database, range),
      readEvent: (eventId) => readEvent(database, eventId),
      readReplies: (agentId, commandIds) => readReplies(database, agentId, commandIds),
      listAgents: (page) => listAgents(database, page),
      ...makeNotes(database),
      readFeed: feed.read,
      readFeedEnd: feed.end,
      deleteEvents: (agentId, toVersion) => deleteEvents(database, agentId, toVersion, []),
      purge: (agentId) => purge(database, heads, agentId)
    }
  })

const readHead = (database: Database, heads: Heads, agentId: string): Effect.Effect<Head, DriverError> =>
  Effect.gen(function* () {
    const head = (yield* heads.read([agentId])).get(agentId)
    if (head === undefined) return { version: 0, firstVersion: 0, presence: "missing", isComplete: true }
    if (Rows.isPurged(head)) return { version: head.version, firstVersion: 0, presence: "missing", isComplete: true }
    const first = yield* database.use("read head", (level) =>
      level.values({ ...Keys.allOf("e", agentId), limit: 1 }).all()
    )
    const event = first[0] === undefined ? undefined : yield* decoded(Rows.decodeEvent(agentId, first[0]))
    const firstVersion = event?.version ?? 0
    return { version: head.version, firstVersion, presence: "present", isComplete: firstVersion === head.origin + 1 }
  })

const readStream = (database: Database, range: StreamRange): Effect.Effect<ReadonlyArray<StoredEvent>, DriverError> => {
  const { agentId, direction, from, limit, to } = range
  const values = database.use("read stream", (level) =>
    level
      .values({
        gte: Keys.event(agentId, from),
        lte: Keys.event(agentId, to),
        limit,
        reverse: direction === "backward"
      })
      .all()
  )
  return Effect.flatMap(values, (texts) => {
    const events = new Array<StoredEvent>(texts.length)
    for (const [index, text] of texts.entries()) {
      const event = Rows.decodeEvent(agentId, text)
      if (Result.isFailure(event)) return Effect.fail(event.failure)
      events[index] = event.success
    }
    return Effect.succeed(events)
  })
}

const readEvent = (database: Database, eventId: string): Effect.Effect<StoredEvent | undefined, DriverError> =>
  Effect.gen(function* () {
    const text = yield* database.use("read event", (level) => level.get(Keys.eventId(eventId)))
    if (text === undefined) return undefined
    const [agentId, version] = yield* decoded(Rows.decodeReference(`event id ${JSON.stringify(eventId)}`, text))
    const row = yield* database.use("read event", (level) => level.get(Keys.event(agentId, version)))
    return row === undefined ? undefined : yield* decoded(Rows.decodeEvent(agentId, row))
  })

const readReplies = (database: Database, agentId: string, commandIds: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const keys = commandIds.map((id) => Keys.command(agentId, id))
    const texts = yield* database.use("read replies", (level) => level.getMany(keys))
    const found: Array<{ readonly id: string; readonly reply: string }> = []
    for (const [index, id] of commandIds.entries()) {
      const text = texts[index]
      if (text !== undefined) found.push({ id, reply: (yield* decoded(Rows.decodeCommand(id, text))).reply })
    }
    return found
  })

const listAgents = (
  database: Database,
  { after, limit, prefix }: Parameters<EventStoreDriver["listAgents"]>[0]
): Effect.Effect<ReadonlyArray<AgentEntry>, DriverError> =>
  Effect.gen(function* () {
    const found: Array<AgentEntry> = []
    let bound =
      after === undefined || Keys.isBefore(after, prefix) ? { gte: Keys.head(prefix) } : { gt: Keys.head(after) }
    while (found.length < limit) {
      const count = limit - found.length
      const rows = yield* database.use("list agents", (level) =>
        level.iterator({ ...bound, lt: Keys.allKind("h").lt, limit: count }).all()
      )
      for (const [key, text] of rows) {
        const agentId = key.slice(1)
        if (!agentId.startsWith(prefix)) return found
        const head = yield* decoded(Rows.decodeHead(agentId, text))
        if (!Rows.isPurged(head)) found.push({ agentId, version: head.version })
      }
      const last = rows.at(-1)
      if (last === undefined || rows.length < count) return found
      bound = { gt: last[0] }
    }
    return found
  })

/** Deletes up to a version, in one write together with other changes. The references of the feed may dangle; its reader skips them. */
const deleteEvents = (database: Database, agentId: string, toVersion: number, others: ReadonlyArray<Operation>) =>
  Effect.gen(function* () {
    const bounds = { gt: Keys.allOf("e", agentId).gt, lte: Keys.event(agentId, toVersion) }
    const rows = yield* database.use("delete events", (level) => level.iterator(bounds).all())
    const operations: Array<Operation> = [...others]
    for (const [key, text] of rows) {
      const event = Rows.decodeEvent(agentId, text)
      operations.push({ type: "del", key })
      // When the event cannot be read its id stays behind, and leads to nothing.
      if (Result.isSuccess(event)) operations.push({ type: "del", key: Keys.eventId(event.success.id) })
    }
    if (operations.length > 0) yield* database.write(operations)
    return rows.length
  })

const purge = (database: Database, heads: Heads, agentId: string): Effect.Effect<number, DriverError> =>
  Effect.gen(function* () {
    const head = (yield* heads.read([agentId])).get(agentId)
    const commands = yield* database.use("purge", (level) => level.keys(Keys.allOf("c", agentId)).all())
    const snapshots = yield* database.use("purge", (level) => level.iterator(Keys.allOf("s", agentId)).all())
    const operations: Array<Operation> = commands.map((key) => ({ type: "del", key }))
    operations.push(...(yield* removeNotes(database, agentId)))
    for (const [key, text] of snapshots) operations.push(...removal(key, Rows.decodeSnapshot(agentId, text)))
    if (head !== undefined && !Rows.isPurged(head)) {
      const version = head.version + 1
      operations.push({ type: "put", key: Keys.head(agentId), value: Rows.encodeHead({ version, origin: version }) })
    }
    heads.forget()
    return yield* deleteEvents(database, agentId, Number.MAX_SAFE_INTEGER, operations)
  })

const decoded = Effect.fromResult
