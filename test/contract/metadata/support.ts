/**
 * What the tests of metadata share.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as AgentStateManager from "../../../src/AgentStateManager.ts"
import * as ContextLifecycle from "../../../src/ContextLifecycle.ts"
import * as ContextMetadata from "../../../src/ContextMetadata.ts"
import * as ContextSharing from "../../../src/ContextSharing.ts"
import type { EventStore } from "../../../src/EventStore.ts"
import { as, byPermissions, freshId, root, user } from "../people.ts"

export { as, fails, freshId, hour, type It, inFuture, later, root, type Stores, user } from "../people.ts"

/** The services over stores, under a policy. */
export const servicesUnder = (policy: Layer.Layer<never, never, EventStore>) =>
  Layer.mergeAll(ContextMetadata.layer, ContextLifecycle.layer, ContextSharing.layer).pipe(
    Layer.provideMerge(AgentStateManager.layer()),
    Layer.provideMerge(policy)
  )

/** The services over stores, under a policy that decides by permissions. */
export const services = servicesUnder(byPermissions)

/** Runs with services of its own over the stores, as somebody who may do everything unless it says otherwise. */
export const shared = <A, E, R>(effect: Effect.Effect<A, E, R>) => as(root)(Effect.provide(effect, services))

export const { AgentStateManager: Agents } = AgentStateManager
export const { ContextMetadata: Metadata } = ContextMetadata
export const { ContextLifecycle: Lifecycle } = ContextLifecycle

/** An agent that there is. */
export const newAgent = Effect.gen(function* () {
  const agentId = freshId()
  yield* (yield* Agents).setState(agentId, { a: 1 })
  return agentId
})

/** An agent, and users: two who may write its metadata, one who may read them, one who may administer them, and one who may nothing. */
export const company = Effect.map(newAgent, (agentId) => ({
  agentId,
  ann: user(freshId(), `metadata:write:${agentId}`),
  bob: user(freshId(), `metadata:write:${agentId}`),
  rhea: user(freshId(), `metadata:read:${agentId}`),
  adam: user(freshId(), `metadata:admin:${agentId}`),
  eve: user(freshId())
}))

export const keysOf = (entries: ReadonlyArray<ContextMetadata.Entry>): ReadonlyArray<string> =>
  entries.map(({ key }) => key).sort()
