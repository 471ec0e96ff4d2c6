import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { ContextEvent } from "../ContextEvent.ts"
import type { Append, Appended } from "../EventStore.ts"
import type { Acceptance, EncodedAppend, EncodedEvent, EventStoreDriver } from "../EventStoreDriver.ts"
import {
  type AppendError,
  Conflict,
  Corrupted,
  type InvalidInput,
  Rejected,
  Unavailable,
  Unknown
} from "../StoreError.ts"
import * as Value from "../Value.ts"
import { decodeEvent } from "./EventCodec.ts"
import type { Settled } from "./GroupCommit.ts"

/** An append that was stored, or one of its three failures. */
export type AppendResult = Result.Result<Appended, AppendError>

/** An append that breaks a rule was not sent anywhere. */
export const refuseInput = (append: Append, input: InvalidInput): Rejected =>
  new Rejected({
    agentId: String(append.agentId),
    reason: "InvalidInput",
    expected: `${input.path}: ${input.expected}`,
    found: input.found,
    remedy: input.remedy,
    cause: input
  })

/** What the caller is told. */
export const toResult = (driver: EventStoreDriver, append: EncodedAppend, settled: Settled): AppendResult => {
  switch (settled._tag) {
    case "Stored":
      return Result.succeed(new AppendedEvents(append, settled.firstVersion, "stored"))
    case "Repeated":
      return Result.succeed(new AppendedEvents(append, settled.firstVersion, "repeated"))
    case "Answered": {
      const reply = Value.decode(settled.reply, `reply to command ${JSON.stringify(append.commands[0]?.id)}`)
      if (Result.isFailure(reply)) return Result.fail(unknownOf(append, reply.failure))
      return Result.succeed({
        agentId: append.agentId,
        firstVersion: settled.firstVersion,
        version: settled.lastVersion,
        outcome: "repeated",
        reply: Option.some(reply.success),
        eventIds: [],
        events: []
      })
    }
    default:
      return Result.fail(toFailure(driver, append, settled))
  }
}

/** Why an append was not stored, as far as is known. */
export const toFailure = (
  driver: EventStoreDriver,
  append: EncodedAppend,
  settled: Exclude<Settled, Acceptance>
): AppendError => {
  switch (settled._tag) {
    case "Conflict": {
      const expected = append.expected === "any" ? settled.actual : append.expected
      return new Conflict({ agentId: append.agentId, expected, actual: settled.actual })
    }
    case "EventIdTaken":
      return rejected(
        append,
        "EventIdTaken",
        "event ids that are new, or all events stored before with the same bodies",
        `event id ${JSON.stringify(settled.eventId)} stored with another body, for another agent, or alone`,
        "Use new event ids for new events; repeat an append unchanged."
      )
    case "CommandIdTaken":
      return rejected(
        append,
        "CommandIdTaken",
        "command ids that are new to the agent",
        `command id ${JSON.stringify(settled.commandId)} recorded before`,
        "Ask for its reply with `EventStore.reply`, and append the others."
      )
    case "Closed":
      return rejected(
        append,
        "Closed",
        "an open store",
        `${driver.name} closed or closing`,
        "Keep the layer of the store alive while you append."
      )
    case "BatchFailure":
      switch (settled.certainty) {
        case "unknown":
          return unknownOf(append, settled.cause)
        case "unavailable": {
          const known = isKnown(settled.cause) ? settled.cause : undefined
          return rejected(
            append,
            "Unavailable",
            known?.expected ?? `${driver.name} to answer`,
            known === undefined ? describe(settled.cause) : foundIn(known),
            `Nothing was stored. ${known?.remedy ?? "Append again once the store can be reached."}`,
            settled.cause
          )
        }
        case "refused":
          return rejected(
            append,
            "Refused",
            `a row that ${driver.name} accepts`,
            describe(settled.cause),
            "See the cause; the other appends of the group are not affected.",
            settled.cause
          )
      }
  }
}

const rejected = (
  append: EncodedAppend,
  reason: Rejected["reason"],
  expected: string,
  found: string,
  remedy: string,
  cause?: unknown
): Rejected =>
  new Rejected({
    agentId: append.agentId,
    reason,
    expected,
    found,
    remedy,
    ...(cause === undefined ? {} : { cause })
  })

const unknownOf = (append: EncodedAppend, cause: unknown): Unknown =>
  new Unknown({ agentId: append.agentId, eventIds: append.events.map((event) => event.id), cause })

/** Whether the driver said what to do. */
const isKnown = (cause: unknown): cause is Unavailable | Corrupted =>
  cause instanceof Unavailable || cause instanceof Corrupted

const foundIn = (cause: Unavailable | Corrupted): string =>
  cause._tag === "Corrupted" ? `${cause.subject}: ${cause.found}` : cause.found

const describe = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** Decodes its events only when somebody looks, since most callers only want the version. */
class AppendedEvents implements Appended {
  readonly agentId: string
  readonly firstVersion: number
  readonly version: number
  readonly outcome: "stored" | "repeated"
  readonly reply = Option.none<Value.Value>()
  private readonly encoded: ReadonlyArray<EncodedEvent>
  private decoded: ReadonlyArray<ContextEvent> | undefined

  constructor(append: EncodedAppend, firstVersion: number, outcome: "stored" | "repeated") {
    this.agentId = append.agentId
    this.firstVersion = firstVersion
    this.version = firstVersion + append.events.length - 1
    this.outcome = outcome
    this.encoded = append.events
  }

  get eventIds(): ReadonlyArray<string> {
    return this.encoded.map((event) => event.id)
  }

  get events(): ReadonlyArray<ContextEvent> {
    this.decoded ??= this.encoded.map((event, index) =>
      // This process encoded the text a moment ago, so it can be read back.
      Result.getOrThrow(decodeEvent({ ...event, agentId: this.agentId, version: this.firstVersion + index }))
    )
    return this.decoded
  }
}
