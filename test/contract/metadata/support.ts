/**
 * What the tests of metadata share.
 */
import { assert, type Vitest } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AccessDenied } from "../../../src/AccessError.ts"
import { AccessPolicy } from "../../../src/AccessPolicy.ts"
import * as AgentStateManager from "../../../src/AgentStateManager.ts"
import * as ContextLifecycle from "../../../src/ContextLifecycle.ts"
import * as ContextMetadata from "../../../src/ContextMetadata.ts"
import * as ContextSharing from "../../../src/ContextSharing.ts"
import * as CurrentPrincipal from "../../../src/CurrentPrincipal.ts"
import type { EventStore } from "../../../src/EventStore.ts"
import * as Permission from "../../../src/Permission.ts"
import type { SnapshotStore } from "../../../src/SnapshotStore.ts"

export type Stores = EventStore | SnapshotStore

/** Registers tests that have stores. */
export type It = Vitest.MethodsNonLive<Stores>

/** An id that nobody has used. */
export const freshId = (): string => crypto.randomUUID()

/** A user with these permissions. */
export const user = (id: string, ...permissions: ReadonlyArray<Permission.Text>): CurrentPrincipal.Principal => ({
  id,
  kind: "user",
  permissions: permissions.map(Permission.make)
})

/** Somebody who may do everything. */
export const root = user("root", "*:admin:*")

/** Does something as somebody. */
export const as =
  (principal: CurrentPrincipal.Principal) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(effect, CurrentPrincipal.CurrentPrincipal, principal)

/** Decides by the permissions of the principal alone. */
const byPermissions = Layer.succeed(AccessPolicy, {
  check: (need) =>
    Effect.flatMap(CurrentPrincipal.CurrentPrincipal, (principal) =>
      CurrentPrincipal.may(principal, need) ? Effect.void : Effect.fail(new AccessDenied(need))
    ),
  grounds: (need) =>
    Effect.map(CurrentPrincipal.CurrentPrincipal, (principal) =>
      CurrentPrincipal.may(principal, need) ? "permission" : "none"
    ),
  sharesChanged: () => {}
})

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

/** Lets an effect see a time that is later by so many milliseconds. */
export const later =
  (milliseconds: number) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Clock.Clock, (clock) =>
      Effect.provideService(
        effect,
        Clock.Clock,
        Object.assign(Object.create(clock), {
          currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + milliseconds,
          currentTimeMillis: Effect.map(clock.currentTimeMillis, (time) => time + milliseconds)
        })
      )
    )

/** A time from now. */
export const inFuture = (milliseconds: number) =>
  Effect.map(Clock.currentTimeMillis, (now) => new Date(now + milliseconds))

export const hour = 3_600_000

/** The effect must fail with this tag, and these fields. */
export const fails = <A, E extends { readonly _tag: string }, R>(
  effect: Effect.Effect<A, E, R>,
  tag: E["_tag"],
  fields: object = {}
): Effect.Effect<E, A, R> =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.strictEqual(error._tag, tag, String(error))
    assert.deepInclude<object>(error, fields)
    return error
  })

export const keysOf = (entries: ReadonlyArray<ContextMetadata.Entry>): ReadonlyArray<string> =>
  entries.map(({ key }) => key).sort()
