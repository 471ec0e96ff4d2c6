/**
 * One actor in memory: its life from waking to leaving.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import { ActorStopped, RecoveryFailed } from "../../../src/ActorError.ts"
import type { ActorEnd, ActorStatus } from "../../../src/ActorSystem.ts"
import type { Behavior } from "../../../src/actor/Behavior.ts"
import type { RunningActor } from "../../../src/CurrentActor.ts"
import { Bell } from "./Bell.ts"
import * as Ending from "./Ending.ts"
import type { Addressee, Envelope, PostOffice } from "./Envelope.ts"
import { LiveJournal } from "./LiveJournal.ts"
import { Mailbox } from "./Mailbox.ts"
import { Orders, type Trouble } from "./Orders.ts"
import type { Resident } from "./Residents.ts"
import { Restarts } from "./Restarts.ts"
import { type Halt, Rounds } from "./Rounds.ts"
import type { Surroundings } from "./Surroundings.ts"
import type { Orphan } from "./Tree.ts"
import type { Waiter } from "./Waiter.ts"
import { type Listener, Witnesses } from "./Witnesses.ts"

/** An actor in memory. */
export class LocalActor extends Bell implements Addressee, Waiter, RunningActor, Resident {
  readonly id: string
  readonly agentId: string
  readonly behavior: Behavior
  readonly mailbox: Mailbox
  /** Set once it takes no more commands. */
  ending: Ending.Ending | undefined
  isIdle = false
  idleBefore: Resident | undefined
  idleAfter: Resident | undefined
  readonly waitingFor: Array<Waiter> = []
  readonly fiber: Fiber.Fiber<void>
  /** How many children it has; unknown until it is asked to have one more. */
  childCount: number | undefined
  private status: typeof ActorStatus.Type = "passivated"
  private readonly journal: LiveJournal
  private readonly rounds: Rounds
  private readonly restarts: Restarts
  /** There once somebody has given one, which few do. */
  private orders: Orders | undefined
  private readonly surroundings: Surroundings
  private readonly onLeave: (actor: LocalActor, ending: Ending.Ending) => void
  /** When it last had something to do. */
  private lastActive = 0
  private hasLeft = false
  private readonly witnesses = new Witnesses()

  /** It begins to live when it is first called upon. */
  constructor(
    id: string,
    behavior: Behavior,
    surroundings: Surroundings,
    onLeave: (actor: LocalActor, ending: Ending.Ending) => void
  ) {
    super(surroundings.turns)
    this.id = id
    this.behavior = behavior
    this.surroundings = surroundings
    this.onLeave = onLeave
    this.mailbox = new Mailbox(behavior.definition.mailbox)
    this.journal = new LiveJournal(behavior.definition, id, surroundings)
    this.agentId = this.journal.agentId
    this.rounds = new Rounds(id, behavior, this.mailbox, this.journal, surroundings, this)
    this.restarts = new Restarts(this.agentId, behavior.supervision, surroundings.gauges)
    this.fiber = Effect.runForkWith(behavior.services)(this.life())
    surroundings.residents.enter()
  }

  get actor(): string {
    return this.behavior.definition.name
  }

  get post(): PostOffice {
    return this.surroundings
  }

  /** Those whose handlers wait, one for the other, for the command that it runs now. */
  get askers(): ReadonlyArray<string> {
    return this.rounds.current?.options?.askedBy ?? []
  }

