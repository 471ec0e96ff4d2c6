/**
 * How long to go on when other writers were faster.
 */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

/** With one rival, each try is about even; so many in a row are lost only to a writer that never rests. */
export const mostTries = 100

const longestPause = 50

/** Writers that have lost several times should not all come back at once. */
export const pause = (lost: number): Effect.Effect<void> =>
  lost < 2
    ? Effect.void
    : Effect.flatMap(Random.next, (random) => Effect.sleep(random * Math.min(2 ** (lost - 1), longestPause)))
