/**
 * Measures contenders in turn: round after round, each of them once a round, so that what disturbs the machine disturbs all of them.
 */
import * as Effect from "effect/Effect"

/** One thing to measure. */
export interface Contender {
  readonly name: string
  /** Works for about so many milliseconds and gives its rate, in operations a second. */
  readonly round: (milliseconds: number) => Promise<number>
  /** Reads back what the rounds wrote, and throws when something is missing. */
  readonly verify?: (() => Promise<void>) | undefined
}

/** What was measured of one contender. */
export interface Row {
  readonly suite: string
  readonly setting: string
  readonly name: string
  readonly unit: string
  /** One value a round: operations a second, or an amount of what the unit says. */
  readonly values: ReadonlyArray<number>
  readonly kind: "rate" | "amount"
  /** Why the row does not count. */
  readonly failure?: string | undefined
}

/** How long a run may take. */
export interface Effort {
  readonly rounds: number
  readonly milliseconds: number
  readonly isQuick: boolean
}

/** The same time in more and shorter turns, so that what disturbs the machine for a second disturbs all of a setting. */
export const finely = (effort: Effort): Effort => ({
  ...effort,
  rounds: 4 * effort.rounds,
  milliseconds: effort.milliseconds / 4
})

/** Warms every contender up, then runs the rounds: A B C, B C A, C A B … */
export const compare = async (
  { milliseconds, rounds }: Effort,
  labels: { readonly suite: string; readonly setting: string; readonly unit: string },
  contenders: ReadonlyArray<Contender>
): Promise<ReadonlyArray<Row>> => {
  const rates = new Map<Contender, Array<number>>()
  const failures = new Map<Contender, string>()
  const measure = async (contender: Contender, milliseconds: number): Promise<void> => {
    if (failures.has(contender)) return
    try {
      globalThis.gc?.()
      const rate = await contender.round(milliseconds)
      rates.set(contender, [...(rates.get(contender) ?? []), rate])
    } catch (error) {
      failures.set(contender, describe(error))
    }
  }
  for (const contender of contenders) await measure(contender, milliseconds / 2)
  rates.clear()
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(round + turn) % contenders.length]
      if (contender !== undefined) await measure(contender, milliseconds)
    }
  }
  for (const contender of contenders) {
    await contender.verify?.().catch((error: unknown) => failures.set(contender, describe(error)))
  }
  return contenders.map((contender) => ({
    ...labels,
    name: contender.name,
    kind: "rate",
    values: rates.get(contender) ?? [],
    failure: failures.get(contender)
  }))
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** A number of callers, each of which starts its next operation when the last one is complete. Gives completed operations a second. */
export const callers = async (
  count: number,
  milliseconds: number,
  operation: () => Promise<unknown>
): Promise<number> => {
  const start = performance.now()
  const until = start + milliseconds
  let completed = 0
  const caller = async (): Promise<void> => {
    do {
      await operation()
      completed++
    } while (performance.now() < until)
  }
  await Promise.all(Array.from({ length: count }, caller))
  return (completed * 1000) / (performance.now() - start)
}

/** The same for operations that are effects: one fiber a caller, who is told which it is. */
export const callersEffect = <E, R>(
  count: number,
  milliseconds: number,
  operation: (caller: number) => Effect.Effect<unknown, E, R>
): Effect.Effect<number, E, R> =>
  Effect.suspend(() => {
    const start = performance.now()
    const until = start + milliseconds
    let completed = 0
    const caller = (index: number) => {
      let isDone = false
      return Effect.whileLoop({
        while: () => !isDone,
        body: () => operation(index),
        step: () => {
          completed++
          isDone = performance.now() >= until
        }
      })
    }
    return Effect.map(
      Effect.all(
        Array.from({ length: count }, (_, index) => caller(index)),
        { concurrency: "unbounded", discard: true }
      ),
      () => (completed * 1000) / (performance.now() - start)
    )
  })

/** The middle of some numbers, and how far they spread. */
export const summarize = (numbers: ReadonlyArray<number>) => {
  const sorted = [...numbers].sort((left, right) => left - right)
  const at = (index: number): number => sorted[index] ?? Number.NaN
  const middle = (sorted.length - 1) / 2
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    least: at(0),
    most: at(sorted.length - 1)
  }
}

/** Throws unless two counts are the same. */
export const assertCount = (what: string, found: number, expected: number): void => {
  if (found !== expected) throw new Error(`${what}: expected ${expected}, found ${found}`)
}
