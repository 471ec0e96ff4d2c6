/**
 * What everybody stores: the same events for the same agents.
 */

/** The type of every event. */
export const eventType = "task.completed"

/** About 150 bytes of JSON. */
export const payload = (index: number) => ({
  task: `index-document-${index}`,
  status: index % 7 === 0 ? "retried" : "completed",
  worker: `worker-${index % 64}`,
  milliseconds: 20 + (index % 900),
  cost: (index % 100) / 1000,
  tags: ["search", "nightly"],
  found: index % 3 === 0
})

/** Ids of agents, spread over the alphabet as real ones are. */
const agentId = (index: number): string =>
  `agent-${(Math.imul(index + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, "0")}`

/** How many agents there are where agents get several events. More than any number of callers, so that no two meet at one. */
export const population = 10_000

/** Walks over the agents, and says which visit to the agent it is, from 1. Without a population every agent is a new one. */
export class Visits {
  /** Visits so far; the visit with index `i` had the payload of `i`. */
  count = 0
  private readonly population: number

  constructor(population = Number.POSITIVE_INFINITY) {
    this.population = population
  }

  next(): { readonly index: number; readonly agentId: string; readonly visit: number } {
    const index = this.count++
    return { index, agentId: agentId(index % this.population), visit: Math.floor(index / this.population) + 1 }
  }

  /** Some of the agents, with how often each was visited and the payload of the first visit. */
  sample(): ReadonlyArray<{ readonly agentId: string; readonly visits: number; readonly first: object }> {
    const agents = Math.min(this.count, this.population)
    const chosen = new Set([0, 1, 7, 99, agents >>> 1, agents - 1].filter((index) => index >= 0 && index < agents))
    return [...chosen].map((index) => ({
      agentId: agentId(index),
      visits: Math.floor((this.count - 1 - index) / this.population) + 1,
      first: payload(index)
    }))
  }
}
