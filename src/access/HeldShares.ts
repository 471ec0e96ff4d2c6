/**
 * The shares that principals hold of agents, as they were read less than a second ago.
 *
 * What is asked for again and again is read anew in the background before it is too old, so that it costs no round trip.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as AgentId from "../AgentId.ts"
import type { EventStore } from "../EventStore.ts"
import { type ReadError, Unavailable } from "../StoreError.ts"
import { ShareBook } from "../sharing/ShareBook.ts"
import type { ShareRecord } from "./ShareRecord.ts"

/** Shares of one agent with one recipient. */
export type Held = ReadonlyArray<ShareRecord>

type Run = (effect: Effect.Effect<Held, Unavailable>) => Fiber.Fiber<Held, Unavailable>
type Reading = Deferred.Deferred<Held, Unavailable>

// Somewhat less than the second within which a revocation is heeded; the rest is for what is done after the answer.
const usableNanoseconds = 900_000_000n

const renewAfterNanoseconds = 400_000_000n

/** Pairs of an agent and a recipient that are remembered; of more, those that were asked for the longest ago are forgotten. */
export const capacity = 10_000

const none: Held = []

/** What is known of one pair. Times are monotonic. */
class Entry {
  held: Held = none
  /** When the reading began that told it. */
  readAt: bigint | undefined
  reading: Reading | undefined
  readingSince = 0n

  /** What may still be used. */
  usableAt(now: bigint): Held | undefined {
    return this.readAt !== undefined && now - this.readAt < usableNanoseconds ? this.held : undefined
  }

  /** The reading that is under way, unless it began too long ago. */
  readingAt(now: bigint): Reading | undefined {
    return now - this.readingSince < usableNanoseconds ? this.reading : undefined
  }
}

export class HeldShares {
  private readonly book: ShareBook
  private readonly run: Run
  /** What was asked for the longest ago first. */
  private readonly entries = new Map<string, Entry>()

  private constructor(store: EventStore["Service"], run: Run) {
    this.book = new ShareBook(store)
    this.run = run
  }

  static readonly make = (store: EventStore["Service"]): Effect.Effect<HeldShares, never, Scope.Scope> =>
    Effect.map(FiberSet.makeRuntime<never, Held, Unavailable>(), (run) => new HeldShares(store, run))

  /** How many pairs are remembered. */
  get size(): number {
    return this.entries.size
  }

  /** The shares that may let the recipient do something through the services of the agent. An effect only if they must be read. */
  get(
    agentId: string,
    recipientId: string,
    fiber: Fiber.Fiber<unknown, unknown>
  ): Held | Effect.Effect<Held, Unavailable> {
    const now = fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe()
    const key = keyOf(agentId, recipientId)
    const known = this.entries.get(key)
    if (known === undefined) {
      // No share has such ids, and remembering them could fill the memory.
      if (!isId(agentId) || !isId(recipientId)) return none
      return Deferred.await(this.read(this.add(key), agentId, recipientId, now))
    }
    this.entries.delete(key)
    this.entries.set(key, known)
    const reading = known.readingAt(now)
    const held = known.usableAt(now)
    if (held === undefined) return Deferred.await(reading ?? this.read(known, agentId, recipientId, now))
    if (reading === undefined && now - (known.readAt ?? now) > renewAfterNanoseconds) {
      this.read(known, agentId, recipientId, now)
    }
    return held
  }

  /** Reads anew when asked the next time; what is being read now is not remembered. */
  forget(agentId: string, recipientId: string): void {
    this.entries.delete(keyOf(agentId, recipientId))
  }

  /** The same for all recipients; looks through all that is remembered. */
  forgetAll(agentId: string): void {
    const start = keyOf(agentId, "")
    for (const key of this.entries.keys()) if (key.startsWith(start)) this.entries.delete(key)
  }

  private add(key: string): Entry {
    const entry = new Entry()
    this.entries.set(key, entry)
    if (this.entries.size > capacity) {
      for (const oldest of this.entries.keys()) {
        this.entries.delete(oldest)
        break
      }
    }
    return entry
  }

  /** Reads in a fiber of its own, so that nobody who waits for it is left without an answer when another is interrupted. */
  private read(entry: Entry, agentId: string, recipientId: string, now: bigint): Reading {
    const reading: Reading = Deferred.makeUnsafe()
    entry.reading = reading
    entry.readingSince = now
    const read = Stream.runCollect(Stream.filter(this.book.ofFor(agentId, recipientId), mayAllow))
    const fiber = this.run(Effect.withTracerEnabled(Effect.mapError(read, closed), false))
    fiber.addObserver((exit) => {
      if (entry.reading === reading) entry.reading = undefined
      if (exit._tag === "Success" && (entry.readAt === undefined || entry.readAt < now)) {
        entry.held = exit.value
        entry.readAt = now
      }
      Deferred.doneUnsafe(reading, exit)
    })
    return reading
  }
}

// The length keeps apart what would look the same when joined.
const keyOf = (agentId: string, recipientId: string): string => `${agentId.length}:${agentId}${recipientId}`

const isId = (text: string): boolean => Result.isSuccess(AgentId.validate(text))

/** Offers and what is pinned or of parts allow nothing; an accepted offer is read anew. */
const mayAllow = ({ content, paths, status }: ShareRecord): boolean =>
  content._tag === "Live" && paths === undefined && status === "accepted"

/** Whatever the store says that is no answer closes the door. */
const closed = (cause: ReadError): Unavailable =>
  cause._tag === "Unavailable"
    ? cause
    : new Unavailable({
        operation: "read shares",
        reason: "Failed",
        expected: "an answer of the event store",
        found: cause._tag,
        remedy: "Try again; nobody is let in meanwhile.",
        cause
      })
