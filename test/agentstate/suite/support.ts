/**
 * What the tests of the manager share.
 */
import { assert, type Vitest } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { AgentStateManager, EventStore, type SnapshotStore, type Value } from "../../../src/index.ts"

export type Stores = EventStore.EventStore | SnapshotStore.SnapshotStore

/** Registers tests that have stores. */
export type It = Vitest.MethodsNonLive<Stores>

/** An id that nobody has used. */
export const freshId = (): string => crypto.randomUUID()

/** The integers from `first`. */
export const integers = (count: number, first = 1): Array<number> =>
  Array.from({ length: count }, (_, index) => first + index)

/** A number of the state; 0 if there is none. */
export const numberOf = (state: Value.Record, key: string): number => {
  const value = state[key]
  return typeof value === "number" ? value : 0
}

/** Adds to a number of the state. */
export const plus = (state: Value.Record, key: string, amount = 1): Value.Record => ({
  ...state,
  [key]: numberOf(state, key) + amount
})

export const options: AgentStateManager.Options = {
  reducers: {
    "counter.added": (state, { data }) => plus(state, "count", numberOf(data, "amount")),
    "list.extended": (state, { data, version }) => ({
      ...state,
      list: [...(Array.isArray(state["list"]) ? state["list"] : []), { version, item: data["item"] ?? null }]
    }),
    "reducer.throws": () => {
      throw new Error("boom")
    },
    "reducer.gives": () => ({ deep: { time: new Date(Number.NaN) } }),
    // What a program without types may do.
    "reducer.forgets": (() => undefined) as unknown as () => object,
    "reducer.waits": async () => ({})
  },
  snapshots: { every: 7 }
}

/** Runs with a manager of its own, which is closed at the end. */
export const managed = <A, E, R>(
  effect: Effect.Effect<A, E, R | AgentStateManager.AgentStateManager>,
  more: AgentStateManager.Options = {}
) => Effect.provide(effect, AgentStateManager.layer({ ...options, ...more }))

/** The manager. */
export const { AgentStateManager: agents } = AgentStateManager

/** All events of an agent. */
export const eventsOf = (agentId: string) =>
  EventStore.EventStore.use((store) => Stream.runCollect(store.read(agentId)))

/** The version of an agent in the store, whatever a manager thinks. */
export const storedVersion = (agentId: string) =>
  EventStore.EventStore.use((store) => Effect.map(store.head(agentId), (head) => head.version))

/** The object must have these fields, among others. */
export const includes = (actual: object, fields: object): void => assert.deepInclude<object>(actual, fields)

/** The effect must fail with this tag, and these fields. */
export const fails = <A, E extends { readonly _tag: string }, R, Tag extends E["_tag"]>(
  effect: Effect.Effect<A, E, R>,
  tag: Tag,
  fields: Partial<Extract<E, { readonly _tag: Tag }>> = {}
): Effect.Effect<Extract<E, { readonly _tag: Tag }>, A, R> =>
  Effect.map(Effect.flip(effect), (error) => {
    assertTag(error, tag)
    includes(error, fields)
    return error
  })

function assertTag<E extends { readonly _tag: string }, Tag extends string>(
  error: E,
  tag: Tag
): asserts error is Extract<E, { readonly _tag: Tag }> {
  assert.strictEqual(error._tag, tag, String(error))
}
