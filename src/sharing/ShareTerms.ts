/**
 * The terms of a share, as callers hand them over: who, how much, of what, until when.
 */
import * as Result from "effect/Result"
import * as AgentId from "../AgentId.ts"
import type { ShareRecord } from "../access/ShareRecord.ts"
import { describe } from "../agent/PatchDocument.ts"
import type { NewShare, ShareChange } from "../ContextSharing.ts"
import { Action } from "../Permission.ts"
import { InvalidInput } from "../StoreError.ts"
import * as ReservedAgents from "../store/ReservedAgents.ts"
import * as Value from "../Value.ts"
import * as ShareScope from "./ShareScope.ts"

type Terms = Pick<ShareRecord, "level" | "paths" | "expiresAt">
type Checked<A> = Result.Result<A, InvalidInput>

/** Who shares what with whom. */
export const checkParties = (
  share: NewShare,
  ownerId: string
): Checked<Required<Pick<NewShare, "agentId" | "recipientId" | "content">>> =>
  Result.gen(function* () {
    const agentId = yield* ReservedAgents.validate(share.agentId)
    const recipientId = yield* AgentId.validate(share.recipientId, "recipientId")
    if (recipientId === ownerId) {
      return yield* invalid("recipientId", "another than the owner", describe(recipientId), "Share with somebody else.")
    }
    return { agentId, recipientId, content: yield* checkContent(share.content) }
  })

const checkContent = (content: unknown = "live"): Checked<NonNullable<NewShare["content"]>> => {
  if (content === "live") return Result.succeed(content)
  const { snapshotId, version } = Value.isRecord(content) ? content : {}
  if (typeof version === "number" && snapshotId === undefined) return Result.succeed({ version })
  if (typeof snapshotId === "string" && version === undefined) return Result.succeed({ snapshotId })
  return invalid("content", '"live", a version, or a snapshotId', describe(content), "Say which of these is shared.")
}

/** The terms of a new share. */
export const check = (share: NewShare, isPinned: boolean, at: number): Checked<Terms> =>
  Result.gen(function* () {
    const { expiresAt, paths } = share
    const terms = {
      level: yield* checkLevel(share.level),
      ...(paths === undefined ? {} : { paths: yield* ShareScope.validate(paths) }),
      ...(expiresAt === undefined ? {} : { expiresAt: yield* checkExpiry(expiresAt, at) })
    }
    return yield* checkTogether(terms, isPinned)
  })

/** The share with other terms. */
export const changed = (share: ShareRecord, change: ShareChange, at: number): Checked<ShareRecord> =>
  Result.gen(function* () {
    const { expiresAt: oldExpiry, level: oldLevel, paths: oldPaths, ...rest } = share
    const { expiresAt = oldExpiry, level = oldLevel, paths = oldPaths } = change
    const terms = {
      level: yield* checkLevel(level),
      ...(paths === undefined || paths === null ? {} : { paths: yield* ShareScope.validate(paths) }),
      ...(expiresAt === undefined || expiresAt === null
        ? {}
        : { expiresAt: expiresAt === oldExpiry ? oldExpiry : yield* checkExpiry(expiresAt, at) })
    }
    return { ...rest, ...(yield* checkTogether(terms, share.content._tag === "Pinned")) }
  })

const checkLevel = (level: unknown): Checked<Action> => {
  const found = Action.literals.find((literal) => literal === level)
  return found === undefined
    ? invalid("level", Action.literals.join(", "), describe(level), "Choose one of these.")
    : Result.succeed(found)
}

const checkExpiry = (expiresAt: unknown, at: number): Checked<Date> =>
  expiresAt instanceof Date && expiresAt.getTime() > at
    ? Result.succeed(new Date(expiresAt))
    : invalid("expiresAt", "a Date in the future", describe(expiresAt), "Revoke the share to end it now.")

/** What is pinned cannot be written, and whoever administers an agent has to do with all of it. */
const checkTogether = (terms: Terms, isPinned: boolean): Checked<Terms> => {
  const { level, paths } = terms
  if (isPinned && level !== "read") {
    return invalid("level", "read, for what is pinned", level, "Share it live to let it be written.")
  }
  if (level === "admin" && paths !== undefined) {
    return invalid("paths", "none, for an administrator", `${paths.length} paths`, "Share parts to read or to write.")
  }
  return Result.succeed(terms)
}

const invalid = (path: string, expected: string, found: string, remedy: string): Checked<never> =>
  Result.fail(new InvalidInput({ path, expected, found, remedy }))
