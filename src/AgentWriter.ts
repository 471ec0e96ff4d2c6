/**
 * The write side of `AgentStateManager`: turns calls into operations, and their outcomes into answers.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { AgentContext } from "./AgentContext.ts"
import { AgentArchived, type AgentDeleted } from "./AgentError.ts"
import type { AgentJournal, Standing } from "./AgentJournal.ts"
import type { AgentLanes } from "./AgentLanes.ts"
import { Operation, type Outcome } from "./AgentOperation.ts"
import { check, type PlannedEvent, plan, prepareEvent, type Workshop } from "./AgentPreparation.ts"
import { refuseDeleted } from "./AgentReader.ts"
import type { ContextEvent, NewEvent } from "./ContextEvent.ts"
import type { EventStore } from "./EventStore.ts"
import type { Expected } from "./EventStoreDriver.ts"
import type { FoldFailure } from "./StateReducer.ts"
import { type AppendError, Conflict, type ReadError } from "./StoreError.ts"

/** A write whose input is still to be checked. */
export interface Write<E, F = never> {
  readonly agentId: string
  readonly events: ReadonlyArray<NewEvent>
  readonly commandId?: string | undefined
  readonly expected?: Expected | undefined
  /** Whether there is anything to do on an agent as it stands; fails when it must not be done. */
  readonly admit: (at: Standing) => Result.Result<boolean, E>
  /** What the caller is told of an event that cannot be folded. */
  readonly refuse?: (failure: FoldFailure) => Exit.Exit<never, F>
  /** Turns the path of a refusal into that of the caller's arguments; gets the place of the event. */
  readonly rename: (path: string, index: number) => string
}

/** A write that was stored now, or before. */
export type Written = Extract<Outcome, { readonly _tag: "Done" | "Repeated" }>

type LaneError = AppendError | ReadError

/** Writes for the other parts of the manager. */
export interface AgentWriter {
  readonly write: <E, F = never>(write: Write<E, F>) => Effect.Effect<Written, E | F | LaneError>
  /** Hands over an operation, which is told its outcome. */
  readonly deliver: (agentId: string, operation: Operation) => void
  /** The agent after a write. */
  readonly contextOf: (agentId: string, written: Written) => Effect.Effect<AgentContext, LaneError>
  /** The events of a write. */
  readonly eventsOf: (agentId: string, written: Written) => Effect.Effect<ReadonlyArray<ContextEvent>, LaneError>
}

export const make = (
  events: EventStore["Service"],
  journal: AgentJournal,
  lanes: AgentLanes,
  workshop: Workshop
): AgentWriter => {
  const prepareAll = <E, F>({ agentId, commandId, events, expected, rename }: Write<E, F>, now: number) => {
    const checked = check(agentId, commandId, expected)
    if (Result.isFailure(checked)) return Result.fail(checked.failure)
    const planned: Array<PlannedEvent> = []
    for (const [index, event] of events.entries()) {
      const one = prepareEvent(workshop, agentId, event, now, commandId, (path) => rename(path, index))
      if (Result.isFailure(one)) return Result.fail(one.failure)
      planned.push(one.success)
    }
    return Result.succeed(planned)
  }

  const write: AgentWriter["write"] = <E, F>(write: Write<E, F>) =>
    Effect.withFiber<Written, E | F | LaneError>((fiber) => {
      const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
      const planned = prepareAll(write, now)
      if (Result.isFailure(planned)) return Effect.fail(planned.failure)
      return Effect.callback((resume) => {
        const operation = toOperation(workshop, write, planned.success, resume)
        lanes.deliver(write.agentId, operation)
        return Effect.sync(() => operation.withdraw())
      })
    })

  /** It was stored and is gone since: the agent was purged. */
  const gone = (agentId: string, expected: number) =>
    Effect.flatMap(events.head(agentId), ({ version }) =>
      Effect.fail(new Conflict({ agentId, expected, actual: version }))
    )

  return {
    write,
    deliver: (agentId, operation) => lanes.deliver(agentId, operation),
    contextOf: (agentId, written) => {
      const known = written._tag === "Done" ? written.plan.standing.context : undefined
      if (known !== undefined) return Effect.succeed(known)
      const version = written._tag === "Done" ? written.plan.standing.version : written.version
      return Effect.flatMap(journal.recall(agentId, version), ({ context }) =>
        context?.version === version ? Effect.succeed(context) : gone(agentId, version)
      )
    },
    eventsOf: (agentId, written) => {
      if (written._tag === "Done") return Effect.succeed(written.plan.events)
      const { firstVersion, version } = written
      const reading = Stream.runCollect(events.read(agentId, { from: firstVersion, to: version }))
      return Effect.flatMap(reading, (found) =>
        found.length === version - firstVersion + 1 ? Effect.succeed(found) : gone(agentId, version)
      )
    }
  }
}

const toOperation = <E, F>(
  workshop: Workshop,
  { admit, commandId, events, refuse = Exit.die }: Write<E, F>,
  planned: ReadonlyArray<PlannedEvent>,
  resume: (effect: Effect.Effect<Written, E | F | LaneError>) => void
): Operation => {
  const chosenIds = events.flatMap((event) => event.id ?? [])
  const isIdentified = commandId !== undefined || chosenIds.length === events.length
  return new Operation({
    count: planned.length,
    commandId,
    chosenIds,
    identity: isIdentified ? planned.map(({ prepared }) => prepared) : undefined,
    plan: (at) => {
      const admitted = admit(at)
      if (Result.isFailure(admitted)) return () => resume(Effect.fail(admitted.failure))
      if (!admitted.success) return { prepared: [], events: [], standing: at }
      const made = plan(workshop, at, planned)
      return Result.isSuccess(made) ? made.success : () => resume(refuse(made.failure))
    },
    tell: (outcome) => resume(toEffect(outcome))
  })
}

/** What a caller is told. */
export const toEffect = (outcome: Outcome): Effect.Effect<Written, LaneError> => {
  switch (outcome._tag) {
    case "Failed":
      return Effect.fail(outcome.error)
    case "Died":
      return Effect.failCause(outcome.cause)
    default:
      return Effect.succeed(outcome)
  }
}

/** Admits writes to an agent that lives, is not archived, and is where the caller expects it. */
export const admitActive =
  (agentId: string, expected: Expected | undefined) =>
  (at: Standing): Result.Result<boolean, AgentDeleted | AgentArchived | Conflict> => {
    const { context, version } = at
    if (context?.status === "deleted") return Result.fail(refuseDeleted(context))
    if (context?.status === "archived") return Result.fail(new AgentArchived({ agentId, version }))
    return admitExpected(agentId, at, expected)
  }

/** Admits writes to an agent that is where the caller expects it. */
export const admitExpected = (
  agentId: string,
  { context, version }: Standing,
  expected: Expected = "any"
): Result.Result<boolean, Conflict> => {
  const holds = expected === "any" || (expected === "none" ? context === undefined : version === expected)
  return holds ? Result.succeed(true) : Result.fail(new Conflict({ agentId, expected, actual: version }))
}
