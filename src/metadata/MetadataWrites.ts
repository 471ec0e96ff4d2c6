/**
 * Setting, changing and ending entries.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { AccessDenied } from "../AccessError.ts"
import type { AccessPolicy } from "../AccessPolicy.ts"
import type { AuditSink } from "../AuditSink.ts"
import * as MetadataRecord from "../access/MetadataRecord.ts"
import type { ContextMetadata } from "../ContextMetadata.ts"
import { CurrentPrincipal } from "../CurrentPrincipal.ts"
import type * as Limits from "../Limits.ts"
import { MetadataChanged, MetadataMissing } from "../MetadataError.ts"
import type { InvalidInput, Unavailable } from "../StoreError.ts"
import * as ReservedAgents from "../store/ReservedAgents.ts"
import type * as Uuid from "../store/Uuid.ts"
import type { MetadataBook, Revision } from "./MetadataBook.ts"
import * as MetadataSight from "./MetadataSight.ts"
import * as MetadataTerms from "./MetadataTerms.ts"

type Record = MetadataRecord.MetadataRecord

/** This half of the service. */
export const make = (
  book: MetadataBook,
  policy: AccessPolicy,
  sink: AuditSink,
  limits: Limits.Limits,
  nextId: Uuid.Generator
): Pick<ContextMetadata["Service"], "set" | "update" | "delete"> => {
  /** Lets the caller write, before anything is looked up. */
  const admit = (agentId: string, key: string): Effect.Effect<void, InvalidInput | AccessDenied | Unavailable> =>
    Effect.gen(function* () {
      yield* Effect.fromResult(ReservedAgents.validate(agentId))
      yield* Effect.fromResult(MetadataRecord.validateKey(key))
      yield* policy.check({ resource: "metadata", action: "write", agentId })
    })

  /** The entry, if the current principal may see it. */
  const seen = (
    sight: MetadataSight.MetadataSight,
    { agentId, key }: Pick<Record, "agentId" | "key">,
    entry: Record | undefined
  ): Effect.Effect<Record, MetadataMissing | Unavailable> =>
    Effect.gen(function* () {
      if (entry === undefined) return yield* new MetadataMissing({ agentId, key })
      if (yield* sight.sees(entry)) return entry
      yield* MetadataSight.refuse(sink, "write", entry, `${entry.visibility} metadata that the principal may not see`)
      return yield* new MetadataMissing({ agentId, key })
    })

  /** What belongs to the owner, and to whoever may administer the agent's metadata. */
  const deny = (entry: Record, reason: string): Effect.Effect<never, AccessDenied> =>
    Effect.andThen(
      MetadataSight.refuse(sink, "admin", entry, reason),
      Effect.fail(new AccessDenied({ resource: "metadata", action: "admin", agentId: entry.agentId }))
    )

  return {
    set: Effect.fnUntraced(function* (agentId, key, value, options = {}) {
      yield* admit(agentId, key)
      const { id: owner } = yield* CurrentPrincipal
      const now = yield* Clock.currentTimeMillis
      const terms = yield* Effect.fromResult(MetadataTerms.check(value, options, limits, now))
      const expected = yield* Effect.fromResult(MetadataTerms.checkVersion(options.expectedVersion))
      const sight = yield* MetadataSight.make(policy)
      return yield* book.revise(
        agentId,
        key,
        Effect.fnUntraced(function* (entry, at) {
          // Only one entry can have the key, so whose it is cannot be hidden from whoever wants it.
          const isOthers = entry !== undefined && !(yield* sight.rules(entry))
          if (isOthers && entry.visibility === "private") return yield* deny(entry, othersKey)
          yield* refuseOther(agentId, key, expected, entry)
          if (isOthers && entry.visibility !== terms.visibility) return yield* deny(entry, othersVisibility)
          const { createdAt, id, version } = entry ?? { createdAt: new Date(at), id: nextId(at), version: 0 }
          const kept = { agentId, key, id, owner: entry?.owner ?? owner, createdAt }
          const to: Record = { ...kept, ...terms, updatedAt: new Date(at), version: version + 1 }
          return { _tag: "Put", to } satisfies Revision
        })
      )
    }),

    update: Effect.fnUntraced(function* (agentId, key, change, { expectedVersion } = {}) {
      yield* admit(agentId, key)
      const now = yield* Clock.currentTimeMillis
      const changes = yield* Effect.fromResult(MetadataTerms.checkChange(change, limits, now))
      const expected = yield* Effect.fromResult(MetadataTerms.checkVersion(expectedVersion))
      const sight = yield* MetadataSight.make(policy)
      return yield* book.revise(
        agentId,
        key,
        Effect.fnUntraced(function* (found, at) {
          const entry = yield* seen(sight, { agentId, key }, found)
          yield* refuseOther(agentId, key, expected, entry)
          const to = changed(entry, changes, at)
          if (to.visibility !== entry.visibility && !(yield* sight.rules(entry))) {
            return yield* deny(entry, othersVisibility)
          }
          return { _tag: "Put", to } satisfies Revision
        })
      )
    }),

    delete: Effect.fnUntraced(function* (agentId, key, { expectedVersion } = {}) {
      yield* admit(agentId, key)
      const expected = yield* Effect.fromResult(MetadataTerms.checkVersion(expectedVersion))
      const sight = yield* MetadataSight.make(policy)
      yield* book.revise(
        agentId,
        key,
        Effect.fnUntraced(function* (found) {
          const entry = yield* seen(sight, { agentId, key }, found)
          yield* refuseOther(agentId, key, expected, entry)
          return { _tag: "Remove", entry, reason: "deleted" } satisfies Revision
        })
      )
    })
  }
}

const changed = (entry: Record, { expiresAt, ...terms }: MetadataTerms.Changes, at: number): Record => {
  const { expiresAt: before, ...rest } = entry
  const after = expiresAt === undefined ? before : expiresAt
  const next = { ...rest, ...terms, updatedAt: new Date(at), version: entry.version + 1 }
  return after === undefined || after === null ? next : { ...next, expiresAt: after }
}

const othersKey = "the key of a private entry of somebody else"
const othersVisibility = "the visibility of an entry of somebody else"

const refuseOther = (
  agentId: string,
  key: string,
  expected: number | undefined,
  entry: Record | undefined
): Effect.Effect<void, MetadataChanged> => {
  const actual = entry?.version ?? 0
  return expected === undefined || expected === actual
    ? Effect.void
    : Effect.fail(new MetadataChanged({ agentId, key, expected, actual }))
}
