/**
 * From what a handler decided to what can be persisted: everything that could be refused is found out before the append, so that no
 * command spoils the append of others.
 */
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import { type ActorCodec, noWish } from "../../../src/actor/ActorCodec.ts"
import type { Decision } from "../../../src/actor/Decision.ts"
import { type PreparedTimer, prepareTimer } from "../../../src/actor/TimerNote.ts"
import type { Command } from "../../../src/EventStore.ts"
import type * as Limits from "../../../src/Limits.ts"
import { InvalidInput, Rejected } from "../../../src/StoreError.ts"
import { type PreparedEvent, prepare } from "../../../src/store/AppendInput.ts"
import type * as Uuid from "../../../src/store/Uuid.ts"
import * as Trace from "../../../src/Trace.ts"
import * as Value from "../../../src/Value.ts"
import type { Envelope } from "./Envelope.ts"
import type { TimerChanges } from "./Handling.ts"

/** What it takes to prepare events. */
export interface Workshop {
  readonly limits: Limits.Limits
  readonly nextId: Uuid.Generator
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** What a handler decided. */
export interface Decided {
  readonly decision: Decision<unknown, unknown>
  readonly timers: TimerChanges | undefined
}

/** What became of a decision. */
export type Prepared =
  | {
      readonly _tag: "Ready"
      readonly events: ReadonlyArray<PreparedEvent>
      readonly timers: ReadonlyArray<PreparedTimer>
      /** Goes on record with the events. */
      readonly command: Command | undefined
      /** The state after the events. */
      readonly state: unknown
      readonly reply: unknown
      /** Whether an event asks for a snapshot; fails as the definition's predicate does. */
      readonly snapshotWish: Result.Result<boolean, unknown>
    }
  /** It cannot be stored. */
  | { readonly _tag: "Refused"; readonly error: Rejected }
  /** `evolve`, or what makes the reply, threw. */
  | { readonly _tag: "Crashed"; readonly cause: unknown }

/** Prepares what a handler decided on a state, and the timers that it set. */
export const prepareDecision = (
  agentId: string,
  codec: ActorCodec,
  { limits, nextId, now }: Workshop,
  envelope: Envelope,
  { decision, timers: changes }: Decided,
  state: unknown
): Prepared => {
  const count = decision.events.length
  if (count > limits.eventsPerAppend) return refused(agentId, tooMany("events", count, limits))
  const timers = prepareTimers(codec, changes, limits)
  if (Result.isFailure(timers)) return refused(agentId, timers.failure)
  const metadata = metadataOf(agentId, envelope)
  const events: Array<PreparedEvent> = []
  let snapshotWish = noWish
  for (const event of decision.events) {
    const encoded = codec.encodeEvent(event)
    if (Result.isFailure(encoded)) return refused(agentId, encoded.failure)
    const ready = prepare({ ...encoded.success, metadata }, limits, nextId, now())
    if (Result.isFailure(ready)) return refused(agentId, ready.failure)
    const folded = codec.evolve(state, event)
    if (Result.isFailure(folded)) return { _tag: "Crashed", cause: folded.failure }
    events.push(ready.success)
    state = folded.success
    if (snapshotWish === noWish) snapshotWish = codec.wantsSnapshot(event, state)
  }
  // The definition ties the reply to its own state.
  const reply = Result.try(() => (decision.reply as (state: unknown) => unknown)(state))
  if (Result.isFailure(reply)) return { _tag: "Crashed", cause: reply.failure }
  const ready = { _tag: "Ready", events, timers: timers.success, state, reply: reply.success, snapshotWish } as const
  // With nothing persisted there is nothing to take back.
  if (count === 0 && changes === undefined) return { ...ready, command: undefined }
  const command = prepareReply(envelope, reply.success, count > 0, limits)
  return Result.isFailure(command) ? refused(agentId, command.failure) : { ...ready, command: command.success }
}

/** A reply that its schema refuses is none, whether it goes on record or not. */
const prepareReply = (
  { command, options }: Envelope,
  reply: unknown,
  isRecorded: boolean,
  limits: Limits.Limits
): Result.Result<Command | undefined, InvalidInput | Schema.SchemaError> => {
  const encoded = command.codec.encodeReply(reply)
  if (Result.isFailure(encoded)) return Result.fail(encoded.failure)
  const id = options?.commandId
  if (id === undefined || !isRecorded) return Result.succeed(undefined)
  const storable = Value.encode(encoded.success ?? null, "reply", limits)
  return Result.map(storable, () => ({ id, reply: encoded.success }))
}

const noTimers: Result.Result<ReadonlyArray<PreparedTimer>, never> = Result.succeed([])

const prepareTimers = (
  codec: ActorCodec,
  changes: TimerChanges | undefined,
  limits: Limits.Limits
): Result.Result<ReadonlyArray<PreparedTimer>, InvalidInput | Schema.SchemaError> => {
  if (changes === undefined) return noTimers
  if (changes.size > limits.eventsPerAppend) return Result.fail(tooMany("timers", changes.size, limits))
  const prepared: Array<PreparedTimer> = []
  for (const change of changes.values()) {
    const timer = prepareTimer(codec, change, limits)
    if (Result.isFailure(timer)) return Result.fail(timer.failure)
    prepared.push(timer.success)
  }
  return Result.succeed(prepared)
}

/** That an actor has done something by itself goes without saying. */
const metadataOf = (agentId: string, { options, origin }: Envelope): object | undefined => {
  const { commandId, metadata } = options ?? {}
  const { principal, span } = origin
  const by = principal?.id === agentId ? undefined : principal?.id
  if (commandId === undefined && span === undefined && by === undefined) return metadata
  return {
    ...(span === undefined ? {} : { traceparent: Trace.toTraceparent(span) }),
    ...metadata,
    ...(by === undefined ? {} : { principal: by }),
    ...(commandId === undefined ? {} : { commandId })
  }
}

const tooMany = (path: "events" | "timers", count: number, { eventsPerAppend }: Limits.Limits): InvalidInput =>
  new InvalidInput({
    path,
    expected: `at most ${eventsPerAppend} ${path}`,
    found: `${count} ${path}`,
    remedy: "Persist less with one command."
  })

const refused = (agentId: string, cause: InvalidInput | Schema.SchemaError): Prepared => ({
  _tag: "Refused",
  error: new Rejected({
    agentId,
    reason: "InvalidInput",
    expected:
      cause._tag === "InvalidInput" ? `${cause.path}: ${cause.expected}` : "what a handler persists to fit its schema",
    found: cause._tag === "InvalidInput" ? cause.found : cause.message,
    remedy: "The handler decided what cannot be stored; see the cause.",
    cause
  })
})
