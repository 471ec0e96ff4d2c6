/**
 * The versions of agents, for a journal that cannot compare them: those that were used last.
 */
const most = 10_000

export class Heads {
  private readonly versions = new Map<string, number>()

  get(agentId: string): number | undefined {
    return this.versions.get(agentId)
  }

  /** A version never falls. */
  set(agentId: string, version: number): void {
    const before = this.versions.get(agentId) ?? 0
    this.versions.delete(agentId)
    this.versions.set(agentId, Math.max(before, version))
    if (this.versions.size <= most) return
    const oldest = this.versions.keys().next()
    if (oldest.done !== true) this.versions.delete(oldest.value)
  }
}
