/**
 * Writes to several agents as one. They pass by the lanes: the store sees to it that nobody comes between, and whoever was faster is caught up with.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type { AgentArchived, AgentDeleted, AgentWriteError, ReducerFailed } from "../AgentError.ts"
import type { ContextEvent } from "../ContextEvent.ts"
import type { Append, Appended, EventStore } from "../EventStore.ts"
import type { FoldFailure } from "../StateReducer.ts"
import { type AppendError, type Conflict, InvalidInput, type ReadError, type TogetherFailed } from "../StoreError.ts"
import { togetherSurely } from "../store/AppendSurely.ts"
import type { AgentCache } from "./AgentCache.ts"
import type { AgentJournal, Standing } from "./AgentJournal.ts"
import type { AgentLanes } from "./AgentLanes.ts"
import { renamed, type Workshop } from "./AgentPreparation.ts"
import * as AgentRepeat from "./AgentRepeat.ts"
import type { AgentEvents, TogetherOptions } from "./AgentRequest.ts"
import { AgentRound } from "./AgentRound.ts"
import { type AgentWriter, admitActive, prepareAll, WriteOperation } from "./AgentWriter.ts"
import { checkEvents } from "./AgentWrites.ts"
import * as LostRace from "./LostRace.ts"

type Failure = AgentWriteError | ReducerFailed

/** What the caller is told of one of the writes, once it is known. */
type Told = Effect.Effect<ReadonlyArray<ContextEvent>, Failure>

type Operation = WriteOperation<ReadonlyArray<ContextEvent>, AgentDeleted | AgentArchived | Conflict, ReducerFailed>

/** One of the writes. */
interface Part {
  readonly agentId: string
  readonly operation: Operation
  told: Told | undefined
}

