/** PostgreSQL: one event to each of many agents, all of them new; and more events for agents that have some. */
import * as Redacted from "effect/Redacted"
import * as Postgres from "../../layers/postgres/index.ts"
import { compare, type Effort, finely, type Row } from "../harness.ts"
import * as castore from "../targets/castore.ts"
import * as emmett from "../targets/emmett.ts"
import * as langgraph from "../targets/langgraph.ts"
import * as pantheon from "../targets/pantheon.ts"
import * as raw from "../targets/rawPostgres.ts"
import { contender } from "../targets/Target.ts"
import { population, Visits } from "../workload.ts"

const suite = "postgres-append"
const unit = "events"

export const run = async (effort: Effort, url: string): Promise<ReadonlyArray<Row>> => [
  ...(await newAgents(effort, url)),
  ...(await knownAgents(effort, url))
]

const open = (url: string, schema: string) =>
  Postgres.layer({ url: Redacted.make(url), maxConnections: raw.poolSize, schema })

const newAgents = async (effort: Effort, url: string): Promise<ReadonlyArray<Row>> => {
  const ours = await pantheon.make("pantheon", open(url, "append_ours"))
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
    const labels = { suite, setting: `${inFlight} in flight`, unit }
    rows.push(...(await compare(finely(effort), labels, [...contenders, contender(unnest, 1)])))
  }
  for (const target of [ours, single, unnest, ...peers]) await target.close()
  return rows
}

const knownAgents = async (effort: Effort, url: string): Promise<ReadonlyArray<Row>> => {
  const ours = await pantheon.make("pantheon", open(url, "known_ours"), new Visits(population))
  const unnest = await raw.makeUnnest("raw unnest of 1,000", url, "known_unnest", 1000, new Visits(population))
  // Everybody has had its first event when the rounds begin.
  await ours.append(256, effort.isQuick ? 500 : 2000)
  const labels = { suite, setting: "10,000 known agents, 256 in flight", unit }
  const rows = await compare(finely(effort), labels, [contender(ours, 256), contender(unnest, 1)])
  for (const target of [ours, unnest]) await target.close()
  return rows
}
