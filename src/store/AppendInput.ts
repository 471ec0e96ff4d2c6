import * as Result from "effect/Result"
import * as AgentId from "../AgentId.ts"
import type { NewEvent } from "../ContextEvent.ts"
import type { Append, Command } from "../EventStore.ts"
import type { EncodedAppend, EncodedCommand, EncodedEvent, Expected } from "../EventStoreDriver.ts"
import type { Limits } from "../Limits.ts"
import { InvalidInput } from "../StoreError.ts"
import * as Value from "../Value.ts"
import { encodeNotes } from "./NoteInput.ts"
import type * as Uuid from "./Uuid.ts"

/** An event that was checked and encoded beforehand, with its id; it may be appended as often as needed. */
export class PreparedEvent implements EncodedEvent {
  readonly id: string
  readonly type: string
  readonly schemaVersion: number
  readonly timestamp: number
  readonly data: string
  readonly metadata: string

  constructor(id: string, type: string, schemaVersion: number, timestamp: number, data: string, metadata: string) {
    this.id = id
    this.type = type
    this.schemaVersion = schemaVersion
    this.timestamp = timestamp
    this.data = data
    this.metadata = metadata
  }
}

/** Checks and encodes an event now, so that a later append cannot be refused for it. */
export const prepare = (
  event: NewEvent,
  limits: Limits,
  nextId: Uuid.Generator,
  now: number
): Result.Result<PreparedEvent, InvalidInput> => encodeEvent(event, "event", limits, nextId, now)

/** Checks and encodes one append; what is wrong is named by its path. */
export const encodeAppend = (
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
  const hasNotes = append.notes !== undefined && append.notes.length > 0
  if ((count === 0 && !hasNotes) || count > limits.eventsPerAppend) {
    const bounds = `1 to ${limits.eventsPerAppend} events`
    return invalid("events", bounds, `${count} events`, "Append at least one event or note; split what is too many.")
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
  if (count === 0 && commands.success.length > 0) {
    return invalid("commands", "none without events", `${commands.success.length}`, "Record a command with its events.")
  }
  const notes = encodeNotes(append.notes, limits)
  if (Result.isFailure(notes)) return Result.fail(notes.failure)
  return Result.succeed({
    agentId: append.agentId,
    expected,
    events,
    commands: commands.success,
    notes: notes.success
  })
}

const isExpected = (expected: unknown): expected is Expected =>
  expected === "any" || expected === "none" || (Number.isSafeInteger(expected) && (expected as number) >= 0)

const encodeEvent = (
  event: NewEvent | PreparedEvent,
  subject: string,
  limits: Limits,
  nextId: Uuid.Generator,
  now: number
): Result.Result<PreparedEvent, InvalidInput> => {
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
  return Result.succeed(
    new PreparedEvent(id.success, type, schemaVersion, milliseconds, data.success, metadata.success)
  )
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
