/**
 * What the tests of the event store share.
 */
import { assert, type Vitest } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { ContextEvent, NewEvent } from "../../../src/ContextEvent.ts"
import {
  type Append,
  EventStore,
  type FeedOptions,
  type NotesOptions,
  type ReadOptions
} from "../../../src/EventStore.ts"
import type { FeedEntry } from "../../../src/EventStoreDriver.ts"
import type { AppendError, Conflict, InvalidInput, ReadError, Rejected } from "../../../src/StoreError.ts"

/** Registers tests that have a store. */
export type It = Vitest.MethodsNonLive<EventStore>

/** An id that nobody has used. */
export const freshId = (): string => crypto.randomUUID()

/** The integers from `first`. */
export const integers = (count: number, first = 1): Array<number> =>
  Array.from({ length: count }, (_, index) => first + index)

/** Events that carry their number. */
export const numbered = (count: number, first = 1): Array<NewEvent> =>
  integers(count, first).map((number) => ({ type: "number.counted", data: { number } }))

/** The numbers that `numbered` events carry. */
export const numbersOf = (events: ReadonlyArray<ContextEvent>): ReadonlyArray<unknown> =>
  events.map((event) => event.data["number"])

/** Appends to an agent, whatever its version, unless told otherwise. */
export const append = (agentId: string, events: ReadonlyArray<NewEvent>, more: Omit<Partial<Append>, "events"> = {}) =>
  EventStore.use((store) => store.append({ agentId, events, ...more }))

/** A fresh agent with five events of the same numbers: three appended alone, the last two together. */
export const five: Effect.Effect<string, unknown, EventStore> = Effect.gen(function* () {
  const agentId = freshId()
  for (const number of [1, 2, 3]) yield* append(agentId, numbered(1, number))
  yield* append(agentId, numbered(2, 4))
  return agentId
})

/** All that a read gives. */
export const read = (agentId: string, options?: ReadOptions) =>
  EventStore.use((store) => Stream.runCollect(store.read(agentId, options)))

/** The versions that a read gives. */
export const versionsOf = (agentId: string, options?: ReadOptions) =>
  Effect.map(read(agentId, options), (events) => events.map((event) => event.version))

/** The position of an agent. */
export const head = (agentId: string) => EventStore.use((store) => store.head(agentId))

/** The effect must fail with `Rejected` for this reason. */
export const rejected = <A, R>(
  effect: Effect.Effect<A, AppendError, R>,
  reason: Rejected["reason"]
): Effect.Effect<Rejected, A, R> =>
  Effect.map(Effect.flip(effect), (error) => {
    assertTag(error, "Rejected")
    assert.strictEqual(error.reason, reason, error.message)
    return error
  })

/** The effect must fail with `Conflict` and these numbers. */
export const conflict = <A, R>(
  effect: Effect.Effect<A, AppendError, R>,
  { actual, expected }: Pick<Conflict, "expected" | "actual">
): Effect.Effect<void, A, R> =>
  Effect.map(Effect.flip(effect), (error) => {
    assertTag(error, "Conflict")
    assert.deepStrictEqual([error.expected, error.actual], [expected, actual])
  })

/** The effect must fail with `InvalidInput` at this path. */
export const invalid = <A, R>(
  effect: Effect.Effect<A, ReadError, R>,
  path: string
): Effect.Effect<InvalidInput, A, R> =>
  Effect.map(Effect.flip(effect), (error) => {
    assertTag(error, "InvalidInput")
    assert.strictEqual(error.path, path)
    return error
  })

export function assertTag<E extends { readonly _tag: string }, Tag extends string>(
  error: E,
  tag: Tag
): asserts error is Extract<E, { readonly _tag: Tag }> {
  assert.strictEqual(error._tag, tag, String(error))
}

// ---- the feed ----

/** Where the feed of a test begins: after everything that is told already. */
export const feedEnd: Effect.Effect<string | undefined, ReadError, EventStore> = Effect.map(
  EventStore.use((store) => store.feedEnd),
  Option.getOrUndefined
)

/** The entries of the feed that belong to these agents. */
export const ownFeed = (agentIds: ReadonlyArray<string>, options: FeedOptions) => {
  const own = new Set(agentIds)
  return Stream.unwrap(EventStore.useSync((store) => store.feed(options))).pipe(
    Stream.filter(({ event }) => own.has(event.agentId))
  )
}

/** Waits until the feed has told so many events of these agents, and gives all that it tells of them then. */
export const told = (
  agentIds: ReadonlyArray<string>,
  after: string | undefined,
  count: number
): Effect.Effect<ReadonlyArray<FeedEntry<ContextEvent>>, unknown, EventStore> =>
  Effect.gen(function* () {
    // A store may keep an event back for as long as an earlier one may still appear.
    const live = ownFeed(agentIds, { after, live: true }).pipe(Stream.take(count), Stream.runCollect)
    const late = { duration: "20 seconds", orElse: () => Effect.succeed([]) } as const
    const first = count === 0 ? [] : yield* Effect.timeoutOrElse(live, late)
    const all = yield* Stream.runCollect(ownFeed(agentIds, { after }))
    assert.deepStrictEqual(all.slice(0, first.length), first, "a live feed tells the same as one that ends")
    return all
  })

/** Which events the entries hold, without their order, since that of two agents is the store's own. */
export const places = (entries: ReadonlyArray<FeedEntry<ContextEvent>>): ReadonlyArray<string> =>
  entries.map(({ event }) => `${event.agentId} ${event.version}`).sort()

// ---- notes ----

/** Changes notes of an agent, and nothing else. */
export const annotate = (agentId: string, notes: Append["notes"], more: Omit<Partial<Append>, "notes"> = {}) =>
  EventStore.use((store) => store.append({ agentId, events: [], notes, ...more }))

/** The notes of an agent, by name. */
export const notesOf = (agentId: string, options?: NotesOptions) =>
  EventStore.use((store) => Stream.runCollect(store.notes(agentId, options)))

/** The bodies of an agent's notes under their names, in the order of the names' units. */
export const bodiesOf = (agentId: string) =>
  Effect.map(notesOf(agentId), (notes) =>
    notes
      .map(({ body, name }): readonly [string, unknown] => [name, body])
      .sort(([left], [right]) => byUnits(left, right))
  )

export const byUnits = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)
