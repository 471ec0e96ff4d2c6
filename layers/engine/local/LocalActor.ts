/**
 * One actor in memory: its life from waking to leaving.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { ActorStopped, RecoveryFailed } from "../../../src/ActorError.ts"
import type { ActorInfo, ActorStatus } from "../../../src/ActorSystem.ts"
import type { Behavior } from "../../../src/actor/Behavior.ts"
import { Bell } from "./Bell.ts"
import * as Ending from "./Ending.ts"
import type { Envelope } from "./Envelope.ts"
import { type Archive, LiveJournal } from "./LiveJournal.ts"
import { Mailbox } from "./Mailbox.ts"
import type { Workshop } from "./Preparation.ts"
import { Restarts } from "./Restarts.ts"
import { type Halt, Rounds } from "./Rounds.ts"
import type { Turns } from "./Turns.ts"
import type { Waiter } from "./Waiter.ts"

/** What an actor needs of its engine. */
export interface Surroundings extends Workshop, Archive {
  readonly turns: Turns
}

type Listener = (exit: Exit.Exit<ActorInfo, RecoveryFailed | ActorStopped>) => void

/** An actor in memory. */
export class LocalActor implements Waiter {
  readonly id: string
  readonly agentId: string
  readonly behavior: Behavior
  readonly mailbox: Mailbox
  readonly waitingFor: Array<Waiter> = []
  readonly fiber: Fiber.Fiber<void>
  /** Set once it takes no more commands. */
  ending: Ending.Ending | undefined
  private status: typeof ActorStatus.Type = "recovering"
  private readonly journal: LiveJournal
  private readonly rounds: Rounds
  private readonly restarts: Restarts
  private readonly surroundings: Surroundings
  private readonly onLeave: (actor: LocalActor, ending: Ending.Ending) => void
  /** When it last had something to do. */
  private lastActive = 0
  private hasLeft = false
  /** Rung when something has come. */
  private readonly bell: Bell
  /** Rung when a restart must wait no longer. */
  private readonly haste: Bell
  private readonly listeners: Array<Listener> = []

  /** It begins to live when it is first called upon. */
  constructor(
    id: string,
    behavior: Behavior,
    surroundings: Surroundings,
    onLeave: (actor: LocalActor, ending: Ending.Ending) => void
  ) {
    this.id = id
    this.behavior = behavior
    this.surroundings = surroundings
    this.onLeave = onLeave
    this.bell = new Bell(surroundings.turns)
    this.haste = new Bell(surroundings.turns)
    this.mailbox = new Mailbox(behavior.definition.mailbox)
    this.journal = new LiveJournal(behavior.definition, id, surroundings)
    this.agentId = this.journal.agentId
    this.rounds = new Rounds(id, behavior, this.mailbox, this.journal, surroundings, this)
    this.restarts = new Restarts(this.agentId, behavior.supervision)
    this.fiber = Effect.runForkWith(behavior.services)(this.life())
  }

  get info(): ActorInfo {
    return {
      actor: this.behavior.definition.name,
      id: this.id,
      agentId: this.agentId,
      status: this.status,
      version: this.journal.version,
      mailbox: this.mailbox.size,
      restarts: this.restarts.count
    }
  }

  /** Puts a command into the mailbox. */
  deliver(envelope: Envelope): "taken" | "waiting" | "full" {
    const delivery = this.mailbox.offer(envelope)
    this.bell.ring()
    return delivery
  }

  /** Calls back once the actor has recovered, or cannot. */
  onRecovered(listener: Listener): void {
    if (this.hasLeft) listener(Exit.fail(this.stopped(this.ending ?? Ending.asleep)))
    else if (this.journal.at !== undefined) listener(Exit.succeed(this.info))
    else this.listeners.push(listener)
    this.bell.ring()
  }

  /** Lets the actor finish what it has taken, and leave. */
  end(ending: Ending.Ending): void {
    if (this.ending !== undefined) return
    this.ending = ending
    for (const envelope of this.mailbox.drainOutside()) envelope.notTaken(this.stopped(ending))
    this.haste.ring()
    this.bell.ring()
  }

