/**
 * One running actor: its mailbox, its state, and the loop that brings the two together.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import { ActorCrashed, ActorStopped, RecoveryFailed } from "../../../src/ActorError.ts"
import * as ActorJournal from "../../../src/ActorJournal.ts"
import type { ActorInfo, ActorStatus } from "../../../src/ActorSystem.ts"
import { appendSurely } from "../../../src/AppendSurely.ts"
import type { Behavior } from "../../../src/Behavior.ts"
import type { Appended } from "../../../src/EventStore.ts"
import type * as Replay from "../../../src/Replay.ts"
import type { AppendError } from "../../../src/StoreError.ts"
import { type Envelope, Mailbox } from "./Mailbox.ts"
import { Restarts } from "./Restarts.ts"
import { Round, type Workshop } from "./Round.ts"

/** What an actor needs of its engine. */
export interface Surroundings extends Workshop {
  readonly stores: Replay.Stores
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Hands over something that nobody waits for; the engine waits for it when it shuts down. */
  readonly background: (fiber: Fiber.Fiber<void>) => void
  /** Called when the actor has left the memory, with the status to remember; `passivated` needs no memory. */
  readonly onEnd: (actor: LocalActor, ending: Ending) => void
}

/** How and why an actor leaves the memory. */
export interface Ending {
  readonly status: "passivated" | "stopped" | "failed"
  readonly reason: ActorStopped["reason"]
}

/** An actor in memory. */
export class LocalActor {
  readonly id: string
  readonly behavior: Behavior
  readonly mailbox: Mailbox
  status: typeof ActorStatus.Type = "recovering"
  /** When it last had something to do, in milliseconds. */
  lastActive = 0
  private readonly surroundings: Surroundings
  private readonly restarts: Restarts
  private journal: ActorJournal.Recovered | undefined
  private delay = 0
  private ending: Ending | undefined
  private ended = false
  private wake: (() => void) | undefined
  private readonly waitingForRecovery: Array<(exit: Exit.Exit<ActorInfo, RecoveryFailed | ActorStopped>) => void> = []
  private snapshotting = false

  constructor(id: string, behavior: Behavior, surroundings: Surroundings) {
    this.id = id
    this.behavior = behavior
    this.surroundings = surroundings
    this.mailbox = new Mailbox(behavior.definition.mailbox.capacity)
    this.restarts = new Restarts(behavior.supervision)
  }

  get info(): ActorInfo {
    return {
      actor: this.behavior.definition.name,
      id: this.id,
      agentId: this.behavior.definition.codec.agentId(this.id),
      status: this.status,
      version: this.journal?.version ?? 0,
      mailbox: this.mailbox.size,
      restarts: this.restarts.count
    }
  }

  /** Whether it has nothing to do. */
  get isIdle(): boolean {
    return this.wake !== undefined && this.journal !== undefined && !this.snapshotting
  }

  /** Whether it takes no more commands. One that goes to sleep takes them until it has left. */
  get isClosed(): boolean {
    return this.ending !== undefined && (this.ending.status !== "passivated" || this.ending.reason === "shutdown")
  }

  deliver(envelope: Envelope): void {
    this.mailbox.push(envelope)
    this.wake?.()
  }

  /** Lets the actor finish what it has taken and leave. */
  end(ending: Ending): void {
    this.ending ??= ending
    this.wake?.()
  }

  /** Calls back once the actor has recovered, or cannot. */
  onRecovered(listener: (exit: Exit.Exit<ActorInfo, RecoveryFailed | ActorStopped>) => void): void {
    if (this.journal === undefined) this.waitingForRecovery.push(listener)
    else listener(Exit.succeed(this.info))
  }

  /** The life of the actor. However it ends, nobody is left waiting for an answer. */
  readonly run: Effect.Effect<void> = Effect.suspend(() =>
    Effect.whileLoop({ while: () => !this.ended, body: () => this.turn(), step: () => {} })
  ).pipe(Effect.ensuring(Effect.sync(() => this.leave({ status: "passivated", reason: "shutdown" }))))

  private turn(): Effect.Effect<void> {
    if (this.delay > 0) return this.pauseBeforeRestart()
    if (this.journal === undefined) return this.recover()
    if (this.mailbox.size > 0) return this.round(this.journal)
    if (this.ending === undefined) return this.idle
    // At once, so that no command can slip in between the look into the mailbox and the end.
    this.leave(this.ending)
    return Effect.void
  }

  private readonly idle = Effect.callback<void>((resume) => {
    this.wake = () => {
      this.wake = undefined
      resume(Effect.void)
    }
  })

