/**
 * A map that holds what was set the latest, so that strangers cannot fill the memory.
 */

const capacity = 10_000

export class Latest<V> {
  /** What was set the longest ago first. */
  private readonly values = new Map<string, V>()

  get size(): number {
    return this.values.size
  }

  get(key: string): V | undefined {
    return this.values.get(key)
  }

  set(key: string, value: V): void {
    this.values.delete(key)
    this.values.set(key, value)
    if (this.values.size <= capacity) return
    for (const oldest of this.values.keys()) {
      this.values.delete(oldest)
      return
    }
  }

  delete(key: string): void {
    this.values.delete(key)
  }

  clear(): void {
    this.values.clear()
  }
}
