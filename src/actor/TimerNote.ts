/**
 * How timers are kept: as notes of the actor's agent that are due at their time. Used by every engine.
 */
import * as Result from "effect/Result"
import type { SchemaError } from "effect/Schema"
import * as AgentId from "../AgentId.ts"
import type * as Limits from "../Limits.ts"
import * as Note from "../Note.ts"
import { Corrupted, InvalidInput } from "../StoreError.ts"
import { type PreparedNote, prepareNote } from "../store/NoteInput.ts"
import * as Value from "../Value.ts"
import type { ActorCodec, CommandCodec } from "./ActorCodec.ts"
import type { TimerChange } from "./Timers.ts"

/** What the notes of timers begin with. */
export const timerPrefix = "timer/"

const longestName = AgentId.maximumLength - timerPrefix.length

/** A change of one timer that can be stored. */
export interface PreparedTimer {
  readonly name: string
  /** When it goes off; nothing when it was cancelled. */
  readonly due: number | undefined
  readonly note: PreparedNote
}

/** Checks and encodes what a handler set. */
export const prepareTimer = (
  { commands }: ActorCodec,
  change: TimerChange,
  limits: Limits.Limits
): Result.Result<PreparedTimer, InvalidInput | SchemaError> => {
  const { name } = change
  const path = `timers/${name}`
  const checked = AgentId.validate(name, "timers/name", longestName)
  if (Result.isFailure(checked)) return Result.fail(checked.failure)
  if (change._tag === "Cancel") return prepared(name, undefined, Note.remove(timerPrefix + name), limits)
  const { command, due, every, payload } = change
  if (every !== undefined && !(every >= 1)) {
    return invalid(`${path}/interval`, "at least a millisecond", String(every), "Choose a longer interval.")
  }
  if (Number.isNaN(due)) return invalid(`${path}/time`, "a time or a duration", "neither", "Say when, or how soon.")
  const codec = commands.get(command)
  if (codec === undefined) {
    return invalid(`${path}/command`, [...commands.keys()].join(", "), command, "Name a command of the definition.")
  }
  const encoded = Result.flatMap(codec.makePayload(payload), codec.encodePayload)
  if (Result.isFailure(encoded)) return Result.fail(encoded.failure)
  const body: TimerBody = { command, payload: encoded.success ?? null, every: every ?? null }
  return prepared(name, due, Note.put(timerPrefix + name, body, { due }), limits)
}

/** What is stored under the name. */
interface TimerBody {
  readonly command: string
  readonly payload: unknown
  readonly every: number | null
}

const prepared = (
  name: string,
  due: number | undefined,
  change: Note.Change,
  limits: Limits.Limits
): Result.Result<PreparedTimer, InvalidInput> =>
  Result.map(prepareNote(change, limits), (note) => ({ name, due, note }))

const invalid = (path: string, expected: string, found: string, remedy: string): Result.Result<never, InvalidInput> =>
  Result.fail(new InvalidInput({ path, expected, found, remedy }))

/** The command that a timer sends. */
export interface TimedCommand {
  readonly command: string
  readonly codec: CommandCodec
  readonly payload: unknown
}

/** Reads what a timer sends. */
export const decodeTimer = ({ commands }: ActorCodec, note: Note.Note): Result.Result<TimedCommand, Corrupted> => {
  const { body } = note
  if (!Value.isRecord(body) || typeof body["command"] !== "string") {
    return corrupted(note, "a timer", "another body")
  }
  const { command } = body
  const codec = commands.get(command)
  if (codec === undefined) return corrupted(note, `one of the commands ${[...commands.keys()].join(", ")}`, command)
  return Result.mapBoth(codec.decodePayload(body["payload"]), {
    onSuccess: (payload) => ({ command, codec, payload }),
    onFailure: (cause) => cannotRead(note, `a payload that ${command} can have`, cause.message, cause)
  })
}

const corrupted = (note: Note.Note, expected: string, found: string): Result.Result<never, Corrupted> =>
  Result.fail(cannotRead(note, expected, found))

const cannotRead = ({ agentId, name }: Note.Note, expected: string, found: string, cause?: unknown): Corrupted =>
  new Corrupted({
    subject: `note ${JSON.stringify(name)} of agent ${JSON.stringify(agentId)}`,
    expected,
    found,
    remedy: "Keep a definition able to run the timers that were set before.",
    ...(cause === undefined ? {} : { cause })
  })

/** What becomes of a timer that has gone off: it is gone, or moves on to its next time in the future. */
export const useUp = (
  note: Note.Due,
  now: number
): { readonly due: number | undefined; readonly note: Note.Change } => {
  const every = Value.isRecord(note.body) ? note.body["every"] : null
  if (typeof every !== "number") return { due: undefined, note: Note.remove(note.name) }
  const due = note.due + Math.max(Math.ceil((now + 1 - note.due) / every), 1) * every
  return { due, note: Note.put(note.name, note.body, { due }) }
}
