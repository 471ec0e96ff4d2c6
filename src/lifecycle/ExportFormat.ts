/**
 * The format of an export: a text of lines, each a JSON object that says by its only name what it is.
 *
 *     {"pantheon":{…}}      the head: format, agent, which versions, what else it holds
 *     {"event":{…}}         by version, without a gap
 *     {"snapshot":{…}}      right behind the event of its version; those of deleted events come before the first
 *     {"command":{…}}       a command that was recorded, with its reply
 *     {"note":{…}}          an item of metadata, a share, or when the context expires
 *     {"end":{…}}           how much there was, and the SHA-256 of all lines before this one
 *
 * Values stand in the encoding of `Value`, times are milliseconds since the epoch.
 */
import * as Schema from "effect/Schema"
import * as MetadataRecord from "../access/MetadataRecord.ts"
import * as ShareRecord from "../access/ShareRecord.ts"

/** Raised when a reader of the older format would misread the newer one. */
export const format = 1

/** What an export may hold beside the events. */
export const Content = Schema.Literals(["snapshots", "commands", "metadata", "shares", "expiry"])

export type Content = typeof Content.Type

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** The first line. */
export const Head = Schema.Struct({
  pantheon: Schema.Struct({
    format: Schema.Literal(format),
    agentId: Schema.String,
    /** The version of the first event; 0 when all were deleted. */
    firstVersion: Count,
    version: Count,
    /** Whether no event was deleted. */
    isComplete: Schema.Boolean,
    /** Names the fold of the program that wrote it. */
    reducer: Schema.String,
    exportedAt: Count,
    contents: Schema.Array(Content)
  })
})

export type Head = (typeof Head.Type)["pantheon"]

/** How many lines of each kind there were. */
export const Counts = Schema.Struct({ events: Count, snapshots: Count, commands: Count, notes: Count })

export type Counts = typeof Counts.Type

/** The last line. */
export const End = Schema.Struct({ end: Schema.Struct({ ...Counts.fields, sha256: Schema.String }) })

/** The note that tells when a context expires. */
export const expiryNote = "context-expiry"

/** What begins the names of the notes that hold metadata. */
export const metadataPrefix = MetadataRecord.prefix

/** The notes that travel with a context: how their names begin, what they are, and how the tags begin that they may have. */
const travelling: ReadonlyArray<readonly [prefix: string, content: Content, tag: string | undefined]> = [
  [metadataPrefix, "metadata", MetadataRecord.tag],
  [ShareRecord.prefix, "shares", "share-of/"],
  [ShareRecord.idPrefix, "shares", ShareRecord.idPrefix],
  [ShareRecord.contentPrefix, "shares", undefined],
  [expiryNote, "expiry", undefined]
]

/** How their names begin, and what they are. */
export const notePrefixes: ReadonlyArray<readonly [prefix: string, content: Content]> = travelling.map(
  ([prefix, content]) => [prefix, content]
)

const kindOf = (name: string) =>
  travelling.find(([prefix]) => (prefix === expiryNote ? name === prefix : name.startsWith(prefix)))

/** What a note is; nothing for notes that do not travel, such as timers. */
export const contentOf = (name: string): Content | undefined => kindOf(name)?.[1]

/** Whether a note may be found by a tag; else one could be taken for what it is not, such as metadata for a share. */
export const mayHaveTag = (name: string, tag: string): boolean => {
  const allowed = kindOf(name)?.[2]
  return allowed !== undefined && (allowed.endsWith("/") ? tag.startsWith(allowed) : tag === allowed)
}