  private pauseBeforeRestart(): Effect.Effect<void> {
    const { delay } = this
    this.delay = 0
    return Effect.sleep(delay)
  }

  private recover(): Effect.Effect<void> {
    const { behavior, id, surroundings } = this
    this.status = "recovering"
    return Effect.matchEager(ActorJournal.recover(surroundings.stores, behavior.definition, id), {
      onSuccess: (journal) => {
        this.journal = journal
        this.status = "running"
        for (const listener of this.waitingForRecovery.splice(0)) listener(Exit.succeed(this.info))
      },
      onFailure: (cause) => {
        // The next command tries again; those that wait now are told why they cannot be run.
        const failure = new RecoveryFailed({ actor: behavior.definition.name, id, cause })
        for (const listener of this.waitingForRecovery.splice(0)) listener(Exit.fail(failure))
        for (const envelope of this.mailbox.drain()) envelope.reply(Exit.fail(failure))
        this.leave({ status: "passivated", reason: "stopped" })
      }
    })
  }

  // ---- one round ----

  private round(journal: ActorJournal.Recovered): Effect.Effect<void> {
    const taken = this.mailbox.takeAll()
    const batch = taken.filter((envelope) => !envelope.withdrawn)
    const round = new Round(this.behavior.definition, this.surroundings, journal.state)
    if (!batch.some((envelope) => envelope.options?.commandId !== undefined)) return this.runFrom(round, batch, 0)
    return Effect.flatMap(this.answerRepeats(batch), (fresh) => this.runFrom(round, fresh, 0))
  }

  /** Answers commands that were persisted before; gives the others. One look-up for all. */
  private answerRepeats(batch: ReadonlyArray<Envelope>): Effect.Effect<ReadonlyArray<Envelope>> {
    const { codec } = this.behavior.definition
    const ids = new Set(batch.flatMap((envelope) => envelope.options?.commandId ?? []))
    return Effect.matchEager(this.surroundings.stores.events.replies(codec.agentId(this.id), [...ids]), {
      onFailure: (cause) => {
        const failure = new RecoveryFailed({ actor: this.behavior.definition.name, id: this.id, cause })
        return batch.filter((envelope) => {
          if (envelope.options?.commandId === undefined) return true
          envelope.reply(Exit.fail(failure))
          return false
        })
      },
      onSuccess: (replies) => {
        const begun = new Set<string>()
        const later: Array<Envelope> = []
        const fresh = batch.filter((envelope) => {
          const id = envelope.options?.commandId
          if (id === undefined) return true
          const reply = replies.get(id)
          if (reply !== undefined) {
            const decoded = codec.commands.get(envelope.command)?.decodeReply(reply)
            envelope.reply(
              decoded === undefined || Result.isSuccess(decoded)
                ? Exit.succeed(decoded?.success)
                : Exit.die(decoded.failure)
            )
            return false
          }
          if (!begun.has(id)) {
            begun.add(id)
            return true
          }
          // The same command twice in one round: the second is answered from the record of the first.
          later.push(envelope)
          return false
        })
        this.mailbox.putBack(later)
        return fresh
      }
    })
  }

  /** Runs the commands in order; those whose handlers need not wait cost no turn of the scheduler. */
  private runFrom(round: Round, batch: ReadonlyArray<Envelope>, from: number): Effect.Effect<void> {
    for (let index = from; index < batch.length; index++) {
      const envelope = batch[index] as Envelope
      const running = this.start(envelope, round.state)
      if (!Exit.isExit(running)) {
        return Effect.flatMap(
          Effect.exit(running),
          (exit) => this.afterCommand(round, batch, index, exit) ?? this.runFrom(round, batch, index + 1)
        )
      }
      const crash = this.afterCommand(round, batch, index, running)
      if (crash !== undefined) return crash
    }
    return this.commit(round)
  }

  private start(envelope: Envelope, state: unknown): Effect.Effect<unknown, unknown> {
    const handler = this.behavior.handlers.get(envelope.command)
    if (handler === undefined) return Exit.die(new Error(`no handler for ${envelope.command}`))
    const started = Result.try(() => handler(state, envelope.payload))
    return Result.isSuccess(started) ? started.success : Exit.die(started.failure)
  }

  /** Takes the outcome of one command; gives what remains to be done when it crashed the actor. */
  private afterCommand(
    round: Round,
    batch: ReadonlyArray<Envelope>,
    index: number,
    exit: Exit.Exit<unknown, unknown>
  ): Effect.Effect<void> | undefined {
    const envelope = batch[index] as Envelope
    if (Exit.isFailure(exit) && !Cause.hasFails(exit.cause)) {
      return this.crash(round, batch, index, Cause.squash(exit.cause))
    }
    this.lastActive = this.surroundings.now()
    const accepted = round.accept(envelope, exit, this.lastActive)
    return Result.isFailure(accepted) ? this.crash(round, batch, index, accepted.failure) : undefined
  }

