/**
 * Where agents were last seen: the most recently used ones, so that a write to one of them need not read it first.
 */
import type { Standing } from "./AgentJournal.ts"

/** A bounded memory. It may be behind the store; whoever uses it must find that out. */
export class AgentCache {
  /** The least recently used first. */
  private readonly standings = new Map<string, Standing>()
  private readonly capacity: number

  constructor(capacity: number) {
    this.capacity = capacity
  }

  get size(): number {
    return this.standings.size
  }

  /** Without counting as a use. */
  peek(agentId: string): Standing | undefined {
    return this.standings.get(agentId)
  }

  get(agentId: string): Standing | undefined {
    const standing = this.standings.get(agentId)
    if (standing !== undefined) this.put(agentId, standing)
    return standing
  }

  /** Takes note of where an agent stands, unless it was seen further on. */
  offer(agentId: string, standing: Standing): void {
    const known = this.standings.get(agentId)
    if (known !== undefined && known.version > standing.version) return
    if (standing.context === undefined) this.standings.delete(agentId)
    else this.put(agentId, standing)
  }

  forget(agentId: string): void {
    this.standings.delete(agentId)
  }

  private put(agentId: string, standing: Standing): void {
    this.standings.delete(agentId)
    this.standings.set(agentId, standing)
    if (this.standings.size <= this.capacity) return
    for (const oldest of this.standings.keys()) {
      this.standings.delete(oldest)
      return
    }
  }
}
