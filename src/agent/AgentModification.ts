/**
 * `modify` of `AgentStateManager`: a state computed from the state before.
 *
 * A function that need not wait runs inside the lane of its agent, so that any number of them go in one append. One that waits leaves the
 * lane, so that nobody waits for it, and comes back with what it made; if the agent has changed by then, it is run anew.
 */
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import type { AgentContext } from "../AgentContext.ts"
import type { AgentArchived, AgentDeleted, AgentWriteError } from "../AgentError.ts"
import type { AgentStateManager } from "../AgentStateManager.ts"
import type { NewEvent } from "../ContextEvent.ts"
import type { EventStore } from "../EventStore.ts"
import { Conflict, type InvalidInput } from "../StoreError.ts"
import * as Value from "../Value.ts"
import * as AgentEvent from "./AgentEvent.ts"
import { emptyState } from "./AgentFold.ts"
import type { Standing } from "./AgentJournal.ts"
import { nothing, Operation, type Outcome, type Plan, type Refusal } from "./AgentOperation.ts"
import { check, notAnObject, plan, prepareEvent, renamed, toArgument, type Workshop } from "./AgentPreparation.ts"
import { versionsOf } from "./AgentRepeat.ts"
import type { WriteOptions } from "./AgentRequest.ts"
import { type AgentWriter, admitActive, toEffect, type Write } from "./AgentWriter.ts"
import * as LostRace from "./LostRace.ts"

/** What is to be modified, and how. */
interface Modification<E, R> {
  readonly agentId: string
  readonly f: (state: Value.Record) => Effect.Effect<object, E, R>
  readonly options: Pick<WriteOptions, "commandId" | "metadata">
}

/** A function that waits, and the agent it was given. */
interface Waiting<E> {
  readonly _tag: "Waiting"
  readonly running: Fiber.Fiber<object, E>
  readonly at: Standing
}

/** Makes `modify`. */
export const make = (
  events: EventStore["Service"],
  writer: AgentWriter,
  workshop: Workshop
): AgentStateManager["Service"]["modify"] => {
  const attempt = <E, R>(
    modification: Modification<E, R>,
    count: number
  ): Effect.Effect<AgentContext, E | AgentWriteError, R> =>
    Effect.flatMap(inLane(writer, workshop, modification), (step) => {
      if (step._tag === "Written") return Effect.succeed(step.context)
      const { at, running } = step
      const ended = Effect.onInterrupt(Fiber.await(running), () => Fiber.interrupt(running))
      return Effect.flatMap(ended, (exit) =>
        Effect.matchEffect(comeBack(writer, modification, at, exit), {
          onSuccess: (answer) => answer,
          onFailure: (error) =>
            error._tag === "Conflict" && count < LostRace.mostTries
              ? Effect.andThen(LostRace.pause(count), attempt(modification, count + 1))
              : Effect.fail(error)
        })
      )
    })

  return Effect.fnUntraced(function* (agentId, f, options = {}) {
    const { commandId } = options
    const refusal = check(agentId, commandId, undefined)
    if (refusal !== undefined) return yield* Effect.fail(refusal)
    const recorded = commandId === undefined ? undefined : yield* events.reply(agentId, commandId)
    const versions = recorded === undefined ? undefined : versionsOf(recorded)
    if (versions !== undefined) return yield* writer.contextOf(agentId, { _tag: "Repeated", ...versions })
    return yield* attempt({ agentId, f, options }, 1)
  })
}

/** What came of a function in the lane. */
type Step<E> = { readonly _tag: "Written"; readonly context: AgentContext } | Waiting<E>

/** Runs the function in the lane, on the agent as it will be once what is before it is stored. */
const inLane = <E, R>(
  writer: AgentWriter,
  workshop: Workshop,
  modification: Modification<E, R>
): Effect.Effect<Step<E>, E | AgentWriteError, R> =>
  Effect.contextWith((context: Context.Context<R>) =>
    Effect.withFiber((fiber) => {
      const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
      return Effect.callback<Step<E>, E | AgentWriteError>((resume) => {
        const operation = new ModifyOperation(writer, workshop, modification, context, now, resume)
        writer.deliver(modification.agentId, operation)
        return Effect.sync(() => operation.withdraw())
      })
    })
  )

