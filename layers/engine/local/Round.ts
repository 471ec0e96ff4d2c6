/**
 * What several commands decided, one after the other, before it is persisted.
 */
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { ActorCodec } from "../../../src/ActorCodec.ts"
import type { ActorError } from "../../../src/ActorError.ts"
import { Decision } from "../../../src/Decision.ts"
import type { Append, Command } from "../../../src/EventStore.ts"
import { type PreparedEvent, prepare } from "../../../src/EventStoreAppend.ts"
import type * as Limits from "../../../src/Limits.ts"
import { InvalidInput, Rejected } from "../../../src/StoreError.ts"
import type * as Uuid from "../../../src/Uuid.ts"
import type { Envelope } from "./Envelope.ts"

/** What it takes to prepare events. */
export interface Workshop {
  readonly limits: Limits.Limits
  readonly nextId: Uuid.Generator
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** The outcome of a command, or why what it decided cannot be persisted. */
interface Answer {
  readonly envelope: Envelope
  readonly outcome: Exit.Exit<unknown, unknown> | Rejected
}

// One append should stay well below what stores take in one message.
const mostCharacters = 4 * 1024 * 1024

/** Collects events and answers; nothing is told to anybody before the events are on disk. */
export class Round {
  /** The state after the events so far. */
  state: unknown
  readonly agentId: string
  /** The version before the first event. */
  readonly version: number
  /** The answers to commands that will be on record. */
  readonly recorded = new Map<string, Exit.Exit<unknown, unknown>>()
  private readonly events: Array<PreparedEvent> = []
  private characters = 0
  private readonly commands: Array<Command> = []
  private readonly answers: Array<Answer> = []
  /** How many answers came before the first event, and so rest on nothing unpersisted. */
  private settledAnswers = 0
  private readonly codec: ActorCodec
  private readonly workshop: Workshop

  constructor(agentId: string, codec: ActorCodec, workshop: Workshop, state: unknown, version: number) {
    this.agentId = agentId
    this.codec = codec
    this.workshop = workshop
    this.state = state
    this.version = version
  }

  get isEmpty(): boolean {
    return this.events.length === 0
  }

  get append(): Append {
    return { agentId: this.agentId, events: this.events, expected: this.version, commands: this.commands }
  }

  get eventIds(): ReadonlyArray<string> {
    return this.events.map((event) => event.id)
  }

  get lastEventId(): string {
    return this.events.at(-1)?.id ?? ""
  }

  /** Whether what a handler decided fits into the same append. */
  hasRoomFor(exit: Exit.Exit<unknown, unknown>): boolean {
    if (this.isEmpty || Exit.isFailure(exit) || !(exit.value instanceof Decision)) return true
    const count = this.events.length + exit.value.events.length
    return count <= this.workshop.limits.eventsPerAppend && this.characters < mostCharacters
  }

  /** Answers a command with the answer of its twin, if that has persisted something in this round. */
  repeat(envelope: Envelope, commandId: string): boolean {
    const exit = this.recorded.get(commandId)
    if (exit !== undefined) this.take(envelope, exit)
    return exit !== undefined
  }

  /** Takes the outcome of a command that persists nothing. */
  take(envelope: Envelope, outcome: Answer["outcome"]): void {
    this.answers.push({ envelope, outcome })
    if (this.isEmpty) this.settledAnswers++
  }

  /** Takes what a handler decided; a part of it is as good as nothing. Fails when the program threw. */
  decide(envelope: Envelope, decision: Decision<unknown, unknown>): Result.Result<void, unknown> {
    const prepared: Array<PreparedEvent> = []
    let { state } = this
    const metadata = metadataOf(envelope)
    for (const event of decision.events) {
      const ready = this.prepare(event, metadata)
      if (Result.isFailure(ready)) return Result.succeed(this.take(envelope, this.reject("event", ready.failure)))
      const folded = this.codec.evolve(state, event)
      if (Result.isFailure(folded)) return Result.fail(folded.failure)
      prepared.push(ready.success)
      state = folded.success
    }
    // The definition ties the reply to its own state.
    const reply = Result.try(() => (decision.reply as (state: unknown) => unknown)(state))
    if (Result.isFailure(reply)) return Result.fail(reply.failure)
    const exit = Exit.succeed(reply.success)
    const commandId = envelope.options?.commandId
    if (commandId !== undefined && prepared.length > 0) {
      const encoded = envelope.command.codec.encodeReply(reply.success)
      if (Result.isFailure(encoded)) return Result.succeed(this.take(envelope, this.reject("reply", encoded.failure)))
      this.commands.push({ id: commandId, reply: encoded.success })
      this.recorded.set(commandId, exit)
    }
    for (const event of prepared) {
      this.events.push(event)
      this.characters += event.data.length + event.metadata.length
    }
    this.state = state
    this.take(envelope, exit)
    return Result.void
  }

  /** Tells everybody; the events are on disk. */
  answer(): void {
    for (const answer of this.answers) tell(answer)
  }

  /** Tells those who rest on nothing unpersisted, and everybody else that they came to nothing. */
  refuse(failure: ActorError): void {
    for (const [index, answer] of this.answers.entries()) {
      if (index < this.settledAnswers) tell(answer)
      else answer.envelope.refuse(failure)
    }
  }

  private prepare(event: unknown, metadata: object | undefined): Result.Result<PreparedEvent, Refusal> {
    const { limits, nextId, now } = this.workshop
    const encoded = this.codec.encodeEvent(event)
    if (Result.isFailure(encoded)) return Result.fail(encoded.failure)
    return prepare({ ...encoded.success, metadata }, limits, nextId, now())
  }

  private reject(what: "event" | "reply", cause: Refusal): Rejected {
    return new Rejected({
      agentId: this.agentId,
      reason: "InvalidInput",
      expected:
        cause instanceof InvalidInput ? `${cause.path}: ${cause.expected}` : `the ${what} to fit its own schema`,
      found: cause instanceof InvalidInput ? cause.found : cause.message,
      remedy: "The handler decided what cannot be stored; see the cause.",
      cause
    })
  }
}

type Refusal = InvalidInput | Schema.SchemaError

const tell = ({ envelope, outcome }: Answer): void => {
  if (Exit.isExit(outcome)) envelope.answer(outcome)
  else envelope.refuse(outcome)
}

const metadataOf = ({ options }: Envelope): object | undefined => {
  if (options?.commandId === undefined) return options?.metadata
  return { ...options.metadata, commandId: options.commandId }
}
