/**
 * Checks and encodes what callers write, before anything is queued.
 */
import * as Result from "effect/Result"
import * as AgentId from "./AgentId.ts"
import type { Standing } from "./AgentJournal.ts"
import type { Plan } from "./AgentOperation.ts"
import type { ContextEvent, NewEvent } from "./ContextEvent.ts"
import { decodeEvent } from "./EventCodec.ts"
import { type PreparedEvent, prepare } from "./EventStoreAppend.ts"
import type { Expected } from "./EventStoreDriver.ts"
import type { Limits } from "./Limits.ts"
import { describe } from "./PatchDocument.ts"
import type { FoldFailure, StateReducer } from "./StateReducer.ts"
import { InvalidInput } from "./StoreError.ts"
import type * as Uuid from "./Uuid.ts"
import * as Value from "./Value.ts"

/** What it takes to prepare and fold events. */
export interface Workshop {
  readonly reducer: StateReducer
  readonly limits: Limits
  readonly nextId: Uuid.Generator
}

/** An event as it will be stored, and as a read will give it, but for its version. */
export interface PlannedEvent {
  readonly prepared: PreparedEvent
  readonly event: ContextEvent
}

/** One event of a write. `rename` turns the paths of a refusal into those of the caller's arguments. */
export const prepareEvent = (
  workshop: Workshop,
  agentId: string,
  event: NewEvent,
  now: number,
  commandId: string | undefined,
  rename: (path: string) => string
): Result.Result<PlannedEvent, InvalidInput> => {
  const metadata = commandId === undefined ? event.metadata : withCommand(event.metadata, commandId)
  const prepared = prepare({ ...event, metadata }, workshop.limits, workshop.nextId, now)
  if (Result.isFailure(prepared)) return Result.fail(renamed(prepared.failure, rename))
  // Decoded rather than taken from the caller, who may change his own; what was encoded a moment ago can be decoded.
  const decoded = Result.getOrThrow(decodeEvent({ ...prepared.success, agentId, version: 0 }))
  return Result.succeed({ prepared: prepared.success, event: decoded })
}

/** Checks what every write takes beside its content. */
export const check = (
  agentId: string,
  commandId: string | undefined,
  expected: Expected | undefined
): Result.Result<void, InvalidInput> =>
  Result.gen(function* () {
    yield* AgentId.validate(agentId)
    if (commandId !== undefined) yield* AgentId.validate(commandId, "commandId")
    if (expected === undefined || expected === "any" || expected === "none") return
    if (Number.isSafeInteger(expected) && expected >= 0) return
    return yield* Result.fail(
      new InvalidInput({
        path: "expected",
        expected: '"any", "none" or a version from 0',
        found: String(expected),
        remedy: "Pass the version you have read."
      })
    )
  })

/** What events come to on an agent as it stands. */
export const plan = (
  { limits, reducer }: Workshop,
  at: Standing,
  planned: ReadonlyArray<PlannedEvent>
): Result.Result<Plan, FoldFailure> => {
  let { context, eventId, version } = at
  const prepared: Array<PreparedEvent> = []
  const events: Array<ContextEvent> = []
  for (const one of planned) {
    version++
    const event = { ...one.event, version }
    // A state must fit into an event as `state`, which is one level more.
    const folded = reducer.apply(context, event, limits.depth - 1)
    if (Result.isFailure(folded)) return Result.fail(folded.failure)
    context = folded.success
    eventId = event.id
    prepared.push(one.prepared)
    events.push(event)
  }
  return Result.succeed({
    prepared,
    events,
    standing: { context, version, eventId, snapshotVersion: at.snapshotVersion }
  })
}

const withCommand = (metadata: object | undefined, commandId: string): object =>
  // What is no object of values is refused where it is encoded.
  metadata === undefined || Value.isRecord(metadata) ? { ...metadata, commandId } : metadata

const renamed = (input: InvalidInput, rename: (path: string) => string): InvalidInput =>
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
