/**
 * What the tests of the lifecycle share.
 */
import { assert, type Vitest } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { AccessPolicy } from "../../../src/AccessPolicy.ts"
import * as AgentStateManager from "../../../src/AgentStateManager.ts"
import type { ContextEvent } from "../../../src/ContextEvent.ts"
import * as ContextLifecycle from "../../../src/ContextLifecycle.ts"
import { EventStore } from "../../../src/EventStore.ts"
import type { ImportRefused } from "../../../src/LifecycleError.ts"
import type { SnapshotStore } from "../../../src/SnapshotStore.ts"
import { Sha256 } from "../../../src/store/Sha256.ts"

export type Stores = EventStore | SnapshotStore

/** Registers tests that have stores. */
export type It = Vitest.MethodsNonLive<Stores>

/** An id that nobody has used. */
export const freshId = (): string => crypto.randomUUID()

/** The integers from `first`. */
export const integers = (count: number, first = 1): Array<number> =>
  Array.from({ length: count }, (_, index) => first + index)

const numberOf = (value: unknown): number => (typeof value === "number" ? value : 0)

export const options: AgentStateManager.Options = {
  reducers: {
    "counter.added": (state, { data }) => ({ ...state, count: numberOf(state["count"]) + numberOf(data["amount"]) })
  }
}

/** The lifecycle and its manager, closed at the end. */
export const lifecycle = <A, E, R>(
  effect: Effect.Effect<A, E, R | ContextLifecycle.ContextLifecycle | AgentStateManager.AgentStateManager>,
  more: AgentStateManager.Options = {},
  policy?: AccessPolicy
) => {
  const layer = ContextLifecycle.layer.pipe(Layer.provideMerge(AgentStateManager.layer({ ...options, ...more })))
  return Effect.provide(
    effect,
    policy === undefined ? layer : Layer.provide(layer, Layer.succeed(AccessPolicy, policy))
  )
}

/** The service. */
export const { ContextLifecycle: Lifecycle } = ContextLifecycle

/** The manager. */
export const { AgentStateManager: Agents } = AgentStateManager

/** An agent with an event and three for each round, of several kinds; a snapshot is taken after each second round. */
export const busy = (agentId: string, rounds = 5) =>
  Effect.gen(function* () {
    const agents = yield* Agents
    yield* agents.updateContext(agentId, { state: { name: "busy", at: new Date(7) }, metadata: { topic: "tea" } })
    for (const round of integers(rounds)) {
      yield* agents.appendEvent(agentId, { type: "counter.added", data: { amount: round } })
      yield* agents.patchState(agentId, [{ op: "add", path: `/key ${round}`, value: round }])
      yield* agents.appendEvent(agentId, { type: "nobody.knows", data: { bytes: Uint8Array.of(1, 2) } })
      if (round % 2 === 0) yield* agents.createSnapshot(agentId)
    }
    return yield* agents.getContext(agentId)
  })

/** The lines of an export. */
export const linesOf = (agentId: string, options?: ContextLifecycle.ExportOptions) =>
  Effect.flatMap(Lifecycle, (lifecycle) => Stream.runCollect(lifecycle.exportContext(agentId, options)))

/** Imports lines. */
export const importLines = (agentId: string, lines: ReadonlyArray<string>, options?: ContextLifecycle.ImportOptions) =>
  Effect.flatMap(Lifecycle, (lifecycle) => lifecycle.importContext(agentId, Stream.fromIterable(lines), options))

/** All events of an agent. */
export const eventsOf = (agentId: string) => EventStore.use((store) => Stream.runCollect(store.read(agentId)))

/** What an event says, without what is its own. */
export const bodyOf = ({ data, metadata, schemaVersion, timestamp, type, version }: ContextEvent) => ({
  data,
  metadata,
  schemaVersion,
  timestamp,
  type,
  version
})

/** The effect must fail with this tag, and these fields. */
export const fails = <A, E extends { readonly _tag: string }, R, Tag extends E["_tag"]>(
  effect: Effect.Effect<A, E, R>,
  tag: Tag,
  fields: Partial<Extract<E, { readonly _tag: Tag }>> = {}
): Effect.Effect<void, A, R> =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.strictEqual(error._tag, tag, String(error))
    assert.deepInclude<object>(error, fields)
  })

/** The import must be refused for this reason. */
export const refused = <A, E extends { readonly _tag: string }, R>(
  effect: Effect.Effect<A, E | ImportRefused, R>,
  reason: ImportRefused["reason"],
  line?: number
): Effect.Effect<void, A, R> =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.deepInclude<object>(
      error,
      { _tag: "ImportRefused", reason, ...(line === undefined ? {} : { line }) },
      String(error)
    )
  })

/** Nothing must be there of an agent. */
export const assertMissing = (agentId: string) =>
  Effect.gen(function* () {
    const store = yield* EventStore
    assert.deepInclude(yield* store.head(agentId), { presence: "missing" })
    assert.deepStrictEqual(yield* eventsOf(agentId), [])
    assert.deepStrictEqual(yield* Stream.runCollect(store.notes(agentId)), [])
    assert.deepStrictEqual(yield* Stream.runCollect(store.commands(agentId)), [])
  })

/** The lines with a true end behind them. */
export const ended = (lines: ReadonlyArray<string>): ReadonlyArray<string> => {
  const body = lines.slice(0, -1)
  const sha = new Sha256()
  for (const line of body) sha.add(line)
  const count = (kind: string) => body.filter((line) => line.startsWith(`{"${kind}"`)).length
  const counts = {
    events: count("event"),
    snapshots: count("snapshot"),
    commands: count("command"),
    notes: count("note")
  }
  return [...body, `${JSON.stringify({ end: { ...counts, sha256: sha.end() } })}\n`]
}
