/** Random appends to few agents. */
import { randomUUID } from "node:crypto"
import type { EventStore } from "../../src/index.ts"
import { between } from "../support/chance.ts"

const agents = 8

/** Remembers the versions that the store has told, for appends that expect one. */
export class Versions {
  private readonly known = new Map<string, number>()

  of(agentId: string): number {
    return this.known.get(agentId) ?? 0
  }

  tell(agentId: string, version: number): void {
    this.known.set(agentId, version)
  }
}

/** An append with ids of its own: of one to three events, plain, or with an expected version, or with a command. */
export const randomAppend = (next: () => number, versions: Versions) => {
  const agentId = `agent-${between(next, 1, agents)}`
  const append = randomUUID()
  const size = between(next, 1, 3)
  const kind = between(next, 1, 3)
  // Now and then a long one, so that a kill may come in the middle of it.
  const text = "x".repeat(next() < 0.01 ? 20_000 : between(next, 0, 200))
  return {
    agentId,
    events: Array.from({ length: size }, (_, index) => ({
      id: randomUUID(),
      type: "written",
      data: { append, index, size, text }
    })),
    expected: kind === 2 ? versions.of(agentId) : "any",
    commands: kind === 3 ? [{ id: append, reply: { append } }] : []
  } satisfies EventStore.Append
}
