/**
 * The write side of `EventStore`: checks and encodes what comes in, queues it, and tells what became of it.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as AgentId from "./AgentId.ts"
import type { ContextEvent, NewEvent } from "./ContextEvent.ts"
import { decodeEvent } from "./EventCodec.ts"
import type { Append, Appended, Command, EventStore } from "./EventStore.ts"
import type { EncodedAppend, EncodedCommand, EncodedEvent, EventStoreDriver, Expected } from "./EventStoreDriver.ts"
import type { GroupCommit, Settled, Ticket } from "./GroupCommit.ts"
import type { Limits } from "./Limits.ts"
import { type AppendError, Conflict, Corrupted, InvalidInput, Rejected, Unavailable, Unknown } from "./StoreError.ts"
import type * as Uuid from "./Uuid.ts"
import * as Value from "./Value.ts"

type AppendResult = Result.Result<Appended, AppendError>

/** The appending half of the service. */
export const makeAppender = (
  driver: EventStoreDriver,
  commits: GroupCommit,
  limits: Limits,
  nextId: Uuid.Generator
): Pick<EventStore["Service"], "append" | "appendAll"> => {
  const submit = (append: Append, now: number, done: (result: AppendResult) => void): Ticket | undefined => {
    const encoded = encodeAppend(append, limits, nextId, now)
    if (Result.isFailure(encoded)) {
      done(Result.fail(refuseInput(append, encoded.failure)))
      return undefined
    }
    return commits.enqueue(encoded.success, (settled) => done(toResult(driver, encoded.success, settled)))
  }

  return {
    append: (append) =>
      Effect.withFiber((fiber) => {
        const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
        return Effect.callback((resume) => {
          const ticket = submit(append, now, (result) => resume(Effect.fromResult(result)))
          return ticket === undefined ? undefined : Effect.sync(() => commits.withdraw(ticket))
        })
      }),
    appendAll: (appends) =>
      Effect.withFiber((fiber) => {
        const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
        if (appends.length === 0) return Effect.succeed([])
        return Effect.callback((resume) => {
          const results = new Array<AppendResult>(appends.length)
          let missing = appends.length
          const tickets = appends.map((append, index) =>
            submit(append, now, (result) => {
              results[index] = result
              if (--missing === 0) resume(Effect.succeed(results))
            })
          )
          return Effect.sync(() => {
            for (const ticket of tickets) if (ticket !== undefined) commits.withdraw(ticket)
          })
        })
      })
  }
}

// ---- in ----

/** An event that was checked and encoded beforehand, with its id; it may be appended as often as needed. */
export class PreparedEvent implements EncodedEvent {
  readonly id: string
  readonly type: string
  readonly schemaVersion: number
  readonly timestamp: number
  readonly data: string
  readonly metadata: string

  constructor(event: EncodedEvent) {
    this.id = event.id
    this.type = event.type
    this.schemaVersion = event.schemaVersion
    this.timestamp = event.timestamp
    this.data = event.data
    this.metadata = event.metadata
  }
}

/** Checks and encodes an event now, so that a later append cannot be refused for it. */
export const prepare = (
  event: NewEvent,
  limits: Limits,
  nextId: Uuid.Generator,
  now: number
): Result.Result<PreparedEvent, InvalidInput> =>
  Result.map(encodeEvent(event, "event", limits, nextId, now), (encoded) => new PreparedEvent(encoded))

const encodeAppend = (
  append: Append,
  limits: Limits,
  nextId: Uuid.Generator,
  now: number
): Result.Result<EncodedAppend, InvalidInput> => {
  const agentId = AgentId.validate(append.agentId)
  if (Result.isFailure(agentId)) return Result.fail(agentId.failure)
  const expected = append.expected ?? "any"
  if (!isExpected(expected)) {
    return invalid("expected", '"any", "none" or a version from 0', String(expected), "Pass the version you have read.")
  }
  const count = append.events?.length ?? 0
  if (count === 0 || count > limits.eventsPerAppend) {
    const bounds = `1 to ${limits.eventsPerAppend} events`
    return invalid("events", bounds, `${count} events`, "Append at least one event; split what is too many.")
  }
  const events = new Array<EncodedEvent>(count)
  const ids = count === 1 ? undefined : new Set<string>()
  for (let index = 0; index < count; index++) {
    const encoded = encodeEvent(
      append.events[index] as NewEvent | PreparedEvent,
      count === 1 ? "event" : `events/${index}`,
      limits,
      nextId,
      now
    )
    if (Result.isFailure(encoded)) return Result.fail(encoded.failure)
    const event = encoded.success
    if (ids !== undefined) {
      if (ids.has(event.id)) {
        return invalid(
          `events/${index}/id`,
          "ids that differ",
          `${JSON.stringify(event.id)} twice`,
          "Give each event an id of its own."
        )
      }
      ids.add(event.id)
    }
    events[index] = event
  }
  const commands = encodeCommands(append.commands, limits)
  if (Result.isFailure(commands)) return Result.fail(commands.failure)
  return Result.succeed({ agentId: append.agentId, expected, events, commands: commands.success })
}

