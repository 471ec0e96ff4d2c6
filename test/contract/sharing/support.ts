/**
 * What the tests of sharing share.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as AgentStateManager from "../../../src/AgentStateManager.ts"
import * as ContextSharing from "../../../src/ContextSharing.ts"
import { EventStore } from "../../../src/EventStore.ts"
import { as, byPermissions, freshId, root, user } from "../people.ts"

export { as, fails, freshId, hour, type It, inFuture, later, root, type Stores, user } from "../people.ts"

/** The services over the stores, under a policy. */
export const servicesUnder = (policy: Layer.Layer<never, never, EventStore>, options: AgentStateManager.Options = {}) =>
  ContextSharing.layer.pipe(Layer.provideMerge(AgentStateManager.layer(options)), Layer.provideMerge(policy))

/** The services over the stores, under a policy that decides by permissions. */
export const services = (options: AgentStateManager.Options) => servicesUnder(byPermissions, options)

/** Runs with services of its own over the stores, as somebody who may do everything unless it says otherwise. */
export const withServices =
  (options: AgentStateManager.Options = {}) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    as(root)(Effect.provide(effect, services(options)))

/** The same, with services that are shared with nobody else. */
export const apart = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  as(root)(Effect.provide(effect, services({}), { local: true }))

/** The same, with the usual options. */
export const shared = withServices()

export const { AgentStateManager: Agents } = AgentStateManager
export const { ContextSharing: Sharing } = ContextSharing

/** An agent with a state. */
export const agentWith = (state: object) =>
  Effect.gen(function* () {
    const agentId = freshId()
    yield* (yield* Agents).setState(agentId, state)
    return agentId
  })

/** The agent, and whoever may share it. */
export const ownedAgent = (state: object) =>
  Effect.map(agentWith(state), (agentId) => ({ agentId, owner: user(freshId(), `share:write:${agentId}`) }))

/** The version of an agent in the store. */
export const versionOf = (agentId: string) =>
  EventStore.use((store) => Effect.map(store.head(agentId), ({ version }) => version))

/** The names of the notes of an agent. */
export const notesOf = (agentId: string) =>
  EventStore.use((store) =>
    Effect.map(Stream.runCollect(store.notes(agentId)), (notes) => notes.map(({ name }) => name))
  )
