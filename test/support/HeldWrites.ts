/** A LevelDB whose writes a test lets go one by one, in any order. */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as LevelDatabase from "../../layers/leveldb/LevelDatabase.ts"
import * as LevelEventStore from "../../layers/leveldb/LevelEventStore.ts"
import { Unavailable } from "../../src/StoreError.ts"
import * as TestDirectory from "./TestDirectory.ts"

/** A write that waits. */
export interface Held {
  /** Lets it reach the disk, and tells its writer. */
  readonly apply: Effect.Effect<unknown>
  /** Tells its writer that it failed, after it reached the disk all the same. */
  readonly applyAndFail: Effect.Effect<unknown>
  /** Tells its writer that it failed; nothing of it reaches the disk. */
  readonly lose: Effect.Effect<unknown>
}

/** A driver on an empty directory, and its writes. */
export const make = Effect.gen(function* () {
  const directory = yield* TestDirectory.make
  const context = yield* Layer.build(Layer.fresh(LevelDatabase.layer({ directory })))
  const database = Context.get(context, LevelDatabase.LevelDatabase)
  const writes = yield* Queue.unbounded<Held>()
  const write = (operations: Parameters<typeof database.write>[0]) =>
    Effect.gen(function* () {
      const fate = yield* Deferred.make<void, Unavailable>()
      const apply = database.write(operations)
      const lose = Deferred.fail(fate, broken)
      yield* Queue.offer(writes, {
        apply: Effect.flatMap(Effect.exit(apply), (exit) => Deferred.done(fate, exit)),
        applyAndFail: Effect.andThen(Effect.exit(apply), lose),
        lose
      })
      return yield* Deferred.await(fate)
    })
  return {
    driver: yield* LevelEventStore.make({ ...database, write }),
    /** The next write that waits. */
    next: Queue.take(writes),
    /** How many writes wait. */
    waiting: Queue.size(writes)
  }
})

const broken = new Unavailable({
  operation: "write",
  reason: "Failed",
  expected: "a disk that works",
  found: "one that was made to fail",
  remedy: "Let the test go on."
})
