/**
 * The read side of `AgentStateManager`.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { AgentContext } from "../AgentContext.ts"
import { AgentDeleted, AgentMissing, SnapshotMissing, VersionMissing } from "../AgentError.ts"
import type { AgentStateManager } from "../AgentStateManager.ts"
import type { ContextEvent } from "../ContextEvent.ts"
import type { StateReducer } from "../StateReducer.ts"
import { InvalidInput, type ReadError } from "../StoreError.ts"
import type { Stores } from "../store/Replay.ts"
import type { AgentCache } from "./AgentCache.ts"
import type { AgentJournal, Standing } from "./AgentJournal.ts"
import type { History, HistoryOptions, Moment } from "./AgentRequest.ts"

/** Reads agents, for callers and for the other parts of the manager. */
export interface AgentReader
  extends Pick<
    AgentStateManager["Service"],
    "getContext" | "getContextAt" | "createSnapshot" | "restoreFromSnapshot" | "getContextHistory" | "history"
  > {
  /** Where the agent stands now, whoever wrote to it. */
  readonly look: (agentId: string) => Effect.Effect<Standing, ReadError>
  /** The agent as it was at a version. */
  readonly atVersion: (
    agentId: string,
    version: number
  ) => Effect.Effect<AgentContext, AgentMissing | VersionMissing | ReadError>
}

const pageSize = 100

