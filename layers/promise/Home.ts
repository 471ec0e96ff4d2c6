/**
 * Where services around agents live: with a manager that is there, or with one that is made of two stores.
 *
 * The program is trusted: it says in whose name it acts. In the name of an agent it may do what that agent may: all with itself, and with others what was
 * shared with it. In its own name it may do everything.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as AccessPolicy from "../../src/AccessPolicy.ts"
import * as AgentId from "../../src/AgentId.ts"
import * as CurrentPrincipal from "../../src/CurrentPrincipal.ts"
import * as Pattern from "../../src/Pattern.ts"
import * as Permission from "../../src/Permission.ts"
import type { InvalidInput } from "../../src/StoreError.ts"
import type { EventStore, SnapshotStore } from "./Contracts.ts"
import { makeAgentStateManager } from "./makeAgentStateManager.ts"
import { type Failure, invalidOptions } from "./PantheonError.ts"
import { shared } from "./Shared.ts"
import { type Services, StateManager } from "./StateManager.ts"

/** Two stores. */
export interface StorePair {
  readonly eventStore: EventStore
  readonly snapshotStore: SnapshotStore
}

/** The manager of the agents, or the stores that they are in. */
export type Home = StateManager<EventStore, SnapshotStore> | StorePair

/** What a service is built on. */
export interface Ground {
  readonly layer: Layer.Layer<Services, Failure>
  /** Lets each do what he may, for services that keep agents apart. */
  readonly policy: Layer.Layer<never, Failure>
  /** To be called when the service has ended. */
  readonly release: () => Promise<void>
}

const policies = new WeakMap<Ground["layer"], Ground["policy"]>()

/** Throws when it is neither a manager nor two stores. */
export const groundOf = (owner: string, home: Home): Ground => {
  if (typeof home !== "object" || home === null) {
    throw invalidOptions(owner, "its first argument", "a manager, or an object with eventStore and snapshotStore", home)
  }
  const given = home instanceof StateManager ? home : undefined
  const manager = given ?? makeAgentStateManager(home)
  const { layer } = manager.session
  const policy = policies.get(layer) ?? shared(Layer.provide(AccessPolicy.layerScoped(), layer))
  // Services around one manager heed a change of a share at once.
  policies.set(layer, policy)
  return { layer, policy, release: () => (given === undefined ? manager.close() : Promise.resolve()) }
}

/** An agent that acts. */
const agent = (agentId: string): CurrentPrincipal.Principal => ({
  id: agentId,
  kind: "agent",
  permissions: [{ resource: "*", action: "admin", agents: Pattern.exactly(agentId) }]
})

/** The program itself. */
const program: CurrentPrincipal.Principal = {
  id: "program",
  kind: "service",
  permissions: [Permission.make("*:admin:*")]
}

/** Does something in the name of an agent. What is no id is refused, so that nobody becomes somebody by mistake. */
export const asAgent = <A, E, R>(
  agentId: string,
  work: Effect.Effect<A, E, R>
): Effect.Effect<A, E | InvalidInput, R> =>
  Effect.flatMap(Effect.fromResult(AgentId.validate(agentId, "requestingAgentId")), (id) =>
    Effect.provideService(work, CurrentPrincipal.CurrentPrincipal, agent(id))
  )

/** Does something in the name of the program. */
export const asProgram = <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(work, CurrentPrincipal.CurrentPrincipal, program)

/** An agent that is named, or, when nothing at all is said, the program. A name that is undefined is refused. */
export type Asker = readonly [requestingAgentId?: string]

/** Does something in the name of whoever asks. */
export const asAsker = <A, E, R>(asker: Asker, work: Effect.Effect<A, E, R>): Effect.Effect<A, E | InvalidInput, R> => {
  const [agentId = ""] = asker
  return asker.length === 0 ? asProgram(work) : asAgent(agentId, work)
}