  /** Leaves at once if there has been nothing to do since a moment; the next command wakes a successor. */
  passivate(since: number): void {
    const isIdle = this.bell.isAwaited && this.journal.at !== undefined && !this.journal.isSnapshotting
    if (!isIdle || this.lastActive > since) return
    this.leave(Ending.asleep)
    this.bell.ring()
  }

  /** Answers everybody, whatever the actor is doing. */
  abandon(): void {
    this.leave(Ending.shutdown)
  }

  /** However it ends, nobody is left without an answer. */
  private life(): Effect.Effect<void> {
    const turns = Effect.whileLoop({ while: () => !this.hasLeft, body: () => this.turn(), step: () => {} })
    return Effect.andThen(this.rest(), turns).pipe(
      Effect.onExit((exit) => {
        const isInterrupted = Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
        this.leave(isInterrupted ? Ending.shutdown : Ending.failed)
        return Exit.isFailure(exit) && !isInterrupted
          ? Effect.logError(`actor ${this.agentId} met with a defect of its engine or store`, exit.cause)
          : Effect.void
      })
    )
  }

  private turn(): Effect.Effect<void> {
    const { ending, journal, mailbox } = this
    const isDone = ending !== undefined && (ending.status === "failed" || mailbox.size === 0)
    if (isDone) return Effect.sync(() => this.leave(ending))
    if (journal.at === undefined) return this.recover()
    if (mailbox.size > 0) return Effect.flatMapEager(this.rounds.run(), (halt) => this.afterRound(halt))
    return this.rest()
  }

  private rest(): Effect.Effect<void> {
    this.lastActive = this.surroundings.now()
    return this.bell.wait
  }

  private recover(): Effect.Effect<void> {
    this.status = "recovering"
    return Effect.match(this.journal.recover(), {
      onSuccess: () => {
        this.status = "running"
        this.journal.saveSnapshotIfDue()
        for (const listener of this.listeners.splice(0)) listener(Exit.succeed(this.info))
      },
      // The next command tries again; those that wait now are told why they cannot be run.
      onFailure: (cause) => {
        const { name } = this.behavior.definition
        this.leave(this.ending ?? Ending.asleep, new RecoveryFailed({ actor: name, id: this.id, cause }))
      }
    })
  }

  private afterRound(halt: Halt | undefined): Effect.Effect<void> {
    // Those who were answered may have more to say, which can then go with what waits already.
    if (halt === undefined) return this.mailbox.size === 0 ? Effect.void : this.surroundings.turns.pass
    if (halt._tag === "Crashed") return this.afterCrash(halt.command, halt.cause)
    this.ending = Ending.conflict
    return Effect.logError(
      `actor ${this.agentId} stops, for another writer appended to its agent: ${halt.error.message}`
    )
  }

  private afterCrash(command: string, cause: unknown): Effect.Effect<void> {
    this.journal.at = undefined
    return Effect.flatMap(this.restarts.afterCrash(command, cause, this.surroundings.now()), (delay) => {
      if (delay === undefined) this.ending = Ending.failed
      else this.status = "restarting"
      // Whoever ends the actor need not wait for the pause to be over.
      return this.ending === undefined ? Effect.raceFirst(Effect.sleep(delay ?? 0), this.haste.wait) : Effect.void
    })
  }

  private leave(ending: Ending.Ending, failure: ActorStopped | RecoveryFailed = this.stopped(ending)): void {
    if (this.hasLeft) return
    this.hasLeft = true
    this.status = ending.status
    this.onLeave(this, ending)
    this.rounds.abandon(failure)
    for (const listener of this.listeners.splice(0)) listener(Exit.fail(failure))
    for (const envelope of this.mailbox.drain()) envelope.refuse(failure)
    for (const envelope of this.mailbox.drainOutside()) envelope.notTaken(failure)
  }

  private stopped({ reason }: Ending.Ending): ActorStopped {
    return new ActorStopped({ actor: this.behavior.definition.name, id: this.id, reason })
  }
}
