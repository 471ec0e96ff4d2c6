/**
 * The writes of `AgentStateManager`: which event each of them is, and when it may happen.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import { type AgentDeleted, AgentMissing } from "../AgentError.ts"
import type { AgentStateManager } from "../AgentStateManager.ts"
import * as ShareRecord from "../access/ShareRecord.ts"
import * as Note from "../Note.ts"
import * as StatePatch from "../StatePatch.ts"
import { refuseType } from "../StateReducer.ts"
import { Conflict, InvalidInput } from "../StoreError.ts"
import * as Value from "../Value.ts"
import * as AgentEvent from "./AgentEvent.ts"
import type { Standing } from "./AgentJournal.ts"
import { notAnObject, toArgument } from "./AgentPreparation.ts"
import { type AgentReader, refuseDeleted } from "./AgentReader.ts"
import type { WriteOptions } from "./AgentRequest.ts"
import { type AgentWriter, admitActive, admitExpected, type Write } from "./AgentWriter.ts"
import { describe } from "./PatchDocument.ts"

type Writes = Pick<
  AgentStateManager["Service"],
  | "updateContext"
  | "setState"
  | "patchState"
  | "appendEvent"
  | "appendEvents"
  | "revertTo"
  | "fork"
  | "archive"
  | "restore"
  | "deleteContext"
>

/** The writing half of the service, but for `modify`. */
export const make = (reader: AgentReader, writer: AgentWriter): Writes => {
  /** Writes one event that every agent understands, and gives the agent after it. */
  const record = <E, F = never>(
    agentId: string,
    type: string,
    data: object,
    options: WriteOptions | undefined,
    admit: Write<E>["admit"],
    refuse?: Write<E, F>["refuse"],
    notes?: ReadonlyArray<Note.Change>
  ) =>
    writer.write(
      {
        agentId,
        events: [{ type, data, id: options?.id, metadata: options?.metadata }],
        notes,
        commandId: options?.commandId,
        expected: options?.expected,
        admit,
        refuse,
        rename: toArgument
      },
      writer.contextOf
    )

  const appendEvents: Writes["appendEvents"] = (agentId, events, options) => {
    const input = checkEvents(events)
    if (Result.isFailure(input)) return Effect.fail(input.failure)
    return writer.write(
      {
        agentId,
        events,
        commandId: options?.commandId,
        expected: options?.expected,
        admit: admitActive(agentId, options?.expected),
        refuse: (failure) => (failure._tag === "ReducerFailed" ? Exit.fail(failure) : Exit.die(failure)),
        rename: (path, index) => (events.length === 1 ? path : path.replace(/^event/, `events/${index}`))
      },
      writer.eventsOf
    )
  }

  const setStatus = (
    agentId: string,
    type: string,
    options: WriteOptions | undefined,
    admit: Admission,
    notes?: ReadonlyArray<Note.Change>
  ) => record(agentId, type, {}, options, (at) => admitStatus(agentId, at, options, admit), undefined, notes)

  return {
    updateContext: (agentId, update, options) => {
      const data = checkUpdate(update)
      if (Result.isFailure(data)) return Effect.fail(data.failure)
      return record(agentId, AgentEvent.updated, data.success, options, admitActive(agentId, options?.expected))
    },
    setState: (agentId, state, options) =>
      Value.isRecord(state)
        ? record(agentId, AgentEvent.replaced, { state }, options, admitActive(agentId, options?.expected))
        : Effect.fail(notAnObject("state", state)),
    patchState: (agentId, patch, options) => {
      const valid = StatePatch.validate(patch)
      if (Result.isFailure(valid)) return Effect.fail(valid.failure)
      const admit = admitActive(agentId, options?.expected)
      return record(agentId, AgentEvent.patched, { patch }, options, admit, (failure) =>
        failure._tag === "PatchFailed" ? Exit.fail(failure) : Exit.die(failure)
      )
    },
    appendEvent: (agentId, event, options) =>
      Effect.flatMap(appendEvents(agentId, [event], options), ([stored]) =>
        stored === undefined ? Effect.die(new Error("an append gave no event")) : Effect.succeed(stored)
      ),
    appendEvents,
    revertTo: Effect.fnUntraced(function* (agentId, version, options) {
      const { state } = yield* reader.atVersion(agentId, version)
      const admit = admitActive(agentId, options?.expected)
      return yield* record(agentId, AgentEvent.reverted, { to: version, state }, options, admit)
    }),
    fork: Effect.fnUntraced(function* (agentId, newAgentId, options) {
      const at = options?.at
      const { state, version } = yield* at === undefined ? reader.getContext(agentId) : reader.atVersion(agentId, at)
      const data = { parent: { agentId, version }, state }
      return yield* record(newAgentId, AgentEvent.forked, data, options, admitNew(newAgentId))
    }),
    archive: (agentId, options) => setStatus(agentId, AgentEvent.archived, options, "unless archived"),
    restore: (agentId, options) => setStatus(agentId, AgentEvent.restored, options, "if archived"),
    deleteContext: (agentId, options) => setStatus(agentId, AgentEvent.deleted, options, "unless deleted", sharesEnd)
  }
}

