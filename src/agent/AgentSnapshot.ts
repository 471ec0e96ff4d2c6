/**
 * An agent as a snapshot: the state is the snapshot's, the rest of the context is in its metadata.
 */
import * as Result from "effect/Result"
import type { AgentContext, AgentParent, AgentStatus } from "../AgentContext.ts"
import type { ContextSnapshot } from "../ContextSnapshot.ts"
import * as Value from "../Value.ts"
import * as StateValue from "./StateValue.ts"

/** What a snapshot of the context says. */
export const encode = (context: AgentContext): Pick<ContextSnapshot, "state" | "metadata"> => {
  const { createdAt, deletedAt, id, metadata, parent, state, status, updatedAt } = context
  return {
    state,
    metadata: {
      id,
      status,
      createdAt,
      updatedAt,
      metadata,
      ...(parent === undefined ? {} : { parent: { agentId: parent.agentId, version: parent.version } }),
      ...(deletedAt === undefined ? {} : { deletedAt })
    }
  }
}

/** Fails, with the field that does not fit, for a snapshot that `encode` did not make. */
export const decode = (snapshot: ContextSnapshot): Result.Result<AgentContext, string> => {
  const { agentId, state, version } = snapshot
  const { createdAt, deletedAt, id, metadata, parent, status, updatedAt } = snapshot.metadata
  if (!Value.isRecord(state)) return Result.fail("state")
  if (typeof id !== "string") return Result.fail("metadata/id")
  if (!isStatus(status)) return Result.fail("metadata/status")
  if (!(createdAt instanceof Date)) return Result.fail("metadata/createdAt")
  if (!(updatedAt instanceof Date)) return Result.fail("metadata/updatedAt")
  if (!Value.isRecord(metadata)) return Result.fail("metadata/metadata")
  if (parent !== undefined && !isParent(parent)) return Result.fail("metadata/parent")
  if (deletedAt !== undefined && !(deletedAt instanceof Date)) return Result.fail("metadata/deletedAt")
  return Result.succeed(
    Object.freeze({
      id,
      agentId,
      state: StateValue.freeze(state),
      version,
      status,
      createdAt,
      updatedAt,
      metadata: StateValue.freeze(metadata),
      ...(parent === undefined ? {} : { parent: StateValue.freeze(parent) }),
      ...(deletedAt === undefined ? {} : { deletedAt })
    })
  )
}

const isStatus = (status: unknown): status is AgentStatus =>
  status === "active" || status === "archived" || status === "deleted"

/** Whether a value tells the parent of a fork. */
export const isParent = (parent: Value.Value | undefined): parent is Value.Record & AgentParent =>
  Value.isRecord(parent) && typeof parent["agentId"] === "string" && typeof parent["version"] === "number"
