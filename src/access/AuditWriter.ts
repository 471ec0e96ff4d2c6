/**
 * Writes entries of the audit log: what gathers while one append is under way goes together in the next.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Append, EventStore } from "../EventStore.ts"
import { type AppendError, Unavailable } from "../StoreError.ts"
import { appendSurely } from "../store/AppendSurely.ts"
import * as Uuid from "../store/Uuid.ts"
import * as AuditEntry from "./AuditEntry.ts"

type Recorded = AuditEntry.Recorded

/** Entries that may wait in memory; whoever records more waits. */
export const capacity = 4096

// Of the largest entries that there are, about a megabyte, which every store takes in one event.
const mostTogether = 100

const closingPatience = "10 seconds"

const retries = Schedule.spaced("1 second")

interface Waiter {
  /** So many entries must be stored. */
  readonly target: number
  readonly resume: (answer: Effect.Effect<void, Unavailable>) => void
}

export class AuditWriter {
  private readonly store: EventStore["Service"]
  private readonly queue: Queue.Queue<Recorded, Cause.Done>
  private readonly nextId: Uuid.Generator
  private waiters: Array<Waiter> = []
  /** Entries that were taken. */
  private taken = 0
  /** Of these, entries that are stored or given up. */
  private done = 0

  private constructor(store: EventStore["Service"], queue: Queue.Queue<Recorded, Cause.Done>, nextId: Uuid.Generator) {
    this.store = store
    this.queue = queue
    this.nextId = nextId
  }

  /** What was taken is still written when the scope closes. */
  static readonly make = (store: EventStore["Service"]): Effect.Effect<AuditWriter, never, Scope.Scope> =>
    Effect.gen(function* () {
      const queue = yield* Queue.bounded<Recorded, Cause.Done>(capacity)
      const writer = new AuditWriter(store, queue, yield* Uuid.makeGenerator)
      // It serves many callers, so it belongs to the trace of none.
      const fiber = yield* Effect.forkDetach(Effect.withTracerEnabled(writer.run, false))
      yield* Effect.addFinalizer(() => Effect.andThen(Queue.end(queue), writer.finish(fiber)))
      return writer
    })

  /** Takes an entry; waits while there are too many. */
  add(entry: Recorded): Effect.Effect<void> {
    return Effect.flatMap(Queue.offer(this.queue, entry), (isTaken) => {
      if (!isTaken) return Effect.logError("the audit log is closed; an entry was lost")
      this.taken++
      return Effect.void
    })
  }

  /** Completes once everything that was taken before is stored; fails while the store cannot take it. */
  readonly settled: Effect.Effect<void, Unavailable> = Effect.callback((resume) => {
    if (this.done >= this.taken) return resume(Effect.void)
    const waiter = { target: this.taken, resume }
    this.waiters.push(waiter)
    return Effect.sync(() => {
      this.waiters = this.waiters.filter((other) => other !== waiter)
    })
  })

  private get run(): Effect.Effect<void> {
    return Stream.runForEachArray(Stream.fromQueue(this.queue), (entries) =>
      Effect.forEach(this.appendsOf(entries), ({ append, count }) => this.write(append, count), { discard: true })
    )
  }

  private finish(fiber: Fiber.Fiber<void>): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const ended = yield* Effect.timeoutOption(Fiber.await(fiber), closingPatience)
      if (Option.isSome(ended)) return
      yield* Fiber.interrupt(fiber)
      yield* Effect.logError(`${this.taken - this.done} entries of the audit log could not be stored and are lost`)
    })
  }

  /** Entries of one day are one event, unless they are many. */
  private appendsOf(entries: ReadonlyArray<Recorded>) {
    const appends: Array<{ readonly append: Append; readonly count: number }> = []
    let start = 0
    while (start < entries.length) {
      const [first, ...others] = entries.slice(start, start + mostTogether)
      if (first === undefined) break
      const day = AuditEntry.dayOf(first.at)
      const next = others.findIndex(({ at }) => AuditEntry.dayOf(at) !== day)
      const together = [first, ...(next < 0 ? others : others.slice(0, next))]
      const id = this.nextId(first.at.getTime())
      const event = { id, type: AuditEntry.type, timestamp: first.at, data: { entries: together } }
      appends.push({ append: { agentId: `${AuditEntry.prefix}${day}`, events: [event] }, count: together.length })
      start += together.length
    }
    return appends
  }

  /** Tries until they are stored, unless the store will never take them. */
  private write(append: Append, count: number): Effect.Effect<void> {
    return appendSurely(this.store, append).pipe(
      Effect.tapError((error) => this.tellTrouble(error)),
      Effect.retry({ while: isTransient, schedule: retries }),
      Effect.catch((error) => Effect.logError(`${count} entries of the audit log were refused and are lost`, error)),
      Effect.andThen(Effect.sync(() => this.settle(count)))
    )
  }

  private settle(count: number): void {
    this.done += count
    const told = this.waiters.filter(({ target }) => target <= this.done)
    this.waiters = this.waiters.filter(({ target }) => target > this.done)
    for (const { resume } of told) resume(Effect.void)
  }

  private tellTrouble(cause: AppendError): Effect.Effect<void> {
    const told = this.waiters
    this.waiters = []
    const error = new Unavailable({
      operation: "store audit entries",
      reason: "Failed",
      expected: "an answer of the event store",
      found: cause._tag,
      remedy: "Try again; what was recorded waits to be stored.",
      cause
    })
    for (const { resume } of told) resume(Effect.fail(error))
    return Effect.logWarning("entries of the audit log wait for the store", cause)
  }
}

const isTransient = (error: AppendError): boolean =>
  error._tag === "Unknown" || (error._tag === "Rejected" && error.reason === "Unavailable")