/** Whatever was shared of an agent that is deleted is shared no more. */
const sharesEnd = [Note.put(ShareRecord.endNote, null)]

// ---- when a write may happen ----

type Admission = "unless archived" | "if archived" | "unless deleted"

const admitNew =
  (agentId: string) =>
  ({ context, version }: Standing): Result.Result<boolean, AgentDeleted | Conflict> => {
    if (context === undefined) return Result.succeed(true)
    if (context.status === "deleted") return Result.fail(refuseDeleted(context))
    return Result.fail(new Conflict({ agentId, expected: "none", actual: version }))
  }

/** A change of status that has happened already is nothing to do. */
const admitStatus = (
  agentId: string,
  at: Standing,
  options: WriteOptions | undefined,
  admission: Admission
): Result.Result<boolean, AgentMissing | AgentDeleted | Conflict> => {
  const { context } = at
  if (context === undefined) return Result.fail(new AgentMissing({ agentId }))
  const { status } = context
  if (status === "deleted") {
    return admission === "unless deleted" ? Result.succeed(false) : Result.fail(refuseDeleted(context))
  }
  if (admission === "unless archived" && status === "archived") return Result.succeed(false)
  if (admission === "if archived" && status === "active") return Result.succeed(false)
  return admitExpected(agentId, at, options?.expected)
}

// ---- input ----

const checkUpdate = (update: unknown): Result.Result<object, InvalidInput> => {
  if (!Value.isRecord(update)) return Result.fail(notAnObject("update", update))
  const data: { [key: string]: Value.Value } = {}
  for (const key of Object.keys(update)) {
    if (key !== "state" && key !== "metadata") {
      const remedy = "Set the state, the metadata, or append an event of your own; nothing else can be changed."
      return invalid(`update/${key}`, "state and metadata", JSON.stringify(key), remedy)
    }
    const value = update[key]
    if (value === undefined) continue
    if (!Value.isRecord(value)) return Result.fail(notAnObject(key, value))
    data[key] = value
  }
  return Result.succeed(data)
}

/** What is wrong with events of the caller's own. */
export const checkEvents = (events: unknown): Result.Result<void, InvalidInput> => {
  if (!Array.isArray(events) || events.length === 0) {
    return invalid("events", "one event or more", describe(events), "Append at least one event.")
  }
  for (const [index, event] of events.entries()) {
    const path = events.length === 1 ? "event" : `events/${index}`
    if (!Value.isRecord(event)) return Result.fail(notAnObject(path, event))
    const type: unknown = event["type"]
    const refusal = typeof type === "string" ? refuseType(type) : "a text"
    if (refusal !== undefined) {
      return invalid(`${path}/type`, refusal, describe(type), "Choose a type such as `task.completed`.")
    }
  }
  return Result.succeed(undefined)
}

const invalid = (path: string, expected: string, found: string, remedy: string): Result.Result<never, InvalidInput> =>
  Result.fail(new InvalidInput({ path, expected, found, remedy }))
