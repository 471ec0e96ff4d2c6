/**
 * Opportunistic group commit: while a batch is being flushed, appends queue; then all of them go in one batch.
 *
 * Nothing is timed, so a lone caller waits for nobody, and batches grow with the load by themselves
 * (DeWitt et al., "Implementation techniques for main memory database systems", 1984).
 */
import type * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { BatchFailure, EncodedAppend, EventStoreDriver, Outcome } from "../EventStoreDriver.ts"
import * as Metrics from "../Metrics.ts"
import { CommitQueue } from "./CommitQueue.ts"

/** What the caller of one append is told. */
export type Settled = Exclude<Outcome, { readonly _tag: "Again" }> | BatchFailure | { readonly _tag: "Closed" }

/**
 * One append on its way to the disk. A class: when much of a first burst survives, V8 takes all that an object literal makes for long-lived,
 * and dead tickets that lie among old objects keep what they know from being collected soon.
 */
export class Ticket {
  readonly append: EncodedAppend
  readonly bytes: number
  /** Told exactly once, unless the ticket is withdrawn. */
  readonly settle: (settled: Settled) => void
  /** Told once the fate of the append is sealed, either way. */
  readonly watchers: Array<() => void> = []
  /** The append to the same agent that is under way before this one. */
  previous: Ticket | undefined
  state: "waiting" | "flushing" | "done" = "waiting"
  /** Ascends in the order of arrival. */
  readonly place: number

  constructor(append: EncodedAppend, settle: (settled: Settled) => void, previous: Ticket | undefined, place: number) {
    this.append = append
    this.bytes = bytesOf(append)
    this.settle = settle
    this.previous = previous
    this.place = place
  }
}

/** The part of a driver that the writer needs. */
export type BatchDriver = Pick<
  EventStoreDriver,
  "name" | "maximumBatch" | "concurrentBatches" | "concurrentFrom" | "appendBatch"
>

/** The queue in front of one driver. */
export interface GroupCommit {
  readonly enqueue: (append: EncodedAppend, settle: (settled: Settled) => void) => Ticket
  /** Takes back an append that has not been sent yet; afterwards nobody is told. */
  readonly withdraw: (ticket: Ticket) => void
  /** Completes once the appends to the agent that were under way are settled. */
  readonly settled: (agentId: string) => Effect.Effect<void>
  /** Runs an effect while no batch is being flushed. */
  readonly exclusive: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /**
   * Runs what stores appends to several agents, after those to them that are under way; whoever waits for one of the agents waits for it too, and so does the
   * closing of the store.
   */
  readonly together: <A, E>(agentIds: ReadonlyArray<string>, effect: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** Tells the listeners of what was stored in another way. */
  readonly tellNews: () => void
  /** Calls back after every batch that stored something, and when the store closes. */
  readonly onNews: (listener: () => void) => () => void
  /** Whether the store is closed or closing. */
  readonly isClosed: boolean
}

/** Starts the writer. When the scope closes, what is queued is still written; what comes later is told `Closed`. */
export const make = (driver: BatchDriver): Effect.Effect<GroupCommit, never, Scope.Scope> =>
  Effect.gen(function* () {
    const writer = new Writer(driver, yield* Semaphore.make(1), yield* Effect.context<never>())
    const lanes = Array.from({ length: driver.concurrentBatches ?? 1 })
    // A flush serves many callers, so it belongs to the trace of none.
    const lane = Effect.withTracerEnabled(writer.lane, false)
    const fibers = yield* Effect.forEach(lanes, () => Effect.forkDetach(lane))
    yield* Effect.addFinalizer(() =>
      Effect.andThen(
        Effect.sync(() => writer.close()),
        Effect.andThen(Fiber.awaitAll(fibers), writer.endOfSteps)
      )
    )
    return writer
  })

class Writer implements GroupCommit {
  private readonly driver: BatchDriver
  private readonly queue: CommitQueue
  /** Says where metrics are kept. */
  private readonly context: Context.Context<never>
  /** Held by whoever wants to be alone. */
  private readonly mutex: Semaphore.Semaphore
  /** The newest append of each agent that has one under way. */
  private readonly newest = new Map<string, Ticket>()
  /** What stores several agents at once and is under way, by its agents. */
  private readonly steps = new Map<string, ReadonlyArray<Deferred.Deferred<void>>>()
  private readonly listeners = new Set<() => void>()
  /** Wakes the lanes that have nothing to do. */
  private readonly sleepers: Array<() => void> = []
  /** Told when the last flush has ended. */
  private onQuiet: (() => void) | undefined
  private arrived = 0
  isClosed = false

  constructor(driver: BatchDriver, mutex: Semaphore.Semaphore, context: Context.Context<never>) {
    this.driver = driver
    this.context = context
    this.queue = new CommitQueue(driver)
    this.mutex = mutex
  }

  enqueue(append: EncodedAppend, settle: (settled: Settled) => void): Ticket {
    const previous = this.newest.get(append.agentId)
    const ticket = new Ticket(append, settle, previous, this.arrived++)
    if (this.isClosed) {
      this.settle(ticket, { _tag: "Closed" })
      return ticket
    }
    this.queue.add(ticket)
    this.newest.set(append.agentId, ticket)
    this.wakeLane()
    return ticket
  }

  withdraw(ticket: Ticket): void {
    if (ticket.state === "waiting") this.finish(ticket)
  }

  settled(agentId: string): Effect.Effect<void> {
    return Effect.suspend(() => this.underWay(agentId))
  }

