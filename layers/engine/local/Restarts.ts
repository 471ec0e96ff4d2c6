/**
 * How often and how soon an actor is restarted after crashes.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Supervision } from "../../../src/Supervision.ts"
import { Bell } from "./Bell.ts"
import type { Gauges } from "./Gauges.ts"
import type { Turns } from "./Turns.ts"

type Step = Effect.Success<ReturnType<typeof Schedule.toStep<unknown, unknown, never, never>>>

/** Counts the crashes of one actor against its supervision. */
export class Restarts {
  count = 0
  private readonly agentId: string
  private readonly supervision: Supervision
  private readonly gauges: Gauges
  private crashes: ReadonlyArray<number> = []
  private step: Step | undefined
  /** There only while a restart waits. */
  private haste: Bell | undefined

  constructor(agentId: string, supervision: Supervision, gauges: Gauges) {
    this.agentId = agentId
    this.gauges = gauges
    this.supervision = supervision
  }

  /** Counts one more. */
  add(): void {
    this.count++
    this.gauges.restarted()
  }

  /** The milliseconds to wait before the restart, or nothing when the budget is spent. Tells the log. */
  afterCrash(command: string, cause: unknown, now: number): Effect.Effect<number | undefined> {
    return Effect.gen({ self: this }, function* () {
      const delay = yield* this.nextDelay(now)
      if (delay === undefined) {
        const what = this.escalates ? "escalates" : "stops"
        const why = this.supervision._tag === "Restart" ? ", has spent its restarts" : ""
        yield* Effect.logError(`actor ${this.agentId} crashed on ${command}${why} and ${what}`, cause)
        return undefined
      }
      this.add()
      yield* Effect.logWarning(`actor ${this.agentId} crashed on ${command} and restarts in ${delay} ms`, cause)
      return delay
    })
  }

  /** Waits before a restart. Whoever wants something else of the actor hurries it. */
  wait(delay: number, turns: Turns): Effect.Effect<void> {
    const haste = new Bell(turns)
    this.haste = haste
    return Effect.map(Effect.raceFirst(Effect.sleep(delay), haste.wait), () => {
      this.haste = undefined
    })
  }

  /** Lets a restart wait no longer. */
  hurry(): void {
    this.haste?.ring()
  }

  /** Whether the parent is to deal with the crash that is too much. */
  get escalates(): boolean {
    const { supervision } = this
    return supervision._tag === "Escalate" || (supervision._tag === "Restart" && supervision.whenSpent === "escalate")
  }

  private nextDelay(now: number): Effect.Effect<number | undefined> {
    return Effect.gen({ self: this }, function* () {
      const { supervision } = this
      if (supervision._tag !== "Restart") return undefined
      const since = now - Duration.toMillis(supervision.within)
      if ((this.crashes.at(-1) ?? now) <= since) this.step = undefined
      this.crashes = [...this.crashes.filter((crash) => crash > since), now]
      if (this.crashes.length > supervision.times) return undefined
      this.step ??= yield* Schedule.toStep(supervision.schedule)
      return yield* this.step(now, undefined).pipe(
        Effect.map(([, delay]) => Duration.toMillis(delay)),
        // A schedule that is done means: no more restarts.
        Effect.catchCause(() => Effect.succeed(undefined))
      )
    })
  }
}
