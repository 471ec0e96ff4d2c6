/**
 * The write side of `AgentStateManager`: turns calls into operations, and their outcomes into answers.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { AgentContext } from "../AgentContext.ts"
import { AgentArchived, type AgentDeleted } from "../AgentError.ts"
import type { ContextEvent, NewEvent } from "../ContextEvent.ts"
import type { EventStore } from "../EventStore.ts"
import type { Expected } from "../EventStoreDriver.ts"
import type * as Note from "../Note.ts"
import type { FoldFailure } from "../StateReducer.ts"
import { type AppendError, Conflict, Corrupted, type InvalidInput, type ReadError } from "../StoreError.ts"
import { type PreparedNote, prepareNote } from "../store/NoteInput.ts"
import type { AgentJournal, Standing } from "./AgentJournal.ts"
import type { AgentLanes } from "./AgentLanes.ts"
import { nothing, Operation, type Outcome, type Plan, type Refusal } from "./AgentOperation.ts"
import { check, plan, prepareEvent, type ReadyEvent, renamed, type Workshop } from "./AgentPreparation.ts"
import { refuseDeleted } from "./AgentReader.ts"

/** A write whose input is still to be checked. */
export interface Write<E, F = never> {
  readonly agentId: string
  readonly events: ReadonlyArray<NewEvent>
  /** Changes of the agent's notes, in the same append as the events, of which there must be one. */
  readonly notes?: ReadonlyArray<Note.Change> | undefined
  readonly commandId?: string | undefined
  readonly expected?: Expected | undefined
  /** Whether there is anything to do on an agent as it stands; fails when it must not be done. */
  readonly admit: (at: Standing) => Result.Result<boolean, E>
  /** What the caller is told of an event that cannot be folded. */
  readonly refuse?: ((failure: FoldFailure) => Exit.Exit<never, F>) | undefined
  /** Turns the path of a refusal into that of the caller's arguments; gets the place of the event. */
  readonly rename: (path: string, index: number) => string
}

/** A write that was stored now, or before. */
export type Written = Extract<Outcome, { readonly _tag: "Done" | "Repeated" }>

type LaneError = AppendError | ReadError

/** Makes what the caller gets of a write. */
export type Answer<A> = (agentId: string, written: Written) => Effect.Effect<A, LaneError>

/** Writes for the other parts of the manager. */
export interface AgentWriter {
  readonly write: <A, E, F>(write: Write<E, F>, answer: Answer<A>) => Effect.Effect<A, E | F | LaneError>
  /** Hands over an operation, which is told its outcome. */
  readonly deliver: (agentId: string, operation: Operation) => void
  /** The agent after a write. */
  readonly contextOf: Answer<AgentContext>
  /** The events of a write. */
  readonly eventsOf: Answer<ReadonlyArray<ContextEvent>>
}

