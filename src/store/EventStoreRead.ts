/**
 * The read side of `EventStore` but for notes, and deletion.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as AgentId from "../AgentId.ts"
import type { ContextEvent } from "../ContextEvent.ts"
import type { AgentsOptions, EventStore, FeedOptions, ReadOptions } from "../EventStore.ts"
import type {
  AgentEntry,
  DriverError,
  EventStoreDriver,
  FeedEntry,
  InvalidPosition,
  StoredEvent,
  StreamRange
} from "../EventStoreDriver.ts"
import { InvalidInput, type ReadError } from "../StoreError.ts"
import * as Value from "../Value.ts"
import { decodeEvent, decodeEvents } from "./EventCodec.ts"
import type { GroupCommit } from "./GroupCommit.ts"

// Large enough to hide the round trip, small enough that a page of events of the usual size stays below a megabyte.
const pageSize = 1000

type Reader = Omit<
  EventStore["Service"],
  "append" | "appendAll" | "appendTogether" | "getNotes" | "notes" | "due" | "tagged" | "commands" | "importAgent"
>

/** The reading half of the service. */
export const makeReader = (driver: EventStoreDriver, commits: GroupCommit): Reader => {
  const checked = (id: unknown, subject = "agentId") => Effect.fromResult(AgentId.validate(id, subject))

  const replies: Reader["replies"] = Effect.fnUntraced(function* (agentId, commandIds) {
    yield* checked(agentId)
    for (const id of commandIds) yield* checked(id, "commandId")
    if (commandIds.length === 0) return new Map()
    yield* commits.settled(agentId)
    const found = new Map<string, Value.Value>()
    for (const { id, reply } of yield* driver.readReplies(agentId, commandIds)) {
      found.set(id, yield* Effect.fromResult(Value.decode(reply, `reply to command ${JSON.stringify(id)}`)))
    }
    return found
  })

  return {
    read: (agentId, options = {}) => readStream(driver, commits, agentId, options),
    getEvent: Effect.fnUntraced(function* (eventId) {
      yield* checked(eventId, "eventId")
      const stored = yield* driver.readEvent(eventId)
      if (stored === undefined) return Option.none()
      return Option.some(yield* Effect.fromResult(decodeEvent(stored)))
    }),
    head: (agentId) =>
      Effect.flatMap(checked(agentId), () => Effect.andThen(commits.settled(agentId), driver.readHead(agentId))),
    reply: (agentId, commandId) =>
      Effect.map(replies(agentId, [commandId]), (found) => Option.fromUndefinedOr(found.get(commandId))),
    replies,
    agents: (options = {}) => listAgents(driver, options),
    feed: (options = {}) => readFeed(driver, commits, options),
    feedEnd: Effect.map(driver.readFeedEnd, Option.fromUndefinedOr),
    deleteEvents: Effect.fnUntraced(function* (agentId, toVersion) {
      yield* checked(agentId)
      yield* checkedBound("toVersion", toVersion)
      yield* commits.settled(agentId)
      return yield* commits.exclusive(driver.deleteEvents(agentId, toVersion))
    }),
    purge: Effect.fnUntraced(function* (agentId) {
      yield* checked(agentId)
      yield* commits.settled(agentId)
      return yield* commits.exclusive(driver.purge(agentId))
    })
  }
}

/** A version or a count that a caller gave. */
export const checkedBound = (path: string, bound: number): Effect.Effect<number, InvalidInput> =>
  Number.isSafeInteger(bound) && bound >= 0
    ? Effect.succeed(bound)
    : Effect.fail(
        new InvalidInput({
          path,
          expected: "an integer from 0 to 9007199254740991",
          found: String(bound),
          remedy: "Leave the bound out, or pass a version or a count."
        })
      )

// ---- one stream ----

const readStream = (
  driver: EventStoreDriver,
  commits: GroupCommit,
  agentId: string,
  options: ReadOptions
): Stream.Stream<ContextEvent, ReadError> => {
  const { direction = "forward", from = 1, limit = Number.MAX_SAFE_INTEGER, to = Number.MAX_SAFE_INTEGER } = options
  const first: Rest = { from: Math.max(from, 1), to, left: limit, size: pageSize }
  const read = (rest: Rest) =>
    driver.readStream({ agentId, from: rest.from, to: rest.to, direction, limit: Math.min(rest.left, rest.size) })
  const page = Effect.fnUntraced(function* (scope: Scope.Scope, rest: Rest, reading: Reading | undefined) {
    const stored = yield* reading === undefined ? read(rest) : Fiber.join(reading)
    const after = restAfter(rest, stored, direction)
    // Whoever asks for a second page goes on to the end, so the page after it is read while this one is looked at.
    const ahead =
      after !== undefined && rest !== first
        ? yield* Effect.forkIn(read(after), scope, { startImmediately: true })
        : undefined
    const events = yield* Effect.fromResult(decodeEvents(stored))
    return [events, after === undefined ? Option.none() : Option.some([after, ahead] as const)] as const
  })
  return Stream.unwrap(
    Effect.gen(function* () {
      yield* Effect.fromResult(AgentId.validate(agentId))
      yield* checkedBound("from", from)
      yield* checkedBound("to", to)
      yield* checkedBound("limit", limit)
      yield* commits.settled(agentId)
      if (limit === 0 || first.from > to) return Stream.empty
      const scope = yield* Effect.scope
      const start: readonly [Rest, Reading | undefined] = [first, undefined]
      return Stream.paginate(start, ([rest, reading]) => page(scope, rest, reading))
    })
  )
}