class ModifyOperation<E, R> extends Operation {
  private readonly writer: AgentWriter
  private readonly workshop: Workshop
  private readonly modification: Modification<E, R>
  private readonly context: Context.Context<R>
  private readonly now: number
  private readonly resume: (effect: Effect.Effect<Step<E>, E | AgentWriteError>) => void

  constructor(
    writer: AgentWriter,
    workshop: Workshop,
    modification: Modification<E, R>,
    context: Context.Context<R>,
    now: number,
    resume: (effect: Effect.Effect<Step<E>, E | AgentWriteError>) => void
  ) {
    // Whether it was stored before is asked for before it is handed over.
    super(1, modification.options.commandId, undefined)
    this.writer = writer
    this.workshop = workshop
    this.modification = modification
    this.context = context
    this.now = now
    this.resume = resume
  }

  plan(at: Standing): Plan | Refusal | undefined {
    const { agentId, f } = this.modification
    const admitted = admitActive(agentId, "any")(at)
    if (Result.isFailure(admitted)) return () => this.resume(Effect.fail(admitted.failure))
    const state = at.context?.state ?? emptyState
    const running = Effect.runForkWith(this.context)(Effect.suspend(() => f(state)))
    const exit = running.pollUnsafe()
    if (exit === undefined) {
      this.withdraw()
      this.resume(Effect.succeed({ _tag: "Waiting", running, at }))
      return undefined
    }
    if (Exit.isFailure(exit)) return () => this.resume(Effect.failCause(exit.cause))
    if (isUnchanged(at, exit.value)) return nothing(at)
    const planned = this.planNext(at, exit.value)
    return Result.isSuccess(planned) ? planned.success : () => this.resume(Effect.fail(planned.failure))
  }

  protected tell(outcome: Outcome): void {
    const context = toEffect(this.modification.agentId, outcome, this.writer.contextOf)
    this.resume(Effect.map(context, (context) => ({ _tag: "Written", context })))
  }

  private planNext(at: Standing, next: object): Result.Result<Plan, InvalidInput> {
    const { agentId, options } = this.modification
    if (!Value.isRecord(next)) return Result.fail(notAnObject("state", next))
    const event = prepareEvent(this.workshop, toEvent(next, options), options.commandId, this.now)
    if (Result.isFailure(event)) return Result.fail(renamed(event.failure, toArgument))
    // A state that could be encoded can be put in place of another.
    return Result.succeed(Result.getOrThrow(plan(this.workshop, agentId, at, [event.success])))
  }
}

/** Writes what a function made that waited, if the agent is still what it was given. Gives what the caller is to be told. */
const comeBack = <E, R>(
  writer: AgentWriter,
  modification: Modification<E, R>,
  at: Standing,
  exit: Exit.Exit<object, E>
): Effect.Effect<Effect.Effect<AgentContext, E>, AgentWriteError> => {
  const { agentId, options } = modification
  // Even a failure must be about the agent as it is.
  if (Exit.isFailure(exit)) {
    const confirmed = writer.write(whenStill(modification, at, []), () => Effect.void)
    return Effect.as(confirmed, Effect.failCause(exit.cause))
  }
  const next = exit.value
  if (!Value.isRecord(next)) return Effect.fail(notAnObject("state", next))
  const events = isUnchanged(at, next) ? [] : [toEvent(next, options)]
  const written = writer.write(whenStill({ agentId, options }, at, events), writer.contextOf)
  return Effect.map(written, Effect.succeed)
}

/** A write of events, or of none, to an agent that is still what it was. */
const whenStill = (
  { agentId, options }: Pick<Modification<unknown, unknown>, "agentId" | "options">,
  at: Standing,
  events: ReadonlyArray<NewEvent>
): Write<AgentDeleted | AgentArchived | Conflict, never> => ({
  agentId,
  events,
  commandId: events.length === 0 ? undefined : options.commandId,
  admit: (now) => {
    // The version alone says too little: what it was given may not have been stored after all.
    if (now.version !== at.version || now.eventId !== at.eventId) {
      return Result.fail(new Conflict({ agentId, expected: at.version, actual: now.version }))
    }
    return Result.map(admitActive(agentId, "any")(now), () => events.length > 0)
  },
  rename: toArgument
})

const toEvent = (state: object, { metadata }: Modification<unknown, unknown>["options"]): NewEvent => ({
  type: AgentEvent.replaced,
  data: { state },
  metadata
})

const isUnchanged = (at: Standing, next: object): boolean => at.context !== undefined && next === at.context.state
