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

  /** The heads of agents, in order, with one look-up for all that are not in memory. */
  read(agentIds: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Rows.StoredHead | undefined>, DriverError> {
    const missing = agentIds.filter((agentId) => !this.known.has(agentId))
    if (missing.length === 0) return Effect.sync(() => agentIds.map((agentId) => this.known.get(agentId)))
    const look = this.database.use("read head", (level) => level.getMany(missing.map(Keys.head)))
    return Effect.flatMap(look, (texts) => {
      const found = new Map<string, Rows.StoredHead>()
      for (const [index, agentId] of missing.entries()) {
        const text = texts[index]
        if (text === undefined) continue
        const head = Rows.decodeHead(agentId, text)
        if (Result.isFailure(head)) return Effect.fail(head.failure)
        found.set(agentId, head.success)
      }
      return Effect.succeed(agentIds.map((agentId) => found.get(agentId) ?? this.known.get(agentId)))
    })
  }
}