/** What of a range is still to be read. */
interface Rest {
  readonly from: number
  readonly to: number
  readonly left: number
  /** Most events of the next page. */
  readonly size: number
}

// Of small events a page holds many, so that a long history takes few trips; of large ones few, so that it fits into memory.
const pageLength = 1024 * 1024
const largestPage = 4000

const sizeAfter = (page: ReadonlyArray<StoredEvent>): number => {
  const length = page.reduce((sum, { data, metadata }) => sum + data.length + metadata.length, 0)
  return Math.min(Math.max(Math.floor((pageLength * page.length) / length), 1), largestPage)
}

/** A page that is being read ahead. */
type Reading = Fiber.Fiber<ReadonlyArray<StoredEvent>, DriverError>

/** What remains after a page; nothing when the page was the last. */
const restAfter = (
  { from, left, size, to }: Rest,
  page: ReadonlyArray<StoredEvent>,
  direction: StreamRange["direction"]
): Rest | undefined => {
  const last = page.at(-1)
  if (last === undefined || page.length < Math.min(left, size) || page.length === left) return undefined
  const rest = { from, to, left: left - page.length, size: sizeAfter(page) }
  const next = direction === "forward" ? { ...rest, from: last.version + 1 } : { ...rest, to: last.version - 1 }
  return next.from > next.to ? undefined : next
}

// ---- listing ----

const listAgents = (driver: EventStoreDriver, options: AgentsOptions): Stream.Stream<AgentEntry, ReadError> => {
  const { limit = Number.MAX_SAFE_INTEGER, prefix = "" } = options
  const first = { after: options.after, left: limit }
  const pages = Stream.paginate(first, (rest) => {
    const count = Math.min(rest.left, pageSize)
    if (count <= 0) return Effect.succeed([[], Option.none()])
    return Effect.map(driver.listAgents({ prefix, after: rest.after, limit: count }), (agents) => {
      const after = agents.at(-1)?.agentId
      const more = after !== undefined && agents.length === count
      return [agents, more ? Option.some({ after, left: rest.left - agents.length }) : Option.none()] as const
    })
  })
  const start = Effect.gen(function* () {
    if (prefix !== "") yield* Effect.fromResult(AgentId.validate(prefix, "prefix"))
    if (options.after !== undefined) yield* Effect.fromResult(AgentId.validate(options.after, "after"))
    yield* checkedBound("limit", limit)
  })
  return Stream.unwrap(Effect.as(start, pages))
}

// ---- the feed ----

const readFeed = (
  driver: EventStoreDriver,
  commits: GroupCommit,
  options: FeedOptions
): Stream.Stream<FeedEntry<ContextEvent>, ReadError> => {
  const page = (after: string | undefined) =>
    driver.readFeed({ after, limit: pageSize }).pipe(
      Effect.catchIf(isInvalidPosition, (error) => Effect.fail(refusePosition(error))),
      Effect.flatMap(decodeEntries)
    )
  if (options.live !== true) {
    return Stream.paginate(options.after, (after) =>
      Effect.map(
        page(after),
        (entries) =>
          [entries, entries.length < pageSize ? Option.none() : Option.some(entries.at(-1)?.position)] as const
      )
    )
  }
  const news = Effect.acquireRelease(
    Effect.sync(() => new News(driver, commits)),
    (news) => Effect.sync(() => news.stop())
  )
  return Stream.unwrap(
    Effect.map(news, (news) =>
      Stream.paginate(options.after, (after) =>
        Effect.suspend(() => {
          const seen = news.count
          return Effect.flatMap(page(after), (entries) =>
            Effect.as(entries.length === 0 ? news.after(seen) : Effect.void, [
              entries,
              Option.some(entries.at(-1)?.position ?? after)
            ] as const)
          )
        })
      )
    )
  )
}

/** Wakes one live feed; counts, so that news between a read and the wait for news is not lost. */
class News {
  count = 0
  readonly stop: () => void
  private readonly driver: EventStoreDriver
  private wake: (() => void) | undefined

  constructor(driver: EventStoreDriver, commits: GroupCommit) {
    this.driver = driver
    this.stop = commits.onNews(() => {
      this.count++
      this.wake?.()
    })
  }

  after(seen: number): Effect.Effect<void> {
    const heard = Effect.callback<void>((resume) => {
      if (this.count !== seen) return resume(Effect.void)
      this.wake = () => {
        this.wake = undefined
        resume(Effect.void)
      }
      return Effect.sync(() => {
        this.wake = undefined
      })
    })
    const { awaitHint, feedPollMilliseconds } = this.driver
    const signals = [heard]
    if (awaitHint !== undefined) signals.push(awaitHint)
    if (feedPollMilliseconds !== undefined) signals.push(Effect.sleep(feedPollMilliseconds))
    return signals.length === 1 ? heard : Effect.raceAllFirst(signals)
  }
}

const decodeEntries = (
  entries: ReadonlyArray<FeedEntry<StoredEvent>>
): Effect.Effect<ReadonlyArray<FeedEntry<ContextEvent>>, ReadError> =>
  Effect.map(Effect.fromResult(decodeEvents(entries.map((entry) => entry.event))), (events) =>
    events.map((event, index) => ({ position: entries[index]?.position ?? "", event }))
  )

const isInvalidPosition = (error: DriverError | InvalidPosition): error is InvalidPosition =>
  error._tag === "InvalidPosition"

const refusePosition = (error: InvalidPosition): InvalidInput =>
  new InvalidInput({
    path: "after",
    expected: "a position that a feed of this store gave",
    found: JSON.stringify(error.found),
    remedy: "Positions mean nothing in another store; begin again without `after` if the store was replaced."
  })