/** Makes `appendTogether`. */
export const make = (
  events: EventStore["Service"],
  journal: AgentJournal,
  cache: AgentCache,
  lanes: AgentLanes,
  writer: AgentWriter,
  workshop: Workshop
) => {
  const prepare = (
    writes: ReadonlyArray<AgentEvents>,
    commandId: string | undefined,
    now: number
  ): Result.Result<ReadonlyArray<Part>, InvalidInput> => {
    const agents = new Set<string>()
    const parts: Array<Part> = []
    for (const [index, write] of writes.entries()) {
      const { agentId, expected } = write
      const place = (path: string) => (path === "commandId" ? path : `writes/${index}/${path}`)
      const input = checkEvents(write.events)
      if (Result.isFailure(input)) return Result.fail(renamed(input.failure, place))
      const whole = {
        agentId,
        events: write.events,
        commandId,
        expected,
        admit: admitActive(agentId, expected),
        refuse: (failure: FoldFailure) => (failure._tag === "ReducerFailed" ? Exit.fail(failure) : Exit.die(failure)),
        rename: (path: string, index: number) =>
          write.events.length === 1 ? path : path.replace(/^event/, `events/${index}`)
      }
      const ready = prepareAll(workshop, whole, now)
      if (Result.isFailure(ready)) return Result.fail(renamed(ready.failure, place))
      if (agents.has(agentId)) return Result.fail(twice(place("agentId"), agentId))
      agents.add(agentId)
      const operation: Operation = new WriteOperation(workshop, whole, ready.success, writer.eventsOf, (told) => {
        part.told = told
      })
      const part: Part = { agentId, operation, told: undefined }
      parts.push(part)
    }
    return Result.succeed(parts)
  }

  /** Where the agents stand, as far as is known. */
  const recall = (parts: ReadonlyArray<Part>, isFresh: boolean): Effect.Effect<ReadonlyArray<Standing>, ReadError> =>
    Effect.forEach(
      parts,
      ({ agentId }) => {
        const known = isFresh ? undefined : cache.get(agentId)
        return known === undefined ? journal.recall(agentId) : Effect.succeed(known)
      },
      { concurrency: "unbounded" }
    )

  const attempt = (
    parts: ReadonlyArray<Part>,
    bases: ReadonlyArray<Standing>,
    isFresh: boolean,
    conflicts: number
  ): Effect.Effect<void, Failure> =>
    Effect.suspend(() => {
      const rounds = parts.map(({ operation }, index) => {
        const round = new AgentRound(bases[index] as Standing, [operation])
        round.add(operation)
        return round
      })
      if (parts.some(({ operation }) => typeof operation.planned === "function")) {
        // A refusal must not rest on what was so a while ago.
        if (isFresh) return refuse(parts)
        return Effect.flatMap(recall(parts, true), (bases) => attempt(parts, bases, true, conflicts))
      }
      const appends = rounds.map(({ base, commands, prepared }, index): Append => {
        const agentId = parts[index]?.agentId ?? ""
        return { agentId, events: prepared, expected: base.version, commands }
      })
      return Effect.matchEffect(togetherSurely(events, appends), {
        onSuccess: (all) => Effect.sync(() => settle(parts, rounds, all)),
        onFailure: (failed) => afterFailure(parts, bases, failed, conflicts)
      })
    })

  const settle = (
    parts: ReadonlyArray<Part>,
    rounds: ReadonlyArray<AgentRound>,
    all: ReadonlyArray<Appended>
  ): void => {
    for (const [index, { agentId, operation }] of parts.entries()) {
      const [round, appended] = [rounds[index], all[index]]
      if (round === undefined || appended === undefined) continue
      if (appended.outcome === "repeated") {
        operation.settle(AgentRepeat.outcomeOf(appended))
      } else {
        cache.offer(agentId, lanes.stored(agentId, round))
        round.answer()
      }
    }
  }

  const afterFailure = (
    parts: ReadonlyArray<Part>,
    bases: ReadonlyArray<Standing>,
    { failure, index = 0 }: TogetherFailed,
    conflicts: number
  ): Effect.Effect<void, Failure> => {
    const base = bases[index]
    if (failure._tag === "Unknown") for (const { agentId } of parts) cache.forget(agentId)
    if (failure._tag !== "Conflict" || base === undefined || conflicts >= LostRace.mostTries) {
      return Effect.fail(failure)
    }
    const caughtUp = Effect.andThen(LostRace.pause(conflicts), journal.catchUp(failure.agentId, base, failure.actual))
    return Effect.flatMap(caughtUp, (standing) => {
      cache.offer(failure.agentId, standing)
      return attempt(parts, bases.with(index, standing), false, conflicts + 1)
    })
  }

  /** Whether what is refused now was stored before: its caller may have missed the answer. */
  const refuse = (parts: ReadonlyArray<Part>): Effect.Effect<void, Failure> => {
    const tellRefusals = Effect.sync(() => {
      for (const { operation } of parts) operation.refuse()
    })
    if (parts.some(({ operation }) => operation.identity === undefined)) return tellRefusals
    const appends = parts.map(({ agentId, operation: { commandId, identity = [] } }): Append => {
      const commands = commandId === undefined ? [] : [{ id: commandId }]
      return { agentId, events: identity, expected: AgentRepeat.nowhere, commands }
    })
    return Effect.matchEffect(togetherSurely(events, appends), {
      onSuccess: (all) =>
        Effect.sync(() => {
          for (const [index, appended] of all.entries()) {
            parts[index]?.operation.settle(AgentRepeat.outcomeOf(appended))
          }
        }),
      onFailure: ({ failure }): Effect.Effect<void, AppendError> =>
        failure._tag === "Conflict" ? tellRefusals : Effect.fail(failure)
    })
  }

  return (
    writes: ReadonlyArray<AgentEvents>,
    { commandId }: TogetherOptions = {}
  ): Effect.Effect<ReadonlyArray<ReadonlyArray<ContextEvent>>, Failure> =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const parts = yield* Effect.fromResult(prepare(writes, commandId, now))
      if (parts.length === 0) return []
      const writing = Effect.flatMap(recall(parts, false), (bases) => attempt(parts, bases, false, 0))
      yield* lanes.together(parts[0]?.agentId ?? "", writing)
      // Of several that are refused the first is told; of those that are not, none was stored.
      const refused = parts.find(({ operation }) => typeof operation.planned === "function" && operation.isSettled)
      if (refused?.told !== undefined) yield* refused.told
      return yield* Effect.forEach(parts, ({ told }) => told ?? Effect.die(new Error("a write was told nothing")))
    })
}

const twice = (path: string, agentId: string): InvalidInput =>
  new InvalidInput({
    path,
    expected: "an agent that no write before it names",
    found: JSON.stringify(agentId),
    remedy: "Put all events of an agent into one write."
  })
