/** Actors of one library, which count. */
import { assertCount, type Contender } from "../harness.ts"
import type { Total } from "../suites/counter.ts"

/** A number of actors that can be told something. */
export interface Crowd {
  readonly name: string
  /** Sends so many messages to each, taking turns. Completes when all are sent. */
  readonly tell: (perActor: number) => Promise<void>
  /** What their handlers have added up. */
  readonly total: Total
  readonly close: () => Promise<void>
}

/** Tells each actor so many messages, again and again until the time is up; a pass ends when the handlers have counted all. */
export const teller = ({ name, tell, total }: Crowd, actors: number, perActor: number): Contender => {
  let sent = 0
  return {
    name,
    round: async (milliseconds) => {
      const start = performance.now()
      const before = sent
      do {
        sent += actors * perActor
        const counted = total.reaches(sent)
        await tell(perActor)
        await counted
      } while (performance.now() - start < milliseconds)
      return ((sent - before) * 1000) / (performance.now() - start)
    },
    verify: async () => assertCount("handled", total.value, sent)
  }
}
