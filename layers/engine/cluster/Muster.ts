/**
 * Sees to it that all machines run the same definitions. Each keeps a note of those that it runs, which is good for some seconds, so a machine that
 * died is not in anybody's way for long.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Actor from "../../../src/Actor.ts"
import { ActorMismatch } from "../../../src/ActorError.ts"
import type { EventStore } from "../../../src/EventStore.ts"
import * as Note from "../../../src/Note.ts"
import type { AppendError, ReadError } from "../../../src/StoreError.ts"
import * as Fingerprint from "./Fingerprint.ts"

const agentId = "pantheon/cluster"
const prefix = "machine/"
const lease = 15_000
const refresh = "5 seconds"

const readBody = Schema.decodeUnknownOption(Schema.Struct({ definitions: Schema.Record(Schema.String, Schema.String) }))

/** The machines of the cluster, as far as definitions go. */
export interface Muster {
  /** Joins with one more definition; refused when a machine runs another one under its name. */
  readonly join: (definition: Actor.Any) => Effect.Effect<void, ActorMismatch, Scope.Scope>
}

/** Takes part until the scope closes. */
export const make = Effect.fnUntraced(function* (
  machine: string,
  events: EventStore["Service"],
  now: () => number
): Effect.fn.Return<Muster, never, Scope.Scope> {
  const definitions: Record<string, string> = {}
  const write = (change: Note.Change) => events.append({ agentId, expected: "any", events: [], notes: [change] })
  const tell = Effect.suspend(() => write(Note.put(prefix + machine, { definitions }, { due: now() + lease })))
  /** What other machines run under a name. */
  const others = (name: string) =>
    events.notes(agentId, { prefix }).pipe(
      Stream.filter((note) => note.name !== prefix + machine && (note.due ?? 0) > now()),
      Stream.filterMap((note) =>
        Result.fromOption(
          Option.flatMapNullishOr(readBody(note.body), (body) => body.definitions[name]),
          () => undefined
        )
      ),
      Stream.runCollect
    )
  yield* Effect.addFinalizer(() => Effect.ignore(write(Note.remove(prefix + machine))))
  const keep = Effect.suspend(() => (Object.keys(definitions).length === 0 ? Effect.void : Effect.ignore(tell)))
  yield* Effect.forkScoped(Effect.repeat(keep, Schedule.spaced(refresh)))
  return {
    join: Effect.fnUntraced(function* (definition) {
      const { name } = definition
      const own = Fingerprint.of(definition)
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          definitions[name] = own
        }),
        () => Effect.sync(() => delete definitions[name])
      )
      // Told before the others are asked: of two that differ and come at once, one at least is refused.
      yield* insist(tell)
      const other = (yield* insist(others(name))).find((found) => found !== own)
      if (other === undefined) return
      delete definitions[name]
      yield* insist(tell)
      return yield* new ActorMismatch({ actor: name, expected: other, found: own })
    })
  }
})

/** A store that does not answer when a machine starts has answered a moment ago, when it was opened. */
const insist = <A>(effect: Effect.Effect<A, ReadError | AppendError>): Effect.Effect<A> =>
  Effect.orDie(Effect.retry(effect, Schedule.upTo(Schedule.exponential("50 millis"), { duration: "10 seconds" })))
