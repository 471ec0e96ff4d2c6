/**
 * Runs the commands that wait for an actor, a round at a time: each on the state that those before it made, their events in one append,
 * the answers after it.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import { ActorCrashed, type ActorStopped, RecoveryFailed } from "../../../src/ActorError.ts"
import type { Behavior } from "../../../src/actor/Behavior.ts"
import { Decision } from "../../../src/actor/Decision.ts"
import type { RunningActor } from "../../../src/CurrentActor.ts"
import { type AppendError, type Conflict, Unknown } from "../../../src/StoreError.ts"
import type { Alarms } from "./Alarms.ts"
import type { Envelope } from "./Envelope.ts"
import { Firing } from "./Firing.ts"
import { Handling, isCrash, type TimerChanges } from "./Handling.ts"
import type { LiveJournal } from "./LiveJournal.ts"
import type { LookUps, Mailbox } from "./Mailbox.ts"
import type { Workshop } from "./Preparation.ts"
import * as Records from "./Records.ts"
import { Round } from "./Round.ts"
import { StandingTimers } from "./StandingTimers.ts"
import type { Waiter } from "./Waiter.ts"

/** What is told of timers that are stored. */
export interface Clock {
  readonly alarms: Pick<Alarms, "set">
}

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
  private readonly workshop: Workshop & Clock
  private readonly actor: RunningActor
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
    workshop: Workshop & Clock,
    actor: Waiter & RunningActor
  ) {
    this.actor = actor
    this.id = id
    this.behavior = behavior
    this.mailbox = mailbox
    this.journal = journal
    this.workshop = workshop
    this.handling = new Handling(behavior, actor)
  }

  /** The command whose handler runs. */
  get current(): Envelope | undefined {
    return this.handling.current
  }

  /** Runs the commands that wait now. The journal must stand somewhere. */
  run(): Effect.Effect<Halt | undefined> {
    this.isCut = false
    const count = this.mailbox.size
    const lookUps = this.mailbox.lookUps()
    if (lookUps === undefined) return this.go(this.begin(), count, Records.none)
    return Effect.flatMap(this.lookUp(lookUps), (records) => this.go(this.begin(), count, records))
  }

  private lookUp({ commandIds, timers }: LookUps): Effect.Effect<Records.Records> {
    return Effect.zipWith(
      Effect.result(this.journal.replies(commandIds)),
      Effect.result(this.journal.timers(timers)),
      (replies, notes) => new Records.Records(commandIds, replies, new StandingTimers(timers, notes))
    )
  }

  /** Answers those whose commands were taken out of the mailbox; the actor leaves. */
  abandon(failure: () => ActorStopped | RecoveryFailed): void {
    this.handling.interrupt()?.refuse(failure())
    const { isAppending, open } = this
    if (open === undefined) return
    const { agentId, eventIds } = open
    open.refuse(isAppending ? new Unknown({ agentId, eventIds, cause: failure() }) : failure())
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
      if (envelope instanceof Firing ? !this.stands(envelope, records) : this.repeat(round, envelope, records)) continue
      const started = this.handling.start(envelope, round.state)
      const mustWait = started === undefined || !round.hasRoomFor(started, this.handling.timers?.size ?? 0)
      if (mustWait) return this.commitMeanwhile(round, envelope, started, left, records)
      const halt = this.conclude(round, envelope, started, records)
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
    started: Outcome | undefined,
    left: number,
    records: Records.Records
  ): Effect.Effect<Halt | undefined> {
    const outcome = started === undefined ? this.handling.outcome : Effect.succeed(started)
    return Effect.flatMap(this.commit(round, records), (failure) =>
      Effect.flatMap(outcome, (exit) => {
        const next = this.begin()
        const isVain = failure !== undefined && !isCrash(exit)
        const halt = isVain ? this.giveUp(envelope, failure) : this.conclude(next, envelope, exit, records)
        const end = haltOf(failure) ?? halt
        if (end === undefined && this.journal.at !== undefined) return this.go(next, left, records)
        if (failure === undefined) return Effect.map(this.commit(next, records), (late) => haltOf(late) ?? end)
        this.settle()
        next.refuse(failure)
        return Effect.succeed(end)
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

  /** Whether the timer that has gone off is still set; then it is known what it sends. */
  private stands(firing: Firing, { timers }: Records.Records): boolean {
    const standing = timers.of(firing)
    if (standing._tag === "Falls") firing.end(standing.ring)
    else if (standing._tag === "Unreadable") firing.end({ _tag: "Unheard" })
    else firing.load(standing.note, this.behavior)
    return standing._tag === "Stands"
  }

  /** Takes the outcome of the command that ran. */
  private conclude(round: Round, envelope: Envelope, exit: Outcome, records: Records.Records): Halt | undefined {
    const timers = this.handling.end()
    if (envelope instanceof Firing) {
      round.useUp(envelope)
      records.timers.change(envelope.alarm.name)
    }
    if (timers !== undefined) for (const name of timers.keys()) records.timers.change(name)
    if (isCrash(exit)) return this.crash(round, envelope, Cause.squash(exit.cause))
    const decision = decisionIn(exit, timers)
    const crash = decision === undefined ? round.take(envelope, exit) : round.decide(envelope, { decision, timers })
    return crash === undefined ? undefined : this.crash(round, envelope, crash.cause)
  }

  private crash(round: Round, envelope: Envelope, cause: unknown): Halt {
    const command = envelope.command.name
    const exit = Exit.fail(new ActorCrashed({ actor: this.behavior.definition.name, id: this.id, command, cause }))
    // The sender need not wait; a timer is used up only once that is stored.
    if (envelope instanceof Firing) round.take(envelope, exit)
    else envelope.answer(exit)
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
      return stored
    }
    this.isAppending = true
    return Effect.match(this.journal.append(round), {
      onSuccess: () => {
        this.settle()
        for (const [name, { due }] of round.timers) this.workshop.alarms.set(this.actor, name, due)
        if (records !== Records.none) records.add(round.recorded)
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

/** What is to be persisted of an outcome. Who sets timers has decided something, too. */
const decisionIn = (exit: Outcome, timers: TimerChanges | undefined): Decision<unknown, unknown> | undefined => {
  if (Exit.isFailure(exit)) return undefined
  if (exit.value instanceof Decision) return exit.value
  return timers === undefined ? undefined : new Decision([], () => exit.value)
}

const stored = Effect.succeed(undefined)

const haltOf = (failure: AppendError | undefined): Halt | undefined =>
  failure?._tag === "Conflict" ? { _tag: "Conflict", error: failure } : undefined
