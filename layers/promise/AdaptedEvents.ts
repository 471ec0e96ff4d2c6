/**
 * A journal of the caller's own, with three methods, as a driver.
 *
 * Such a store cannot compare versions and write in one step, so it is for one process: the adapter keeps the versions in memory, and one append after the
 * other goes to an agent. What three methods cannot do (listings, feeds, purges, notes, command ids) is refused.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { decide } from "../../src/AppendDecision.ts"
import type { ContextEvent } from "../../src/ContextEvent.ts"
import type {
  BatchFailure,
  EncodedAppend,
  EncodedEvent,
  EventStoreDriver,
  Head,
  Outcome,
  StoredEvent
} from "../../src/EventStoreDriver.ts"
import { Corrupted, Unavailable } from "../../src/StoreError.ts"
import * as Value from "../../src/Value.ts"
import { asking } from "./asking.ts"
import type { EventRow, EventStore } from "./Contracts.ts"
import { Heads } from "./Heads.ts"

const name = "the event store that was handed over"
const ask = asking(name)

const cannot = (operation: string): Effect.Effect<never, Unavailable> =>
  Effect.fail(
    new Unavailable({
      operation,
      reason: "Failed",
      expected: `a store that can ${operation}`,
      found: "one with appendEvent, getEvents and getEvent only",
      remedy: "Use a store of this library."
    })
  )

/** A driver over the three methods. */
export const make = (store: EventStore): EventStoreDriver => {
  const heads = new Heads()

  const readAll = (agentId: string): Effect.Effect<ReadonlyArray<StoredEvent>, Unavailable | Corrupted> =>
    Effect.flatMap(
      ask("read stream", () => store.getEvents(agentId)),
      (rows) => Effect.forEach(rows, (row, index) => Effect.fromResult(encodeRow(row, row.version ?? index + 1)))
    )

  const readEvent = (eventId: string): Effect.Effect<StoredEvent | undefined, Unavailable | Corrupted> =>
    Effect.flatMap(
      ask("read event", () => store.getEvent(eventId)),
      (row) =>
        row === null || row === undefined
          ? Effect.succeed(undefined)
          : row.version === undefined
            ? Effect.map(readAll(row.agentId), (events) => events.find(({ id }) => id === eventId))
            : Effect.fromResult(encodeRow(row, row.version))
    )

  const readHead = (agentId: string): Effect.Effect<Head, Unavailable | Corrupted> =>
    Effect.map(readAll(agentId), (events) => {
      const version = Math.max(events.at(-1)?.version ?? 0, heads.get(agentId) ?? 0)
      heads.set(agentId, version)
      const firstVersion = events[0]?.version ?? 0
      return { version, firstVersion, presence: version === 0 ? "missing" : "present", isComplete: firstVersion <= 1 }
    })

  const versionOf = (agentId: string): Effect.Effect<number, Unavailable | Corrupted> => {
    const known = heads.get(agentId)
    return known === undefined ? Effect.map(readHead(agentId), ({ version }) => version) : Effect.succeed(known)
  }

  const append = Effect.fnUntraced(function* (wanted: EncodedAppend) {
    const { agentId, commands, events, notes } = wanted
    const lacking = commands.length > 0 ? "command ids" : notes.length > 0 ? "notes" : undefined
    if (lacking !== undefined) return yield* refuse(`it keeps no ${lacking}`)
    if (events.length > 1 && store.appendEvents === undefined) {
      return yield* refuse("it has no appendEvents, and only that can store several events, all or none")
    }
    const version = yield* beforeWriting(versionOf(agentId))
    const stored = yield* beforeWriting(Effect.forEach(events, ({ id }) => readEvent(id)))
    const outcome = decide(wanted, {
      head: () => ({ version, presence: version === 0 ? "missing" : "present" }),
      event: (eventId) => stored.find((event) => event?.id === eventId),
      command: () => undefined
    })
    if (outcome._tag !== "Stored") return outcome
    yield* write(agentId, events, outcome.firstVersion)
    heads.set(agentId, outcome.firstVersion + events.length - 1)
    return outcome
  })

  const write = (agentId: string, events: ReadonlyArray<EncodedEvent>, firstVersion: number) =>
    Effect.gen(function* () {
      const rows = yield* beforeWriting(
        Effect.forEach(events, (event, index) => Effect.fromResult(decodeEvent(agentId, event, firstVersion + index)))
      )
      const [row] = rows
      const written = Effect.tryPromise({
        try: async () => (rows.length > 1 ? await store.appendEvents?.(rows) : row && (await store.appendEvent(row))),
        catch: (cause) => cause
      })
      yield* Effect.catch(written, (cause) => lookAgain(events, cause))
    })

  /** Whether events that the store has refused are stored all the same. */
  const lookAgain = (events: ReadonlyArray<EncodedEvent>, cause: unknown): Effect.Effect<void, BatchFailure> =>
    Effect.matchEffect(
      Effect.forEach(events, ({ id }) => readEvent(id)),
      {
        onFailure: () => failure("unknown", cause),
        onSuccess: (found) => {
          const count = found.filter((event) => event !== undefined).length
          return count === events.length ? Effect.void : failure(count === 0 ? "refused" : "unknown", cause)
        }
      }
    )

  return {
    name,
    reach: "process",
    // Each append alone, so that one that fails harms no other.
    maximumBatch: 1,
    concurrentBatches: 64,
    concurrentFrom: 1,
    feedPollMilliseconds: undefined,
    appendBatch: (appends) => Effect.forEach(appends, (wanted): Effect.Effect<Outcome, BatchFailure> => append(wanted)),
    readHead,
    readEvent,
    readStream: ({ agentId, direction, from, limit, to }) =>
      Effect.map(readAll(agentId), (events) => {
        const inRange = events.filter(({ version }) => version >= from && version <= to)
        return direction === "forward" ? inRange.slice(0, limit) : inRange.slice(-limit).reverse()
      }),
    readReplies: () => Effect.succeed([]),
    listCommands: () => Effect.succeed([]),
    listAgents: () => cannot("list agents"),
    getNotes: () => Effect.succeed([]),
    listNotes: () => Effect.succeed([]),
    listDue: () => Effect.succeed([]),
    listTagged: () => Effect.succeed([]),
    readFeed: () => cannot("read the feed"),
    readFeedEnd: cannot("read the feed"),
    deleteEvents: () => cannot("delete events"),
    purge: () => cannot("purge"),
    importAgent: () => cannot("import agents")
  }
}

