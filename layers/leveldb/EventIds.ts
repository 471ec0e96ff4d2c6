/**
 * Finding events by their ids.
 *
 * Generated ids ascend, so those of one flush stand together in one row, a *run*, under the highest of them. Runs do not overlap: the
 * first one that does not end before an id is the only one that may hold it. Any other id has a row of its own.
 */
import * as Effect from "effect/Effect"
import type { DriverError, StoredEvent } from "../../src/EventStoreDriver.ts"
import * as Keys from "./Keys.ts"
import type { LevelDatabase } from "./LevelDatabase.ts"
import * as Rows from "./Rows.ts"

type Database = LevelDatabase["Service"]

/** What is known of all ids. */
export class EventIds {
  private readonly database: Database
  /** The end of the last run; above it there is no id of the shape of generated ones. */
  private highest: string
  /** The ids that were stored outside of runs while an import watches. */
  private strays: Set<string> | undefined

  private constructor(database: Database, highest: string) {
    this.database = database
    this.highest = highest
  }

  static make(database: Database): Effect.Effect<EventIds, DriverError> {
    const bounds = { ...Keys.allKind("r"), reverse: true, limit: 1 }
    return Effect.map(
      database.use("open", (level) => level.keys(bounds).all()),
      ([last]) => new EventIds(database, last?.slice(1) ?? "")
    )
  }

  /** Whether no event with this id was ever stored, as far as can be told without a look. */
  isSurelyNew(id: string): boolean {
    return id > this.highest && isGenerated(id)
  }

  /** The run of a flush that is made now. */
  startRun(): Run {
    return new Run((id) => {
      if (this.claim(id)) return true
      this.strays?.add(id)
      return false
    })
  }

  /** Takes an id that is surely new, so that it is not so any more. */
  claim(id: string): boolean {
    if (!this.isSurelyNew(id)) return false
    this.highest = id
    return true
  }

  /** Gathers the ids that are stored outside of runs from now on; the others are above all that were claimed before. */
  watch(): ReadonlySet<string> {
    this.strays = new Set()
    return this.strays
  }

  unwatch(): void {
    this.strays = undefined
  }

  /** The stored events among those with these ids. */
  find(ids: ReadonlyArray<string>): Effect.Effect<Map<string, StoredEvent>, DriverError> {
    return Effect.gen({ self: this }, function* () {
      const places = yield* this.findPlaces(ids)
      const keys = [...places.values()].map(([agentId, version]) => Keys.event(agentId, version))
      const rows = keys.length === 0 ? [] : yield* this.rowsOf(keys)
      const events = new Map<string, StoredEvent>()
      let index = 0
      for (const [id, [agentId]] of places) {
        const row = rows[index++]
        // Deleted since.
        if (row !== undefined) events.set(id, yield* Effect.fromResult(Rows.decodeEvent(agentId, row)))
      }
      return events
    })
  }

  /** Rows of an import that was decided on count; they are looked up before the places to which they are moved meanwhile. */
  private rowsOf(keys: Array<string>): Effect.Effect<ReadonlyArray<string | undefined>, DriverError> {
    const look = (keys: Array<string>) => this.database.use("find events", (level) => level.getMany(keys))
    return Effect.suspend(() => {
      if (this.database.moves.isIdle) return look(keys)
      return Effect.flatMap(look(keys.map(Keys.staged)), (staged) =>
        Effect.map(look(keys), (rows) => rows.map((row, index) => staged[index] ?? row))
      )
    })
  }

  private findPlaces(ids: ReadonlyArray<string>) {
    return Effect.gen({ self: this }, function* () {
      const places = new Map<string, Rows.Reference>()
      if (ids.length === 0) return places
      const texts = yield* this.rowsOf(ids.map(Keys.eventId))
      const others: Array<string> = []
      for (const [index, id] of ids.entries()) {
        const text = texts[index]
        if (text !== undefined) {
          places.set(id, yield* Effect.fromResult(Rows.decodeReference(`event id ${JSON.stringify(id)}`, text)))
        } else if (isGenerated(id)) others.push(id)
      }
      yield* this.findInRuns(others, places)
      return places
    })
  }

  private findInRuns(ids: Array<string>, places: Map<string, Rows.Reference>) {
    return Effect.gen({ self: this }, function* () {
      const ascending = ids.sort()
      let next = 0
      while (next < ascending.length) {
        const lowest = ascending[next] ?? ""
        const bounds = { gte: Keys.run(lowest), lt: Keys.allKind("r").lt, limit: 1 }
        const [row] = yield* this.database.use("find events", (level) => level.iterator(bounds).all())
        if (row === undefined) return
        const run = placesOf(yield* Effect.fromResult(Rows.decodeRun(row[1])))
        for (; next < ascending.length; next++) {
          const id = ascending[next] ?? ""
          if (Keys.run(id) > row[0]) break
          const place = run.get(id)
          if (place !== undefined) places.set(id, place)
        }
      }
    })
  }
}

/** The ids of one flush on their way to the disk. */
export class Run {
  private readonly parts: Array<Rows.RunPart> = []
  private lastId = ""
  private readonly advance: (id: string) => boolean

  constructor(advance: (id: string) => boolean) {
    this.advance = advance
  }

  /** Takes the id of an event, unless it cannot stand in a run. */
  take(id: string, agentId: string, version: number): boolean {
    if (!this.advance(id)) return false
    this.lastId = id
    const part = this.parts.at(-1)
    if (part !== undefined && part[0] === agentId && part[1] + part.length - 2 === version) part.push(id)
    else this.parts.push([agentId, version, id])
    return true
  }

  /** What to write, if there is anything in it. */
  get row(): readonly [key: string, value: string] | undefined {
    return this.parts.length === 0 ? undefined : [Keys.run(this.lastId), Rows.encodeRun(this.parts)]
  }
}

const placesOf = (parts: ReadonlyArray<Rows.RunPart>): Map<string, Rows.Reference> => {
  const places = new Map<string, Rows.Reference>()
  for (const [agentId, firstVersion, ...ids] of parts) {
    for (const [index, id] of ids.entries()) places.set(id, [agentId, firstVersion + index])
  }
  return places
}

// Other ids must not stand in runs: one that is above all that will be generated would take the order from them.
const generated = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Whether the id is a UUID of version 7. */
const isGenerated = (id: string): boolean => generated.test(id)
