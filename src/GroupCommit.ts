/**
 * Opportunistic group commit: while one batch is being flushed, appends queue; then all of them go in one batch.
 *
 * Nothing is timed, so a lone caller waits for nobody, and batches grow with the load by themselves
 * (DeWitt et al., "Implementation techniques for main memory database systems", 1984).
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { BatchFailure, EncodedAppend, EventStoreDriver, Outcome } from "./EventStoreDriver.ts"

/** What the caller of one append is told. */
export type Settled = Exclude<Outcome, { readonly _tag: "Again" }> | BatchFailure | { readonly _tag: "Closed" }

/** One append on its way to the disk. */
export interface Ticket {
  readonly append: EncodedAppend
  readonly bytes: number
  /** Told exactly once, unless the ticket is withdrawn. */
  readonly settle: (settled: Settled) => void
  /** Told once the fate of the append is sealed, either way. */
  readonly watchers: Array<() => void>
  /** The append to the same agent that is under way before this one. */
  previous: Ticket | undefined
  state: "waiting" | "flushing" | "done"
  /** Ascends in the order of arrival. */
  readonly place: number
}

/** The part of a driver that the writer needs. */
export type BatchDriver = Pick<EventStoreDriver, "name" | "maximumBatch" | "appendBatch">

/** The queue in front of one driver. */
export interface GroupCommit {
  readonly enqueue: (append: EncodedAppend, settle: (settled: Settled) => void) => Ticket
  /** Takes back an append that has not been sent yet; afterwards nobody is told. */
  readonly withdraw: (ticket: Ticket) => void
  /** Completes once the appends to the agent that were under way are settled. */
  readonly settled: (agentId: string) => Effect.Effect<void>
  /** Runs an effect while no batch is being flushed. */
  readonly exclusive: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** Calls back after every batch that stored something, and when the store closes. */
  readonly onNews: (listener: () => void) => () => void
  /** Whether the store is closed or closing. */
  readonly isClosed: boolean
}

// One statement should stay well below what clients and servers take in one message.
const maximumBatchBytes = 4 * 1024 * 1024

/** Starts the writer. When the scope closes, what is queued is still written; what comes later is told `Closed`. */
export const make = (driver: BatchDriver): Effect.Effect<GroupCommit, never, Scope.Scope> =>
  Effect.gen(function* () {
    const mutex = yield* Semaphore.make(1)
    const queue = new Writer(driver, mutex)
    const fiber = yield* Effect.forkDetach(queue.run)
    yield* Effect.addFinalizer(() =>
      Effect.andThen(
        Effect.sync(() => queue.close()),
        Fiber.await(fiber)
      )
    )
    return queue
  })

class Writer implements GroupCommit {
  private readonly driver: BatchDriver
  private readonly mutex: Semaphore.Semaphore
  private waiting: Array<Ticket> = []
  /** The newest append of each agent that has one under way. */
  private readonly newest = new Map<string, Ticket>()
  private readonly listeners = new Set<() => void>()
  private wake: (() => void) | undefined
  private arrived = 0
  isClosed = false

  constructor(driver: BatchDriver, mutex: Semaphore.Semaphore) {
    this.driver = driver
    this.mutex = mutex
  }

  enqueue(append: EncodedAppend, settle: (settled: Settled) => void): Ticket {
    const previous = this.newest.get(append.agentId)
    const place = this.arrived++
    const ticket: Ticket = { append, bytes: bytesOf(append), settle, watchers: [], previous, state: "waiting", place }
    if (this.isClosed) {
      this.settle(ticket, { _tag: "Closed" })
      return ticket
    }
    this.waiting.push(ticket)
    this.newest.set(append.agentId, ticket)
    this.wake?.()
    return ticket
  }

  withdraw(ticket: Ticket): void {
    if (ticket.state === "waiting") this.finish(ticket)
  }