const failure = (certainty: BatchFailure["certainty"], cause: unknown): Effect.Effect<never, BatchFailure> =>
  Effect.fail({ _tag: "BatchFailure", certainty, cause })

const refuse = (why: string): Effect.Effect<never, BatchFailure> =>
  failure("refused", new Error(`${name} cannot store this: ${why}`))

const beforeWriting = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, BatchFailure> =>
  Effect.mapError(effect, (cause): BatchFailure => ({ _tag: "BatchFailure", certainty: "unavailable", cause }))

const encodeRow = (row: EventRow, version: number): Result.Result<StoredEvent, Corrupted> =>
  Result.gen(function* () {
    const { agentId, data, id, metadata, schemaVersion = 1, type } = row
    const timestamp = new Date(row.timestamp).getTime()
    if (Number.isNaN(timestamp)) return yield* Result.fail(corrupted(id, "a time", String(row.timestamp)))
    return {
      id,
      type,
      agentId,
      version,
      schemaVersion,
      timestamp,
      data: yield* encode(id, data),
      metadata: yield* encode(id, metadata ?? {})
    }
  })

const encode = (id: string, value: unknown): Result.Result<string, Corrupted> =>
  Result.mapError(Value.encode(value), ({ expected, found, path }) => corrupted(id, `${path}: ${expected}`, found))

const corrupted = (id: string, expected: string, found: string): Corrupted =>
  new Corrupted({
    subject: `event ${JSON.stringify(id)} of ${name}`,
    expected,
    found,
    remedy: "Let the store give back what it was given."
  })

const decodeEvent = (agentId: string, event: EncodedEvent, version: number): Result.Result<ContextEvent, Corrupted> =>
  Result.gen(function* () {
    const data = yield* Value.decode(event.data)
    const metadata = yield* Value.decode(event.metadata)
    if (!(Value.isRecord(data) && Value.isRecord(metadata))) {
      return yield* Result.fail(corrupted(event.id, "objects", "something else"))
    }
    const { id, schemaVersion, type } = event
    return { id, agentId, version, type, schemaVersion, timestamp: new Date(event.timestamp), data, metadata }
  })
