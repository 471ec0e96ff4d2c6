/**
 * Checks and encodes the notes of an append.
 */
import * as Result from "effect/Result"
import * as AgentId from "../AgentId.ts"
import type { NoteChange } from "../EventStoreDriver.ts"
import type { Limits } from "../Limits.ts"
import type * as Note from "../Note.ts"
import { InvalidInput } from "../StoreError.ts"
import * as Value from "../Value.ts"

/** The latest time that a `Date` can tell. */
export const latestDue = 8_640_000_000_000_000

/** A change of a note that was checked and encoded beforehand. */
export class PreparedNote {
  readonly encoded: NoteChange

  constructor(encoded: NoteChange) {
    this.encoded = encoded
  }

  get name(): string {
    return this.encoded.name
  }

  /** The length of its body. */
  get length(): number {
    return this.encoded.body?.length ?? 0
  }
}

/** Checks and encodes a change now, so that a later append cannot be refused for it. */
export const prepareNote = (change: Note.Change, limits: Limits): Result.Result<PreparedNote, InvalidInput> =>
  Result.map(encodeNote(change, "note", limits), (encoded) => new PreparedNote(encoded))

const noNotes: ReadonlyArray<NoteChange> = []

/** Checks and encodes the changes of one append; what is wrong is named by its path. */
export const encodeNotes = (
  changes: ReadonlyArray<Note.Change | PreparedNote> | undefined,
  limits: Limits
): Result.Result<ReadonlyArray<NoteChange>, InvalidInput> => {
  if (changes === undefined || changes.length === 0) return Result.succeed(noNotes)
  if (changes.length > limits.eventsPerAppend) {
    return invalid("notes", `up to ${limits.eventsPerAppend} notes`, `${changes.length} notes`, "Split the append.")
  }
  const encoded: Array<NoteChange> = []
  const names = new Set<string>()
  for (const [index, change] of changes.entries()) {
    const subject = `notes/${index}`
    const note = change instanceof PreparedNote ? Result.succeed(change.encoded) : encodeNote(change, subject, limits)
    if (Result.isFailure(note)) return Result.fail(note.failure)
    const { name } = note.success
    if (names.has(name)) {
      return invalid(`${subject}/name`, "names that differ", `${JSON.stringify(name)} twice`, "Change each note once.")
    }
    names.add(name)
    encoded.push(note.success)
  }
  return Result.succeed(encoded)
}

const encodeNote = (change: Note.Change, subject: string, limits: Limits): Result.Result<NoteChange, InvalidInput> => {
  const name = AgentId.validate(change.name, `${subject}/name`)
  if (Result.isFailure(name)) return Result.fail(name.failure)
  if (change._tag === "Remove") return Result.succeed({ name: change.name, body: undefined, due: undefined })
  const { due, tag } = change
  if (due !== undefined && !isDue(due)) return invalidDue(`${subject}/due`, due)
  const checkedTag = tag === undefined ? Result.succeed(tag) : AgentId.validate(tag, `${subject}/tag`)
  if (Result.isFailure(checkedTag)) return Result.fail(checkedTag.failure)
  const body = Value.encode(change.body, `${subject}/body`, limits)
  if (Result.isFailure(body)) return Result.fail(body.failure)
  return Result.succeed({ name: change.name, body: body.success, due, tag })
}

/** Whether a note may be due then. */
export const isDue = (due: number): boolean => Number.isInteger(due) && due >= 0 && due <= latestDue

/** The refusal of a time. */
export const invalidDue = (path: string, due: unknown): Result.Result<never, InvalidInput> =>
  invalid(path, `whole milliseconds since the epoch, from 0 to ${latestDue}`, String(due), "Round the time.")

const invalid = (path: string, expected: string, found: string, remedy: string): Result.Result<never, InvalidInput> =>
  Result.fail(new InvalidInput({ path, expected, found, remedy }))
