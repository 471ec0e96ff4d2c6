/**
 * Takes note of when API keys were used: behind the answers, and at most once a minute for each.
 */
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"
import type { Authenticated } from "../../../src/AuthService.ts"
import type { ApiKeys } from "./ApiKeys.ts"
import { Latest } from "./Latest.ts"

const interval = 60_000

export class LastUses {
  private readonly keys: ApiKeys
  private readonly writes: FiberSet.FiberSet<unknown, unknown>
  /** The times that were written, by id. A key that is forgotten here is only written once more. */
  private readonly written = new Latest<number>()

  private constructor(keys: ApiKeys, writes: FiberSet.FiberSet<unknown, unknown>) {
    this.keys = keys
    this.writes = writes
  }

  /** What is under way is still written when the scope closes. */
  static readonly make = (keys: ApiKeys): Effect.Effect<LastUses, never, Scope.Scope> =>
    Effect.gen(function* () {
      const writes = yield* FiberSet.make<unknown, unknown>()
      yield* Effect.addFinalizer(() => FiberSet.awaitEmpty(writes))
      return new LastUses(keys, writes)
    })

  add(used: Authenticated, at: number): Effect.Effect<unknown> {
    const last = this.written.get(used.id)
    if (last !== undefined && at - last < interval) return Effect.void
    this.written.set(used.id, at)
    return FiberSet.run(
      this.writes,
      Effect.catchCause(this.keys.recordUse(used, at), (cause) =>
        Effect.logWarning(`the use of API key ${used.id} was not noted`, cause)
      )
    )
  }
}
