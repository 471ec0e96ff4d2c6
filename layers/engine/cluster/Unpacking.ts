/**
 * Commands that have come to this machine in a bundle: each is run by its own actor, and its outcome kept until its sender collects it.
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { Answer, Bundle, Letter, Outcome } from "./Machine.ts"
import type { AskFailure } from "./Protocol.ts"

/** Runs a command here. */
export type Run = (letter: Letter) => Effect.Effect<string, AskFailure>

/** A bundle of which not all is told. */
interface Open {
  readonly fibers: ReadonlyArray<Fiber.Fiber<unknown, unknown>>
  /** What is known and not told. */
  answers: Array<Answer>
  /** How many commands are being run. */
  left: number
  /** When the last was done; milliseconds since the epoch. */
  doneAt: number
  /** Wakes whoever collects. */
  wake: (() => void) | undefined
}

// The sender of what nobody has collected for so many milliseconds is gone.
const longestKept = 60_000

/** Unpacks bundles. */
export class Unpacking {
  /** Whether this machine may run the actors with an id. */
  private readonly holds: (id: string) => boolean
  private readonly run: Run
  private readonly now: () => number
  private readonly open = new Map<string, Open>()

  constructor(holds: (id: string) => boolean, run: Run, now: () => number) {
    this.holds = holds
    this.run = run
    this.now = now
  }

  /** Begins with the commands of a bundle. One that comes again is known already. */
  take({ id, letters }: Bundle): Effect.Effect<void> {
    return Effect.contextWith((context: Context.Context<never>) =>
      Effect.sync(() => {
        if (this.open.has(id)) return
        this.sweep()
        const fork = Effect.runForkWith(context)
        const fibers = letters.map((letter) => fork(this.holds(letter.id) ? this.run(letter) : Effect.interrupt))
        const bundle: Open = { fibers, answers: [], left: fibers.length, doneAt: 0, wake: undefined }
        this.open.set(id, bundle)
        for (const [place, fiber] of fibers.entries()) {
          fiber.addObserver((exit) => {
            bundle.answers.push({ place, outcome: outcomeOf(exit) })
            if (--bundle.left === 0) bundle.doneAt = this.now()
            bundle.wake?.()
          })
        }
      })
    )
  }

  /** Waits for answers. */
  collect(id: string): Effect.Effect<ReadonlyArray<Answer> | null> {
    return Effect.callback<void>((resume) => {
      const bundle = this.open.get(id)
      if (bundle === undefined || bundle.answers.length > 0) return resume(Effect.void)
      // Whoever collected before was cut off, and has sent the same again.
      bundle.wake?.()
      bundle.wake = () => {
        bundle.wake = undefined
        // Those that are done in the same turn are told together.
        resume(Effect.yieldNow)
      }
    }).pipe(Effect.map(() => this.told(id)))
  }

  /** Withdraws a command that has not begun. */
  recall(id: string, place: number): Effect.Effect<void> {
    const fiber = this.open.get(id)?.fibers[place]
    return fiber === undefined ? Effect.void : Fiber.interrupt(fiber)
  }

  private told(id: string): ReadonlyArray<Answer> | null {
    const bundle = this.open.get(id)
    if (bundle === undefined) return null
    const { answers } = bundle
    bundle.answers = []
    if (bundle.left === 0) this.open.delete(id)
    return answers
  }

  private sweep(): void {
    const before = this.now() - longestKept
    for (const [id, { doneAt, left }] of this.open) if (left === 0 && doneAt < before) this.open.delete(id)
  }
}

/** What was cut off, or died, is told of by the machine that it is sent to next. */
const outcomeOf = (exit: Exit.Exit<string, AskFailure>): Outcome => {
  if (Exit.isSuccess(exit)) return { _tag: "Replied", reply: exit.value }
  const reason = exit.cause.reasons.find(Cause.isFailReason)
  return reason === undefined ? { _tag: "Returned" } : { _tag: "Refused", error: reason.error }
}
