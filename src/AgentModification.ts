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
import { versionsOf } from "./AgentCommit.ts"
import type { AgentContext } from "./AgentContext.ts"
import type { AgentWriteError } from "./AgentError.ts"
import * as AgentEvent from "./AgentEvent.ts"
import type { Standing } from "./AgentJournal.ts"
import { Operation, type Plan } from "./AgentOperation.ts"
import { check, notAnObject, plan, prepareEvent, toArgument, type Workshop } from "./AgentPreparation.ts"
import type { AgentStateManager, WriteOptions } from "./AgentStateManager.ts"
import { type AgentWriter, admitActive, toEffect, type Written } from "./AgentWriter.ts"
import type { NewEvent } from "./ContextEvent.ts"
import type { EventStore } from "./EventStore.ts"
import { emptyState } from "./StateReducer.ts"
import { Conflict, type InvalidInput } from "./StoreError.ts"
import * as Value from "./Value.ts"

// A function that waits loses to every write in the meantime.
const attempts = 100

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
      if (step._tag !== "Waiting") return writer.contextOf(modification.agentId, step)
      const next = Effect.onInterrupt(Fiber.join(step.running), () => Fiber.interrupt(step.running))
      return Effect.flatMap(next, (next) =>
        Effect.catchIf(
          comeBack(writer, modification, step.at, next),
          (error) => error._tag === "Conflict" && count < attempts,
          () => attempt(modification, count + 1)
        )
      )
    })

  return Effect.fnUntraced(function* (agentId, f, options = {}) {
    const { commandId } = options
    yield* Effect.fromResult(check(agentId, commandId, undefined))
    const recorded = commandId === undefined ? undefined : yield* events.reply(agentId, commandId)
    const versions = recorded === undefined ? undefined : versionsOf(recorded)
    if (versions !== undefined) return yield* writer.contextOf(agentId, { _tag: "Repeated", ...versions })
    return yield* attempt({ agentId, f, options }, 1)
  })
}

/** Runs the function in the lane, on the agent as it will be once what is before it is stored. */
const inLane = <E, R>(
  writer: AgentWriter,
  workshop: Workshop,
  { agentId, f, options }: Modification<E, R>
): Effect.Effect<Written | Waiting<E>, E | AgentWriteError, R> =>
  Effect.contextWith((context: Context.Context<R>) =>
    Effect.withFiber((fiber) => {
      const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
      const admit = admitActive(agentId, "any")
      return Effect.callback<Written | Waiting<E>, E | AgentWriteError>((resume) => {
        const operation: Operation = new Operation({
          count: 1,
          commandId: options.commandId,
          chosenIds: [],
          // Asked for before it was handed over.
          identity: undefined,
          plan: (at) => {
            const admitted = admit(at)
            if (Result.isFailure(admitted)) return () => resume(Effect.fail(admitted.failure))
            const state = stateOf(at)
            const running = Effect.runForkWith(context)(Effect.suspend(() => f(state)))
            const exit = running.pollUnsafe()
            if (exit === undefined) {
              operation.withdraw()
              resume(Effect.succeed({ _tag: "Waiting", running, at }))
              return undefined
            }
            if (Exit.isFailure(exit)) return () => resume(Effect.failCause(exit.cause))
            if (isUnchanged(at, exit.value)) return { prepared: [], events: [], standing: at }
            const planned = planNext(workshop, { agentId, options }, at, exit.value, now)
            return Result.isSuccess(planned) ? planned.success : () => resume(Effect.fail(planned.failure))
          },
          tell: (outcome) => resume(toEffect(outcome))
        })
        writer.deliver(agentId, operation)
        return Effect.sync(() => operation.withdraw())
      })
    })
  )

/** Writes what a function made that waited, if the agent is still what it was given. */
const comeBack = <E, R>(
  writer: AgentWriter,
  { agentId, options }: Modification<E, R>,
  at: Standing,
  next: object
): Effect.Effect<AgentContext, AgentWriteError> => {
  if (!Value.isRecord(next)) return Effect.fail(notAnObject("state", next))
  const admit = admitActive(agentId, "any")
  const written = writer.write({
    agentId,
    events: [toEvent(next, options)],
    commandId: options.commandId,
    admit: (now) => {
      // The version alone says too little: what it was given may not have been stored after all.
      if (now.version !== at.version || now.eventId !== at.eventId) {
        return Result.fail(new Conflict({ agentId, expected: at.version, actual: now.version }))
      }
      return Result.map(admit(now), () => !isUnchanged(at, next))
    },
    rename: toArgument
  })
  return Effect.flatMap(written, (written) => writer.contextOf(agentId, written))
}

const planNext = (
  workshop: Workshop,
  { agentId, options }: Pick<Modification<unknown, unknown>, "agentId" | "options">,
  at: Standing,
  next: object,
  now: number
): Result.Result<Plan, InvalidInput> => {
  if (!Value.isRecord(next)) return Result.fail(notAnObject("state", next))
  const event = prepareEvent(workshop, agentId, toEvent(next, options), now, options.commandId, toArgument)
  // A state that could be encoded can be put in place of another.
  return Result.map(event, (event) => Result.getOrThrow(plan(workshop, at, [event])))
}

const toEvent = (state: object, { metadata }: Modification<unknown, unknown>["options"]): NewEvent => ({
  type: AgentEvent.replaced,
  data: { state },
  metadata
})

const stateOf = ({ context }: Standing): Value.Record => context?.state ?? emptyState

const isUnchanged = (at: Standing, next: object): boolean => at.context !== undefined && next === at.context.state
