/**
 * Checks and encodes what callers write, before anything is queued.
 */
import * as Result from "effect/Result"
import * as AgentId from "../AgentId.ts"
import type { ContextEvent, NewEvent } from "../ContextEvent.ts"
import type { Expected } from "../EventStoreDriver.ts"
import type { Limits } from "../Limits.ts"
import type { FoldFailure, StateReducer } from "../StateReducer.ts"
import { InvalidInput } from "../StoreError.ts"
import { type PreparedEvent, prepare } from "../store/AppendInput.ts"
import type * as Uuid from "../store/Uuid.ts"
import * as Value from "../Value.ts"
import type { Standing } from "./AgentJournal.ts"
import type { Plan } from "./AgentOperation.ts"
import { describe } from "./PatchDocument.ts"
import * as StateValue from "./StateValue.ts"

/** What it takes to prepare and fold events. */
export interface Workshop {
  readonly reducer: StateReducer
  readonly limits: Limits
  readonly nextId: Uuid.Generator
}

/** An event as it will be stored, and what a read will give. */
export interface ReadyEvent {
  readonly prepared: PreparedEvent
  readonly data: Value.Record
  readonly metadata: Value.Record
}

/** Checks, encodes and copies one event of a write. */
export const prepareEvent = (
  { limits, nextId, reducer }: Workshop,
  event: NewEvent,
  commandId: string | undefined,
  now: number
): Result.Result<ReadyEvent, InvalidInput> => {
  const metadata = commandId === undefined ? event.metadata : withCommand(event.metadata, commandId)
  const shapes = reducer.shapesOf(event.type)
  const schemaVersion = event.schemaVersion ?? shapes?.current ?? 1
  const isComplete = metadata === event.metadata && schemaVersion === (event.schemaVersion ?? 1)
  const prepared = prepare(isComplete ? event : { ...event, metadata, schemaVersion }, limits, nextId, now)
  if (Result.isFailure(prepared)) return Result.fail(prepared.failure)
  if (shapes !== undefined && Result.isFailure(shapes.from(prepared.success.schemaVersion))) {
    return Result.fail(refuseShape(shapes.known, prepared.success.schemaVersion))
  }
  return Result.succeed({
    prepared: prepared.success,
    data: copyRecord(event.data),
    metadata: copyRecord(metadata)
  })
}

const refuseShape = (known: string, schemaVersion: number): InvalidInput =>
  new InvalidInput({
    path: "event/schemaVersion",
    expected: known,
    found: String(schemaVersion),
    remedy: "Leave it out to write the current shape, or teach the reducer this one."
  })

const nothing: Value.Record = Object.freeze({})

/** Of a record that was encoded a moment ago. */
const copyRecord = (record: object | undefined): Value.Record =>
  record === undefined ? nothing : (StateValue.copy(record) as Value.Record)

/** What is wrong with what every write takes beside its content. */
export const check = (
  agentId: string,
  commandId: string | undefined,
  expected: Expected | undefined
): InvalidInput | undefined => {
  const agent = AgentId.validate(agentId)
  if (Result.isFailure(agent)) return agent.failure
  if (commandId !== undefined) {
    const command = AgentId.validate(commandId, "commandId")
    if (Result.isFailure(command)) return command.failure
  }
  if (expected === undefined || expected === "any" || expected === "none") return undefined
  if (Number.isSafeInteger(expected) && expected >= 0) return undefined
  return new InvalidInput({
    path: "expected",
    expected: '"any", "none" or a version from 0',
    found: String(expected),
    remedy: "Pass the version you have read."
  })
}

/** What events come to on an agent as it stands. */
export const plan = (
  { limits, reducer }: Workshop,
  agentId: string,
  at: Standing,
  ready: ReadonlyArray<ReadyEvent>
): Result.Result<Plan, FoldFailure> => {
  let { context, eventId, version } = at
  const prepared = new Array<PreparedEvent>(ready.length)
  const events = new Array<ContextEvent>(ready.length)
  for (let index = 0; index < ready.length; index++) {
    const { data, metadata, prepared: one } = ready[index] as ReadyEvent
    const { id, schemaVersion, timestamp, type } = one
    version++
    const event = { id, agentId, version, type, schemaVersion, timestamp: new Date(timestamp), data, metadata }
    // A state must fit into an event as `state`, which is one level more.
    const folded = reducer.apply(context, event, limits.depth - 1)
    if (Result.isFailure(folded)) return Result.fail(folded.failure)
    context = folded.success
    eventId = id
    prepared[index] = one
    events[index] = event
  }
  const standing = { context, version, eventId, snapshotVersion: at.snapshotVersion }
  return Result.succeed({ prepared, events, standing })
}

const withCommand = (metadata: object | undefined, commandId: string): object =>
  // What is no object of values is refused where it is encoded.
  metadata === undefined || Value.isRecord(metadata) ? { ...metadata, commandId } : metadata

/** The refusal with the path of the caller's argument. */
export const renamed = (input: InvalidInput, rename: (path: string) => string): InvalidInput =>
  new InvalidInput({
    path: rename(input.path),
    expected: input.expected,
    found: input.found,
    remedy: input.remedy
  })

/** The path of a refusal in the caller's arguments, which are the data of the events that every agent understands. */
export const toArgument = (path: string): string =>
  path.startsWith("event/data/") ? path.slice("event/data/".length) : path.replace(/^event\//, "options/")

/** Refuses what is not an object of values. */
export const notAnObject = (path: string, found: unknown): InvalidInput =>
  new InvalidInput({
    path,
    expected: "a plain object",
    found: describe(found),
    remedy: "Wrap the value in an object with a named field."
  })
