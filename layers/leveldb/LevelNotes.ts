/**
 * Notes in LevelDB: a row for each, and for each that has a due time a second one, without a text, in the order of time.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type {
  DriverError,
  DueNote,
  EncodedAppend,
  EventStoreDriver,
  NoteKey,
  StoredNote
} from "../../src/EventStoreDriver.ts"
import * as Keys from "./Keys.ts"
import type { LevelDatabase, Operation } from "./LevelDatabase.ts"
import * as Rows from "./Rows.ts"

type Database = LevelDatabase["Service"]

/** The due times of notes, by their keys. */
type DueTimes = Map<string, number>

/** The due times of those notes that the appends change; they tell which rows of the second kind must go. */
export const lookUpDueTimes = (
  database: Database,
  appends: ReadonlyArray<EncodedAppend>
): Effect.Effect<DueTimes, DriverError> => {
  const changed: Array<NoteKey> = []
  for (const { agentId, notes } of appends) for (const { name } of notes) changed.push({ agentId, name })
  return Effect.map(getNotes(database, changed), (notes) => {
    const times: DueTimes = new Map()
    for (const { agentId, due, name } of notes) if (due !== undefined) times.set(Keys.note(agentId, name), due)
    return times
  })
}

/** What the notes of a stored append write. Keeps the due times true for the batch mates behind it. */
export const changeNotes = (times: DueTimes, { agentId, notes }: EncodedAppend): ReadonlyArray<Operation> => {
  const operations: Array<Operation> = []
  for (const { body, due, name } of notes) {
    const key = Keys.note(agentId, name)
    const before = times.get(key)
    if (before !== undefined) operations.push({ type: "del", key: Keys.due(before, agentId, name) })
    times.delete(key)
    if (body === undefined) {
      operations.push({ type: "del", key })
      continue
    }
    operations.push({ type: "put", key, value: Rows.encodeNote({ name, body, due }) })
    if (due === undefined) continue
    operations.push({ type: "put", key: Keys.due(due, agentId, name), value: "" })
    times.set(key, due)
  }
  return operations
}

/** What takes away all notes of an agent. */
export const removeNotes = (
  database: Database,
  agentId: string
): Effect.Effect<ReadonlyArray<Operation>, DriverError> =>
  Effect.gen(function* () {
    const operations: Array<Operation> = []
    const rows = yield* database.use("purge", (level) => level.iterator(Keys.allOf("n", agentId)).all())
    for (const [key, text] of rows) {
      const { name } = Keys.notePlace(key)
      const note = Rows.decodeNote(agentId, name, text)
      operations.push({ type: "del", key })
      // When it cannot be read its due time stays behind, and leads to nothing.
      const due = Result.isSuccess(note) ? note.success.due : undefined
      if (due !== undefined) operations.push({ type: "del", key: Keys.due(due, agentId, name) })
    }
    return operations
  })

/** The part of the driver that reads notes. */
export const makeNotes = (database: Database): Pick<EventStoreDriver, "getNotes" | "listNotes" | "listDue"> => ({
  getNotes: (keys) => getNotes(database, keys),
  listNotes: (page) => listNotes(database, page),
  listDue: (page) => listDue(database, page)
})

const getNotes = (
  database: Database,
  places: ReadonlyArray<NoteKey>
): Effect.Effect<ReadonlyArray<StoredNote>, DriverError> =>
  Effect.gen(function* () {
    if (places.length === 0) return []
    const keys = places.map(({ agentId, name }) => Keys.note(agentId, name))
    const texts = yield* database.use("read notes", (level) => level.getMany(keys))
    const notes: Array<StoredNote> = []
    for (const [index, key] of keys.entries()) {
      const text = texts[index]
      if (text !== undefined) notes.push(yield* decodeNote(key, text))
    }
    return notes
  })

const listNotes = (
  database: Database,
  { after, agentId, limit, prefix }: Parameters<EventStoreDriver["listNotes"]>[0]
): Effect.Effect<ReadonlyArray<StoredNote>, DriverError> =>
  Effect.gen(function* () {
    const isPast = after !== undefined && !Keys.isBefore(after, prefix)
    const bound = isPast ? { gt: Keys.note(agentId, after) } : { gte: Keys.note(agentId, prefix) }
    const { lt } = Keys.allOf("n", agentId)
    const rows = yield* database.use("list notes", (level) => level.iterator({ ...bound, lt, limit }).all())
    const notes: Array<StoredNote> = []
    for (const [key, text] of rows) {
      const note = yield* decodeNote(key, text)
      if (!note.name.startsWith(prefix)) break
      notes.push(note)
    }
    return notes
  })

// Keys are short; when few belong to the wanted agents, many are looked through.
const keysPerRead = 1000

const listDue = (
  database: Database,
  { after, agentPrefix, limit, until }: Parameters<EventStoreDriver["listDue"]>[0]
): Effect.Effect<ReadonlyArray<DueNote>, DriverError> =>
  Effect.gen(function* () {
    const notes: Array<DueNote> = []
    const lt = Keys.due(until + 1, "", "")
    let gt = after === undefined ? Keys.allKind("d").gt : Keys.due(after.due, after.agentId, after.name)
    while (true) {
      const keys = yield* database.use("list due notes", (level) => level.keys({ gt, lt, limit: keysPerRead }).all())
      const places = keys.map(Keys.duePlace).filter(({ agentId }) => agentId.startsWith(agentPrefix))
      const found = new Map(
        (yield* getNotes(database, places)).map((note) => [Keys.note(note.agentId, note.name), note])
      )
      for (const { agentId, due, name } of places) {
        const note = found.get(Keys.note(agentId, name))
        // One that was changed since the keys were read is told at its new place, if that lies ahead.
        if (note?.due !== due) continue
        notes.push({ ...note, due })
        if (notes.length === limit) return notes
      }
      const last = keys.at(-1)
      if (last === undefined || keys.length < keysPerRead) return notes
      gt = last
    }
  })

const decodeNote = (key: string, text: string) => {
  const { agentId, name } = Keys.notePlace(key)
  return Effect.fromResult(Rows.decodeNote(agentId, name, text))
}
