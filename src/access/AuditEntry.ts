/**
 * An entry of the audit log, and how entries lie in the store: many in one event, in an agent for each day of the world's time.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as AuditSink from "../AuditSink.ts"
import type { ContextEvent } from "../ContextEvent.ts"
import { Kind, type Principal } from "../CurrentPrincipal.ts"
import { Corrupted } from "../StoreError.ts"
import * as ReservedAgents from "../store/ReservedAgents.ts"
import * as Value from "../Value.ts"
import * as Redaction from "./Redaction.ts"

const Details = Schema.Unknown.pipe(Schema.refine((value: unknown): value is Value.Record => Value.isRecord(value)))

/** An entry as it is stored. */
export const Recorded = Schema.Struct({
  at: Schema.Date,
  principalId: Schema.String,
  principalKind: Kind,
  resource: AuditSink.Resource,
  action: AuditSink.Action,
  agentId: Schema.optionalKey(Schema.String),
  outcome: AuditSink.Outcome,
  reason: Schema.String,
  details: Schema.optionalKey(Details)
})

export type Recorded = typeof Recorded.Type

/** An entry as it is read. */
export interface AuditEntry extends Recorded {
  /** Ascends as entries are kept. */
  readonly id: string
}

/** What begins the ids of the agents of the log. */
export const prefix = `${ReservedAgents.prefix}audit/`

export const type = "audit.recorded"

/** The day of a time, `2026-11-28`, by UTC. */
export const dayOf = (at: Date): string => at.toISOString().slice(0, 10)

/** What a principal did, without secrets, and no longer than is worth keeping. */
export const of = (deed: AuditSink.Deed, { id, kind }: Principal, at: number): Recorded => ({
  at: new Date(at),
  principalId: Redaction.id(id),
  principalKind: kind,
  resource: deed.resource,
  action: deed.action,
  ...(deed.agentId === undefined ? {} : { agentId: Redaction.id(deed.agentId) }),
  outcome: deed.outcome,
  reason: Redaction.text(deed.reason),
  ...(deed.details === undefined ? {} : { details: Redaction.details(deed.details) })
})

const decode = Schema.decodeUnknownResult(Schema.Struct({ entries: Schema.Array(Recorded) }))

/** The entries of an event, the oldest first. */
export const entriesOf = ({
  agentId,
  data,
  version
}: ContextEvent): Effect.Effect<ReadonlyArray<AuditEntry>, Corrupted> => {
  const day = agentId.slice(prefix.length)
  return Effect.fromResult(decode(data)).pipe(
    Effect.map(({ entries }) => entries.map((entry, index) => ({ id: print({ day, version, index }), ...entry }))),
    Effect.mapError(
      (cause) =>
        new Corrupted({
          subject: `event ${version} of agent ${JSON.stringify(agentId)}`,
          expected: "entries of the audit log",
          found: "another body",
          remedy: `Let AuditLog alone write to agents whose ids begin with "${prefix}".`,
          cause
        })
    )
  )
}

// ---- places ----

/** Where an entry lies. */
export interface Place {
  readonly day: string
  readonly version: number
  readonly index: number
}

const print = ({ day, index, version }: Place): string => `${day}.${version}.${index}`

const written = /^([+-]?\d{4,6}-\d\d-\d\d)\.(\d{1,15})\.(\d{1,15})$/

/** The place of the entry with an id, if it is one. */
export const placeOf = (id: string): Place | undefined => {
  const [, day, version, index] = written.exec(id) ?? []
  return day === undefined ? undefined : { day, version: Number(version), index: Number(index) }
}