/** The way of writes through the lanes. */
export const make = (
  events: EventStore["Service"],
  journal: AgentJournal,
  lanes: AgentLanes,
  workshop: Workshop
): AgentWriter => {
  /** It was stored and is gone since: the agent was purged, or the events were deleted. */
  const gone = (agentId: string, stored: number): Effect.Effect<never, LaneError> =>
    Effect.flatMap(
      events.head(agentId),
      ({ isComplete, presence, version }): Effect.Effect<never, LaneError> =>
        presence === "missing" || isComplete
          ? Effect.fail(new Conflict({ agentId, expected: stored, actual: version }))
          : Effect.fail(new Corrupted({ subject: `version ${stored} of agent ${JSON.stringify(agentId)}`, ...deleted }))
    )

  return {
    write: <A, E, F>(write: Write<E, F>, answer: Answer<A>) =>
      Effect.withFiber<A, E | F | LaneError>((fiber) => {
        const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
        const ready = prepareAll(workshop, write, now)
        if (Result.isFailure(ready)) return Effect.fail(ready.failure)
        return Effect.callback((resume) => {
          const operation = new WriteOperation(workshop, write, ready.success, answer, resume)
          lanes.deliver(write.agentId, operation)
          return Effect.sync(() => operation.withdraw())
        })
      }),
    deliver: (agentId, operation) => lanes.deliver(agentId, operation),
    contextOf: (agentId, written) => {
      const known = written._tag === "Done" ? written.plan.standing.context : undefined
      if (known !== undefined) return Effect.succeed(known)
      const version = written._tag === "Done" ? written.plan.standing.version : written.version
      const recalled = Effect.catchTag(journal.recallAt(agentId, version), "VersionMissing", () => Effect.undefined)
      return Effect.flatMap(recalled, (standing) =>
        standing?.context?.version === version ? Effect.succeed(standing.context) : gone(agentId, version)
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

const deleted = {
  expected: "the events of a write that was stored before",
  found: "none, for they were deleted since",
  remedy: "The write is done; read the agent as it is."
}

/** Checks and encodes what a write brings. */
export const prepareAll = <E, F>(
  workshop: Workshop,
  write: Write<E, F>,
  now: number
): Result.Result<Ready, InvalidInput> => {
  const { agentId, commandId, events, expected, notes, rename } = write
  const refusal = check(agentId, commandId, expected)
  if (refusal !== undefined) return Result.fail(refusal)
  const ready = new Array<ReadyEvent>(events.length)
  for (let index = 0; index < events.length; index++) {
    const one = prepareEvent(workshop, events[index] as NewEvent, commandId, now)
    if (Result.isFailure(one)) return Result.fail(renamed(one.failure, (path) => rename(path, index)))
    ready[index] = one.success
  }
  return Result.map(prepareNotes(workshop, notes), (notes) => ({ events: ready, notes }))
}

/** Ready to be appended. */
interface Ready {
  readonly events: ReadonlyArray<ReadyEvent>
  readonly notes: ReadonlyArray<PreparedNote> | undefined
}

const prepareNotes = (
  { limits }: Workshop,
  notes: ReadonlyArray<Note.Change> | undefined
): Result.Result<Ready["notes"], InvalidInput> =>
  notes === undefined ? Result.succeed(undefined) : Result.all(notes.map((change) => prepareNote(change, limits)))

/** A write on its way. */
export class WriteOperation<A, E, F> extends Operation {
  private readonly workshop: Workshop
  private readonly write: Write<E, F>
  private readonly ready: Ready
  private readonly answer: Answer<A>
  private readonly resume: (effect: Effect.Effect<A, E | F | LaneError>) => void

  constructor(
    workshop: Workshop,
    write: Write<E, F>,
    ready: Ready,
    answer: Answer<A>,
    resume: (effect: Effect.Effect<A, E | F | LaneError>) => void
  ) {
    const { commandId, events } = write
    const isChosen = events.length > 0 && events.every((event) => event.id !== undefined)
    const isIdentified = isChosen || commandId !== undefined
    super(events.length, commandId, isIdentified ? ready.events.map(({ prepared }) => prepared) : undefined)
    this.workshop = workshop
    this.write = write
    this.ready = ready
    this.answer = answer
    this.resume = resume
  }

  plan(at: Standing): Plan | Refusal {
    const { admit, agentId, refuse = Exit.die } = this.write
    const admitted = admit(at)
    if (Result.isFailure(admitted)) return () => this.resume(Effect.fail(admitted.failure))
    if (!admitted.success) return nothing(at)
    const { events, notes } = this.ready
    const made = plan(this.workshop, agentId, at, events)
    if (Result.isFailure(made)) return () => this.resume(refuse(made.failure))
    return notes === undefined ? made.success : { ...made.success, notes }
  }

  protected tell(outcome: Outcome): void {
    this.resume(toEffect(this.write.agentId, outcome, this.answer))
  }
}

/** What a caller is told. */
export const toEffect = <A>(agentId: string, outcome: Outcome, answer: Answer<A>): Effect.Effect<A, LaneError> => {
  switch (outcome._tag) {
    case "Failed":
      return Effect.fail(outcome.error)
    case "Died":
      return Effect.failCause(outcome.cause)
    default:
      return answer(agentId, outcome)
  }
}

const admitted: Result.Result<boolean, never> = Result.succeed(true)

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
  return holds ? admitted : Result.fail(new Conflict({ agentId, expected, actual: version }))
}
