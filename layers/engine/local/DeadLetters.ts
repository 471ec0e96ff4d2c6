/**
 * Commands that were taken and will be run by nobody.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as PubSub from "effect/PubSub"
import * as Stream from "effect/Stream"
import type { DeadLetter } from "../../../src/ActorSystem.ts"
import * as Metrics from "../../../src/Metrics.ts"
import type { Archive } from "./LiveJournal.ts"

// A reader that is slower than this many loses the oldest; the count tells of all.
const capacity = 1024

/** Counts dead letters and tells of them. */
export class DeadLetters {
  count = 0
  private readonly letters: PubSub.PubSub<DeadLetter>
  private readonly background: Archive["background"]
  /** Says where metrics are kept. */
  private readonly context: Context.Context<never>

  private constructor(
    letters: PubSub.PubSub<DeadLetter>,
    background: Archive["background"],
    context: Context.Context<never>
  ) {
    this.letters = letters
    this.background = background
    this.context = context
  }

  static readonly make = (background: Archive["background"], context: Context.Context<never>) =>
    Effect.map(
      Effect.acquireRelease(PubSub.sliding<DeadLetter>(capacity), PubSub.shutdown),
      (letters) => new DeadLetters(letters, background, context)
    )

  add(letter: DeadLetter): void {
    this.count++
    PubSub.publishUnsafe(this.letters, letter)
    const { actor, command, id, reason } = letter
    Metric.withAttributes(Metrics.deadLetters, { actor }).updateUnsafe(1, this.context)
    this.background(Effect.logWarning(`${command} to ${actor}/${id} is a dead letter: ${reason.message}`))
  }

  get stream(): Stream.Stream<DeadLetter> {
    return Stream.fromPubSub(this.letters)
  }
}
