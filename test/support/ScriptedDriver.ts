/** A driver whose flushes a test takes and answers one by one. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type { BatchFailure, EncodedAppend, Expected, Outcome } from "../../src/EventStoreDriver.ts"
import type { GroupCommit, Settled, Ticket } from "../../src/store/GroupCommit.ts"

export interface Flush {
  readonly appends: ReadonlyArray<EncodedAppend>
  readonly ids: ReadonlyArray<string>
  readonly answer: (effect: Effect.Effect<ReadonlyArray<Outcome>, BatchFailure>) => Effect.Effect<boolean>
  /** Answers that everything was stored. */
  readonly store: Effect.Effect<boolean>
}

export const make = Effect.gen(function* () {
  const flushes = yield* Queue.unbounded<Flush>()
  const released = yield* Deferred.make<never, BatchFailure>()
  const cause = new Error("released")
  return {
    name: "the scripted store",
    maximumBatch: 1000,
    appendBatch: (appends: ReadonlyArray<EncodedAppend>) =>
      Effect.gen(function* () {
        const answered = yield* Deferred.make<ReadonlyArray<Outcome>, BatchFailure>()
        const answer: Flush["answer"] = (effect) => Deferred.complete(answered, effect)
        const store = answer(Effect.succeed(stored(appends)))
        yield* Queue.offer(flushes, { appends, ids: appends.map(idOf), answer, store })
        return yield* Effect.raceFirst(Deferred.await(answered), Deferred.await(released))
      }),
    /** The next flush that waits for an answer. */
    next: Queue.take(flushes),
    /** Fails whatever waits now, and whatever comes. */
    release: Deferred.fail(released, { _tag: "BatchFailure", certainty: "unknown", cause })
  }
})

export const stored = (appends: ReadonlyArray<EncodedAppend>): ReadonlyArray<Outcome> =>
  appends.map(() => ({ _tag: "Stored", firstVersion: 1 }))

/** The id of the only event. */
export const idOf = (append: EncodedAppend): string => append.events[0]?.id ?? ""

export const append = (
  id: string,
  agentId = `agent of ${id}`,
  data = "{}",
  expected: Expected = "any"
): EncodedAppend => ({
  agentId,
  expected,
  events: [{ id, type: "noted", schemaVersion: 1, timestamp: 0, data, metadata: "{}" }],
  commands: [],
  notes: []
})

/** Hands appends over and keeps what each was told, in the order of telling. */
export class Callers {
  readonly told: Array<readonly [id: string, settled: Settled]> = []
  private readonly commits: GroupCommit

  constructor(commits: GroupCommit) {
    this.commits = commits
  }

  enqueue(...appends: ReadonlyArray<EncodedAppend>): ReadonlyArray<Ticket> {
    return appends.map((append) =>
      this.commits.enqueue(append, (settled) => {
        this.told.push([idOf(append), settled])
      })
    )
  }

  /** The tags of what was told, with the certainty of failures. */
  get tags(): ReadonlyArray<string> {
    return this.told.map(
      ([id, settled]) => `${id} ${settled._tag === "BatchFailure" ? settled.certainty : settled._tag}`
    )
  }
}
