/**
 * What the events that every agent understands make of it.
 */
import * as Result from "effect/Result"
import type { AgentContext, AgentParent, AgentStatus } from "../AgentContext.ts"
import { PatchFailed } from "../AgentError.ts"
import type { ContextEvent } from "../ContextEvent.ts"
import * as StatePatch from "../StatePatch.ts"
import { Corrupted } from "../StoreError.ts"
import * as Value from "../Value.ts"
import * as AgentEvent from "./AgentEvent.ts"
import * as AgentSnapshot from "./AgentSnapshot.ts"
import * as StateValue from "./StateValue.ts"

/** What an event changes; what is left out stays as it is. */
export interface Change {
  readonly state?: Value.Record | undefined
  readonly metadata?: Value.Record | undefined
  readonly status?: AgentStatus | undefined
  readonly parent?: AgentParent | undefined
  readonly deletedAt?: Date | undefined
}

/** What one event changes. A new state may be nested as deep as `depth`. */
export type Folder = (
  context: AgentContext | undefined,
  event: ContextEvent,
  depth: number
) => Result.Result<Change, PatchFailed | Corrupted>

/** The state of an agent that has none yet. */
export const emptyState: Value.Record = Object.freeze({})

const update: Folder = (context, event) => {
  const { metadata, state } = event.data
  if (!isRecordOrAbsent(state)) return malformed(event, "data.state that is an object")
  if (!isRecordOrAbsent(metadata)) return malformed(event, "data.metadata that is an object")
  return Result.succeed({ state: merge(context?.state, state), metadata: merge(context?.metadata, metadata) })
}

const replace: Folder = (_context, event) => {
  const { state } = event.data
  return Value.isRecord(state) ? Result.succeed({ state }) : malformed(event, "data.state that is an object")
}

const patch: Folder = (context, event, depth) => {
  const { agentId } = event
  const state = context?.state ?? emptyState
  const valid = StatePatch.validate(event.data["patch"])
  if (Result.isFailure(valid)) return malformed(event, `${valid.failure.path}: ${valid.failure.expected}`)
  const patched = StatePatch.apply(valid.success, state)
  if (Result.isFailure(patched)) return Result.fail(new PatchFailed({ agentId, ...patched.failure }))
  const adopted = StateValue.adopt(patched.success, state, depth)
  if (Result.isSuccess(adopted)) return Result.succeed({ state: adopted.success as Value.Record })
  const index = valid.success.length - 1
  const { expected, found, path } = adopted.failure
  return Result.fail(new PatchFailed({ agentId, index, op: "add", path, expected, found }))
}

const fork: Folder = (context, event, depth) => {
  const { parent } = event.data
  if (!AgentSnapshot.isParent(parent)) return malformed(event, "data.parent with an agentId and a version")
  return Result.map(replace(context, event, depth), (change) => ({ ...change, parent }))
}

const archive: Folder = (context) => Result.succeed(context?.status === "deleted" ? {} : { status: "archived" })

const restore: Folder = (context) => Result.succeed(context?.status === "deleted" ? {} : { status: "active" })

const remove: Folder = (context, { timestamp }) =>
  Result.succeed(context?.status === "deleted" ? {} : { status: "deleted", deletedAt: timestamp })

/** What to do with each of these types. */
export const folders: ReadonlyMap<string, Folder> = new Map([
  [AgentEvent.updated, update],
  [AgentEvent.replaced, replace],
  [AgentEvent.patched, patch],
  [AgentEvent.reverted, replace],
  [AgentEvent.forked, fork],
  [AgentEvent.archived, archive],
  [AgentEvent.restored, restore],
  [AgentEvent.deleted, remove]
])

/** `undefined` when nothing changes. */
const merge = (base: Value.Record | undefined, more: Value.Record | undefined): Value.Record | undefined =>
  more === undefined ? undefined : Object.freeze({ ...base, ...more })

const isRecordOrAbsent = (value: Value.Value | undefined): value is Value.Record | undefined =>
  value === undefined || Value.isRecord(value)

const malformed = (event: ContextEvent, expected: string): Result.Result<never, Corrupted> =>
  Result.fail(
    new Corrupted({
      subject: `event ${event.version} of agent ${JSON.stringify(event.agentId)}`,
      expected: `${event.type} with ${expected}`,
      found: "none",
      remedy: `Write the types that begin with "${AgentEvent.prefix}" through the AgentStateManager only.`
    })
  )
