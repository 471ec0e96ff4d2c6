/**
 * The texts under the keys. Long texts stand behind a short header that tells their lengths, so that nothing is escaped twice.
 */
import * as Result from "effect/Result"
import type { RecordedCommand } from "../../src/AppendDecision.ts"
import type { EncodedEvent, EncodedNote, StoredEvent, StoredNote } from "../../src/EventStoreDriver.ts"
import type { StoredSnapshot } from "../../src/SnapshotStoreDriver.ts"
import { Corrupted } from "../../src/StoreError.ts"

/** A row, or why it cannot be read. */
export type Row<A> = Result.Result<A, Corrupted>

/** A version of an agent, and the version that its last purge took; 0 for none. */
export interface StoredHead {
  readonly version: number
  readonly origin: number
}

export const encodeEvent = (event: EncodedEvent, version: number): string => {
  const { data, id, metadata, schemaVersion, timestamp, type } = event
  return `${JSON.stringify([version, id, type, schemaVersion, timestamp, data.length])}\n${data}${metadata}`
}

export const decodeEvent = (agentId: string, text: string): Row<StoredEvent> => {
  const header = headerOf(text)
  if (!isTuple<[number, string, string, number, number, number]>(header, "nssnnn")) {
    return corrupted(`event of agent ${JSON.stringify(agentId)}`, text)
  }
  const [version, id, type, schemaVersion, timestamp, length] = header
  const [data, metadata] = bodies(text, length)
  return Result.succeed({ id, agentId, version, type, schemaVersion, timestamp, data, metadata })
}

export const encodeSnapshot = (snapshot: StoredSnapshot): string => {
  const { checksum, eventId, id, metadata, reducer, schemaVersion, state, timestamp, version } = snapshot
  const header = [id, version, eventId, timestamp, schemaVersion, reducer, checksum, state.length]
  return `${JSON.stringify(header)}\n${state}${metadata}`
}

export const decodeSnapshot = (agentId: string, text: string): Row<StoredSnapshot> => {
  const header = headerOf(text)
  if (!isTuple<[string, number, string, number, number, string, number, number]>(header, "snsnnsnn")) {
    return corrupted(`snapshot of agent ${JSON.stringify(agentId)}`, text)
  }
  const [id, version, eventId, timestamp, schemaVersion, reducer, checksum, length] = header
  const [state, metadata] = bodies(text, length)
  return Result.succeed({ id, agentId, version, eventId, state, timestamp, schemaVersion, reducer, metadata, checksum })
}

export const encodeHead = ({ origin, version }: StoredHead): string => `[${version},${origin}]`

export const decodeHead = (agentId: string, text: string): Row<StoredHead> => {
  const row = parse(text)
  return isTuple<[number, number]>(row, "nn")
    ? Result.succeed({ version: row[0], origin: row[1] })
    : corrupted(`head of agent ${JSON.stringify(agentId)}`, text)
}

export const encodeCommand = (command: RecordedCommand): string =>
  `${JSON.stringify([command.firstVersion, command.lastVersion])}\n${command.reply}`

export const decodeCommand = (commandId: string, text: string): Row<RecordedCommand> => {
  const header = headerOf(text)
  return isTuple<[number, number]>(header, "nn")
    ? Result.succeed({ firstVersion: header[0], lastVersion: header[1], reply: text.slice(text.indexOf("\n") + 1) })
    : corrupted(`command ${JSON.stringify(commandId)}`, text)
}

/** The header tells the due time and the tag, if it has these. */
export const encodeNote = ({ body, due, tag }: EncodedNote): string =>
  `${JSON.stringify([...(due === undefined ? [] : [due]), ...(tag === undefined ? [] : [tag])])}\n${body}`

export const decodeNote = (agentId: string, name: string, text: string): Row<StoredNote> => {
  const header = headerOf(text)
  const body = text.slice(text.indexOf("\n") + 1)
  const note = (due: number | undefined, tag: string | undefined) => Result.succeed({ agentId, name, body, due, tag })
  if (isTuple<[]>(header, "")) return note(undefined, undefined)
  if (isTuple<[number]>(header, "n")) return note(header[0], undefined)
  if (isTuple<[string]>(header, "s")) return note(undefined, header[0])
  if (isTuple<[number, string]>(header, "ns")) return note(header[0], header[1])
  return corrupted(`note ${JSON.stringify(name)} of agent ${JSON.stringify(agentId)}`, text)
}

