/**
 * The feed of a LevelDB store. Each flush leaves one record with what it stored, in order; a position is a flush and a place in it.
 */
import * as Effect from "effect/Effect"
import type {
  DriverError,
  EventStoreDriver,
  FeedEntry,
  InvalidPosition,
  StoredEvent
} from "../../src/EventStoreDriver.ts"
import * as Keys from "./Keys.ts"
import type { LevelDatabase } from "./LevelDatabase.ts"
import * as Rows from "./Rows.ts"

interface Position {
  readonly flush: number
  /** How many events of the flush have been told. */
  readonly told: number
}

/** Reads the feed, and counts its flushes. */
export const makeReadFeed = (database: LevelDatabase["Service"]) =>
  Effect.gen(function* () {
    const newest = yield* database.use("open", (level) =>
      level.keys({ ...Keys.allKind("f"), reverse: true, limit: 1 }).all()
    )
    let flushes = newest[0] === undefined ? 0 : Keys.flushNumber(newest[0])
    return {
      nextFlush: () => ++flushes,
      read: (page: { readonly after: string | undefined; readonly limit: number }) => read(database, page, flushes),
      end: Effect.gen(function* () {
        const bounds = { ...Keys.allKind("f"), reverse: true, limit: 1 }
        const [last] = yield* database.use("read feed", (level) => level.iterator(bounds).all())
        if (last === undefined) return undefined
        const parts = yield* Effect.fromResult(Rows.decodeFlush(last[1]))
        return print({ flush: Keys.flushNumber(last[0]), told: parts.reduce((sum, [, , count]) => sum + count, 0) })
      })
    }
  })

const read = (
  database: LevelDatabase["Service"],
  { after, limit }: Parameters<EventStoreDriver["readFeed"]>[0],
  newest: number
): Effect.Effect<ReadonlyArray<FeedEntry<StoredEvent>>, DriverError | InvalidPosition> =>
  Effect.gen(function* () {
    const start = after === undefined ? { flush: 0, told: 0 } : parse(after)
    // A flush to come is of another store, such as one that was deleted; going on behind it would lose events.
    if (start === undefined || start.flush > newest) {
      return yield* Effect.fail<InvalidPosition>({ _tag: "InvalidPosition", found: after ?? "" })
    }
    const entries: Array<FeedEntry<StoredEvent>> = []
    let from = start
    while (entries.length < limit) {
      const wanted = limit - entries.length
      const bounds = { gte: Keys.flush(from.flush), lt: Keys.allKind("f").lt, limit: wanted }
      const flushes = yield* database.use("read feed", (level) => level.iterator(bounds).all())
      for (const [key, text] of flushes) {
        const flush = Keys.flushNumber(key)
        const told = flush === from.flush ? from.told : 0
        const references = expand(yield* Effect.fromResult(Rows.decodeFlush(text))).slice(told)
        const rows = yield* database.use("read feed", (level) =>
          level.getMany(references.map(([agentId, version]) => Keys.event(agentId, version)))
        )
        for (const [index, row] of rows.entries()) {
          // Deleted since.
          if (row === undefined) continue
          const agentId = references[index]?.[0] ?? ""
          const event = yield* Effect.fromResult(Rows.decodeEvent(agentId, row))
          entries.push({ position: print({ flush, told: told + index + 1 }), event })
          if (entries.length === limit) return entries
        }
      }
      const last = flushes.at(-1)
      if (last === undefined || flushes.length < wanted) return entries
      from = { flush: Keys.flushNumber(last[0]) + 1, told: 0 }
    }
    return entries
  })

const expand = (parts: ReadonlyArray<Rows.FlushPart>): ReadonlyArray<Rows.Reference> =>
  parts.flatMap(([agentId, firstVersion, count]) =>
    Array.from({ length: count }, (_, index): Rows.Reference => [agentId, firstVersion + index])
  )

const print = ({ flush, told }: Position): string => `${flush}.${told}`

const parse = (text: string): Position | undefined => {
  const match = /^(\d{1,15})\.(\d{1,15})$/.exec(text)
  return match === null ? undefined : { flush: Number(match[1]), told: Number(match[2]) }
}
