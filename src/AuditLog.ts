/**
 * Who did what to which agent, and who was not let do it.
 *
 * ```ts
 * const program = Effect.gen(function* () {
 *   const log = yield* AuditLog.AuditLog
 *   const refused = yield* log.query({ agentId: "agent-1", outcome: "refused" })
 * })
 *
 * const Access = AccessPolicy.layerScoped().pipe(Layer.provideMerge(AuditLog.layer), Layer.provideMerge(Stores))
 * ```
 *
 * The contract, which `pantheon-state/testing` checks on every backend:
 *
 * 1. Everything that the `AuditSink` below a service is told is kept, in the order in which this process tells it. Entries are stored behind the answers, many at once;
 *    those of the last moments before a crash may be lost. What waits is still stored when the layer closes.
 * 2. While the store is slower than what is told, or cannot be reached, whoever tells more than a few thousand entries waits; none is dropped.
 * 3. Entries are never changed. No method removes one.
 * 4. Secrets are made unreadable before an entry is kept: what has a name such as `token`, `password` or `authorization`, and whatever looks like a
 *    token, an API key or a password in a text. Long texts and large details are cut.
 * 5. Reading needs a permission such as `audit:read:*`, whatever the policy; for what concerns one agent, `audit:read` of that agent. Shares never
 *    allow it. Who tries without is refused, and that is recorded.
 * 6. A query finds what this process recorded before, and what others stored before.
 *
 * The log lies in the event store, in agents whose ids begin with `pantheon/audit/`, one for each day.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { AccessDenied } from "./AccessError.ts"
import * as AuditSink from "./AuditSink.ts"
import * as Entries from "./access/AuditEntry.ts"
import * as AuditReader from "./access/AuditReader.ts"
import { AuditWriter } from "./access/AuditWriter.ts"
import { CurrentPrincipal, may } from "./CurrentPrincipal.ts"
import { EventStore } from "./EventStore.ts"
import * as Permission from "./Permission.ts"
import type { ReadError } from "./StoreError.ts"

/** Something that was done or refused. */
export type Entry = Entries.AuditEntry

/** Which entries; what is left out may be anything. */
export interface Filter {
  readonly principalId?: string | undefined
  readonly agentId?: string | undefined
  readonly resource?: AuditSink.Resource | undefined
  readonly action?: AuditSink.Action | undefined
  readonly outcome?: AuditSink.Outcome | undefined
}

/** Which entries, and which page of them. */
export interface Query extends Filter {
  /** The earliest time, inclusive. */
  readonly from?: Date | undefined
  /** The latest time, inclusive. */
  readonly to?: Date | undefined
  /** The id of the last entry of the page before. */
  readonly after?: string | undefined
  /** Most entries, from 1; 100 by default. A page that is shorter is the last. */
  readonly limit?: number | undefined
  /** `newest` first by default. */
  readonly order?: "newest" | "oldest" | undefined
}

/** The record of who did what; the contract is at the head of this module. */
export class AuditLog extends Context.Service<
  AuditLog,
  {
    /** A page of entries. */
    readonly query: (query?: Query) => Effect.Effect<ReadonlyArray<Entry>, AccessDenied | ReadError>
    /** Entries that are stored from now on, by any process that shares the store. It reads the feed of the whole store. */
    readonly changes: (filter?: Filter) => Stream.Stream<Entry, AccessDenied | ReadError>
  }
>()("pantheon-state/AuditLog") {}

const make = Effect.gen(function* () {
  const store = yield* EventStore
  const writer = yield* AuditWriter.make(store)

  const sink: AuditSink.AuditSink = {
    record: (deed) =>
      Effect.withFiber((fiber) => {
        const at = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
        return writer.add(Entries.of(deed, fiber.getRef(CurrentPrincipal), at))
      })
  }

  /** Lets the current principal read entries of an agent, or all of them. */
  const admit = Effect.fnUntraced(function* (one: string | undefined) {
    const need = { resource: "audit", action: "read", agentId: one ?? "*" } as const
    const principal = yield* CurrentPrincipal
    if (one === undefined ? Permission.allowsEverywhere(principal.permissions, need) : may(principal, need)) return
    yield* sink.record({ ...need, outcome: "refused", reason: "no permission covers it" })
    yield* new AccessDenied(need)
  })

  const log = AuditLog.of({
    query: Effect.fnUntraced(function* (query = {}) {
      yield* admit(query.agentId)
      yield* writer.settled
      return yield* AuditReader.query(store, query)
    }),
    changes: (filter = {}) => Stream.unwrap(Effect.as(admit(filter.agentId), AuditReader.changes(store, filter)))
  })
  return Context.add(Context.make(AuditLog, log), AuditSink.AuditSink, sink)
})

/** The log over the event store, and the `AuditSink` that fills it. Services that are to tell it are built above this layer. */
export const layer: Layer.Layer<AuditLog, never, EventStore> = Layer.effectContext(make)
