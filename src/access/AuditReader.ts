/**
 * Finds entries of the audit log. Agents of days outside the times asked for are not read.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { Query } from "../AuditLog.ts"
import type { EventStore } from "../EventStore.ts"
import { InvalidInput, type ReadError } from "../StoreError.ts"
import { type AuditEntry, dayOf, entriesOf, type Place, placeOf, prefix, type } from "./AuditEntry.ts"

type Store = EventStore["Service"]
type Wanted = Omit<Query, "after" | "limit" | "order">

/** A page of entries. */
export const query = (store: Store, query: Query): Effect.Effect<ReadonlyArray<AuditEntry>, ReadError> =>
  Effect.gen(function* () {
    const { limit, after, isNewestFirst } = yield* Effect.fromResult(check(query))
    const days = yield* Stream.runCollect(Stream.map(store.agents({ prefix }), ({ agentId }) => agentId))
    const inOrder = isNewestFirst ? days.toSorted().reverse() : days.toSorted()
    const asked = inOrder.map((agentId) => agentId.slice(prefix.length)).filter((day) => isAsked(day, query))
    const rest = after === undefined ? asked : asked.filter((day) => !isBefore(day, after.day, isNewestFirst))
    const entries = Stream.flatMap(Stream.fromIterable(rest), (day) =>
      readDay(store, day, after?.day === day ? after : undefined, isNewestFirst)
    )
    return yield* Stream.runCollect(
      Stream.take(
        Stream.filter(entries, (entry) => isWanted(entry, query)),
        limit
      )
    )
  })

/** The entries that are stored from now on, by any process. */
export const changes = (store: Store, wanted: Wanted): Stream.Stream<AuditEntry, ReadError> =>
  Stream.unwrap(
    Effect.map(store.feedEnd, (end) => {
      const after = Option.getOrUndefined(end)
      const events = store.feed(after === undefined ? { live: true } : { after, live: true })
      const ours = Stream.filter(events, ({ event }) => event.agentId.startsWith(prefix) && event.type === type)
      const entries = Stream.flattenIterable(Stream.mapEffect(ours, ({ event }) => entriesOf(event)))
      return Stream.filter(entries, (entry) => isWanted(entry, wanted))
    })
  )

/** The entries of a day, after one of them. */
const readDay = (
  store: Store,
  day: string,
  after: Place | undefined,
  isNewestFirst: boolean
): Stream.Stream<AuditEntry, ReadError> => {
  const bound = after?.version
  const range = isNewestFirst ? ({ direction: "backward", to: bound } as const) : { from: bound }
  const events = Stream.mapEffect(store.read(`${prefix}${day}`, range), (event) =>
    Effect.map(entriesOf(event), (entries) => {
      if (event.version !== bound || after === undefined) return isNewestFirst ? entries.toReversed() : entries
      return isNewestFirst ? entries.slice(0, after.index).toReversed() : entries.slice(after.index + 1)
    })
  )
  return Stream.flattenIterable(events)
}

const isBefore = (day: string, other: string, isNewestFirst: boolean): boolean =>
  isNewestFirst ? day > other : day < other

/** Whether a day may hold what is asked for. */
const isAsked = (day: string, { from, to }: Query): boolean =>
  (from === undefined || day >= dayOf(from)) && (to === undefined || day <= dayOf(to))

const isWanted = (entry: AuditEntry, { action, agentId, from, outcome, principalId, resource, to }: Wanted): boolean =>
  (principalId === undefined || entry.principalId === principalId) &&
  (agentId === undefined || entry.agentId === agentId) &&
  (resource === undefined || entry.resource === resource) &&
  (action === undefined || entry.action === action) &&
  (outcome === undefined || entry.outcome === outcome) &&
  (from === undefined || entry.at >= from) &&
  (to === undefined || entry.at <= to)

interface Checked {
  readonly after: Place | undefined
  readonly limit: number
  readonly isNewestFirst: boolean
}

const check = ({ after, from, limit = 100, order = "newest", to }: Query): Result.Result<Checked, InvalidInput> => {
  const refuse = (path: string, expected: string, found: string, remedy: string) =>
    Result.fail(new InvalidInput({ path, expected, found, remedy }))
  if (!Number.isSafeInteger(limit) || limit < 1) {
    return refuse("limit", "an integer from 1", String(limit), "Leave it out for pages of 100.")
  }
  for (const [path, time] of [
    ["from", from],
    ["to", to]
  ] as const) {
    if (time !== undefined && Number.isNaN(time.getTime())) {
      return refuse(path, "a valid date", "an invalid one", "Leave it out for all times.")
    }
  }
  const place = after === undefined ? undefined : placeOf(after)
  if (after !== undefined && place === undefined) {
    return refuse("after", "the id of an entry", "another text", "Pass the id of the last entry of the page before.")
  }
  return Result.succeed({ after: place, limit, isNewestFirst: order === "newest" })
}
