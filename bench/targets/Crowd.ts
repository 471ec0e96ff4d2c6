/** Actors of one library, which count. */
import { assertCount, type Contender } from "../harness.ts"
import type { Total } from "../suites/counter.ts"

/** `bursts`: all messages of one actor, then those of the next; `turns`: one message to each, then the next. */
export type Order = "bursts" | "turns"

/** Whose turn it is, for the message with an index. */
export const receiver = (order: Order, actors: number, perActor: number) =>
  order === "turns" ? (index: number) => index % actors : (index: number) => Math.floor(index / perActor)

/** A number of actors that can be told something. */
export interface Crowd {
  readonly name: string
  /** Sends so many messages to each. Completes when all are sent. */
  readonly tell: (perActor: number, order: Order) => Promise<void>
  /** What their handlers have added up. */
  readonly total: Total
  readonly close: () => Promise<void>
}

/** Tells each actor so many messages, again and again until the time is up; a pass ends when the handlers have counted all. */
export const teller = ({ name, tell, total }: Crowd, actors: number, perActor: number, order: Order): Contender => {
  let sent = 0
  return {
    name,
    round: async (milliseconds) => {
      const start = performance.now()
      const before = sent
      do {
        sent += actors * perActor
        const counted = total.reaches(sent)
        await tell(perActor, order)
        await counted
      } while (performance.now() - start < milliseconds)
      return ((sent - before) * 1000) / (performance.now() - start)
    },
    verify: async () => assertCount("handled", total.value, sent)
  }
}
