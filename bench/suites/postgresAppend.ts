/** PostgreSQL: one event to each of many agents. */
import * as Redacted from "effect/Redacted"
import * as Postgres from "../../layers/postgres/index.ts"
import { compare, type Effort, type Row } from "../harness.ts"
import * as castore from "../targets/castore.ts"
import * as emmett from "../targets/emmett.ts"
import * as langgraph from "../targets/langgraph.ts"
import * as pantheon from "../targets/pantheon.ts"
import * as raw from "../targets/rawPostgres.ts"
import { contender } from "../targets/Target.ts"

export const run = async (effort: Effort, url: string): Promise<ReadonlyArray<Row>> => {
  const ours = await pantheon.make(
    "pantheon",
    Postgres.layer({ url: Redacted.make(url), maxConnections: raw.poolSize, schema: "append_ours" })
  )
  const single = await raw.makeSingle("raw insert", url, "append_single")
  const unnest = await raw.makeUnnest("raw unnest of 1,000", url, "append_unnest", 1000)
  const peers = [
    await emmett.make("Emmett", url),
    await castore.make("Castore", url),
    await langgraph.make("LangGraph", url)
  ]
  const rows: Array<Row> = []
  for (const inFlight of [1, 32, 256, 1000]) {
    const contenders = [ours, single, ...peers].map((target) => contender(target, inFlight))
    const floor = contender(unnest, 1)
    const labels = { suite: "postgres-append", setting: `${inFlight} in flight`, unit: "events" }
    rows.push(...(await compare(effort, labels, [...contenders, floor])))
  }
  for (const target of [ours, single, unnest, ...peers]) await target.close()
  return rows
}
