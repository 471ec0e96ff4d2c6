/**
 * The notes of the memory store: those of each agent by name, those that have a due time in its order, and those that have a tag under it.
 */
import type { DueNote, EventStoreDriver, NoteChange, NoteKey, StoredNote } from "../../src/EventStoreDriver.ts"
import { firstIndex } from "./search.ts"

type Place = Pick<DueNote, "agentId" | "name" | "due">

export class MemoryNotes {
  private readonly notes = new Map<string, Map<string, StoredNote>>()
  /** In the order of `compare`. */
  private readonly schedule: Array<DueNote> = []
  /** By tag, in the order of `compareKeys`. */
  private readonly tagged = new Map<string, Array<StoredNote>>()

  get(agentId: string, name: string): StoredNote | undefined {
    return this.notes.get(agentId)?.get(name)
  }

  /** Applies the changes of one append. */
  apply(agentId: string, changes: ReadonlyArray<NoteChange>): void {
    if (changes.length === 0) return
    const notes = this.notes.get(agentId) ?? new Map<string, StoredNote>()
    this.notes.set(agentId, notes)
    for (const { body, due, name, tag } of changes) {
      this.forget(notes.get(name))
      notes.delete(name)
      if (body === undefined) continue
      const note: StoredNote = { agentId, name, body, due, tag }
      notes.set(name, note)
      if (isTimed(note)) this.schedule.splice(this.placeOf(note), 0, note)
      if (tag !== undefined) this.enter(tag, note)
    }
    if (notes.size === 0) this.notes.delete(agentId)
  }

  /** Removes all notes of an agent. */
  purge(agentId: string): void {
    for (const note of this.notes.get(agentId)?.values() ?? []) this.forget(note)
    this.notes.delete(agentId)
  }

  list({ after, agentId, limit, prefix }: Parameters<EventStoreDriver["listNotes"]>[0]): ReadonlyArray<StoredNote> {
    return [...(this.notes.get(agentId)?.values() ?? [])]
      .filter(({ name }) => name.startsWith(prefix) && (after === undefined || name > after))
      .sort((left, right) => compareTexts(left.name, right.name))
      .slice(0, limit)
  }

  listDue({ after, agentPrefix, limit, until }: Parameters<EventStoreDriver["listDue"]>[0]): ReadonlyArray<DueNote> {
    const found: Array<DueNote> = []
    const start = after === undefined ? 0 : firstIndex(this.schedule, (note) => compare(note, after) > 0)
    for (let index = start; index < this.schedule.length && found.length < limit; index++) {
      const note = this.schedule[index]
      if (note === undefined || note.due > until) break
      if (note.agentId.startsWith(agentPrefix)) found.push(note)
    }
    return found
  }

  listTagged({
    after,
    agentPrefix,
    limit,
    tag
  }: Parameters<EventStoreDriver["listTagged"]>[0]): ReadonlyArray<StoredNote> {
    const notes = this.tagged.get(tag) ?? []
    const start = after === undefined ? 0 : firstIndex(notes, (note) => compareKeys(note, after) > 0)
    const found: Array<StoredNote> = []
    for (let index = start; index < notes.length && found.length < limit; index++) {
      const note = notes[index]
      if (note?.agentId.startsWith(agentPrefix)) found.push(note)
    }
    return found
  }

  private enter(tag: string, note: StoredNote): void {
    const notes = this.tagged.get(tag) ?? []
    this.tagged.set(tag, notes)
    notes.splice(placeAmong(notes, note), 0, note)
  }

  /** Takes a note out of the schedule, and from under its tag. */
  private forget(note: StoredNote | undefined): void {
    if (isTimed(note)) this.schedule.splice(this.placeOf(note), 1)
    if (note?.tag === undefined) return
    const notes = this.tagged.get(note.tag) ?? []
    notes.splice(placeAmong(notes, note), 1)
    if (notes.length === 0) this.tagged.delete(note.tag)
  }

  /** Where a note stands, or would stand. */
  private placeOf(place: Place): number {
    return firstIndex(this.schedule, (note) => compare(note, place) >= 0)
  }
}

const isTimed = (note: StoredNote | undefined): note is DueNote => note?.due !== undefined

const compare = (left: Place, right: Place): number => left.due - right.due || compareKeys(left, right)

const compareKeys = (left: NoteKey, right: NoteKey): number =>
  compareTexts(left.agentId, right.agentId) || compareTexts(left.name, right.name)

/** Where a note stands, or would stand, among those of its tag. */
const placeAmong = (notes: ReadonlyArray<StoredNote>, key: NoteKey): number =>
  firstIndex(notes, (note) => compareKeys(note, key) >= 0)

const compareTexts = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)
