/**
 * Appending to LevelDB: looks up what the whole batch needs, decides append by append, and writes one synced batch.
 */
import * as Effect from "effect/Effect"
import { decide, type RecordedCommand, type View } from "../../src/AppendDecision.ts"
import type {
  BatchFailure,
  DriverError,
  EncodedAppend,
  EventStoreDriver,
  Outcome,
  StoredEvent
} from "../../src/EventStoreDriver.ts"
import type { Heads } from "./Heads.ts"
import * as Keys from "./Keys.ts"
import type { LevelDatabase, Operation } from "./LevelDatabase.ts"
import { changeNotes, lookUpDueTimes } from "./LevelNotes.ts"
import * as Rows from "./Rows.ts"

type Database = LevelDatabase["Service"]

/** The `appendBatch` of the driver. */
export const makeAppendBatch = (
  database: Database,
  heads: Heads,
  nextFlush: () => number
): Effect.Effect<EventStoreDriver["appendBatch"], DriverError> =>
  Effect.gen(function* () {
    const newest = yield* database.use("open", (level) =>
      level.keys({ ...Keys.allKind("i"), reverse: true, limit: 1 }).all()
    )
    const ids = new HighestId(newest[0]?.slice(1) ?? "")
    return (appends) =>
      Effect.flatMap(Effect.mapError(lookUp(database, heads, ids, appends), notSent), (found) => {
        const batch = new Batch(found)
        const outcomes = appends.map((append) => batch.apply(append))
        if (batch.isEmpty) return Effect.succeed(outcomes)
        // Before the write, since one that fails may have stored them all the same.
        ids.add(appends)
        return Effect.matchEffect(database.write(batch.finish(nextFlush)), {
          onFailure: (cause) => {
            heads.forget()
            return Effect.fail(cause.reason === "Closed" ? notSent(cause) : inDoubt(cause))
          },
          onSuccess: () => {
            for (const [agentId, head] of batch.heads) heads.set(agentId, head)
            return Effect.succeed(outcomes)
          }
        })
      })
  })

const notSent = (cause: DriverError): BatchFailure => ({ _tag: "BatchFailure", certainty: "unavailable", cause })

// A write that failed half-way may be on disk all the same.
const inDoubt = (cause: DriverError): BatchFailure => ({ _tag: "BatchFailure", certainty: "unknown", cause })

// ---- what the store holds ----

interface Found {
  readonly heads: ReadonlyMap<string, Rows.StoredHead>
  readonly events: ReadonlyMap<string, StoredEvent>
  readonly commands: ReadonlyMap<string, RecordedCommand>
  readonly dueTimes: Effect.Success<ReturnType<typeof lookUpDueTimes>>
}

const lookUp = (
  database: Database,
  heads: Heads,
  ids: HighestId,
  appends: ReadonlyArray<EncodedAppend>
): Effect.Effect<Found, DriverError> =>
  Effect.gen(function* () {
    return {
      heads: yield* heads.read(appends.map((append) => append.agentId)),
      events: yield* lookUpEvents(database, ids, appends),
      commands: yield* lookUpCommands(database, appends),
      dueTimes: yield* lookUpDueTimes(database, appends)
    }
  })

const lookUpEvents = (database: Database, ids: HighestId, appends: ReadonlyArray<EncodedAppend>) =>
  Effect.gen(function* () {
    const events = new Map<string, StoredEvent>()
    const suspects: Array<string> = []
    for (const append of appends) for (const { id } of append.events) if (!ids.isAbove(id)) suspects.push(id)
    if (suspects.length === 0) return events
    const references = yield* database.use("look up event ids", (level) => level.getMany(suspects.map(Keys.eventId)))
    for (const [index, id] of suspects.entries()) {
      const text = references[index]
      if (text === undefined) continue
      const [agentId, version] = yield* Effect.fromResult(Rows.decodeReference(`event id ${JSON.stringify(id)}`, text))
      const row = yield* database.use("look up event", (level) => level.get(Keys.event(agentId, version)))
      if (row !== undefined) events.set(id, yield* Effect.fromResult(Rows.decodeEvent(agentId, row)))
    }
    return events
  })

const lookUpCommands = (database: Database, appends: ReadonlyArray<EncodedAppend>) =>
  Effect.gen(function* () {
    const commands = new Map<string, RecordedCommand>()
    const keys = appends.flatMap(({ agentId, commands }) => commands.map(({ id }) => Keys.command(agentId, id)))
    if (keys.length === 0) return commands
    const texts = yield* database.use("look up commands", (level) => level.getMany(keys))
    for (const [index, key] of keys.entries()) {
      const text = texts[index]
      if (text !== undefined)
        commands.set(key, yield* Effect.fromResult(Rows.decodeCommand(key.slice(key.indexOf("\0") + 1), text)))
    }
    return commands
  })