const isExpected = (expected: unknown): expected is Expected =>
  expected === "any" || expected === "none" || (Number.isSafeInteger(expected) && (expected as number) >= 0)

const encodeEvent = (
  event: NewEvent | PreparedEvent,
  subject: string,
  limits: Limits,
  nextId: Uuid.Generator,
  now: number
): Result.Result<EncodedEvent, InvalidInput> => {
  if (event instanceof PreparedEvent) return Result.succeed(event)
  const { schemaVersion = 1, type, timestamp } = event
  const id = event.id === undefined ? Result.succeed(nextId(now)) : AgentId.validate(event.id, `${subject}/id`)
  if (Result.isFailure(id)) return Result.fail(id.failure)
  const checkedType = AgentId.validate(type, `${subject}/type`)
  if (Result.isFailure(checkedType)) return Result.fail(checkedType.failure)
  if (!Number.isInteger(schemaVersion) || schemaVersion < 1 || schemaVersion > 0x7fffffff) {
    const path = `${subject}/schemaVersion`
    return invalid(
      path,
      "an integer from 1 to 2147483647",
      String(schemaVersion),
      "Count the shapes of this event type from 1."
    )
  }
  const milliseconds = timestamp === undefined ? now : timestamp instanceof Date ? timestamp.getTime() : Number.NaN
  if (Number.isNaN(milliseconds)) {
    return invalid(`${subject}/timestamp`, "a valid Date", String(timestamp), "Leave it out to take the current time.")
  }
  const data = encodeRecord(event.data, `${subject}/data`, limits)
  if (Result.isFailure(data)) return Result.fail(data.failure)
  const metadata = encodeRecord(event.metadata, `${subject}/metadata`, limits)
  if (Result.isFailure(metadata)) return Result.fail(metadata.failure)
  return Result.succeed({
    id: id.success,
    type,
    schemaVersion,
    timestamp: milliseconds,
    data: data.success,
    metadata: metadata.success
  })
}

/** Encodes an object of values; what is left out is an empty one. */
export const encodeRecord = (
  record: object | undefined,
  subject: string,
  limits: Limits,
  bytes = limits.eventBytes
): Result.Result<string, InvalidInput> => {
  if (record === undefined) return Result.succeed("{}")
  if (!Value.isRecord(record)) {
    const found = record === null ? "null" : Array.isArray(record) ? "an array" : `a value of type ${typeof record}`
    return invalid(subject, "a plain object", found, "Wrap the value in an object with a named field.")
  }
  return Value.encode(record, subject, limits, bytes)
}

const noCommands: ReadonlyArray<EncodedCommand> = []

const encodeCommands = (
  commands: ReadonlyArray<Command> | undefined,
  limits: Limits
): Result.Result<ReadonlyArray<EncodedCommand>, InvalidInput> => {
  if (commands === undefined || commands.length === 0) return Result.succeed(noCommands)
  const encoded: Array<EncodedCommand> = []
  const ids = new Set<string>()
  for (const [index, command] of commands.entries()) {
    const subject = `commands/${index}`
    const id = AgentId.validate(command.id, `${subject}/id`)
    if (Result.isFailure(id)) return Result.fail(id.failure)
    if (ids.has(command.id)) {
      return invalid(
        `${subject}/id`,
        "ids that differ",
        `${JSON.stringify(command.id)} twice`,
        "Record each command once."
      )
    }
    ids.add(command.id)
    const reply = Value.encode(command.reply === undefined ? null : command.reply, `${subject}/reply`, limits)
    if (Result.isFailure(reply)) return Result.fail(reply.failure)
    encoded.push({ id: command.id, reply: reply.success })
  }
  return Result.succeed(encoded)
}

const invalid = (path: string, expected: string, found: string, remedy: string): Result.Result<never, InvalidInput> =>
  Result.fail(new InvalidInput({ path, expected, found, remedy }))

const refuseInput = (append: Append, input: InvalidInput): Rejected =>
  new Rejected({
    agentId: String(append.agentId),
    reason: "InvalidInput",
    expected: `${input.path}: ${input.expected}`,
    found: input.found,
    remedy: input.remedy,
    cause: input
  })

