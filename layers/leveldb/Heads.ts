/**
 * The highest versions of agents, the recently used ones in memory.
 *
 * The row of an agent lags behind, so that not every append has to write it: its newest events tell the rest.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { DriverError } from "../../src/EventStoreDriver.ts"
import type { Corrupted } from "../../src/StoreError.ts"
import * as Keys from "./Keys.ts"
import type { LevelDatabase, Snapshot } from "./LevelDatabase.ts"
import * as Rows from "./Rows.ts"

// About ten megabytes when full.
const capacity = 50_000

// How many versions a row may lag behind. Each costs a look for an event when the agent is not in memory.
const lag = 3

/** The highest version of an agent, and where its last purge was. */
export interface Head extends Rows.StoredHead {
  /** The version that the row tells. */
  readonly written: number
}

/** Whether nothing has happened since the last purge. */
export const isPurged = ({ origin, version }: Rows.StoredHead): boolean => origin > 0 && origin === version

/** Whether the row lags too far behind. */
export const isOverdue = ({ version, written }: Head): boolean => version - written > lag

/** One process owns the directory, so what it wrote last is true; after a failed write everything is read anew. */
export class Heads {
  private readonly database: LevelDatabase["Service"]
  private readonly known = new Map<string, Head>()

  constructor(database: LevelDatabase["Service"]) {
    this.database = database
  }

  set(agentId: string, head: Head): void {
    if (this.known.size >= capacity) this.known.clear()
    this.known.set(agentId, head)
  }

  forget(): void {
    this.known.clear()
  }

  /** The heads of those agents that have one, with one look-up for all that are not in memory. */
  read(agentIds: Iterable<string>): Effect.Effect<Map<string, Head>, DriverError> {
    return Effect.suspend(() => {
      const heads = new Map<string, Head>()
      const missing = new Set<string>()
      for (const agentId of agentIds) {
        const head = this.known.get(agentId)
        if (head === undefined) missing.add(agentId)
        else heads.set(agentId, head)
      }
      return missing.size === 0 ? Effect.succeed(heads) : this.lookUp([...missing], heads)
    })
  }

  private lookUp(agentIds: ReadonlyArray<string>, heads: Map<string, Head>) {
    return this.database.atOneMoment((snapshot) =>
      Effect.gen({ self: this }, function* () {
        const keys = agentIds.map(Keys.head)
        const texts = yield* this.database.use("read head", (level) => level.getMany(keys, { snapshot }))
        const rows: Array<readonly [agentId: string, text: string]> = []
        for (const [index, agentId] of agentIds.entries()) {
          const text = texts[index]
          if (text !== undefined) rows.push([agentId, text])
        }
        for (const [agentId, head] of yield* this.complete(rows, snapshot)) heads.set(agentId, head)
        return heads
      })
    )
  }

  /** What rows that were read tell together with the events after them. */
  complete(
    rows: ReadonlyArray<readonly [agentId: string, text: string]>,
    snapshot: Snapshot
  ): Effect.Effect<ReadonlyArray<readonly [agentId: string, head: Head]>, DriverError> {
    const found: Array<readonly [agentId: string, row: Rows.StoredHead]> = []
    const keys: Array<string> = []
    for (const [agentId, text] of rows) {
      const row = Rows.decodeHead(agentId, text)
      if (Result.isFailure(row)) return Effect.fail<Corrupted>(row.failure)
      found.push([agentId, row.success])
      for (let ahead = 1; ahead <= lag; ahead++) keys.push(Keys.event(agentId, row.success.version + ahead))
    }
    if (keys.length === 0) return Effect.succeed([])
    const look = this.database.use("read head", (level) => level.hasMany(keys, { snapshot }))
    return Effect.map(look, (isThere) =>
      found.map(([agentId, { origin, version: written }], index) => {
        let version = written
        while (version - written < lag && isThere[index * lag + version - written] === true) version++
        return [agentId, { version, origin, written }]
      })
    )
  }
}