/** The reading half of the service. */
export const make = (stores: Stores, reducer: StateReducer, journal: AgentJournal, cache: AgentCache): AgentReader => {
  const remember = (agentId: string) => (standing: Standing) => Effect.sync(() => cache.offer(agentId, standing))

  const look: AgentReader["look"] = (agentId) =>
    Effect.suspend(() => {
      const known = cache.get(agentId)
      if (known === undefined) return Effect.tap(journal.recall(agentId), remember(agentId))
      return Effect.flatMap(stores.events.head(agentId), ({ presence, version }) => {
        if (version === known.version && presence === "present") return Effect.succeed(known)
        return Effect.tap(journal.catchUp(agentId, known, version), remember(agentId))
      })
    })

  const living = Effect.fnUntraced(function* (agentId: string) {
    const standing = yield* look(agentId)
    const { context } = standing
    if (context === undefined) return yield* Effect.fail(new AgentMissing({ agentId }))
    if (context.status === "deleted") return yield* Effect.fail(refuseDeleted(context))
    return { ...standing, context }
  })

  /** Why there is no context at a version or moment. */
  const refuse = (
    agentId: string,
    asked: number | Date
  ): Effect.Effect<never, AgentMissing | VersionMissing | ReadError> =>
    Effect.flatMap(stores.events.head(agentId), ({ firstVersion, presence, version }) =>
      Effect.fail(
        presence === "missing"
          ? new AgentMissing({ agentId })
          : new VersionMissing({ agentId, asked, first: firstVersion, last: version })
      )
    )

  const recallAt = (agentId: string, version: number, asked: number | Date) =>
    Effect.flatMap(
      Effect.catchTag(journal.recallAt(agentId, version), "VersionMissing", ({ first, last }) =>
        Effect.fail(new VersionMissing({ agentId, asked, first, last }))
      ),
      ({ context }) => (context?.version === version ? Effect.succeed(context) : refuse(agentId, asked))
    )

  const atVersion: AgentReader["atVersion"] = (agentId, version) =>
    Number.isSafeInteger(version) && version > 0
      ? recallAt(agentId, version, version)
      : Effect.fail(invalid("version", "an integer from 1", String(version), "Pass a version of the agent."))

  const atTime = Effect.fnUntraced(function* (agentId: string, time: Date) {
    if (Number.isNaN(time.getTime())) {
      return yield* Effect.fail(invalid("time", "a valid Date", "an invalid Date", "Pass a moment."))
    }
    const { context } = yield* look(agentId)
    if (context === undefined) return yield* Effect.fail(new AgentMissing({ agentId }))
    if (context.updatedAt <= time) return context
    const events = stores.events.read(agentId, { to: context.version, direction: "backward" })
    const last = yield* Stream.runHead(Stream.filter(events, (event) => event.timestamp <= time))
    if (Option.isSome(last)) return yield* recallAt(agentId, last.value.version, time)
    const { firstVersion, isComplete } = yield* stores.events.head(agentId)
    if (isComplete || firstVersion < 2) return yield* refuse(agentId, time)
    // The events up to then were deleted, but a snapshot may stand in for them.
    const oldest = yield* recallAt(agentId, firstVersion - 1, time)
    return oldest.updatedAt <= time ? oldest : yield* refuse(agentId, time)
  })

  /** The part of a range that was deleted, below the lowest event that is there; an agent that is missing has none. */
  const deletedBelow = Effect.fnUntraced(function* (agentId: string, range: HistoryOptions, lowest?: number) {
    const { firstVersion, isComplete, presence, version } = yield* stores.events.head(agentId)
    if (presence === "missing") return yield* new AgentMissing({ agentId })
    const { from = 1, to = version } = range
    const last = Math.min(to, (lowest ?? (firstVersion || version + 1)) - 1)
    return isComplete || last < from
      ? undefined
      : { from: Math.max(from, 1), to: last, first: firstVersion, last: version }
  })

  /** An empty history is that of a missing agent, or was deleted, unless it is only empty in the range. */
  const refuseNone = Effect.fnUntraced(function* (agentId: string, range: HistoryOptions) {
    const deleted = yield* deletedBelow(agentId, range)
    if (deleted === undefined || range.limit === 0) return
    const { first, from, last } = deleted
    return yield* new VersionMissing({ agentId, asked: from, first, last })
  })

  return {
    look,
    atVersion,
    getContext: (agentId) => Effect.map(living(agentId), ({ context }) => context),
    getContextAt: (agentId, moment) =>
      isVersion(moment) ? atVersion(agentId, moment.version) : atTime(agentId, moment.time),
    createSnapshot: Effect.fnUntraced(function* (agentId) {
      const standing = yield* living(agentId)
      const saved = yield* journal.save(agentId, standing)
      if (Option.isNone(saved)) return yield* Effect.fail(new AgentMissing({ agentId }))
      cache.offer(agentId, { ...standing, snapshotVersion: standing.version })
      return saved.value
    }),
    restoreFromSnapshot: Effect.fnUntraced(function* (snapshotId) {
      const found = yield* stores.snapshots.get(snapshotId)
      if (Option.isNone(found)) return yield* Effect.fail(new SnapshotMissing({ snapshotId }))
      const opened = reducer.open(found.value)
      if (Result.isSuccess(opened)) return opened.success
      // Another fold made it, so only its version says anything here.
      const { agentId, version } = found.value
      return yield* Effect.catchTag(recallAt(agentId, version, version), ["AgentMissing", "VersionMissing"], () =>
        Effect.fail(new SnapshotMissing({ snapshotId }))
      )
    }),
    getContextHistory: Effect.fnUntraced(function* (agentId, options = {}) {
      const { limit = pageSize } = options
      if (!Number.isSafeInteger(limit) || limit < 1) {
        const remedy = "Leave it out for pages of 100."
        return yield* Effect.fail(invalid("limit", "an integer from 1", String(limit), remedy))
      }
      // One more, to learn whether there are more.
      const found = yield* Stream.runCollect(stores.events.read(agentId, { ...options, limit: limit + 1 }))
      const events = found.slice(0, limit)
      const next = nextPage(events, found.length > limit, options)
      const isLowest = options.direction !== "backward" || next === undefined
      const lowest = events[options.direction === "backward" ? events.length - 1 : 0]?.version
      if (!isLowest || lowest === Math.max(options.from ?? 1, 1)) return { events, next, deleted: undefined }
      const deleted = yield* deletedBelow(agentId, options, lowest)
      return { events, next, deleted: deleted && { from: deleted.from, to: deleted.to } }
    }),
    history: (agentId, options = {}) =>
      Stream.orElseIfEmpty(stores.events.read(agentId, options), () =>
        Stream.fromEffectDrain(refuseNone(agentId, options))
      )
  }
}

const isVersion = (moment: Moment): moment is Extract<Moment, { readonly version: number }> => "version" in moment

/** Why a deleted agent cannot be read or written. */
export const refuseDeleted = ({ agentId, deletedAt, updatedAt, version }: AgentContext): AgentDeleted =>
  new AgentDeleted({ agentId, deletedAt: deletedAt ?? updatedAt, version })

const nextPage = (events: ReadonlyArray<ContextEvent>, isMore: boolean, options: HistoryOptions): History["next"] => {
  const last = events.at(-1)
  if (last === undefined || !isMore) return undefined
  return options.direction === "backward"
    ? { ...options, to: last.version - 1 }
    : { ...options, from: last.version + 1 }
}

const invalid = (path: string, expected: string, found: string, remedy: string): InvalidInput =>
  new InvalidInput({ path, expected, found, remedy })
