/**
 * One turn of an actor's loop: what the waiting commands decided, one after the other, before it is persisted.
 */
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type * as Actor from "../../../src/Actor.ts"
import { Decision } from "../../../src/Decision.ts"
import type { Command } from "../../../src/EventStore.ts"
import { type PreparedEvent, prepare } from "../../../src/EventStoreAppend.ts"
import type * as Limits from "../../../src/Limits.ts"
import type * as Uuid from "../../../src/Uuid.ts"
import type { Envelope } from "./Mailbox.ts"

/** What it takes to prepare events. */
export interface Workshop {
  readonly limits: Limits.Limits
  readonly nextId: Uuid.Generator
}

/** Collects events and answers; nothing is told to anybody before the events are on disk. */
export class Round {
  /** The state after the events so far. */
  state: unknown
  readonly events: Array<PreparedEvent> = []
  readonly commands: Array<Command> = []
  private readonly answers: Array<{ readonly envelope: Envelope; readonly exit: Exit.Exit<unknown, unknown> }> = []
  /** How many answers came before the first event, and so rest on nothing unpersisted. */
  private settledAnswers = -1
  private readonly definition: Actor.Any
  private readonly workshop: Workshop

  constructor(definition: Actor.Any, workshop: Workshop, state: unknown) {
    this.definition = definition
    this.workshop = workshop
    this.state = state
  }

  /** Takes what a handler gave. Fails with the reason when it cannot be persisted or folded; then the round is as before. */
  accept(envelope: Envelope, exit: Exit.Exit<unknown, unknown>, now: number): Result.Result<void, unknown> {
    if (Exit.isFailure(exit) || !(exit.value instanceof Decision)) {
      this.answers.push({ envelope, exit })
      return Result.succeed(undefined)
    }
    const decision: Decision<unknown, unknown> = exit.value
    const metadata = metadataOf(envelope)
    const prepared: Array<PreparedEvent> = []
    let { state } = this
    for (const event of decision.events) {
      const ready = this.prepare(event, metadata, now)
      if (Result.isFailure(ready)) return Result.fail(ready.failure)
      const folded = this.definition.codec.evolve(state, event)
      if (Result.isFailure(folded)) return Result.fail(folded.failure)
      prepared.push(ready.success)
      state = folded.success
    }
    // The definition ties the reply to its own state.
    const reply = Result.try(() => (decision.reply as (state: unknown) => unknown)(state))
    if (Result.isFailure(reply)) return Result.fail(reply.failure)
    const commandId = envelope.options?.commandId
    if (commandId !== undefined && prepared.length > 0) {
      const encoded = this.definition.codec.commands.get(envelope.command)?.encodeReply(reply.success)
      if (encoded !== undefined && Result.isFailure(encoded)) return Result.fail(encoded.failure)
      this.commands.push({ id: commandId, reply: encoded?.success })
    }
    if (prepared.length > 0 && this.settledAnswers < 0) this.settledAnswers = this.answers.length
    for (const event of prepared) this.events.push(event)
    this.state = state
    this.answers.push({ envelope, exit: Exit.succeed(reply.success) })
    return Result.succeed(undefined)
  }

  /** Tells everybody; the events are on disk. */
  answer(): void {
    for (const { envelope, exit } of this.answers) envelope.reply(exit)
  }

  /** Tells those who rest on nothing unpersisted, and everybody else that the append failed. */
  refuse(failure: Exit.Exit<never, unknown>): void {
    for (const [index, { envelope, exit }] of this.answers.entries()) {
      envelope.reply(index < this.settledAnswers ? exit : failure)
    }
  }

  private prepare(event: unknown, metadata: object | undefined, now: number): Result.Result<PreparedEvent, unknown> {
    return Result.flatMap(this.definition.codec.encodeEvent(event), ({ data, type }) =>
      prepare({ type, data, metadata }, this.workshop.limits, this.workshop.nextId, now)
    )
  }
}

const metadataOf = ({ options }: Envelope): object | undefined => {
  if (options?.commandId === undefined) return options?.metadata
  return { ...options.metadata, commandId: options.commandId }
}
