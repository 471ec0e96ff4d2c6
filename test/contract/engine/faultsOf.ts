/**
 * What a test asks of the stores below an engine, for one agent.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { Append } from "../../../src/EventStore.ts"
import { type Agent, type AppendFault, Faults, type ReadFault } from "./Faults.ts"

/** The faults of one agent, as a test handles them. */
export interface AgentFaults {
  /** What was appended, or tried, so far. */
  readonly appends: ReadonlyArray<Append>
  readonly reads: ReadonlyArray<number>
  /** How many snapshots were saved, or tried. */
  readonly saves: number
  /** What becomes of the next appends, one after the other; not of one that is held back already. */
  readonly next: (...faults: ReadonlyArray<AppendFault>) => void
  /** Nothing becomes of the next appends any more. */
  readonly forget: () => void
  /** Holds appends back from now on. */
  readonly hold: () => void
  /** Holds back what the next look for the head of the stream has found, until the effect that this gives is run. */
  readonly holdLook: () => Effect.Effect<void>
  /** Waits until an append, or such a look, is held back. */
  readonly held: Effect.Effect<void>
  readonly release: Effect.Effect<void>
  readonly breakReads: (fault: ReadFault) => void
  readonly mendReads: () => void
  readonly snapshots: (saving: Agent["saving"]) => void
  /** Lets those saves go on that hang. */
  readonly letSavesGo: Effect.Effect<void>
  readonly forgetReads: () => void
}

/** Takes hold of the faults of an agent. */
export const faultsOf = (agentId: string): Effect.Effect<AgentFaults, never, Faults> =>
  Faults.useSync(({ of }) => control(of(agentId)))

const control = (agent: Agent): AgentFaults => ({
  get appends() {
    return agent.appends
  },
  get reads() {
    return agent.reads
  },
  get saves() {
    return agent.saves
  },
  next: (...faults) => {
    agent.faults.push(...faults)
  },
  forget: () => {
    agent.faults.length = 0
  },
  hold: () => {
    agent.gate = Deferred.makeUnsafe()
    agent.waiting = Deferred.makeUnsafe()
  },
  holdLook: () => {
    const gate = Deferred.makeUnsafe<void>()
    agent.lookGate = gate
    agent.waiting = Deferred.makeUnsafe()
    return Effect.asVoid(Deferred.succeed(gate, undefined))
  },
  held: Effect.suspend(() => Deferred.await(agent.waiting)),
  release: Effect.suspend(() => {
    const { gate } = agent
    agent.gate = undefined
    return gate === undefined ? Effect.void : Effect.asVoid(Deferred.succeed(gate, undefined))
  }),
  breakReads: (fault) => {
    agent.broken.add(fault)
  },
  mendReads: () => {
    agent.broken.clear()
  },
  snapshots: (saving) => {
    agent.saving = saving
  },
  letSavesGo: Effect.asVoid(Deferred.succeed(agent.savesGo, undefined)),
  forgetReads: () => {
    agent.reads.length = 0
  }
})