  /** Persists the round in one append, and only then answers. */
  private commit(round: Round): Effect.Effect<void> {
    const { journal } = this
    if (journal === undefined || round.events.length === 0) return Effect.sync(() => round.answer())
    const append = {
      agentId: this.behavior.definition.codec.agentId(this.id),
      events: round.events,
      expected: journal.version,
      commands: round.commands
    }
    return Effect.matchEffect(appendSurely(this.surroundings.stores.events, append), {
      onSuccess: (appended) => this.afterAppend(round, journal, appended),
      onFailure: (error) => this.afterFailedAppend(round, error)
    })
  }

  private afterAppend(round: Round, journal: ActorJournal.Recovered, appended: Appended): Effect.Effect<void> {
    const eventId = round.events.at(-1)?.id ?? ""
    const next = { ...journal, state: round.state, version: appended.version, eventId }
    this.journal = next
    round.answer()
    const due = next.version - next.snapshotVersion >= this.behavior.definition.snapshotEvery
    return due && !this.snapshotting ? this.snapshot(next) : Effect.void
  }

  private afterFailedAppend(round: Round, error: AppendError): Effect.Effect<void> {
    round.refuse(Exit.fail(error))
    switch (error._tag) {
      case "Rejected":
        // Surely not stored: the state before the round still holds.
        return Effect.void
      case "Unknown":
        this.journal = undefined
        return Effect.logWarning(
          `${this.describe} could not learn whether its events were stored; it recovers from the journal`
        )
      case "Conflict":
        this.leave({ status: "failed", reason: "conflict" })
        return Effect.logError(`${this.describe} stops, for another writer appended to its agent: ${error.message}`)
    }
  }

  private crash(round: Round, batch: ReadonlyArray<Envelope>, index: number, cause: unknown): Effect.Effect<void> {
    const envelope = batch[index] as Envelope
    this.mailbox.putBack(batch.slice(index + 1))
    return Effect.gen({ self: this }, function* () {
      // The commands before it stand.
      yield* this.commit(round)
      const { name } = this.behavior.definition
      envelope.reply(Exit.fail(new ActorCrashed({ actor: name, id: this.id, command: envelope.command, cause })))
      if (this.ended) return
      const delay = yield* this.restarts.afterCrash(this.surroundings.now())
      if (delay === undefined) {
        yield* Effect.logError(`${this.describe} has spent its restarts and stops`, cause)
        return this.leave({ status: "failed", reason: "failed" })
      }
      yield* Effect.logWarning(`${this.describe} crashed on ${envelope.command} and restarts in ${delay} ms`, cause)
      this.journal = undefined
      this.status = "restarting"
      this.delay = delay
    })
  }

  private snapshot(at: ActorJournal.Recovered): Effect.Effect<void> {
    this.snapshotting = true
    const { background, stores } = this.surroundings
    const save = ActorJournal.saveSnapshot(stores, this.behavior.definition, this.id, at).pipe(
      Effect.tap(() =>
        Effect.sync(() => {
          if (this.journal !== undefined) this.journal = { ...this.journal, snapshotVersion: at.version }
        })
      ),
      // The events are on disk, so a missing snapshot costs time only.
      Effect.catchCause((cause) => Effect.logWarning(`${this.describe} could not save a snapshot`, cause)),
      Effect.ensuring(
        Effect.sync(() => {
          this.snapshotting = false
        })
      )
    )
    return Effect.sync(() => background(Effect.runForkWith(this.behavior.services)(Effect.asVoid(save))))
  }

  private leave(
    ending: { readonly status: "passivated" | "stopped" | "failed"; readonly reason: ActorStopped["reason"] } = {
      status: "passivated",
      reason: "stopped"
    }
  ): void {
    if (this.ended) return
    this.ended = true
    this.status = ending.status
    const stopped = Exit.fail(
      new ActorStopped({ actor: this.behavior.definition.name, id: this.id, reason: ending.reason })
    )
    for (const listener of this.waitingForRecovery.splice(0)) listener(stopped)
    for (const envelope of this.mailbox.drain()) envelope.reply(stopped)
    this.surroundings.onEnd(this, ending)
  }

  private get describe(): string {
    return `actor ${this.behavior.definition.name} ${JSON.stringify(this.id)}`
  }
}
