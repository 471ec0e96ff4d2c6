/**
 * Runs the commands that wait for an actor, a round at a time: each on the state that those before it made, their events in one append,
 * the answers after it.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import { ActorCrashed, type ActorStopped, RecoveryFailed } from "../../../src/ActorError.ts"
import type { Behavior } from "../../../src/actor/Behavior.ts"
import { Decision } from "../../../src/actor/Decision.ts"
import type { RunningActor } from "../../../src/CurrentActor.ts"
import { type AppendError, type Conflict, Unknown } from "../../../src/StoreError.ts"
import type { Envelope } from "./Envelope.ts"
import { Handling, isCrash } from "./Handling.ts"
import type { LiveJournal } from "./LiveJournal.ts"
import type { Mailbox } from "./Mailbox.ts"
import type { Workshop } from "./Preparation.ts"
import * as Records from "./Records.ts"
import { Round } from "./Round.ts"
import type { Waiter } from "./Waiter.ts"

/** What ended a round before all its commands were run. */
export type Halt =
  /** A handler died. The commands before it stand, those behind it wait. */
  | { readonly _tag: "Crashed"; readonly command: string; readonly cause: unknown }
  /** Another writer appended to the agent. */
  | { readonly _tag: "Conflict"; readonly error: Conflict }

type Outcome = Exit.Exit<unknown, unknown>

/** Runs the commands of one actor. */
export class Rounds {
  private readonly id: string
  private readonly behavior: Behavior
  private readonly mailbox: Mailbox
  private readonly journal: LiveJournal
  private readonly workshop: Workshop
  private readonly handling: Handling
  /** The round whose answers are not told yet. */
  private open: Round | undefined
  private isAppending = false
  /** Set from outside: no command begins any more, until the next run. */
  isCut = false

  constructor(
    id: string,
    behavior: Behavior,
    mailbox: Mailbox,
    journal: LiveJournal,
    workshop: Workshop,
    actor: Waiter & RunningActor
  ) {
    this.id = id
    this.behavior = behavior
    this.mailbox = mailbox
    this.journal = journal
    this.workshop = workshop
    this.handling = new Handling(behavior, actor)
  }

  /** Runs the commands that wait now. The journal must stand somewhere. */
  run(): Effect.Effect<Halt | undefined> {
    this.isCut = false
    const count = this.mailbox.size
    const ids = this.mailbox.commandIds()
    if (ids === undefined) return this.go(this.begin(), count, Records.none)
    return Effect.flatMap(Effect.result(this.journal.replies(ids)), (replies) =>
      this.go(this.begin(), count, new Records.Records(ids, replies))
    )
  }

  /** Answers those whose commands were taken out of the mailbox; the actor leaves. */
  abandon(failure: ActorStopped | RecoveryFailed): void {
    this.handling.interrupt()?.refuse(failure)
    const { isAppending, open } = this
    if (open === undefined) return
    const { agentId, eventIds } = open
    open.refuse(isAppending ? new Unknown({ agentId, eventIds, cause: failure }) : failure)
  }

  private begin(): Round {
    const { behavior, journal, workshop } = this
    const { state, version } = journal.at ?? { state: undefined, version: 0 }
    this.open = new Round(journal.agentId, behavior.definition.codec, workshop, state, version)
    return this.open
  }

  private go(round: Round, count: number, records: Records.Records): Effect.Effect<Halt | undefined> {
    for (let left = count - 1; left >= 0; left--) {
      const envelope = this.mailbox.peek()
      if (envelope === undefined || this.isCut || !records.cover(envelope)) break
      this.mailbox.next()
      if (this.repeat(round, envelope, records)) continue
      const started = this.handling.start(envelope, round.state)
      const mustWait = !Exit.isExit(started) || !round.hasRoomFor(started)
      if (mustWait) return this.commitMeanwhile(round, envelope, started, left, records)
      const halt = this.conclude(round, envelope, started)
      if (halt !== undefined) return Effect.map(this.commit(round, records), (failure) => haltOf(failure) ?? halt)
    }
    return Effect.mapEager(this.commit(round, records), haltOf)
  }

  /**
   * Persists what was decided so far before the command goes on: its handler waits for something, which must be nobody else's wait, or
   * its events have no room in the same append.
   */
  private commitMeanwhile(
    round: Round,
    envelope: Envelope,
    started: Outcome | Fiber.Fiber<unknown, unknown>,
    left: number,
    records: Records.Records
  ): Effect.Effect<Halt | undefined> {
    const outcome = Exit.isExit(started) ? Effect.succeed(started) : Fiber.await(started)
    return Effect.flatMap(this.commit(round, records), (failure) =>
      Effect.flatMap(outcome, (exit) => {
        const next = this.begin()
        const isVain = failure !== undefined && !isCrash(exit)
        const halt = isVain ? this.giveUp(envelope, failure) : this.conclude(next, envelope, exit)
        const end = haltOf(failure) ?? halt
        return end === undefined && this.journal.at !== undefined ? this.go(next, left, records) : Effect.succeed(end)
      })
    )
  }

  /** Answers a command that has persisted something before. */
  private repeat(round: Round, envelope: Envelope, records: Records.Records): boolean {
    const commandId = envelope.options?.commandId
    if (commandId === undefined) return false
    const answer = records.answerTo(envelope, commandId)
    if (answer === undefined) return round.repeat(envelope, commandId)
    if (Result.isSuccess(answer)) envelope.answer(answer.success)
    else
      envelope.refuse(new RecoveryFailed({ actor: this.behavior.definition.name, id: this.id, cause: answer.failure }))
    return true
  }

  /** Takes the outcome of the command that ran. */
  private conclude(round: Round, envelope: Envelope, exit: Outcome): Halt | undefined {
    this.handling.end()
    if (isCrash(exit)) return this.crash(envelope, Cause.squash(exit.cause))
    if (Exit.isFailure(exit) || !(exit.value instanceof Decision)) {
      round.take(envelope, exit)
      return undefined
    }
    const crash = round.decide(envelope, exit.value)
    return crash === undefined ? undefined : this.crash(envelope, crash.cause)
  }

  private crash(envelope: Envelope, cause: unknown): Halt {
    const command = envelope.command.name
    envelope.answer(Exit.fail(new ActorCrashed({ actor: this.behavior.definition.name, id: this.id, command, cause })))
    return { _tag: "Crashed", command, cause }
  }

  /** The command was run on a state that is not to be. */
  private giveUp(envelope: Envelope, failure: AppendError): undefined {
    this.handling.end()
    envelope.refuse(failure)
  }

  /** Persists a round in one append, and only then answers. */
  private commit(round: Round, records: Records.Records): Effect.Effect<AppendError | undefined> {
    if (round.isEmpty) {
      this.open = undefined
      round.answer()
      return stored
    }
    this.isAppending = true
    return Effect.match(this.journal.append(round), {
      onSuccess: () => {
        this.settle()
        records.add(round.recorded)
        round.answer()
        return undefined
      },
      onFailure: (error) => {
        this.settle()
        round.refuse(error)
        return error
      }
    })
  }

  private settle(): void {
    this.open = undefined
    this.isAppending = false
  }
}

const stored = Effect.succeed(undefined)

const haltOf = (failure: AppendError | undefined): Halt | undefined =>
  failure?._tag === "Conflict" ? { _tag: "Conflict", error: failure } : undefined
