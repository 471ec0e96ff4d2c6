/**
 * Runs handlers, one command at a time.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import { HandlerTimeout } from "../../../src/ActorError.ts"
import type { Behavior } from "../../../src/actor/Behavior.ts"
import { CurrentTimerDesk, type TimerChange } from "../../../src/actor/Timers.ts"
import { CurrentActor, type RunningActor } from "../../../src/CurrentActor.ts"
import { CurrentPrincipal } from "../../../src/CurrentPrincipal.ts"
import type { Envelope } from "./Envelope.ts"
import { CurrentWaiter, type Waiter } from "./Waiter.ts"

/** What a handler does to timers, by name. */
export type TimerChanges = Map<string, TimerChange>

/** The command that an actor runs now, if it runs one. */
export class Handling {
  current: Envelope | undefined
  /** Those that the handler has set so far. */
  timers: TimerChanges | undefined
  private fiber: Fiber.Fiber<unknown, unknown> | undefined
  private readonly behavior: Behavior
  private readonly actor: Waiter & RunningActor
  /** Made when the first handler needs a fiber, which few do. */
  private services: Context.Context<never> | undefined

  constructor(behavior: Behavior, actor: Waiter & RunningActor) {
    this.behavior = behavior
    this.actor = actor
  }

  /** Gives the outcome at once if the handler need not wait for anything. */
  start(envelope: Envelope, state: unknown): Exit.Exit<unknown, unknown> | undefined {
    this.current = envelope
    const handled = Result.try(() => envelope.command.handler(state, envelope.payload))
    if (Result.isFailure(handled)) return Exit.die(handled.failure)
    if (Exit.isExit(handled.success)) return handled.success
    // A fiber of its own, so that the actor has its hands free while the handler waits.
    this.services ??= this.behavior.services.pipe(
      // That of its layer is the actor's own.
      Context.omit(CurrentPrincipal),
      Context.add(CurrentWaiter, this.actor),
      Context.add(CurrentActor, toAddress(this.actor)),
      Context.add(CurrentTimerDesk, { actor: this.actor.actor, set: (change) => this.set(change) })
    )
    const { principal } = envelope.origin
    const services = principal === undefined ? this.services : Context.add(this.services, CurrentPrincipal, principal)
    const fiber = Effect.runForkWith(services)(this.prepare(handled.success, envelope))
    this.fiber = fiber
    return fiber.pollUnsafe()
  }

  /** The outcome of a handler that waits for something. */
  get outcome(): Effect.Effect<Exit.Exit<unknown, unknown>> {
    const { fiber } = this
    return fiber === undefined ? Effect.die("no handler waits") : Fiber.await(fiber)
  }

  /** The handler within its time, and within the trace of its command. */
  private prepare<A, E>(handler: Effect.Effect<A, E>, { command, origin: { span } }: Envelope): Effect.Effect<A, E> {
    const timeout = this.behavior.handlerTimeout
    const traced = span === undefined ? handler : Effect.withParentSpan(handler, span)
    if (timeout === undefined) return traced
    const { actor, id } = this.actor
    return Effect.timeoutOrElse(traced, {
      duration: timeout,
      orElse: () => Effect.die(new HandlerTimeout({ actor, id, command: command.name, timeout }))
    })
  }

  /** The command has come to its end. Gives the timers that it set. */
  end(): TimerChanges | undefined {
    const { timers } = this
    this.current = undefined
    this.timers = undefined
    if (this.fiber === undefined) return timers
    this.fiber = undefined
    // What the handler left running in the background no longer keeps the actor waiting.
    this.actor.waitingFor.length = 0
    return timers
  }

  private set(change: TimerChange): boolean {
    if (this.current === undefined) return false
    this.timers ??= new Map()
    this.timers.set(change.name, change)
    return true
  }

  /** Ends the command from outside. A handler that cannot be interrupted is left to itself. */
  interrupt(): Envelope | undefined {
    const { current, fiber } = this
    this.end()
    fiber?.interruptUnsafe()
    return current
  }
}

/** What a handler may know of its actor; the rest is the engine's own. */
const toAddress = ({ actor, agentId, id }: RunningActor): RunningActor => ({ actor, id, agentId })

/** Whether a handler died, or was interrupted by its own doing, rather than fail with an error of its command. */
export const isCrash = (exit: Exit.Exit<unknown, unknown>): exit is Exit.Failure<unknown, unknown> =>
  Exit.isFailure(exit) && (Cause.hasDies(exit.cause) || !Cause.hasFails(exit.cause))
