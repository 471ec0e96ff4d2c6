/**
 * The layout of the database. LevelDB orders keys by bytes; ids hold no NUL, so it separates them, and being the lowest byte it keeps
 * `a`, `a-1` and `a/` apart.
 *
 *     !format                     the format of this layout
 *     h AGENT                     highest version of an agent, and where its last purge was
 *     e AGENT \0 VERSION          an event
 *     i EVENT                     where the event with this id is
 *     c AGENT \0 COMMAND          a recorded command
 *     f FLUSH                     the events that one flush stored, in order; the feed
 *     s AGENT \0 VERSION          a snapshot
 *     t SNAPSHOT                  where the snapshot with this id is
 */

export const format = "!format"

// 2 ** 53 has fourteen hexadecimal digits.
const fixed = (version: number): string => version.toString(16).padStart(14, "0")

export const head = (agentId: string): string => `h${agentId}`
export const event = (agentId: string, version: number): string => `e${agentId}\0${fixed(version)}`
export const eventId = (id: string): string => `i${id}`
export const command = (agentId: string, id: string): string => `c${agentId}\0${id}`
export const flush = (number: number): string => `f${fixed(number)}`
export const snapshot = (agentId: string, version: number): string => `s${agentId}\0${fixed(version)}`
export const snapshotId = (id: string): string => `t${id}`

/** The version in the key of a snapshot. */
export const snapshotVersion = (key: string): number => Number.parseInt(key.slice(key.indexOf("\0") + 1), 16)

/** All keys of an agent that begin with a letter of the layout. */
export const allOf = (kind: "c" | "e" | "s", agentId: string): { readonly gt: string; readonly lt: string } => ({
  gt: `${kind}${agentId}\0`,
  lt: `${kind}${agentId}\u0001`
})

/** All keys that begin with a letter of the layout. */
export const allKind = (kind: "f" | "h" | "i"): { readonly gt: string; readonly lt: string } => ({
  gt: kind,
  lt: String.fromCharCode(kind.charCodeAt(0) + 1)
})

/** The number of the flush in a key. */
export const flushNumber = (key: string): number => Number.parseInt(key.slice(1), 16)