/** Agent and version of an event or a snapshot. */
export type Reference = [agentId: string, version: number]

export const encodeReference = (agentId: string, version: number): string => `[${JSON.stringify(agentId)},${version}]`

export const decodeReference = (subject: string, text: string): Row<Reference> => {
  const row = parse(text)
  return isTuple<Reference>(row, "sn") ? Result.succeed(row) : corrupted(subject, text)
}

/** Agent, first version and ids of events that follow each other, in a stream and in a run. */
export type RunPart = [agentId: string, firstVersion: number, ...ids: Array<string>]

export const encodeRun = (parts: ReadonlyArray<RunPart>): string => JSON.stringify(parts)

export const decodeRun = (text: string): Row<ReadonlyArray<RunPart>> => {
  const parts = parse(text)
  return Array.isArray(parts) && parts.every(isRunPart) ? Result.succeed(parts) : corrupted("a run of event ids", text)
}

const isRunPart = (part: unknown): part is RunPart =>
  Array.isArray(part) && part.length > 2 && isTuple<RunPart>(part, "sn".padEnd(part.length, "s"))

/** Agent, first version and count of one append of a flush. */
export type FlushPart = [agentId: string, firstVersion: number, count: number]

export const encodeFlush = (parts: ReadonlyArray<FlushPart>): string => JSON.stringify(parts)

export const decodeFlush = (text: string): Row<ReadonlyArray<FlushPart>> => {
  const parts = parse(text)
  return Array.isArray(parts) && parts.every((part) => isTuple<FlushPart>(part, "snn"))
    ? Result.succeed(parts)
    : corrupted("a flush of the feed", text)
}

/** An import that was decided on. */
export interface Published {
  readonly agentId: string
  /** The version of the history that it replaces; 0 for none. */
  readonly replaced: number
  /** Up to which version rows of that are still there; 0 when they are gone. */
  readonly left: number
  readonly version: number
  readonly origin: number
  readonly firstVersion: number
  /** The number of events. */
  readonly count: number
  /** The highest of those ids that are above all runs, and the version of its event; empty for none. */
  readonly highestId: string
  readonly highestVersion: number
}

export const encodePublished = (published: Published): string => {
  const { agentId, count, firstVersion, highestId, highestVersion, left, origin, replaced, version } = published
  return JSON.stringify([agentId, replaced, left, version, origin, firstVersion, count, highestId, highestVersion])
}

export const decodePublished = (text: string): Row<Published> => {
  const row = parse(text)
  if (!isTuple<[string, number, number, number, number, number, number, string, number]>(row, "snnnnnnsn")) {
    return corrupted("an import that was decided on", text)
  }
  const [agentId, replaced, left, version, origin, firstVersion, count, highestId, highestVersion] = row
  return Result.succeed({
    agentId,
    replaced,
    left,
    version,
    origin,
    firstVersion,
    count,
    highestId,
    highestVersion
  })
}

const headerOf = (text: string): unknown => parse(text.slice(0, text.indexOf("\n")))

const bodies = (text: string, length: number): readonly [string, string] => {
  const start = text.indexOf("\n") + 1
  return [text.slice(start, start + length), text.slice(start + length)]
}

const parse = (text: string): unknown =>
  Result.getOrElse(
    Result.try((): unknown => JSON.parse(text)),
    () => undefined
  )

/** Whether the value is an array of numbers (`n`) and texts (`s`) in this order. */
const isTuple = <Tuple extends ReadonlyArray<unknown>>(value: unknown, kinds: string): value is Tuple => {
  if (!Array.isArray(value) || value.length !== kinds.length) return false
  for (let index = 0; index < kinds.length; index++) {
    if (typeof value[index] !== (kinds[index] === "n" ? "number" : "string")) return false
  }
  return true
}

const corrupted = (subject: string, text: string): Result.Result<never, Corrupted> =>
  Result.fail(
    new Corrupted({
      subject,
      expected: "a row that this store wrote",
      found: text.length > 80 ? `${text.slice(0, 80)}…` : text,
      remedy: "Restore the directory from a backup."
    })
  )
