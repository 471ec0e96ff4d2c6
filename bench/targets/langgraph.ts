import { type Checkpoint, uuid6 } from "@langchain/langgraph-checkpoint"
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres"
import pg from "pg"
import { assertCount, callers } from "../harness.ts"
import { payload, Visits } from "../workload.ts"
import { poolSize } from "./rawPostgres.ts"
import { assertFirst, type Target } from "./Target.ts"

/** LangGraph's saver: one thread an agent, one checkpoint with one changed channel an append. */
export const make = async (name: string, url: string): Promise<Target> => {
  const pool = new pg.Pool({ connectionString: url, max: poolSize })
  const saver = new PostgresSaver(pool, undefined, { schema: "langgraph" })
  await saver.setup()
  const visits = new Visits()
  const operation = () => {
    const { agentId, index, visit } = visits.next()
    const versions = { task: visit }
    const checkpoint: Checkpoint = {
      v: 4,
      id: uuid6(-1),
      ts: new Date().toISOString(),
      channel_values: { task: payload(index) },
      channel_versions: versions,
      versions_seen: {}
    }
    const config = { configurable: { thread_id: agentId, checkpoint_ns: "" } }
    return saver.put(config, checkpoint, { source: "update", step: visit, parents: {} }, versions)
  }
  return {
    name,
    append: (count, milliseconds) => callers(count, milliseconds, operation),
    verify: async () => {
      const { rows } = await pool.query("SELECT count(*)::int4 AS count FROM langgraph.checkpoints")
      assertCount("checkpoints", rows[0]?.count, visits.count)
      for (const { agentId, first, visits: expected } of visits.sample()) {
        const found = []
        const config = { configurable: { thread_id: agentId, checkpoint_ns: "" } }
        for await (const tuple of saver.list(config)) found.push(tuple.checkpoint)
        assertCount(`checkpoints of ${agentId}`, found.length, expected)
        assertFirst(agentId, found.at(-1)?.channel_values["task"], first)
      }
    },
    close: () => saver.end()
  }
}
