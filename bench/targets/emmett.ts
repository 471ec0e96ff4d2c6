import { getPostgreSQLEventStore } from "@event-driven-io/emmett-postgresql"
import pg from "pg"
import { assertCount, callers } from "../harness.ts"
import { eventType, payload, Visits } from "../workload.ts"
import { poolSize } from "./rawPostgres.ts"
import { assertFirst, type Target } from "./Target.ts"

/** An event as Emmett wants it. */
export interface TaskCompleted {
  readonly type: typeof eventType
  readonly data: ReturnType<typeof payload>
}

/** Emmett's event store: one stream an agent. */
export const open = async (url: string) => {
  const pool = new pg.Pool({ connectionString: url, max: poolSize })
  const store = getPostgreSQLEventStore(url, { connectionOptions: { pooled: true, pool } })
  await store.schema.migrate()
  const close = async (): Promise<void> => {
    await store.close()
    if (!pool.ended) await pool.end()
  }
  return { store, pool, close }
}

export const make = async (name: string, url: string): Promise<Target> => {
  const { close, pool, store } = await open(url)
  const visits = new Visits()
  const operation = () => {
    const { agentId, index } = visits.next()
    return store.appendToStream<TaskCompleted>(agentId, [{ type: eventType, data: payload(index) }])
  }
  return {
    name,
    append: (count, milliseconds) => callers(count, milliseconds, operation),
    verify: async () => {
      const { rows } = await pool.query("SELECT count(*)::int4 AS count FROM emt_messages")
      assertCount("events", rows[0]?.count, visits.count)
      for (const { agentId, first, visits: expected } of visits.sample()) {
        const { events } = await store.readStream<TaskCompleted>(agentId)
        assertCount(`events of ${agentId}`, events.length, expected)
        assertFirst(agentId, events[0]?.data, first)
      }
    },
    close
  }
}
