/**
 * What the tests of access share.
 */
import type { Vitest } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as AccessPolicy from "../../../src/AccessPolicy.ts"
import * as AgentStateManager from "../../../src/AgentStateManager.ts"
import * as AuditSink from "../../../src/AuditSink.ts"
import * as ContextSharing from "../../../src/ContextSharing.ts"
import { CurrentPrincipal } from "../../../src/CurrentPrincipal.ts"
import type { Stores } from "../sharing/support.ts"

/** Registers tests that have stores. */
export type It = Vitest.MethodsNonLive<Stores>

/** A deed, and who did it. */
export interface Told extends AuditSink.Deed {
  readonly by: string
}

/** A sink that keeps what it is told in an array. */
export const listening = (told: Array<Told>): Layer.Layer<never> =>
  Layer.succeed(AuditSink.AuditSink, {
    record: (deed) => Effect.map(CurrentPrincipal, ({ id }) => void told.push({ ...deed, by: id }))
  })

/** A scoped policy of its own over the stores, as another process would have. */
export const ownPolicy = (options: AccessPolicy.ScopedOptions = {}, told: Array<Told> = []) =>
  Effect.map(Layer.build(Layer.fresh(Layer.provide(AccessPolicy.layerScoped(options), listening(told)))), (context) =>
    Context.get(context, AccessPolicy.AccessPolicy)
  )

const services = (policy: AccessPolicy.AccessPolicy) =>
  ContextSharing.layer.pipe(
    Layer.provideMerge(AgentStateManager.layer()),
    Layer.provideMerge(Layer.succeed(AccessPolicy.AccessPolicy, policy))
  )

/** Runs with services of its own that ask this policy. */
export const under =
  (policy: AccessPolicy.AccessPolicy) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.provide(effect, services(policy), { local: true })
