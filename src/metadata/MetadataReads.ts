/**
 * Reading entries: one, or all that fit a query; and clearing away what is over.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { AccessPolicy } from "../AccessPolicy.ts"
import * as AgentId from "../AgentId.ts"
import type { AuditSink } from "../AuditSink.ts"
import * as MetadataRecord from "../access/MetadataRecord.ts"
import { isEqual } from "../agent/PatchDocument.ts"
import type { ContextMetadata, MetadataQuery } from "../ContextMetadata.ts"
import type * as Limits from "../Limits.ts"
import { MetadataMissing } from "../MetadataError.ts"
import * as Pattern from "../Pattern.ts"
import type { InvalidInput } from "../StoreError.ts"
import type { Stores } from "../store/Replay.ts"
import * as ReservedAgents from "../store/ReservedAgents.ts"
import type { MetadataBook } from "./MetadataBook.ts"
import * as MetadataSight from "./MetadataSight.ts"
import * as MetadataTerms from "./MetadataTerms.ts"

type Record = MetadataRecord.MetadataRecord

/** This half of the service. */
export const make = (
  { events }: Stores,
  book: MetadataBook,
  policy: AccessPolicy,
  sink: AuditSink,
  limits: Limits.Limits
): Pick<ContextMetadata["Service"], "get" | "query" | "cleanUp"> => ({
  get: Effect.fnUntraced(function* (agentId, key) {
    yield* Effect.fromResult(ReservedAgents.validate(agentId))
    yield* Effect.fromResult(MetadataRecord.validateKey(key))
    const sight = yield* MetadataSight.make(policy)
    const entry = yield* book.find(agentId, key)
    if (entry === undefined) return yield* new MetadataMissing({ agentId, key })
    if (yield* sight.sees(entry)) return entry
    yield* MetadataSight.refuse(sink, "read", entry, `${entry.visibility} metadata that the principal may not see`)
    return yield* new MetadataMissing({ agentId, key })
  }),

  query: Effect.fnUntraced(function* (query = {}) {
    const { agentId, fits, keys, limit } = yield* Effect.fromResult(check(query, limits))
    const sight = yield* MetadataSight.make(policy)
    const start = keys._tag === "Exactly" ? keys.text : keys.start
    const entries = agentId === undefined ? book.ofAll(query.after) : book.of(agentId, start, query.after?.key)
    const seen = Stream.filterEffect(Stream.filter(entries, fits), (entry) => sight.sees(entry))
    return yield* Stream.runCollect(Stream.take(seen, limit))
  }),

  cleanUp: Effect.gen(function* () {
    yield* policy.check({ resource: "metadata", action: "admin", agentId: ReservedAgents.everywhere })
    return yield* expireAll(events, book, yield* Clock.currentTimeMillis)
  })
})

/** Ends all entries whose time is over by then; gives the exact number of those that this call has ended. */
export const expireAll = (events: Stores["events"], book: MetadataBook, until: number) => {
  const due = Stream.filter(events.due({ until }), ({ name }) => name.startsWith(MetadataRecord.prefix))
  const ended = Stream.mapEffect(due, (note) => book.expire(note, until), { concurrency: 16 })
  return Stream.runCount(Stream.filter(ended, Boolean))
}

/** A query, understood. */
interface Checked {
  readonly agentId: string | undefined
  readonly keys: Pattern.Pattern
  readonly limit: number
  readonly fits: (entry: Record) => boolean
}

const check = (query: MetadataQuery, limits: Limits.Limits): Result.Result<Checked, InvalidInput> =>
  Result.gen(function* () {
    const { after, agentId, keyPattern, limit = 100, type, value, visibility } = query
    if (!Number.isSafeInteger(limit) || limit < 1) {
      return yield* MetadataTerms.invalid("limit", "an integer from 1", String(limit), "Leave it out for pages of 100.")
    }
    if (agentId !== undefined) yield* ReservedAgents.validate(agentId)
    if (type !== undefined) yield* AgentId.validate(type, "type")
    if (visibility !== undefined) yield* MetadataTerms.checkVisibility(visibility)
    if (after !== undefined) {
      yield* AgentId.validate(after.agentId, "after/agentId")
      yield* MetadataRecord.validateKey(after.key, "after/key")
    }
    const keys = keyPattern === undefined ? Pattern.everything : yield* Pattern.parse(keyPattern, "keyPattern")
    const wanted = value === undefined ? undefined : yield* MetadataTerms.checkValue(value, limits)
    const fits = (entry: Record): boolean =>
      Pattern.matches(keys, entry.key) &&
      (type === undefined || entry.type === type) &&
      (visibility === undefined || entry.visibility === visibility) &&
      (wanted === undefined || isEqual(entry.value, wanted))
    return { agentId, keys, limit, fits }
  })
