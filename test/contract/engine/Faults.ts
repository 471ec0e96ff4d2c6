/**
 * Stores between the engine and the real ones that do, agent by agent, what a test asks of them: count, wait, lose answers, fail.
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { type Append, type Appended, EventStore } from "../../../src/EventStore.ts"
import { SnapshotStore } from "../../../src/SnapshotStore.ts"
import { type AppendError, Corrupted, Rejected, Unavailable, Unknown } from "../../../src/StoreError.ts"

/** What becomes of one append. */
export type AppendFault =
  /** It is stored, but nobody is told. */
  | "lose the answer"
  /** It is not stored, and nobody is told. */
  | "lose the request"
  | "refuse"
  | "die"

/** What becomes of the reads of an agent. */
export type ReadFault = "read" | "replies" | "notes" | "snapshot"

/** What is known and asked of one agent. */
export interface Agent {
  readonly appends: Array<Append>
  readonly faults: Array<AppendFault>
  readonly broken: Set<ReadFault>
  /** The versions from which streams were read. */
  readonly reads: Array<number>
  readonly savesGo: Deferred.Deferred<void>
  saves: number
  saving: "works" | "fails" | "hangs"
  gate: Deferred.Deferred<void> | undefined
  waiting: Deferred.Deferred<void>
  /** Holds the answer back to whoever looks for the head of the stream next. */
  lookGate: Deferred.Deferred<void> | undefined
}

export class Faults extends Context.Service<Faults, { readonly of: (agentId: string) => Agent }>()(
  "pantheon-state/test/Faults"
) {}

/** No faults at first. */
export const layer: Layer.Layer<Faults> = Layer.sync(Faults, () => {
  const agents = new Map<string, Agent>()
  return {
    of: (agentId) => {
      const agent = agents.get(agentId) ?? {
        appends: [],
        faults: [],
        broken: new Set(),
        reads: [],
        savesGo: Deferred.makeUnsafe(),
        saves: 0,
        saving: "works",
        gate: undefined,
        waiting: Deferred.makeUnsafe(),
        lookGate: undefined
      }
      agents.set(agentId, agent)
      return agent
    }
  }
})

/** The faulty stores over the real ones. */
export const layerStores: Layer.Layer<EventStore | SnapshotStore, never, Faults | EventStore | SnapshotStore> =
  Layer.effectContext(
    Effect.gen(function* () {
      const events = yield* EventStore
      const snapshots = yield* SnapshotStore
      const { of } = yield* Faults
      const unless = <A, E>(agentId: string, fault: ReadFault, effect: Effect.Effect<A, E>) =>
        Effect.suspend(
          (): Effect.Effect<A, E | Unavailable> => (of(agentId).broken.has(fault) ? Effect.fail(unreachable) : effect)
        )
      return Context.make(EventStore, {
        ...events,
        append: (append) => faulty(of(append.agentId), append, events.append(append)),
        head: (agentId) => Effect.tap(unless(agentId, "read", events.head(agentId)), () => pass(of(agentId))),
        read: (agentId, options) => {
          of(agentId).reads.push(options?.from ?? 1)
          return Stream.unwrap(Effect.as(unless(agentId, "read", Effect.void), events.read(agentId, options)))
        },
        replies: (agentId, ids) => unless(agentId, "replies", events.replies(agentId, ids)),
        getNotes: (keys) => unless(keys[0]?.agentId ?? "", "notes", events.getNotes(keys)),
        notes: (agentId, options) =>
          Stream.unwrap(Effect.as(unless(agentId, "notes", Effect.void), events.notes(agentId, options)))
      }).pipe(
        Context.add(SnapshotStore, {
          ...snapshots,
          latest: (agentId, criteria) =>
            Effect.suspend(() =>
              of(agentId).broken.has("snapshot") ? Effect.fail(damaged) : snapshots.latest(agentId, criteria)
            ),
          save: (snapshot) =>
            Effect.suspend(() => {
              const agent = of(snapshot.agentId)
              agent.saves++
              if (agent.saving === "hangs")
                return Effect.andThen(Deferred.await(agent.savesGo), snapshots.save(snapshot))
              return agent.saving === "fails" ? Effect.fail(unreachable) : snapshots.save(snapshot)
            })
        })
      )
    })
  )

const pass = (agent: Agent): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { lookGate } = agent
    if (lookGate === undefined) return Effect.void
    agent.lookGate = undefined
    return Effect.andThen(Deferred.succeed(agent.waiting, undefined), Deferred.await(lookGate))
  })

const faulty = (agent: Agent, append: Append, real: Effect.Effect<Appended, AppendError>) =>
  Effect.gen(function* () {
    agent.appends.push(append)
    const fault = agent.faults.shift()
    const { gate } = agent
    if (gate !== undefined) {
      yield* Deferred.succeed(agent.waiting, undefined)
      yield* Deferred.await(gate)
    }
    const { agentId } = append
    const unknown = new Unknown({ agentId, eventIds: [], cause: "a lost answer" })
    switch (fault) {
      case undefined:
        return yield* real
      case "lose the answer":
        yield* real
        return yield* unknown
      case "lose the request":
        return yield* unknown
      case "die":
        return yield* Effect.die(new Error("the store died"))
      case "refuse":
        return yield* new Rejected({
          agentId,
          reason: "Unavailable",
          expected: "a store",
          found: "none",
          remedy: "Wait."
        })
    }
  })

const unreachable = new Unavailable({
  operation: "read",
  reason: "Unreachable",
  expected: "a store",
  found: "none",
  remedy: "Wait."
})

const damaged = new Corrupted({ subject: "snapshot", expected: "a checksum", found: "another", remedy: "Delete it." })
