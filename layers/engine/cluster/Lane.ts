/**
 * The way to one machine. While a bundle is on its way there, commands gather for the next; nothing is timed, and nobody waits for what the commands
 * do, only for their arrival. A few commands go one by one, which is quicker for each of them.
 */
import * as Effect from "effect/Effect"
import { type Asked, Bundle, type Sending } from "./Bundle.ts"
import type * as Machine from "./Machine.ts"

/** Takes bundles to the machine. */
export interface Carrier {
  /** Completes when it has come. */
  readonly carry: (bundle: Machine.Bundle) => Effect.Effect<void, unknown>
  /** Gives some of the answers, or nothing if the machine does not know the bundle. */
  readonly collect: (bundle: string) => Effect.Effect<ReadonlyArray<Machine.Answer> | null, unknown>
  /** Withdraws a command that has not begun. */
  readonly recall: (bundle: string, place: number) => Effect.Effect<void, unknown>
  /** A bundle was lost, or came to a machine that does not hold all that is in it. */
  readonly onLost: () => void
  readonly makeId: () => string
  /** Runs an effect beside the caller, for as long as the program sends. */
  readonly run: (effect: Effect.Effect<void>) => void
}

const mostAlone = 4

/** Sends to one machine. */
export class Lane {
  private readonly carrier: Carrier
  private gathering: Bundle | undefined
  /** Whether a bundle is about to leave, or has left and not come there yet. */
  private isBusy = false
  private going = 0
  private isClosed = false

  constructor(carrier: Carrier) {
    this.carrier = carrier
  }

  /** Sends a command; `alone` does so by itself. */
  ask(letter: Machine.Letter, alone: Asked): Asked {
    const isQuiet = this.going < mostAlone && !this.isBusy
    if (isQuiet || this.isClosed || this.gathering?.takes(letter) === false) return this.alone(alone)
    return Effect.callback((resume) => {
      const bundle = this.gather()
      const sending: Sending = { letter, settle: resume }
      bundle.add(sending)
      return Effect.sync(() => {
        const place = bundle.withdraw(sending)
        // Beside the caller, who must not wait for a machine that may be frozen or dead.
        if (place !== undefined) this.carrier.run(Effect.ignoreCause(this.carrier.recall(bundle.id, place)))
      })
    })
  }

  /** Sends nothing more. */
  close(): void {
    this.isClosed = true
    this.gathering?.giveUp()
    this.gathering = undefined
  }

  private alone(asked: Asked): Asked {
    this.going++
    return Effect.ensuring(asked, this.gone)
  }

  private readonly gone = Effect.sync(() => {
    this.going--
  })

  /** What the next command goes with. */
  private gather(): Bundle {
    const bundle = this.gathering ?? new Bundle(this.carrier.makeId())
    this.gathering = bundle
    if (!this.isBusy) {
      this.isBusy = true
      // What is sent in this very turn goes along.
      this.carrier.run(Effect.andThen(Effect.yieldNow, Effect.sync(this.next)))
    }
    return bundle
  }

  /** Sends what has gathered. */
  private readonly next = (): void => {
    const bundle = this.gathering
    this.gathering = undefined
    bundle?.seal()
    this.isBusy = bundle?.isAwaited === true
    if (bundle?.isAwaited === true) this.carrier.run(this.carry(bundle))
  }

  private carry(bundle: Bundle): Effect.Effect<void> {
    let hasArrived = false
    const arrived = () => {
      if (!hasArrived) this.next()
      hasArrived = true
    }
    // Two kinds of messages instead of a stream: each that is lost is sent again by the cluster, as any request is.
    const carried = Effect.gen({ self: this }, function* () {
      yield* this.carrier.carry({ id: bundle.id, letters: bundle.letters })
      arrived()
      while (bundle.isAwaited) {
        const answers = yield* this.carrier.collect(bundle.id)
        if (answers === null) return
        for (const { outcome, place } of answers) bundle.answer(place, outcome)
      }
    })
    const over = Effect.sync(() => {
      if (bundle.isRefused || bundle.isAwaited) this.carrier.onLost()
      bundle.giveUp()
      arrived()
    })
    return Effect.ensuring(Effect.ignoreCause(carried), over)
  }
}
