/**
 * `changes` of `AgentStateManager`: the feed, with the agent as each event left it.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { AgentContext } from "../AgentContext.ts"
import type { AgentStateManager } from "../AgentStateManager.ts"
import type { ContextEvent } from "../ContextEvent.ts"
import type { EventStore } from "../EventStore.ts"
import type { FeedEntry } from "../EventStoreDriver.ts"
import type { ReadError } from "../StoreError.ts"
import { AgentCache } from "./AgentCache.ts"
import type { AgentJournal } from "./AgentJournal.ts"
import type { Change, ChangesOptions } from "./AgentRequest.ts"

// A feed comes back to the same agents; those it has lost sight of are read again.
const agentsInSight = 1000

/** Makes `changes`. What is not seen is not looked at either, so that nothing of it is told, such as that it cannot be folded. */
export const make =
  (
    events: EventStore["Service"],
    journal: AgentJournal,
    cache: AgentCache,
    sees: (agentId: string) => Effect.Effect<boolean, ReadError>
  ): AgentStateManager["Service"]["changes"] =>
  (options = {}) =>
    Stream.unwrap(
      Effect.map(startOf(events, options), (after) => {
        const follower = new Follower(journal, cache)
        const { agentId } = options
        const entries = events.feed({ after, live: true })
        const ours = agentId === undefined ? entries : Stream.filter(entries, ({ event }) => event.agentId === agentId)
        const seen = Stream.filterEffect(ours, ({ event }) => sees(event.agentId))
        return Stream.flattenIterable(Stream.mapEffect(seen, (entry) => follower.follow(entry)))
      })
    )

const startOf = (
  events: EventStore["Service"],
  { after, from = "now" }: ChangesOptions
): Effect.Effect<string | undefined, ReadError> =>
  after !== undefined || from === "beginning"
    ? Effect.succeed(after)
    : Effect.map(events.feedEnd, Option.getOrUndefined)

/** Keeps the agents of one feed as they were at its last event of each. */
class Follower {
  private readonly seen = new AgentCache(agentsInSight)
  private readonly journal: AgentJournal
  private readonly cache: AgentCache

  constructor(journal: AgentJournal, cache: AgentCache) {
    this.journal = journal
    this.cache = cache
  }

  /** The change that an event is; none when it was deleted meanwhile, or its agent purged. */
  follow({ event, position }: FeedEntry<ContextEvent>): Effect.Effect<ReadonlyArray<Change>, ReadError> {
    return Effect.map(this.after(event), (context) => {
      if (context?.version !== event.version) return []
      const { id: eventId, version } = event
      this.seen.offer(event.agentId, { context, version, eventId, snapshotVersion: 0 })
      return [{ position, event, context }]
    })
  }

  private after(event: ContextEvent): Effect.Effect<AgentContext | undefined, ReadError> {
    const { agentId, version } = event
    const latest = this.cache.peek(agentId)?.context
    if (latest?.version === version) return Effect.succeed(latest)
    const before = version === 1 ? undefined : this.seen.get(agentId)?.context
    if (version === 1 || before?.version === version - 1) {
      const folded = this.journal.fold(before, event)
      return Result.isSuccess(folded) ? Effect.succeed(folded.success) : Effect.fail(folded.failure)
    }
    const recalled = Effect.catchTag(this.journal.recallAt(agentId, version), "VersionMissing", () => Effect.undefined)
    return Effect.map(recalled, (standing) => standing?.context)
  }
}
