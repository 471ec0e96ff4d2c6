/**
 * The reading of notes.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as AgentId from "../AgentId.ts"
import type { DueOptions, EventStore, NotesOptions, TaggedOptions } from "../EventStore.ts"
import type { DriverError, DueNote, EventStoreDriver, StoredNote } from "../EventStoreDriver.ts"
import type * as Note from "../Note.ts"
import type { Corrupted, ReadError } from "../StoreError.ts"
import * as Value from "../Value.ts"
import { checkedBound } from "./EventStoreRead.ts"
import type { GroupCommit } from "./GroupCommit.ts"
import { invalidDue, isDue } from "./NoteInput.ts"

// Notes are small.
const pageSize = 1000

/** The part of the service that reads notes. */
export const makeNoteReader = (
  driver: EventStoreDriver,
  commits: GroupCommit
): Pick<EventStore["Service"], "getNotes" | "notes" | "due" | "tagged"> => ({
  getNotes: Effect.fnUntraced(function* (keys) {
    for (const { agentId, name } of keys) {
      yield* Effect.fromResult(AgentId.validate(agentId))
      yield* Effect.fromResult(AgentId.validate(name, "name"))
    }
    for (const agentId of new Set(keys.map((key) => key.agentId))) yield* commits.settled(agentId)
    const stored = keys.length === 0 ? [] : yield* driver.getNotes(keys)
    return yield* Effect.fromResult(decodeNotes(stored))
  }),
  notes: (agentId, options = {}) => listNotes(driver, commits, agentId, options),
  due: (options) => listDue(driver, options),
  tagged: (tag, options = {}) => listTagged(driver, tag, options)
})

const listNotes = (
  driver: EventStoreDriver,
  commits: GroupCommit,
  agentId: string,
  { after, limit = Number.MAX_SAFE_INTEGER, prefix = "" }: NotesOptions
): Stream.Stream<Note.Note, ReadError> =>
  Stream.unwrap(
    Effect.gen(function* () {
      yield* Effect.fromResult(AgentId.validate(agentId))
      if (prefix !== "") yield* Effect.fromResult(AgentId.validate(prefix, "prefix"))
      if (after !== undefined) yield* Effect.fromResult(AgentId.validate(after, "after"))
      yield* checkedBound("limit", limit)
      yield* commits.settled(agentId)
      return inPages(limit, (last: StoredNote | undefined, count) =>
        driver.listNotes({ agentId, prefix, after: last?.name ?? after, limit: count })
      )
    })
  )

const listDue = (
  driver: EventStoreDriver,
  { agentPrefix = "", limit = Number.MAX_SAFE_INTEGER, until }: DueOptions
): Stream.Stream<Note.Due, ReadError> =>
  Stream.unwrap(
    Effect.gen(function* () {
      if (!isDue(until)) yield* Effect.fromResult(invalidDue("until", until))
      if (agentPrefix !== "") yield* Effect.fromResult(AgentId.validate(agentPrefix, "agentPrefix"))
      yield* checkedBound("limit", limit)
      return inPages(limit, (after: DueNote | undefined, count) =>
        driver.listDue({ until, agentPrefix, after, limit: count })
      )
    })
  )

const listTagged = (
  driver: EventStoreDriver,
  tag: string,
  { after, agentPrefix = "", limit = Number.MAX_SAFE_INTEGER }: TaggedOptions
): Stream.Stream<Note.Note, ReadError> =>
  Stream.unwrap(
    Effect.gen(function* () {
      yield* Effect.fromResult(AgentId.validate(tag, "tag"))
      if (agentPrefix !== "") yield* Effect.fromResult(AgentId.validate(agentPrefix, "agentPrefix"))
      if (after !== undefined) {
        yield* Effect.fromResult(AgentId.validate(after.agentId, "after/agentId"))
        yield* Effect.fromResult(AgentId.validate(after.name, "after/name"))
      }
      yield* checkedBound("limit", limit)
      return inPages(limit, (last: StoredNote | undefined, count) =>
        driver.listTagged({ tag, agentPrefix, after: last ?? after, limit: count })
      )
    })
  )

/** A stored note, or one as a read gives it, of which it is known whether it has a due time. */
type Timed<N, D extends StoredNote["due"]> = N & { readonly due: D }

/** Reads page after page, each from the last note of the one before. */
const inPages = <D extends StoredNote["due"]>(
  limit: number,
  read: (
    last: Timed<StoredNote, D> | undefined,
    count: number
  ) => Effect.Effect<ReadonlyArray<Timed<StoredNote, D>>, DriverError>
): Stream.Stream<Timed<Note.Note, D>, DriverError> => {
  const first: { readonly last: Timed<StoredNote, D> | undefined; readonly left: number } = {
    last: undefined,
    left: limit
  }
  return Stream.paginate(first, ({ last, left }) => {
    const count = Math.min(left, pageSize)
    if (count <= 0) return Effect.succeed([[], Option.none()])
    return Effect.flatMap(read(last, count), (stored) => {
      const isMore = stored.length === count
      const rest = isMore ? Option.some({ last: stored.at(-1), left: left - count }) : Option.none()
      return Effect.map(Effect.fromResult(decodeNotes(stored)), (notes) => [notes, rest] as const)
    })
  })
}

/** Decodes notes, up to the first that cannot be read. */
const decodeNotes = <D extends StoredNote["due"]>(
  stored: ReadonlyArray<Timed<StoredNote, D>>
): Result.Result<ReadonlyArray<Timed<Note.Note, D>>, Corrupted> => {
  const notes: Array<Timed<Note.Note, D>> = []
  for (const { agentId, body, due, name, tag } of stored) {
    const value = Value.decode(body, `note ${JSON.stringify(name)} of agent ${JSON.stringify(agentId)}`)
    if (Result.isFailure(value)) return Result.fail(value.failure)
    const note = { agentId, name, body: value.success, due }
    notes.push(tag === undefined ? note : { ...note, tag })
  }
  return Result.succeed(notes)
}
