/**
 * What may be wrong with a context.
 */
import * as Schema from "effect/Schema"
import type { AgentContext } from "../AgentContext.ts"
import { isEqual } from "../agent/PatchDocument.ts"
import type * as Value from "../Value.ts"
import type { Recounted } from "./Recount.ts"

/** Something that is wrong with a context. */
export const Finding = Schema.TaggedUnion({
  /** It does not exist. */
  Missing: {},
  /** Events that must be there are not. */
  Gap: { from: Schema.Int, to: Schema.Int },
  /** A row cannot be read. */
  Unreadable: { subject: Schema.String, found: Schema.String },
  /** The id of an event leads to another one, or to none: it is not unique, or its index is damaged. */
  IdMismatch: { version: Schema.Int, id: Schema.String },
  /** An event cannot be folded. */
  Unfoldable: { version: Schema.Int, found: Schema.String },
  /** A snapshot does not say what the events do, or is not of the event that it names. */
  SnapshotDiffers: { version: Schema.Int, found: Schema.String },
  /** The first events were deleted, and no snapshot stands in for them. */
  NoBeginning: { firstVersion: Schema.Int },
  /** What the manager gives is not what the events say. */
  ContextDiffers: { version: Schema.Int, found: Schema.String }
})

export type Finding = typeof Finding.Type

const fields = ["id", "status", "state", "metadata", "createdAt", "updatedAt", "parent", "deletedAt"] as const

/** The first field in which another context is not as it should be. */
export const differenceOf = (expected: Recounted, found: AgentContext): string | undefined => {
  if (expected === undefined) return "a context without events"
  const field = fields.find((field) => !isSame(expected[field], found[field]))
  return field === undefined ? undefined : `another ${field}`
}

const isSame = (left: unknown, right: unknown): boolean =>
  left === undefined || right === undefined ? left === right : isEqual(left as Value.Value, right as Value.Value)