  get info(): Orphan {
    return {
      actor: this.actor,
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
    this.ring()
    return delivery
  }

  /** Calls back once the actor has recovered, or cannot. */
  onRecovered(listener: Listener): void {
    if (this.hasLeft) listener(Exit.fail(this.stopped(this.ending ?? Ending.asleep)))
    else if (this.journal.at !== undefined) listener(Exit.succeed(this.info))
    else this.witnesses.onRecovered(listener)
    this.ring()
  }

  /** Calls back at the end, until it is told not to. */
  onEnd(watcher: (end: ActorEnd) => void): () => void {
    return this.witnesses.onEnd(watcher)
  }

  /** Completes once it has left the memory. */
  get left(): Effect.Effect<void> {
    return Effect.callback((resume) => {
      if (this.hasLeft) return resume(Effect.void)
      return Effect.sync(this.onEnd(() => this.surroundings.turns.call(() => resume(Effect.void))))
    })
  }

  /** Lets the actor finish what it has taken, and leave. */
  end(ending: Ending.Ending): void {
    if (this.ending !== undefined) return
    this.ending = ending
    for (const envelope of this.mailbox.drainOutside()) envelope.notTaken(this.stopped(ending))
    this.restarts.hurry()
    this.ring()
  }

  /** Runs no more commands; calls back once nothing is being run. */
  hold(onQuiet: () => void): void {
    this.ordered.isHeld = true
    this.ordered.whenQuiet(onQuiet)
    this.interject()
  }

  /** Goes on after it was held. */
  release(): void {
    if (this.orders?.isHeld !== true) return
    this.orders.isHeld = false
    if (this.status === "paused") this.become("running")
    this.orders.tellQuiet()
    this.ring()
  }

  /** Forgets its state and recovers; calls back once it has. */
  restart(listener: Listener): void {
    // One that has just woken has nothing to forget.
    if (this.hasLeft || this.status === "passivated") {
      this.onRecovered(listener)
    } else {
      this.ordered.restart()
      this.witnesses.onRecovered(listener)
      this.interject()
    }
  }

  /** Has to deal with a child that has failed, as if it had crashed itself. */
  trouble(trouble: Trouble): void {
    this.ordered.trouble(trouble)
    this.interject()
  }

  /** Leaves at once if there has been nothing to do since a moment; the next command wakes a successor. */
  passivate(since: number): void {
    if (this.isIdle && !this.journal.isSnapshotting && this.lastActive <= since) this.evict()
  }

  evict(): void {
    // Something has come that it has not looked at yet.
    if (this.isRung) return
    this.leave(Ending.asleep)
    this.ring()
  }

  /** Answers everybody, whatever the actor is doing. */
  abandon(): void {
    this.leave(Ending.shutdown)
  }

  /** However it ends, nobody is left without an answer. */
  private life(): Effect.Effect<void> {
    const turns = Effect.whileLoop({ while: () => !this.hasLeft, body: () => this.turn() ?? this.wait, step: () => {} })
    return Effect.andThen(this.wait, turns).pipe(
      Effect.onExit((exit) => {
        const isInterrupted = Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
        this.leave(isInterrupted ? Ending.shutdown : Ending.failed(Exit.isFailure(exit) ? exit.cause : undefined))
        return Exit.isFailure(exit) && !isInterrupted
          ? Effect.logError(`actor ${this.agentId} met with a defect of its engine or store`, exit.cause)
          : Effect.void
      })
    )
  }

  /** Takes turns as long as they need not wait for anything; gives what the fiber is to wake up for. */
  protected override attend(): Effect.Effect<void> | undefined {
    const attended = Result.try(() => {
      while (!this.hasLeft) {
        const turn = this.turn()
        if (turn === undefined) return undefined
        if (!Exit.isExit(turn) || Exit.isFailure(turn)) return turn
      }
      return Effect.void
    })
    return Result.isSuccess(attended) ? attended.success : Effect.die(attended.failure)
  }

  /** Does what is to be done next, or gives nothing if that is to wait. */
  private turn(): Effect.Effect<void> | undefined {
    const { ending, journal, mailbox, orders } = this
    this.reset()
    this.surroundings.residents.wake(this)
    const isHeld = orders?.isHeld === true
    const isDone = ending !== undefined && (isAbrupt(ending) || isHeld || mailbox.size === 0)
    if (isDone) return Effect.sync(() => this.leave(ending))
    if (orders?.takeRestart() === true) {
      this.restarts.add()
      journal.at = undefined
    }
    const trouble = orders?.takeTrouble()
    if (trouble !== undefined) return this.afterTrouble(trouble)
    if (journal.at === undefined) return this.recover()
    if (mailbox.size > 0 && !isHeld) {
      this.surroundings.gauges.round(mailbox.size)
      return Effect.flatMapEager(this.rounds.run(), (halt) => this.afterRound(halt))
    }
    return this.rest()
  }

  private rest(): Effect.Effect<void> | undefined {
    this.lastActive = this.surroundings.now()
    if (this.orders?.isHeld === true) {
      this.become("paused")
      this.orders.tellQuiet()
    } else if (this.journal.at !== undefined) {
      this.surroundings.residents.rest(this)
    }
    return this.hasLeft ? Effect.void : undefined
  }

  private recover(): Effect.Effect<void> {
    this.become("recovering")
    const begun = this.surroundings.nanoseconds()
    return Effect.match(this.surroundings.recoveries.withPermit(this.traced(this.journal.recover())), {
      onSuccess: (closed) => {
        if (closed !== undefined) return this.leave(this.ending ?? Ending.closed(closed))
        this.surroundings.gauges.recovered(Number(this.surroundings.nanoseconds() - begun) / 1e6)
        this.become(this.orders?.isHeld === true ? "paused" : "running")
        this.journal.takeSnapshotIfDue()
        this.witnesses.tellRecovered(() => this.info)
      },
      // The next command tries again; those that wait now are told why they cannot be run.
      onFailure: (cause) =>
        this.leave(this.ending ?? Ending.asleep, new RecoveryFailed({ actor: this.actor, id: this.id, cause }))
    })
  }

  /** Within the trace of the command that waits for it. */
  private traced<A, E>(recovery: Effect.Effect<A, E>): Effect.Effect<A, E> {
    const parent = this.mailbox.peek()?.origin.span
    return parent === undefined ? recovery : Effect.withSpan(recovery, `${this.actor}.recover`, { parent })
  }

  private afterRound(halt: Halt | undefined): Effect.Effect<void> {
    // Those who were answered may have more to say, which can then go with what waits already.
    if (halt === undefined) return this.mailbox.size === 0 ? Effect.void : this.surroundings.turns.pass
    if (halt._tag === "Crashed") return this.afterCrash(halt.command, halt.cause)
    const { closed } = this.journal
    if (closed !== undefined) {
      this.ending = Ending.closed(closed)
      return Effect.logWarning(`actor ${this.agentId} ends, for its agent was ${closed}`)
    }
    this.ending = this.surroundings.realm.afterConflict(halt.error)
    return Effect.logError(
      `actor ${this.agentId} stops, for another writer appended to its agent: ${halt.error.message}`
    )
  }

  private afterTrouble({ cause, onRestart }: Trouble): Effect.Effect<void> {
    return Effect.map(this.afterCrash("the failure of a child", cause), () => {
      if (this.ending === undefined) onRestart()
    })
  }

  private afterCrash(command: string, cause: unknown): Effect.Effect<void> {
    this.journal.at = undefined
    return Effect.flatMap(this.restarts.afterCrash(command, cause, this.surroundings.now()), (delay) => {
      if (delay === undefined) this.ending = this.restarts.escalates ? Ending.escalated(cause) : Ending.failed(cause)
      else this.become("restarting")
      if (delay === undefined || this.ending !== undefined || this.orders?.areUrgent === true) return Effect.void
      return this.restarts.wait(delay, this.surroundings.turns)
    })
  }

  private get ordered(): Orders {
    this.orders ??= new Orders()
    return this.orders
  }

  /** Makes the actor heed its orders before the next command. */
  private interject(): void {
    this.rounds.isCut = true
    this.restarts.hurry()
    this.ring()
  }

  private become(status: typeof ActorStatus.Type): void {
    if (this.status === status) return
    this.status = status
    if (this.surroundings.changes.isWatched) this.surroundings.changes.tell(this.info)
  }

  private leave(ending: Ending.Ending, because?: RecoveryFailed): void {
    if (this.hasLeft) return
    this.hasLeft = true
    this.surroundings.residents.leave(this)
    this.onLeave(this, ending)
    this.become(ending.status)
    // Made when somebody is to be told, which is rare: an error costs more than all the rest.
    let failure: ActorStopped | RecoveryFailed | undefined = because
    const reason = () => (failure ??= this.stopped(ending))
    this.rounds.abandon(reason)
    this.orders?.tellQuiet()
    for (const envelope of this.mailbox.drain()) envelope.refuse(reason())
    for (const envelope of this.mailbox.drainOutside()) envelope.notTaken(reason())
    this.witnesses.tellEnd(reason, () => Ending.toSignal(ending, this))
  }

  private stopped({ reason }: Ending.Ending): ActorStopped {
    return new ActorStopped({ actor: this.actor, id: this.id, reason })
  }
}

/** Whether it runs nothing more of what it has taken. */
const isAbrupt = ({ reason, status }: Ending.Ending): boolean =>
  status === "failed" || reason === "conflict" || reason === "archived" || reason === "deleted"