// ---- one batch ----

/** Decides append by append; what was decided before counts as stored. */
class Batch {
  private readonly operations: Array<Operation> = []
  private readonly parts: Array<Rows.FlushPart> = []
  /** The new heads of the agents. */
  readonly heads = new Map<string, Rows.StoredHead>()
  private readonly found: Found
  private readonly events = new Map<string, StoredEvent>()
  private readonly commands = new Map<string, RecordedCommand>()
  private readonly view: View = {
    head: (agentId) => this.head(agentId),
    event: (id) => this.events.get(id) ?? this.found.events.get(id),
    command: (agentId, id) =>
      this.commands.get(Keys.command(agentId, id)) ?? this.found.commands.get(Keys.command(agentId, id))
  }

  constructor(found: Found) {
    this.found = found
  }

  apply(append: EncodedAppend): Outcome {
    const outcome = decide(append, this.view)
    if (outcome._tag === "Stored") this.store(append, outcome.firstVersion)
    return outcome
  }

  /** Whether nothing is to be written. */
  get isEmpty(): boolean {
    return this.operations.length === 0
  }

  /** All operations of the batch; an agent's head is written once, and notes are in no flush of the feed. */
  finish(nextFlush: () => number): Array<Operation> {
    if (this.parts.length > 0) {
      this.operations.push({ type: "put", key: Keys.flush(nextFlush()), value: Rows.encodeFlush(this.parts) })
    }
    for (const [agentId, head] of this.heads) {
      this.operations.push({ type: "put", key: Keys.head(agentId), value: Rows.encodeHead(head) })
    }
    return this.operations
  }

  private storedHead(agentId: string): Rows.StoredHead | undefined {
    return this.heads.get(agentId) ?? this.found.heads.get(agentId)
  }

  private head(agentId: string) {
    const head = this.storedHead(agentId)
    if (head === undefined) return { version: 0, presence: "missing" } as const
    return { version: head.version, presence: Rows.isPurged(head) ? "missing" : "present" } as const
  }

  private store(append: EncodedAppend, firstVersion: number): void {
    if (append.notes.length > 0) this.operations.push(...changeNotes(this.found.dueTimes, append))
    if (append.events.length > 0) this.storeEvents(append, firstVersion)
  }

  private storeEvents({ agentId, commands, events }: EncodedAppend, firstVersion: number): void {
    for (let index = 0; index < events.length; index++) {
      const event = events[index]
      if (event === undefined) continue
      const version = firstVersion + index
      this.operations.push(
        { type: "put", key: Keys.event(agentId, version), value: Rows.encodeEvent(event, version) },
        { type: "put", key: Keys.eventId(event.id), value: Rows.encodeReference(agentId, version) }
      )
      this.events.set(event.id, { ...event, agentId, version })
    }
    const lastVersion = firstVersion + events.length - 1
    for (const { id, reply } of commands) {
      const command = { reply, firstVersion, lastVersion }
      this.operations.push({ type: "put", key: Keys.command(agentId, id), value: Rows.encodeCommand(command) })
      this.commands.set(Keys.command(agentId, id), command)
    }
    this.heads.set(agentId, { version: lastVersion, origin: this.storedHead(agentId)?.origin ?? 0 })
    this.parts.push([agentId, firstVersion, events.length])
  }
}

/**
 * The highest event id that is stored. UUIDs of version 7 ascend, so most new ids are above it and need no look-up. Texts compare as the
 * database compares bytes only while they are ASCII; once another id is stored, nothing is known to be above.
 */
class HighestId {
  private highest: string | undefined

  constructor(highest: string) {
    this.highest = isAscii(highest) ? highest : undefined
  }

  isAbove(id: string): boolean {
    return this.highest !== undefined && id > this.highest && isAscii(id)
  }

  add(appends: ReadonlyArray<EncodedAppend>): void {
    for (const { events } of appends) {
      for (const { id } of events) {
        if (this.highest === undefined) return
        if (!isAscii(id)) this.highest = undefined
        else if (id > this.highest) this.highest = id
      }
    }
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is that of ASCII
const ascii = /^[\u0000-\u007f]*$/

const isAscii = (text: string): boolean => ascii.test(text)
