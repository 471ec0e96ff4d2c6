/**
 * The layout of the database. LevelDB orders keys by bytes; ids hold no NUL, so it separates them, and being the lowest byte it keeps
 * `a`, `a-1` and `a/` apart.
 *
 *     !format                     the format of this layout
 *     h AGENT                     about the highest version of an agent, and where its last purge was
 *     e AGENT \0 VERSION          an event
 *     i EVENT                     where the event with this id is, if it stands in no run
 *     r EVENT                     a run: the ascending ids of one flush up to this one, and where their events are
 *     c AGENT \0 COMMAND          a recorded command
 *     n AGENT \0 NAME             a note
 *     d TIME AGENT \0 NAME        that a note is due at a time
 *     f FLUSH                     the events that one flush stored, in order; the feed
 *     g TAG \0 AGENT \0 NAME      that a note has a tag
 *     s AGENT \0 VERSION          a snapshot
 *     t SNAPSHOT                  where the snapshot with this id is
 *     x KEY                       a row of an agent that is being imported, under the key that it will have
 *     p                           that an import was decided on, and its rows are being moved to their places
 *
 * An append that writes few rows is a fast one: for an event of a known agent it is mostly the event alone, since a flush needs but one
 * row for the feed and one for the ids, and the row of an agent may lag behind its events.
 */
import type { NoteKey } from "../../src/EventStoreDriver.ts"

export const format = "!format"

// 2 ** 53 has fourteen hexadecimal digits.
const fixed = (version: number): string => version.toString(16).padStart(14, "0")

export const head = (agentId: string): string => `h${agentId}`
export const event = (agentId: string, version: number): string => `e${agentId}\0${fixed(version)}`
export const eventId = (id: string): string => `i${id}`
export const run = (lastId: string): string => `r${lastId}`
export const command = (agentId: string, id: string): string => `c${agentId}\0${id}`
export const flush = (number: number): string => `f${fixed(number)}`
export const note = (agentId: string, name: string): string => `n${agentId}\0${name}`
export const due = (time: number, agentId: string, name: string): string => `d${fixed(time)}${agentId}\0${name}`
export const tagged = (tag: string, agentId: string, name: string): string => `g${tag}\0${agentId}\0${name}`
export const snapshot = (agentId: string, version: number): string => `s${agentId}\0${fixed(version)}`
export const snapshotId = (id: string): string => `t${id}`
export const staged = (key: string): string => `x${key}`
export const published = "p"

/** The rows of an import, or those of them whose key will begin with a letter of the layout. */
export const allStaged = (kind?: "c" | "e" | "i" | "n" | "s" | "t"): { readonly gt: string; readonly lt: string } =>
  kind === undefined ? { gt: "x", lt: "y" } : { gt: `x${kind}`, lt: `x${String.fromCharCode(kind.charCodeAt(0) + 1)}` }

/** The key that a row of an import will have. */
export const unstaged = (key: string): string => key.slice(1)

/** The version in the key of a snapshot. */
export const snapshotVersion = (key: string): number => Number.parseInt(key.slice(key.indexOf("\0") + 1), 16)

/** All keys of an agent that begin with a letter of the layout. */
export const allOf = (kind: "c" | "e" | "n" | "s", agentId: string): { readonly gt: string; readonly lt: string } => ({
  gt: `${kind}${agentId}\0`,
  lt: `${kind}${agentId}\u0001`
})

/** All keys that begin with a letter of the layout. */
export const allKind = (kind: "d" | "f" | "h" | "r"): { readonly gt: string; readonly lt: string } => ({
  gt: kind,
  lt: String.fromCharCode(kind.charCodeAt(0) + 1)
})

/** The number of the flush in a key. */
export const flushNumber = (key: string): number => Number.parseInt(key.slice(1), 16)

/** Which note has this key. */
export const notePlace = (key: string): NoteKey => split(key.slice(1))

/** Which note the key of a due time is about, and the time. */
export const duePlace = (key: string): NoteKey & { readonly due: number } => ({
  ...split(key.slice(15)),
  due: Number.parseInt(key.slice(1, 15), 16)
})

/** Which note the key of a tag is about. */
export const taggedPlace = (key: string): NoteKey => split(key.slice(key.indexOf("\0") + 1))

/** The end of the keys of a tag. */
export const taggedEnd = (tag: string): string => `g${tag}\u0001`

const split = (text: string): NoteKey => {
  const end = text.indexOf("\0")
  return { agentId: text.slice(0, end), name: text.slice(end + 1) }
}

/** LevelDB orders keys by their bytes; comparing texts would order them by UTF-16 units. */
export const isBefore = (left: string, right: string): boolean =>
  Buffer.compare(Buffer.from(left), Buffer.from(right)) < 0
