/**
 * An entry of metadata as it lies in the store: a note of its agent, whose name ends with the key.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as AgentId from "../AgentId.ts"
import * as Note from "../Note.ts"
import { Corrupted, type InvalidInput } from "../StoreError.ts"
import * as Value from "../Value.ts"

/** Who may see an entry. */
export const Visibility = Schema.Literals(["private", "shared", "public"])

export type Visibility = typeof Visibility.Type

/** The body of the note, but for the value. */
const Body = Schema.Struct({
  id: Schema.String,
  value: Schema.Unknown,
  type: Schema.String,
  visibility: Visibility,
  owner: Schema.String,
  createdAt: Schema.Date,
  updatedAt: Schema.Date,
  expiresAt: Schema.optionalKey(Schema.Date),
  version: Schema.Int
})

/** An entry of metadata. */
export interface MetadataRecord {
  readonly agentId: string
  /** Unique per agent, 1 to 246 characters, as an id. */
  readonly key: string
  /** Stays the same while the entry is changed; the history tells private entries by it alone. */
  readonly id: string
  readonly value: Value.Value
  /** What kind of entry it is, 1 to 255 characters, as an id. */
  readonly type: string
  readonly visibility: Visibility
  /** The id of the principal who set it first. */
  readonly owner: string
  readonly createdAt: Date
  readonly updatedAt: Date
  /** From then on there is no such entry. */
  readonly expiresAt?: Date
  /** Counts the changes of the entry, from 1. */
  readonly version: number
}

// ---- names ----

/** What begins the names of all entries. */
export const prefix = "metadata/"

/** The tag by which entries are found across agents. */
export const tag = "metadata"

export const nameOf = (key: string): string => `${prefix}${key}`

/** Checks a key, which must fit into the name of a note. */
export const validateKey = (key: unknown, subject = "key"): Result.Result<string, InvalidInput> =>
  AgentId.validate(key, subject, AgentId.maximumLength - prefix.length)

// ---- notes ----

const decodeBody = Schema.decodeUnknownResult(Body)

/** The entry that a note is. */
export const decode = ({
  agentId,
  body,
  name
}: Pick<Note.Note, "agentId" | "body" | "name">): Result.Result<MetadataRecord, Corrupted> => {
  const decoded = decodeBody(body)
  if (Result.isFailure(decoded) || !Value.isRecord(body)) {
    return Result.fail(
      new Corrupted({
        subject: `note ${JSON.stringify(name)} of agent ${JSON.stringify(agentId)}`,
        expected: "an entry of metadata",
        found: "another body",
        remedy: `Let ContextMetadata alone write notes whose names begin with "${prefix}".`,
        ...(Result.isFailure(decoded) ? { cause: decoded.failure } : {})
      })
    )
  }
  const { value = null } = body
  return Result.succeed({ agentId, key: name.slice(prefix.length), ...decoded.success, value })
}

/** The note of an entry. */
export const put = ({ agentId: _, key, ...body }: MetadataRecord): Note.Change =>
  Note.put(nameOf(key), body, { tag, due: body.expiresAt?.getTime() })

// ---- what it is ----

/** Whether its time is over. */
export const isExpired = ({ expiresAt }: Pick<MetadataRecord, "expiresAt">, at: number): boolean =>
  expiresAt !== undefined && !(at < expiresAt.getTime())

/**
 * What the history tells of an entry. Of a private one that is no more than its id, for whoever may read the agent may read its history.
 */
export const told = ({ agentId: _, ...entry }: MetadataRecord): object => {
  const { id, version, visibility } = entry
  return visibility === "private" ? { id, version, visibility } : entry
}
