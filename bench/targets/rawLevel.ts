/** The floor: `classic-level` alone, synced batches of the rows that the store writes. */
import { ClassicLevel } from "classic-level"
import * as Effect from "effect/Effect"
import * as Keys from "../../layers/leveldb/Keys.ts"
import * as Rows from "../../layers/leveldb/Rows.ts"
import * as Uuid from "../../src/store/Uuid.ts"
import { assertCount, callers } from "../harness.ts"
import { eventType, payload, type Visits } from "../workload.ts"
import { assertFirst, type Target } from "./Target.ts"

/** What a batch holds and how it is handed over. */
export interface Options {
  /** Events in a batch. */
  readonly size: number
  /** Also the rows by which the store finds events again: event ids, highest versions, feed. */
  readonly indexes?: boolean
  /** Put by put instead of as an array, as the store does; a little faster. */
  readonly chained?: boolean
  readonly visits: Visits
}

/** Batches of events, one after the other. */
export const make = async (name: string, directory: string, options: Options): Promise<Target> => {
  const { chained = false, indexes = false, size, visits } = options
  const level = new ClassicLevel(directory, { keyEncoding: "utf8", valueEncoding: "utf8" })
  await level.open()
  const nextId = Effect.runSync(Uuid.makeGenerator)
  let flushes = 0
  const operation = async (): Promise<void> => {
    const rows: Array<readonly [key: string, value: string]> = []
    const parts: Array<Rows.FlushPart> = []
    const run: Array<Rows.RunPart> = []
    let lastId = ""
    for (let count = 0; count < size; count++) {
      const { agentId, index, visit } = visits.next()
      const now = Date.now()
      const data = JSON.stringify(payload(index))
      const event = { id: nextId(now), type: eventType, schemaVersion: 1, timestamp: now, data, metadata: "{}" }
      rows.push([Keys.event(agentId, visit), Rows.encodeEvent(event, visit)])
      if (!indexes) continue
      // As the store does, with the first version and every fourth after it.
      if (visit % 4 === 1) rows.push([Keys.head(agentId), Rows.encodeHead({ version: visit, origin: 0 })])
      parts.push([agentId, visit, 1])
      run.push([agentId, visit, event.id])
      lastId = event.id
    }
    if (indexes) {
      rows.push([Keys.run(lastId), Rows.encodeRun(run)])
      rows.push([Keys.flush(++flushes), Rows.encodeFlush(parts)])
    }
    if (!chained) {
      const puts = rows.map(([key, value]) => ({ type: "put", key, value }) as const)
      return level.batch(puts, { sync: true })
    }
    const batch = level.batch()
    for (const [key, value] of rows) batch.put(key, value)
    await batch.write({ sync: true })
  }
  return {
    name,
    append: async (count, milliseconds) => size * (await callers(count, milliseconds, operation)),
    verify: async () => {
      const keys = await level.keys({ gt: "e", lt: "f" }).all()
      assertCount("events", keys.length, visits.count)
      for (const { agentId, first, visits: expected } of visits.sample()) {
        const events = await level.values(Keys.allOf("e", agentId)).all()
        assertCount(`events of ${agentId}`, events.length, expected)
        const event = Rows.decodeEvent(agentId, events[0] ?? "")
        assertFirst(agentId, event._tag === "Success" ? JSON.parse(event.success.data) : undefined, first)
      }
    },
    close: () => level.close()
  }
}
