/**
 * Appending to LevelDB: looks up what the whole batch needs, decides append by append, and writes one synced batch.
 */
import * as Effect from "effect/Effect"
import { decide, type RecordedCommand, together, type View } from "../../src/AppendDecision.ts"
import type {
  BatchFailure,
  DriverError,
  EncodedAppend,
  EventStoreDriver,
  Outcome,
  StoredEvent,
  TogetherOutcome
} from "../../src/EventStoreDriver.ts"
import type { EventIds, Run } from "./EventIds.ts"
import type { Flushes } from "./Flushes.ts"
import { type Head, type Heads, isOverdue, isPurged } from "./Heads.ts"
import * as Keys from "./Keys.ts"
import type { LevelDatabase, Operation } from "./LevelDatabase.ts"
import { changeNotes, type Finders, lookUpFinders } from "./LevelNotes.ts"
import * as Rows from "./Rows.ts"

type Database = LevelDatabase["Service"]

/** The appending part of the driver. */
export const makeAppends = (
  database: Database,
  heads: Heads,
  ids: EventIds,
  flushes: Flushes
): Required<Pick<EventStoreDriver, "appendBatch" | "appendTogether">> => {
  const store = <A>(batch: Batch, outcomes: A) => {
    const written = flushes.write((number) => database.write(batch.finish(number)))
    const stored = Effect.map(written, () => {
      for (const [agentId, head] of batch.heads) heads.set(agentId, head)
      return outcomes
    })
    return Effect.mapError(stored, (cause) => {
      heads.forget()
      return cause.reason === "Closed" ? notSent(cause) : inDoubt(cause)
    })
  }
  const flush = <A>(appends: ReadonlyArray<EncodedAppend>, apply: (batch: Batch) => A) => {
    const found = Effect.mapError(lookUp(database, heads, ids, appends), notSent)
    const flush = Effect.flatMap(found, (found) => {
      // Before the write, since one that fails may have stored the ids of its run all the same.
      const batch = new Batch(found, ids.startRun())
      const outcomes = apply(batch)
      return batch.isEmpty ? Effect.succeed(outcomes) : store(batch, outcomes)
    })
    const run = flushes.run(appends, flush)
    if (database.moves.isIdle) return run
    const agentIds = appends.map((append) => append.agentId)
    return Effect.andThen(Effect.mapError(database.moves.before(agentIds, Effect.void), notSent), run)
  }
  return {
    appendBatch: (appends) => flush(appends, (batch) => appends.map((append) => batch.apply(append))),
    appendTogether: (appends, alone) =>
      alone(Effect.suspend(() => flush(appends, (batch) => batch.applyTogether(appends))))
  }
}

const notSent = (cause: DriverError): BatchFailure => ({ _tag: "BatchFailure", certainty: "unavailable", cause })

// A write that failed half-way may be on disk all the same.
const inDoubt = (cause: DriverError): BatchFailure => ({ _tag: "BatchFailure", certainty: "unknown", cause })

// ---- what the store holds ----

interface Found {
  readonly heads: ReadonlyMap<string, Head>
  readonly events: ReadonlyMap<string, StoredEvent>
  readonly commands: ReadonlyMap<string, RecordedCommand>
  readonly finders: Finders
}

const lookUp = (
  database: Database,
  heads: Heads,
  ids: EventIds,
  appends: ReadonlyArray<EncodedAppend>
): Effect.Effect<Found, DriverError> =>
  Effect.gen(function* () {
    return {
      heads: yield* heads.read(appends.map((append) => append.agentId)),
      events: yield* lookUpEvents(ids, appends),
      commands: yield* lookUpCommands(database, appends),
      finders: yield* lookUpFinders(database, appends)
    }
  })