  settled(agentId: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      const ticket = this.newest.get(agentId)
      if (ticket === undefined) return Effect.void
      return Effect.callback<void>((resume) => {
        ticket.watchers.push(() => resume(Effect.void))
      })
    })
  }

  exclusive<A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return this.mutex.withPermit(effect)
  }

  onNews(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  close(): void {
    this.isClosed = true
    this.wake?.()
    for (const listener of this.listeners) listener()
  }

  readonly run: Effect.Effect<void> = Effect.suspend(() => this.loop())

  private readonly idle = Effect.callback<void>((resume) => {
    // The scheduler may have run others since the queue was found empty.
    if (this.waiting.length > 0 || this.isClosed) return resume(Effect.void)
    this.wake = () => {
      this.wake = undefined
      resume(Effect.void)
    }
  })

  private loop(): Effect.Effect<void> {
    return Effect.whileLoop({
      while: () => this.waiting.length > 0 || !this.isClosed,
      body: () => (this.waiting.length === 0 ? this.idle : this.flush(this.take())),
      step: () => {}
    })
  }

  /** As many waiting appends as make one good batch; always at least one. */
  private take(): ReadonlyArray<Ticket> {
    const batch: Array<Ticket> = []
    let bytes = 0
    let index = 0
    for (; index < this.waiting.length && batch.length < this.driver.maximumBatch; index++) {
      const ticket = this.waiting[index] as Ticket
      // Withdrawn while it waited.
      if (ticket.state === "done") continue
      bytes += ticket.bytes
      if (bytes > maximumBatchBytes && batch.length > 0) break
      ticket.state = "flushing"
      batch.push(ticket)
    }
    this.waiting = index === this.waiting.length ? [] : this.waiting.slice(index)
    return batch
  }

  private flush(batch: ReadonlyArray<Ticket>): Effect.Effect<void> {
    if (batch.length === 0) return Effect.void
    const appends = batch.map((ticket) => ticket.append)
    return Effect.flatMap(Effect.exit(this.mutex.withPermit(this.driver.appendBatch(appends))), (exit) => {
      if (Exit.isSuccess(exit)) {
        this.settleAll(batch, exit.value)
        return Effect.void
      }
      const failure = failureOf(exit)
      if (failure.certainty === "refused" && batch.length > 1) {
        // Batch mates must not fall together: halve until the guilty append is alone.
        const half = batch.length >>> 1
        return Effect.andThen(
          this.flush(batch.slice(0, half)),
          Effect.suspend(() => this.flush(this.holdBack(batch.slice(half))))
        )
      }
      for (const ticket of batch) this.settle(ticket, failure)
      return Effect.void
    })
  }

  private settleAll(batch: ReadonlyArray<Ticket>, outcomes: ReadonlyArray<Outcome>): void {
    const again: Array<Ticket> = []
    let stored = false
    for (let index = 0; index < batch.length; index++) {
      const ticket = batch[index] as Ticket
      const outcome = outcomes[index]
      if (outcome === undefined) {
        this.settle(ticket, lost(new Error(`${this.driver.name} gave no outcome for an append`)))
      } else if (outcome._tag === "Again") {
        again.push(ticket)
      } else {
        stored = stored || outcome._tag === "Stored"
        this.settle(ticket, outcome)
      }
    }
    this.putBack(again)
    if (stored) for (const listener of this.listeners) listener()
  }

  /** Those that may be sent now; what comes behind an append to the same agent that waits again must wait too. */
  private holdBack(batch: ReadonlyArray<Ticket>): ReadonlyArray<Ticket> {
    const held: Array<Ticket> = []
    const free = batch.filter((ticket) => {
      if (underWayBefore(ticket)?.state !== "waiting") return true
      ticket.state = "waiting"
      held.push(ticket)
      return false
    })
    this.putBack(held)
    return free
  }

  private putBack(tickets: ReadonlyArray<Ticket>): void {
    if (tickets.length === 0) return
    for (const ticket of tickets) ticket.state = "waiting"
    this.waiting = tickets.concat(this.waiting).sort((left, right) => left.place - right.place)
  }

  private settle(ticket: Ticket, settled: Settled): void {
    ticket.settle(settled)
    this.finish(ticket)
  }

  private finish(ticket: Ticket): void {
    const { agentId } = ticket.append
    ticket.state = "done"
    // An earlier append is under way still when this one was withdrawn, or when the earlier one must be tried again.
    const earlier = underWayBefore(ticket)
    ticket.previous = earlier
    if (this.newest.get(agentId) === ticket) {
      if (earlier === undefined) this.newest.delete(agentId)
      else this.newest.set(agentId, earlier)
    }
    if (earlier === undefined) for (const watcher of ticket.watchers) watcher()
    else earlier.watchers.push(...ticket.watchers)
  }
}

const underWayBefore = (ticket: Ticket): Ticket | undefined => {
  let { previous } = ticket
  while (previous?.state === "done") previous = previous.previous
  return previous
}

// A driver that dies or is interrupted has told us nothing about what it stored.
const failureOf = (exit: Exit.Failure<unknown, BatchFailure>): BatchFailure => {
  for (const reason of exit.cause.reasons) if (reason._tag === "Fail") return reason.error
  return lost(exit.cause)
}

const lost = (cause: unknown): BatchFailure => ({ _tag: "BatchFailure", certainty: "unknown", cause })

const bytesOf = (append: EncodedAppend): number => {
  let bytes = 0
  for (const event of append.events) bytes += event.data.length + event.metadata.length + 128
  for (const command of append.commands) bytes += command.reply.length
  return bytes
}
