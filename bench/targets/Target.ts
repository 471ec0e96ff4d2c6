import type { Contender } from "../harness.ts"

/** A store that takes one event for each of many agents. */
export interface Target {
  readonly name: string
  /** Lets so many callers append for so long; gives completed appends a second. */
  readonly append: (callers: number, milliseconds: number) => Promise<number>
  /** Compares what the store holds with what was acknowledged: the count, and some histories in full. */
  readonly verify: () => Promise<void>
  readonly close: () => Promise<void>
}

/** The target with a number of callers. */
export const contender = (target: Target, callers: number): Contender => ({
  name: target.name,
  round: (milliseconds) => target.append(callers, milliseconds),
  verify: target.verify
})

/** Throws unless the first event that is read back of an agent is the one that was written, whatever the order of its keys. */
export const assertFirst = (agentId: string, found: unknown, expected: object): void => {
  if (sorted(found) !== sorted(expected)) {
    throw new Error(`${agentId}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`)
  }
}

const sorted = (record: unknown): string => JSON.stringify(Object.entries(Object(record)).sort())