  /** Completes once what is under way now is settled. */
  private underWay(agentId: string): Effect.Effect<void> {
    const newest = this.newest.get(agentId)
    const steps = this.steps.get(agentId)
    if (newest === undefined) return steps === undefined ? Effect.void : allOf(steps)
    const appended = Effect.callback<void>((resume) => {
      // It may have been settled before anybody waited for it.
      const ticket = newest.state === "done" ? underWayBefore(newest) : newest
      if (ticket === undefined) return resume(Effect.void)
      ticket.watchers.push(() => resume(Effect.void))
    })
    return steps === undefined ? appended : Effect.andThen(appended, allOf(steps))
  }

  together<A, E>(agentIds: ReadonlyArray<string>, effect: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.acquireUseRelease(
      Effect.sync(() => this.enter(agentIds)),
      ({ before }) => Effect.andThen(Effect.all(before, { discard: true }), effect),
      ({ end }) => Effect.sync(() => this.leave(agentIds, end))
    )
  }

  private enter(agentIds: ReadonlyArray<string>) {
    const before = agentIds.map((agentId) => this.underWay(agentId))
    const end = Deferred.makeUnsafe<void>()
    for (const agentId of agentIds) this.steps.set(agentId, [...(this.steps.get(agentId) ?? []), end])
    return { before, end }
  }

  private leave(agentIds: ReadonlyArray<string>, end: Deferred.Deferred<void>): void {
    for (const agentId of agentIds) {
      const others = this.steps.get(agentId)?.filter((other) => other !== end) ?? []
      if (others.length === 0) this.steps.delete(agentId)
      else this.steps.set(agentId, others)
    }
    Deferred.doneUnsafe(end, Exit.void)
  }

  /** Completes once nothing that stores several agents is under way. */
  readonly endOfSteps: Effect.Effect<void> = Effect.suspend(() => allOf([...this.steps.values()].flat()))

  exclusive<A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return this.mutex.withPermit(Effect.ensuring(Effect.andThen(this.hold, effect), this.unhold))
  }

  onNews(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  tellNews(): void {
    for (const listener of this.listeners) listener()
  }

  close(): void {
    this.isClosed = true
    this.wakeAll()
    this.tellNews()
  }

  /** Keeps flushes from beginning, and waits for those under way. */
  private readonly hold = Effect.callback<void>((resume) => {
    this.queue.isHeld = true
    if (this.queue.isQuiet) return resume(Effect.void)
    this.onQuiet = () => resume(Effect.void)
  })

  private readonly unhold = Effect.sync(() => {
    this.onQuiet = undefined
    this.queue.isHeld = false
    this.wakeLane()
  })

  /** Flushes whatever comes, one batch after the other. */
  readonly lane: Effect.Effect<void> = Effect.suspend(() =>
    Effect.whileLoop({
      while: () => !this.isFinished,
      body: () => (this.queue.isReady ? this.flushNext() : this.sleep),
      step: () => {}
    })
  )

  private get isFinished(): boolean {
    return this.isClosed && this.queue.isDone
  }

  private readonly sleep = Effect.callback<void>((resume) => {
    // The scheduler may have run others since the queue was found empty.
    if (this.queue.isReady || this.isFinished) return resume(Effect.void)
    this.sleepers.push(() => resume(Effect.void))
  })

  private wakeLane(): void {
    if (this.queue.isReady) this.sleepers.pop()?.()
  }

  private wakeAll(): void {
    for (const wake of this.sleepers.splice(0)) wake()
  }

  private flushNext(): Effect.Effect<void> {
    const batch = this.queue.take()
    if (batch.length > 0) Metrics.appendBatchSize.updateUnsafe(batch.length, this.context)
    // What is left may be enough for another flush.
    this.wakeLane()
    return Effect.map(this.flush(batch), () => {
      this.queue.release(batch)
      if (this.queue.isQuiet) this.onQuiet?.()
      if (this.isClosed) this.wakeAll()
    })
  }

  private flush(batch: ReadonlyArray<Ticket>): Effect.Effect<void> {
    if (batch.length === 0) return Effect.void
    const tried = Effect.exit(this.driver.appendBatch(batch.map((ticket) => ticket.append)))
    // V8 puts functions in object literals among its old objects at once; there they would keep the whole batch for long.
    return Effect.flatMap(tried, (exit) => {
      if (Exit.isFailure(exit)) return this.fail(batch, failureOf(exit.cause))
      this.settleAll(batch, exit.value)
      return Effect.void
    })
  }

  private fail(batch: ReadonlyArray<Ticket>, failure: BatchFailure): Effect.Effect<void> {
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
    this.queue.putBack(again)
    if (stored) this.tellNews()
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
    this.queue.putBack(held)
    return free
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

const allOf = (ends: ReadonlyArray<Deferred.Deferred<void>>): Effect.Effect<void> =>
  Effect.forEach(ends, (end) => Deferred.await(end), { discard: true })

const underWayBefore = (ticket: Ticket): Ticket | undefined => {
  let { previous } = ticket
  while (previous?.state === "done") previous = previous.previous
  return previous
}

// A driver that dies or is interrupted has told us nothing about what it stored.
export const failureOf = (cause: Cause.Cause<BatchFailure>): BatchFailure => {
  for (const reason of cause.reasons) if (reason._tag === "Fail") return reason.error
  return lost(cause)
}

const lost = (cause: unknown): BatchFailure => ({ _tag: "BatchFailure", certainty: "unknown", cause })

const bytesOf = (append: EncodedAppend): number => {
  let bytes = 0
  for (const event of append.events) bytes += event.data.length + event.metadata.length + 128
  for (const command of append.commands) bytes += command.reply.length
  for (const note of append.notes) bytes += (note.body?.length ?? 0) + 128
  return bytes
}