// ---- out ----

const toResult = (driver: EventStoreDriver, append: EncodedAppend, settled: Settled): AppendResult => {
  switch (settled._tag) {
    case "Stored":
      return Result.succeed(new AppendedEvents(append, settled.firstVersion, "stored"))
    case "Repeated":
      return Result.succeed(new AppendedEvents(append, settled.firstVersion, "repeated"))
    case "Answered": {
      const reply = Value.decode(settled.reply, `reply to command ${JSON.stringify(append.commands[0]?.id)}`)
      if (Result.isFailure(reply)) return Result.fail(unknownOf(append, reply.failure))
      return Result.succeed({
        agentId: append.agentId,
        firstVersion: settled.firstVersion,
        version: settled.lastVersion,
        outcome: "repeated",
        reply: Option.some(reply.success),
        eventIds: [],
        events: []
      })
    }
    case "Conflict": {
      const expected = append.expected === "any" ? settled.actual : append.expected
      return Result.fail(new Conflict({ agentId: append.agentId, expected, actual: settled.actual }))
    }
    case "EventIdTaken":
      return rejected(
        append,
        "EventIdTaken",
        "event ids that are new, or all events stored before with the same bodies",
        `event id ${JSON.stringify(settled.eventId)} stored with another body, for another agent, or alone`,
        "Use new event ids for new events; repeat an append unchanged."
      )
    case "CommandIdTaken":
      return rejected(
        append,
        "CommandIdTaken",
        "command ids that are new to the agent",
        `command id ${JSON.stringify(settled.commandId)} recorded before`,
        "Ask for its reply with `EventStore.reply`, and append the others."
      )
    case "Closed":
      return rejected(
        append,
        "Closed",
        "an open store",
        `${driver.name} closed or closing`,
        "Keep the layer of the store alive while you append."
      )
    case "BatchFailure":
      switch (settled.certainty) {
        case "unknown":
          return Result.fail(unknownOf(append, settled.cause))
        case "unavailable": {
          const known = isKnown(settled.cause) ? settled.cause : undefined
          return rejected(
            append,
            "Unavailable",
            known?.expected ?? `${driver.name} to answer`,
            known === undefined ? describe(settled.cause) : foundIn(known),
            `Nothing was stored. ${known?.remedy ?? "Append again once the store can be reached."}`,
            settled.cause
          )
        }
        case "refused":
          return rejected(
            append,
            "Refused",
            `a row that ${driver.name} accepts`,
            describe(settled.cause),
            "See the cause; the other appends of the group are not affected.",
            settled.cause
          )
      }
  }
}

const rejected = (
  append: EncodedAppend,
  reason: Rejected["reason"],
  expected: string,
  found: string,
  remedy: string,
  cause?: unknown
): AppendResult =>
  Result.fail(
    new Rejected({
      agentId: append.agentId,
      reason,
      expected,
      found,
      remedy,
      ...(cause === undefined ? {} : { cause })
    })
  )

const unknownOf = (append: EncodedAppend, cause: unknown): Unknown =>
  new Unknown({ agentId: append.agentId, eventIds: append.events.map((event) => event.id), cause })

/** Whether the driver said what to do. */
const isKnown = (cause: unknown): cause is Unavailable | Corrupted =>
  cause instanceof Unavailable || cause instanceof Corrupted

const foundIn = (cause: Unavailable | Corrupted): string =>
  cause._tag === "Corrupted" ? `${cause.subject}: ${cause.found}` : cause.found

const describe = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** Decodes its events only when somebody looks, since most callers only want the version. */
class AppendedEvents implements Appended {
  readonly agentId: string
  readonly firstVersion: number
  readonly version: number
  readonly outcome: "stored" | "repeated"
  readonly reply = Option.none<Value.Value>()
  private readonly encoded: ReadonlyArray<EncodedEvent>
  private decoded: ReadonlyArray<ContextEvent> | undefined

  constructor(append: EncodedAppend, firstVersion: number, outcome: "stored" | "repeated") {
    this.agentId = append.agentId
    this.firstVersion = firstVersion
    this.version = firstVersion + append.events.length - 1
    this.outcome = outcome
    this.encoded = append.events
  }

  get eventIds(): ReadonlyArray<string> {
    return this.encoded.map((event) => event.id)
  }

  get events(): ReadonlyArray<ContextEvent> {
    this.decoded ??= this.encoded.map((event, index) =>
      // This process encoded the text a moment ago, so it can be read back.
      Result.getOrThrow(decodeEvent({ ...event, agentId: this.agentId, version: this.firstVersion + index }))
    )
    return this.decoded
  }
}
