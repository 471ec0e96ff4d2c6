/**
 * What the lines of an export hold, turned into rows of a store. Nothing is taken for granted.
 */
import * as Result from "effect/Result"
import * as AgentId from "../AgentId.ts"
import type { StoredCommand } from "../AgentImport.ts"
import type { EncodedEvent, EncodedNote } from "../EventStoreDriver.ts"
import type { ImportRefused } from "../LifecycleError.ts"
import type { Limits } from "../Limits.ts"
import { isDue } from "../store/NoteInput.ts"
import * as Value from "../Value.ts"

/** What is wrong with a row. */
export interface Refusal {
  readonly reason: ImportRefused["reason"]
  readonly expected: string
  readonly found: string
}

type Read<A> = Result.Result<A, Refusal>

/** A snapshot before it gets the ids that it will have. */
export interface ReadSnapshot {
  readonly version: number
  readonly id: string
  readonly eventId: string
  readonly schemaVersion: number
  readonly timestamp: number
  readonly reducer: string
  readonly metadata: string
  readonly state: string
}

/** The JSON value that a line is; nothing for another line. */
export const parse = (line: string): unknown =>
  Result.getOrElse(
    Result.try((): unknown => JSON.parse(line)),
    () => undefined
  )

/** The beginning of a text, for errors. */
export const excerpt = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)

export const event = (
  value: unknown,
  limits: Limits
): Read<{ readonly version: number; readonly event: EncodedEvent }> =>
  Result.gen(function* () {
    const row = yield* record("event", value)
    return {
      version: yield* integer(row, "version", 1),
      event: {
        id: yield* id(row, "id"),
        type: yield* id(row, "type"),
        schemaVersion: yield* integer(row, "schemaVersion", 1, 0x7fffffff),
        timestamp: yield* time(row, "timestamp"),
        data: yield* recordText(row, "data", limits),
        metadata: yield* recordText(row, "metadata", limits)
      }
    }
  })

export const snapshot = (value: unknown, limits: Limits): Read<ReadSnapshot> =>
  Result.gen(function* () {
    const row = yield* record("snapshot", value)
    const reducer = row["reducer"]
    return {
      version: yield* integer(row, "version", 1),
      id: yield* id(row, "id"),
      eventId: yield* id(row, "eventId"),
      schemaVersion: yield* integer(row, "schemaVersion", 1, 0x7fffffff),
      timestamp: yield* time(row, "timestamp"),
      reducer: reducer === "" ? "" : yield* id(row, "reducer"),
      metadata: yield* recordText(row, "metadata", limits),
      state: yield* valueText(row, "state", limits, limits.snapshotBytes)
    }
  })

export const command = (value: unknown, limits: Limits): Read<StoredCommand> =>
  Result.gen(function* () {
    const row = yield* record("command", value)
    return {
      id: yield* id(row, "id"),
      firstVersion: yield* integer(row, "firstVersion", 1),
      lastVersion: yield* integer(row, "lastVersion", 1),
      reply: yield* valueText(row, "reply", limits, limits.eventBytes)
    }
  })

export const note = (value: unknown, limits: Limits): Read<EncodedNote> =>
  Result.gen(function* () {
    const row = yield* record("note", value)
    const due = row["due"]
    if (due !== undefined && !(typeof due === "number" && isDue(due))) return yield* refuse("due", "a time", due)
    return {
      name: yield* id(row, "name"),
      body: yield* valueText(row, "body", limits, limits.eventBytes),
      due,
      tag: row["tag"] === undefined ? undefined : yield* id(row, "tag")
    }
  })

// ---- fields ----

type Row = { readonly [name: string]: unknown }

const refuse = (name: string, expected: string, found: unknown): Read<never> =>
  Result.fail({
    reason: "Malformed",
    expected: `${name} that is ${expected}`,
    found: found === undefined ? "none" : excerpt(JSON.stringify(found))
  })

const isRow = (value: unknown): value is Row => typeof value === "object" && value !== null && !Array.isArray(value)

const record = (name: string, value: unknown): Read<Row> =>
  isRow(value) ? Result.succeed(value) : refuse(name, "an object", value)

const id = (row: Row, name: string): Read<string> => {
  const valid = AgentId.validate(row[name], name)
  return Result.isSuccess(valid) ? Result.succeed(valid.success) : refuse(name, valid.failure.expected, row[name])
}

const integer = (row: Row, name: string, minimum: number, maximum = Number.MAX_SAFE_INTEGER): Read<number> => {
  const value = row[name]
  return typeof value === "number" && Number.isSafeInteger(value) && value >= minimum && value <= maximum
    ? Result.succeed(value)
    : refuse(name, `an integer from ${minimum} to ${maximum}`, value)
}

// The latest and the earliest that a `Date` can tell.
const farthest = 8_640_000_000_000_000

const time = (row: Row, name: string): Read<number> => {
  const value = row[name]
  return typeof value === "number" && Number.isInteger(value) && Math.abs(value) <= farthest
    ? Result.succeed(value)
    : refuse(name, "a time in milliseconds", value)
}

const recordText = (row: Row, name: string, limits: Limits): Read<string> =>
  Result.flatMap(valueOf(row, name), (value) =>
    Value.isRecord(value) ? textOf(value, name, limits, limits.eventBytes) : refuse(name, "an object", row[name])
  )

const valueText = (row: Row, name: string, limits: Limits, bytes: number): Read<string> =>
  Result.flatMap(valueOf(row, name), (value) => textOf(value, name, limits, bytes))

/** What the tags of the encoding stand for, if there are some. */
const valueOf = (row: Row, name: string): Read<Value.Value> => {
  const value = row[name]
  if (value === undefined) return refuse(name, "a value", value)
  const written = Result.try(() => JSON.stringify(value))
  if (Result.isFailure(written)) {
    return Result.fail({ reason: "TooLarge", expected: `${name} that is not nested so deep`, found: "no end" })
  }
  const text = written.success
  // Only a text with a key that starts with `$` can hold a tag.
  if (!text.includes('"$')) return Result.succeed(value as Value.Value)
  const decoded = Value.decode(text, name)
  return Result.isSuccess(decoded) ? Result.succeed(decoded.success) : refuse(name, decoded.failure.expected, value)
}

const textOf = (value: Value.Value, name: string, limits: Limits, bytes: number): Read<string> =>
  Result.mapError(Value.encode(value, name, limits, bytes), ({ expected, found, path }) => ({
    reason: "TooLarge",
    expected: `${path} with ${expected}`,
    found
  }))
