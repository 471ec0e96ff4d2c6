/**
 * The highest versions of agents, the recently used ones in memory.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { DriverError } from "../../src/EventStoreDriver.ts"
import * as Keys from "./Keys.ts"
import type { LevelDatabase } from "./LevelDatabase.ts"
import * as Rows from "./Rows.ts"

// About ten megabytes when full.
const capacity = 50_000

/** One process owns the directory, so what it wrote last is true; after a failed write everything is read anew. */
export class Heads {
  private readonly database: LevelDatabase["Service"]
  private readonly known = new Map<string, Rows.StoredHead>()

  constructor(database: LevelDatabase["Service"]) {
    this.database = database
  }

  get(agentId: string): Rows.StoredHead | undefined {
    return this.known.get(agentId)
  }

  set(agentId: string, head: Rows.StoredHead): void {
    if (this.known.size >= capacity) this.known.clear()
    this.known.set(agentId, head)
  }

  forget(): void {
    this.known.clear()
  }

  /** The heads of those agents that have one, with one look-up for all that are not in memory. */
  read(agentIds: Iterable<string>): Effect.Effect<Map<string, Rows.StoredHead>, DriverError> {
    return Effect.suspend(() => {
      const heads = new Map<string, Rows.StoredHead>()
      const missing = new Set<string>()
      for (const agentId of agentIds) {
        const head = this.known.get(agentId)
        if (head === undefined) missing.add(agentId)
        else heads.set(agentId, head)
      }
      return missing.size === 0 ? Effect.succeed(heads) : this.lookUp([...missing], heads)
    })
  }

  private lookUp(agentIds: ReadonlyArray<string>, heads: Map<string, Rows.StoredHead>) {
    const look = this.database.use("read head", (level) => level.getMany(agentIds.map(Keys.head)))
    return Effect.flatMap(look, (texts) => {
      for (const [index, agentId] of agentIds.entries()) {
        const text = texts[index]
        if (text === undefined) continue
        const head = Rows.decodeHead(agentId, text)
        if (Result.isFailure(head)) return Effect.fail(head.failure)
        heads.set(agentId, head.success)
      }
      return Effect.succeed(heads)
    })
  }
}
