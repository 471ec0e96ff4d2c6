/**
 * A share as it lies in the store: a note of the shared agent, whose name begins with what is found by the recipient.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Note } from "../Note.ts"
import * as Permission from "../Permission.ts"
import { Corrupted } from "../StoreError.ts"
import * as Checksum from "../store/Checksum.ts"

/** What is shared: the agent as it is at each read, or as it was at one version. */
export const Content = Schema.Union([
  Schema.TaggedStruct("Live", {}),
  Schema.TaggedStruct("Pinned", { version: Schema.Int })
])

export type Content = typeof Content.Type

/** The body of the note. */
const Body = Schema.Struct({
  id: Schema.String,
  /** The principal who shares. */
  ownerId: Schema.String,
  /** The principal whom it is for. */
  recipientId: Schema.String,
  level: Permission.Action,
  content: Content,
  /** JSON pointers to the parts of the state that are shared; all of it without them. */
  paths: Schema.optionalKey(Schema.Array(Schema.String)),
  /** An offer grants nothing until the recipient accepts it. */
  status: Schema.Literals(["offered", "accepted"]),
  createdAt: Schema.Date,
  updatedAt: Schema.Date,
  expiresAt: Schema.optionalKey(Schema.Date),
  /** Counts the changes, from 1. */
  revision: Schema.Int
})

/** A share of an agent. */
export interface ShareRecord extends Schema.Schema.Type<typeof Body> {
  readonly agentId: string
}

// ---- names ----

/** What begins the names of all shares. */
export const prefix = "share/"

/** What begins the names of the notes that find a share by its id. */
export const idPrefix = "share-id/"

/** What begins the names of the notes that hold what a pinned share shows. */
export const contentPrefix = "share-content/"

/** The note that an agent gets when it is deleted: all its shares are over. */
export const endNote = "share-end"

/** Short enough for a name, whatever the recipient's id. Two recipients may have one, so whoever finds a share by it looks whom it is for. */
const digest = (recipientId: string): string =>
  [recipientId, `\n${recipientId}`].map((text) => Checksum.of(text).toString(16).padStart(8, "0")).join("")

/** What begins the names of the shares of one recipient, among those of an agent. */
export const prefixFor = (recipientId: string): string => `${prefix}${digest(recipientId)}/`

/** The tag by which the shares of one recipient are found across agents. */
export const tagFor = (recipientId: string): string => `share-of/${digest(recipientId)}`

export const nameOf = ({ id, recipientId }: Pick<ShareRecord, "id" | "recipientId">): string =>
  `${prefixFor(recipientId)}${id}`

// ---- bodies ----

const decodeBody = Schema.decodeUnknownResult(Body)

/** The share that a note is. */
export const decode = ({
  agentId,
  body,
  name
}: Pick<Note, "agentId" | "body" | "name">): Result.Result<ShareRecord, Corrupted> =>
  Result.mapBoth(decodeBody(body), {
    onSuccess: (share) => ({ agentId, ...share }),
    onFailure: (cause) =>
      new Corrupted({
        subject: `note ${JSON.stringify(name)} of agent ${JSON.stringify(agentId)}`,
        expected: "a share",
        found: "another body",
        remedy: `Let ContextSharing alone write notes whose names begin with "${prefix}".`,
        cause
      })
  })

/** The body of the note of a share. */
export const encode = ({ agentId: _, ...body }: ShareRecord): typeof Body.Type => body

// ---- what it grants ----

/** Whether its time is over. */
export const isExpired = ({ expiresAt }: Pick<ShareRecord, "expiresAt">, at: number): boolean =>
  expiresAt !== undefined && !(at < expiresAt.getTime())

/** Whether the recipient may use it. */
export const isEffective = (share: ShareRecord, at: number): boolean =>
  share.status === "accepted" && !isExpired(share, at)

/**
 * Whether it lets its recipient do this through the services of the agent. Only a share of all of the agent, live, does; what is narrower is used
 * through `ContextSharing`. None lets anybody share, or read the record of who did what.
 */
export const allows = (share: ShareRecord, need: Permission.Need, at: number): boolean => {
  if (need.agentId !== share.agentId || share.content._tag !== "Live" || share.paths !== undefined) return false
  if (!isEffective(share, at)) return false
  switch (need.resource) {
    case "context":
    case "metadata":
    case "actor":
      return Permission.includes(share.level, need.action)
    case "lifecycle":
      return share.level === "admin"
    case "share":
    case "audit":
      return false
  }
}