const lookUpEvents = (ids: EventIds, appends: ReadonlyArray<EncodedAppend>) => {
  const suspects: Array<string> = []
  for (const append of appends) for (const { id } of append.events) if (!ids.isSurelyNew(id)) suspects.push(id)
  return suspects.length === 0 ? Effect.succeed(new Map<string, StoredEvent>()) : ids.find(suspects)
}

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
class Batch implements View {
  /** The new heads of the agents. */
  readonly heads = new Map<string, Head>()
  private readonly operations: Array<Operation> = []
  private readonly parts: Array<Rows.FlushPart> = []
  private readonly found: Found
  private readonly run: Run
  private readonly events = new Map<string, StoredEvent>()
  private readonly commands = new Map<string, RecordedCommand>()

  constructor(found: Found, run: Run) {
    this.found = found
    this.run = run
  }

  /** Whether there is nothing to write. */
  get isEmpty(): boolean {
    return this.operations.length === 0
  }

  apply(append: EncodedAppend): Outcome {
    const outcome = decide(append, this)
    if (outcome._tag === "Stored") this.store(append, outcome.firstVersion)
    return outcome
  }

  applyTogether(appends: ReadonlyArray<EncodedAppend>): TogetherOutcome {
    const outcome = together(
      appends,
      appends.map((append) => decide(append, this))
    )
    if (outcome._tag === "Refused") return outcome
    for (const [index, append] of appends.entries()) {
      const one = outcome.outcomes[index]
      if (one?._tag === "Stored") this.store(append, one.firstVersion)
    }
    return outcome
  }

  /** All operations of the batch; what a flush has but one of is written once, and notes are in no flush of the feed. */
  finish(flush: number): ReadonlyArray<Operation> {
    for (const [agentId, head] of this.heads) {
      if (this.found.heads.has(agentId) && !isOverdue(head)) continue
      this.put(Keys.head(agentId), Rows.encodeHead(head))
      this.heads.set(agentId, { ...head, written: head.version })
    }
    const ids = this.run.row
    if (ids !== undefined) this.put(...ids)
    if (this.parts.length > 0) this.put(Keys.flush(flush), Rows.encodeFlush(this.parts))
    return this.operations
  }

  private storedHead(agentId: string): Head | undefined {
    return this.heads.get(agentId) ?? this.found.heads.get(agentId)
  }

  head(agentId: string) {
    const head = this.storedHead(agentId)
    if (head === undefined) return { version: 0, presence: "missing" } as const
    return { version: head.version, presence: isPurged(head) ? "missing" : "present" } as const
  }

  event(id: string): StoredEvent | undefined {
    return this.events.get(id) ?? this.found.events.get(id)
  }

  command(agentId: string, id: string): RecordedCommand | undefined {
    const key = Keys.command(agentId, id)
    return this.commands.get(key) ?? this.found.commands.get(key)
  }

  private store(append: EncodedAppend, firstVersion: number): void {
    if (append.notes.length > 0) this.operations.push(...changeNotes(this.found.finders, append))
    if (append.events.length > 0) this.storeEvents(append, firstVersion)
  }

  private storeEvents({ agentId, commands, events }: EncodedAppend, firstVersion: number): void {
    for (let index = 0; index < events.length; index++) {
      const event = events[index]
      if (event === undefined) continue
      const version = firstVersion + index
      this.put(Keys.event(agentId, version), Rows.encodeEvent(event, version))
      const isInRun = this.run.take(event.id, agentId, version)
      if (!isInRun) this.put(Keys.eventId(event.id), Rows.encodeReference(agentId, version))
      this.events.set(event.id, { ...event, agentId, version })
    }
    const lastVersion = firstVersion + events.length - 1
    for (const { id, reply } of commands) {
      const command = { reply, firstVersion, lastVersion }
      this.put(Keys.command(agentId, id), Rows.encodeCommand(command))
      this.commands.set(Keys.command(agentId, id), command)
    }
    const { origin, written } = this.storedHead(agentId) ?? { origin: 0, written: 0 }
    this.heads.set(agentId, { version: lastVersion, origin, written })
    this.parts.push([agentId, firstVersion, events.length])
  }

  private put(key: string, value: string): void {
    this.operations.push({ type: "put", key, value })
  }
}
