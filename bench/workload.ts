/**
 * What everybody stores: the same events for the same agents.
 */

/** How many agents there are. More than any number of callers, so that no two of them meet at one agent. */
export const population = 10_000

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
export const agentIds: ReadonlyArray<string> = Array.from(
  { length: population },
  (_, index) => `agent-${(Math.imul(index + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, "0")}`
)

/** Walks over the agents for ever, one after the other, and says which visit to the agent it is, from 1. */
export class Visits {
  /** Visits so far; the visit with index `i` had the payload of `i`. */
  count = 0

  next(): { readonly index: number; readonly agentId: string; readonly visit: number } {
    const index = this.count++
    return { index, agentId: agentIds[index % population] ?? "", visit: Math.floor(index / population) + 1 }
  }

  /** Some of the agents, with how often each was visited and the payload of the first visit. */
  sample(): ReadonlyArray<{ readonly agentId: string; readonly visits: number; readonly first: object }> {
    const chosen = [0, 1, 7, 99, 512, population - 1].filter((index) => index < this.count)
    return chosen.map((index) => ({
      agentId: agentIds[index] ?? "",
      visits: Math.floor((this.count - 1 - index) / population) + 1,
      first: payload(index)
    }))
  }
}
