/** Chance that can be had again: a failing test names its seed, and `PANTHEON_SEED` gives the same numbers. */

/** The seed of this process. */
export const seed = Number(process.env["PANTHEON_SEED"] ?? Math.floor(Math.random() * 2 ** 31))

/** Numbers from 0 to 1, without 1. Each name has a sequence of its own, so that tests do not disturb each other. */
export const chance = (name: string): (() => number) => {
  let state = seed
  for (const character of name) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193)
  // mulberry32, which is in the public domain.
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** An integer from `low` to `high`, inclusive. */
export const between = (next: () => number, low: number, high: number): number =>
  low + Math.floor(next() * (high - low + 1))
