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
import { Flushes } from "./Flushes.ts"
import * as Keys from "./Keys.ts"
import type { LevelDatabase } from "./LevelDatabase.ts"
import * as Rows from "./Rows.ts"

interface Position {
  readonly flush: number
  /** How many events of the flush have been told. */
  readonly told: number
}

/** The flushes of an open database. */
export const makeFlushes = (database: LevelDatabase["Service"]) => {
  const bounds = { ...Keys.allKind("f"), reverse: true, limit: 1 }
  return Effect.map(
    database.use("open", (level) => level.keys(bounds).all()),
    ([newest]) => new Flushes(newest === undefined ? 0 : Keys.flushNumber(newest))
  )
}

/** The position after everything that may be told now. */
export const readFeedEnd = (database: LevelDatabase["Service"], flushes: Flushes) =>
  Effect.gen(function* () {
    const bounds = { gt: Keys.allKind("f").gt, lte: Keys.flush(flushes.settled), reverse: true, limit: 1 }
    const [last] = yield* database.use("read feed", (level) => level.iterator(bounds).all())
    if (last === undefined) return undefined
    const parts = yield* Effect.fromResult(Rows.decodeFlush(last[1]))
    return print({ flush: Keys.flushNumber(last[0]), told: parts.reduce((sum, [, , count]) => sum + count, 0) })
  })

/** Events of all agents after a position, up to the newest flush that may be told. */
export const readFeed = (
  database: LevelDatabase["Service"],
  flushes: Flushes,
  { after, limit }: Parameters<EventStoreDriver["readFeed"]>[0]
): Effect.Effect<ReadonlyArray<FeedEntry<StoredEvent>>, DriverError | InvalidPosition> =>
  Effect.gen(function* () {
    const { settled } = flushes
    const start = after === undefined ? { flush: 0, told: 0 } : parse(after)
    // A flush to come is of another store, such as one that was deleted; going on behind it would lose events.
    if (start === undefined || start.flush > settled) {
      return yield* Effect.fail<InvalidPosition>({ _tag: "InvalidPosition", found: after ?? "" })
    }
    const entries: Array<FeedEntry<StoredEvent>> = []
    let position = start
    while (entries.length < limit) {
      const places = yield* placesAfter(database, position, settled, limit - entries.length)
      const keys = places.map(({ agentId, version }) => Keys.event(agentId, version))
      const rows = yield* database.use("read feed", (level) => level.getMany(keys))
      for (const [index, place] of places.entries()) {
        position = place
        const row = rows[index]
        // Deleted since.
        if (row === undefined) continue
        const event = yield* Effect.fromResult(Rows.decodeEvent(place.agentId, row))
        entries.push({ position: print(place), event })
      }
      if (entries.length < limit && places.length === 0) return entries
    }
    return entries
  })

/** Where an event is in the feed and in its stream. */
interface Place extends Position {
  readonly agentId: string
  readonly version: number
}

// A lone append leaves a flush of one event, a full batch one of thousands.
const flushesPerRead = 100

/** The places after a position up to a flush, whether their events are still there or not; at most `count`, and none only at the end. */
const placesAfter = (
  database: LevelDatabase["Service"],
  after: Position,
  settled: number,
  count: number
): Effect.Effect<ReadonlyArray<Place>, DriverError> =>
  Effect.gen(function* () {
    const places: Array<Place> = []
    let from = after.flush
    while (places.length < count) {
      const bounds = { gte: Keys.flush(from), lte: Keys.flush(settled), limit: flushesPerRead }
      const flushes = yield* database.use("read feed", (level) => level.iterator(bounds).all())
      for (const [key, text] of flushes) {
        const flush = Keys.flushNumber(key)
        const skipped = flush === after.flush ? after.told : 0
        addPlaces(places, flush, skipped, count, yield* Effect.fromResult(Rows.decodeFlush(text)))
        from = flush + 1
      }
      if (flushes.length < flushesPerRead) return places
    }
    return places
  })

const addPlaces = (
  places: Array<Place>,
  flush: number,
  skipped: number,
  count: number,
  parts: ReadonlyArray<Rows.FlushPart>
): void => {
  let told = 0
  for (const [agentId, firstVersion, length] of parts) {
    for (let index = Math.max(skipped - told, 0); index < length && places.length < count; index++) {
      places.push({ flush, told: told + index + 1, agentId, version: firstVersion + index })
    }
    told += length
  }
}

const print = ({ flush, told }: Position): string => `${flush}.${told}`

const parse = (text: string): Position | undefined => {
  const match = /^(\d{1,15})\.(\d{1,15})$/.exec(text)
  return match === null ? undefined : { flush: Number(match[1]), told: Number(match[2]) }
}
