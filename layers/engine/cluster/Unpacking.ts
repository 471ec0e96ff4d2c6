/**
 * Commands that have come to this machine in a bundle: each is run by its own actor, and answered as soon as it is done.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { Bundle, Letter, Outcome, Receipt } from "./Machine.ts"
import type { AskFailure } from "./Protocol.ts"

/** Runs a command here. */
export type Run = (letter: Letter) => Effect.Effect<string, AskFailure>

/** Unpacks bundles. */
export class Unpacking {
  /** Whether this machine may run the actors with an id. */
  private readonly holds: (id: string) => boolean
  private readonly run: Run
  /** By bundle, those of its commands that are being run, by place. */
  private readonly open = new Map<string, ReadonlyArray<Fiber.Fiber<unknown, unknown>>>()

  constructor(holds: (id: string) => boolean, run: Run) {
    this.holds = holds
    this.run = run
  }

  /** What its sender is told. */
  answers({ id, letters }: Bundle): Stream.Stream<Receipt> {
    return Stream.unwrap(
      Effect.gen({ self: this }, function* () {
        const answers = yield* Queue.unbounded<Receipt, Cause.Done>()
        Queue.offerUnsafe(answers, { _tag: "Received" })
        let left = letters.length
        const answer = (place: number, outcome: Outcome) => {
          Queue.offerUnsafe(answers, { _tag: "Answered", place, outcome })
          if (--left === 0) Queue.endUnsafe(answers)
        }
        const context = yield* Effect.context<never>()
        const fork = Effect.runForkWith(context)
        const fibers = letters.map((letter, place) => {
          const fiber = fork(this.holds(letter.id) ? this.run(letter) : Effect.interrupt)
          fiber.addObserver((exit) => answer(place, outcomeOf(exit)))
          return fiber
        })
        this.open.set(id, fibers)
        yield* Effect.addFinalizer(() => {
          this.open.delete(id)
          return Fiber.interruptAll(fibers)
        })
        return Stream.fromQueue(answers)
      })
    )
  }

  /** Withdraws a command that has not begun. */
  recall(bundle: string, place: number): Effect.Effect<void> {
    const fiber = this.open.get(bundle)?.[place]
    return fiber === undefined ? Effect.void : Fiber.interrupt(fiber)
  }
}

/** What was cut off, or died, is told of by the machine that it is sent to next. */
const outcomeOf = (exit: Exit.Exit<string, AskFailure>): Outcome => {
  if (Exit.isSuccess(exit)) return { _tag: "Replied", reply: exit.value }
  const reason = exit.cause.reasons.find(Cause.isFailReason)
  return reason === undefined ? { _tag: "Returned" } : { _tag: "Refused", error: reason.error }
}
