/**
 * Where services tell what was done and what was refused. `AuditLog.layer` keeps it; without one, nothing is kept.
 *
 * ```ts
 * const sink = yield* AuditSink.AuditSink
 * yield* sink.record({ resource: "share", action: "write", agentId, outcome: "allowed", reason: "shared with bob" })
 * ```
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Permission from "./Permission.ts"
import type * as Value from "./Value.ts"

/** What a deed is about: what permissions are about, or the credential that somebody showed. */
export const Resource = Schema.Literals([...Permission.Resource.literals, "credential"])

export type Resource = typeof Resource.Type

/** What somebody did or wanted to do. A credential is shown to `authenticate`. */
export const Action = Schema.Literals([...Permission.Action.literals, "authenticate"])

export type Action = typeof Action.Type

/** How it ended. */
export const Outcome = Schema.Literals(["allowed", "refused"])

export type Outcome = typeof Outcome.Type

/** Something that the current principal did, or was not let do. */
export interface Deed {
  readonly resource: Resource
  readonly action: Action
  /** Undefined for what concerns no agent. */
  readonly agentId?: string | undefined
  readonly outcome: Outcome
  /** Why, in words for the operator; whoever was refused is not told. No secret belongs here. */
  readonly reason: string
  /** What else the operator needs. Secrets in it are made unreadable before it is kept. */
  readonly details?: Value.Record | undefined
}

/** Takes what was done and what was refused. */
export interface AuditSink {
  /** Records what the `CurrentPrincipal` of the caller did. It never fails; it may wait while much is to be kept. */
  readonly record: (deed: Deed) => Effect.Effect<void>
}

/** Keeps nothing. Services may tell by it that nothing need be recorded. */
export const silent: AuditSink = { record: () => Effect.void }

/** The sink in force; services take it when their layers are built. */
export const AuditSink: Context.Reference<AuditSink> = Context.Reference<AuditSink>("pantheon-state/AuditSink", {
  defaultValue: () => silent
})
