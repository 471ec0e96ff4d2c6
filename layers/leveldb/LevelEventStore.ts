/**
 * Events in LevelDB: reading and listing. Appending is in `LevelAppend.ts`.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { StoredCommand } from "../../src/AgentImport.ts"
import type {
  AgentEntry,
  DriverError,
  EventStoreDriver,
  Head,
  StoredEvent,
  StreamRange
} from "../../src/EventStoreDriver.ts"
import { EventIds } from "./EventIds.ts"
import { Heads, isPurged } from "./Heads.ts"
import * as Keys from "./Keys.ts"
import { makeAppends } from "./LevelAppend.ts"
import type { LevelDatabase } from "./LevelDatabase.ts"
import { deleteEvents, purge } from "./LevelDeletion.ts"
import { makeFlushes, readFeed, readFeedEnd } from "./LevelFeed.ts"
import { makeImportAgent } from "./LevelImport.ts"
import { makeNotes } from "./LevelNotes.ts"
import * as Rows from "./Rows.ts"

type Database = LevelDatabase["Service"]

/** A driver over an open database. */
export const make = (database: Database): Effect.Effect<EventStoreDriver, DriverError> =>
  Effect.gen(function* () {
    const heads = new Heads(database)
    const ids = yield* EventIds.make(database)
    const flushes = yield* makeFlushes(database)
    const { moves } = database
    return {
      name: database.name,
      reach: "process",
      maximumBatch: 4096,
      // While one is on its way to the disk, the next is made.
      concurrentBatches: 2,
      concurrentFrom: 16,
      // One process owns the directory, so the signal inside it tells everything.
      feedPollMilliseconds: undefined,
      ...makeAppends(database, heads, ids, flushes),
      readHead: (agentId) => moves.before([agentId], readHead(database, heads, agentId)),
      readStream: (range) => moves.before([range.agentId], readStream(database, range)),
      readEvent: (eventId) => moves.find(Effect.map(ids.find([eventId]), (found) => found.get(eventId))),
      readReplies: (agentId, commandIds) => moves.before([agentId], readReplies(database, agentId, commandIds)),
      listCommands: (page) => moves.before([page.agentId], listCommands(database, page)),
      listAgents: (page) => listAgents(database, heads, page),
      ...makeNotes(database),
      readFeed: (page) => readFeed(database, flushes, page),
      readFeedEnd: readFeedEnd(database, flushes),
      deleteEvents: (agentId, toVersion) => moves.before([agentId], deleteEvents(database, heads, agentId, toVersion)),
      purge: (agentId) => moves.before([agentId], purge(database, heads, agentId)),
      importAgent: yield* makeImportAgent(database, heads, ids, flushes)
    }
  })

const readHead = (database: Database, heads: Heads, agentId: string): Effect.Effect<Head, DriverError> =>
  Effect.gen(function* () {
    const head = (yield* heads.read([agentId])).get(agentId)
    if (head === undefined) return { version: 0, firstVersion: 0, presence: "missing", isComplete: true }
    if (isPurged(head)) return { version: head.version, firstVersion: 0, presence: "missing", isComplete: true }
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

const listCommands = (
  database: Database,
  { after, agentId, limit }: Parameters<EventStoreDriver["listCommands"]>[0]
): Effect.Effect<ReadonlyArray<StoredCommand>, DriverError> =>
  Effect.gen(function* () {
    const { gt, lt } = Keys.allOf("c", agentId)
    const bounds = { gt: after === undefined ? gt : Keys.command(agentId, after), lt, limit }
    const rows = yield* database.use("list commands", (level) => level.iterator(bounds).all())
    return yield* Effect.forEach(rows, ([key, text]) => {
      const id = key.slice(gt.length)
      return Effect.map(decoded(Rows.decodeCommand(id, text)), (command) => ({ id, ...command }))
    })
  })

const listAgents = (
  database: Database,
  heads: Heads,
  { after, limit, prefix }: Parameters<EventStoreDriver["listAgents"]>[0]
): Effect.Effect<ReadonlyArray<AgentEntry>, DriverError> =>
  database.atOneMoment((snapshot) =>
    Effect.gen(function* () {
      const found: Array<AgentEntry> = []
      let bound =
        after === undefined || Keys.isBefore(after, prefix) ? { gte: Keys.head(prefix) } : { gt: Keys.head(after) }
      while (found.length < limit) {
        const count = limit - found.length
        const rows = yield* database.use("list agents", (level) =>
          level.iterator({ ...bound, lt: Keys.allKind("h").lt, limit: count, snapshot }).all()
        )
        const listed = rows.map(([key, text]) => [key.slice(1), text] as const)
        const end = listed.findIndex(([agentId]) => !agentId.startsWith(prefix))
        const wanted = end < 0 ? listed : listed.slice(0, end)
        for (const [agentId, head] of yield* heads.complete(wanted, snapshot)) {
          if (!isPurged(head)) found.push({ agentId, version: head.version })
        }
        const last = rows.at(-1)
        if (end >= 0 || last === undefined || rows.length < count) return found
        bound = { gt: last[0] }
      }
      return found
    })
  )

const decoded = Effect.fromResult
