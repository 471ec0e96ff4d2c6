import { PostgresEventStorageAdapter } from "@castore/event-storage-adapter-postgres"
import pg from "pg"
import { assertCount, callers } from "../harness.ts"
import { eventType, payload, Visits } from "../workload.ts"
import { assertFirst, type Target } from "./Target.ts"

/** Castore's storage adapter. Its pool is fixed at 10 connections, and the caller brings the versions. */
export const make = async (name: string, url: string): Promise<Target> => {
  const table = { connectionString: url, tableName: "castore_event" }
  await PostgresEventStorageAdapter.createEventTable({ ...table, aggregateId: { type: "VARCHAR", length: 64 } })
  const adapter = new PostgresEventStorageAdapter(table)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const visits = new Visits()
  const context = { eventStoreId: "tasks" }
  const operation = () => {
    const { agentId, index, visit } = visits.next()
    return adapter.pushEvent(
      { aggregateId: agentId, version: visit, type: eventType, payload: payload(index) },
      context
    )
  }
  return {
    name,
    append: (count, milliseconds) => callers(count, milliseconds, operation),
    verify: async () => {
      const { rows } = await client.query("SELECT count(*)::int4 AS count FROM castore_event")
      assertCount("events", rows[0]?.count, visits.count)
      for (const { agentId, first, visits: expected } of visits.sample()) {
        const { events } = await adapter.getEvents(agentId, context)
        assertCount(`events of ${agentId}`, events.length, expected)
        const [stored] = events
        assertFirst(agentId, stored !== undefined && "payload" in stored ? stored.payload : undefined, first)
      }
    },
    close: async () => {
      await client.end()
      // The adapter has no way to close its connections; they end with the process.
    }
  }
}
