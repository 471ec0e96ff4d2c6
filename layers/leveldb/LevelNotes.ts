/**
 * Notes in LevelDB: a row for each; and rows without a text: in the order of time for each that has a due time, and under its tag for each that has one.
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

/** What finds notes, by their keys. */
export type Finders = Map<string, Pick<StoredNote, "due" | "tag">>

/** What finds those notes that the appends change; it tells which rows without a text must go. */
export const lookUpFinders = (
  database: Database,
  appends: ReadonlyArray<EncodedAppend>
): Effect.Effect<Finders, DriverError> => {
  const changed: Array<NoteKey> = []
  for (const { agentId, notes } of appends) for (const { name } of notes) changed.push({ agentId, name })
  return Effect.map(getNotes(database, changed), (notes) => {
    const finders: Finders = new Map()
    for (const { agentId, due, name, tag } of notes) finders.set(Keys.note(agentId, name), { due, tag })
    return finders
  })
}

/** What the notes of a stored append write. Keeps the finders true for the batch mates behind it. */
export const changeNotes = (finders: Finders, { agentId, notes }: EncodedAppend): ReadonlyArray<Operation> => {
  const operations: Array<Operation> = []
  for (const { body, due, name, tag } of notes) {
    const key = Keys.note(agentId, name)
    for (const old of finderKeys({ agentId, name, ...finders.get(key) })) operations.push({ type: "del", key: old })
    finders.delete(key)
    if (body === undefined) {
      operations.push({ type: "del", key })
      continue
    }
    operations.push({ type: "put", key, value: Rows.encodeNote({ name, body, due, tag }) })
    for (const finder of finderKeys({ agentId, name, due, tag }))
      operations.push({ type: "put", key: finder, value: "" })
    finders.set(key, { due, tag })
  }
  return operations
}

/** The keys of the rows without a text. */
const finderKeys = ({ agentId, due, name, tag }: NoteKey & Partial<StoredNote>): ReadonlyArray<string> => [
  ...(due === undefined ? [] : [Keys.due(due, agentId, name)]),
  ...(tag === undefined ? [] : [Keys.tagged(tag, agentId, name)])
]

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
      // When it cannot be read, what found it stays behind, and leads to nothing.
      const finders = Result.isSuccess(note) ? finderKeys(note.success) : []
      for (const finder of finders) operations.push({ type: "del", key: finder })
    }
    return operations
  })

/** The part of the driver that reads notes. */
export const makeNotes = (
  database: Database
): Pick<EventStoreDriver, "getNotes" | "listNotes" | "listDue" | "listTagged"> => ({
  getNotes: (keys) => getNotes(database, keys),
  listNotes: (page) => listNotes(database, page),
  listDue: (page) => listDue(database, page),
  listTagged: (page) => listTagged(database, page)
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

const listTagged = (
  database: Database,
  { after, agentPrefix, limit, tag }: Parameters<EventStoreDriver["listTagged"]>[0]
): Effect.Effect<ReadonlyArray<StoredNote>, DriverError> =>
  Effect.gen(function* () {
    const notes: Array<StoredNote> = []
    const isPast = after !== undefined && !Keys.isBefore(after.agentId, agentPrefix)
    const first = isPast
      ? { gt: Keys.tagged(tag, after.agentId, after.name) }
      : { gte: Keys.tagged(tag, agentPrefix, "") }
    const lt = Keys.taggedEnd(tag)
    let bound: { readonly gt: string } | { readonly gte: string } = first
    while (true) {
      const keys = yield* database.use("list tagged notes", (level) => level.keys({ ...bound, lt, limit }).all())
      const places = keys.map(Keys.taggedPlace).filter(({ agentId }) => agentId.startsWith(agentPrefix))
      for (const note of yield* getNotes(database, places)) {
        // One that was changed since the keys were read has no such tag any more.
        if (note.tag === tag) notes.push(note)
        if (notes.length === limit) return notes
      }
      const last = keys.at(-1)
      // The agents whose ids begin with the prefix stand together.
      if (last === undefined || keys.length < limit || places.length < keys.length) return notes
      bound = { gt: last }
    }
  })

const decodeNote = (key: string, text: string) => {
  const { agentId, name } = Keys.notePlace(key)
  return Effect.fromResult(Rows.decodeNote(agentId, name, text))
}
