/** What promises cost: the same appends through the manager of agents, with Effect and without. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as LevelDb from "../../layers/leveldb/index.ts"
import * as Postgres from "../../layers/postgres/index.ts"
import * as Promises from "../../layers/promise/index.ts"
import type { EventStore } from "../../src/EventStore.ts"
import { AgentStateManager } from "../../src/index.ts"
import type { SnapshotStore } from "../../src/SnapshotStore.ts"
import { type Contender, callers, callersEffect, compare, type Effort, finely, type Row } from "../harness.ts"
import { eventType, payload, population, Visits } from "../workload.ts"

const inFlight = 256

interface Measured extends Contender {
  readonly close: () => Promise<void>
}

const withEffect = async <E>(stores: Layer.Layer<EventStore | SnapshotStore, E>): Promise<Measured> => {
  const runtime = ManagedRuntime.make(Layer.provideMerge(AgentStateManager.layer({ cachedAgents: population }), stores))
  const agents = await runtime.runPromise(AgentStateManager.AgentStateManager)
  const visits = new Visits(population)
  const operation = () => {
    const { agentId, index } = visits.next()
    return agents.appendEvent(agentId, { type: eventType, data: payload(index) })
  }
  return {
    name: "pantheon, Effect",
    round: (milliseconds) => runtime.runPromise(callersEffect(inFlight, milliseconds, operation)),
    verify: async () => {
      for (const { agentId, visits: expected } of visits.sample()) {
        verify(
          agentId,
          await runtime.runPromise(Effect.map(agents.getContext(agentId), ({ version }) => version)),
          expected
        )
      }
    },
    close: () => runtime.dispose()
  }
}

const withPromises = (deps: Promises.AgentStateDeps): Measured => {
  const agents = Promises.makeAgentStateManager({ ...deps, cachedAgents: population })
  const visits = new Visits(population)
  const operation = () => {
    const { agentId, index } = visits.next()
    return agents.appendEvent({ agentId, type: eventType, data: payload(index) })
  }
  return {
    name: "pantheon, promises",
    round: (milliseconds) => callers(inFlight, milliseconds, operation),
    verify: async () => {
      for (const { agentId, visits: expected } of visits.sample()) {
        verify(agentId, (await agents.getContext(agentId)).version, expected)
      }
    },
    close: () => agents.close()
  }
}

const verify = (agentId: string, version: number, expected: number): void => {
  if (version !== expected) throw new Error(`${agentId}: expected ${expected} events, found ${version}`)
}

const measure = async (effort: Effort, setting: string, contenders: ReadonlyArray<Measured>) => {
  const labels = { suite: "promise", setting: `${setting}, ${inFlight} in flight`, unit: "events" }
  const rows = await compare(finely(effort), labels, contenders)
  for (const { close } of contenders) await close()
  return rows
}

const onLevel = async (effort: Effort): Promise<ReadonlyArray<Row>> => {
  const [left, right] = ["effect", "promises"].map((name) => mkdtempSync(join(tmpdir(), `pantheon-bench-${name}-`)))
  if (left === undefined || right === undefined) return []
  const rows = await measure(effort, "LevelDB", [
    await withEffect(LevelDb.layer({ directory: left })),
    withPromises({
      eventStore: new Promises.LevelEventStore({ directory: right }),
      snapshotStore: new Promises.LevelSnapshotStore({ directory: right })
    })
  ])
  for (const directory of [left, right]) rmSync(directory, { recursive: true })
  return rows
}

const onPostgres = async (effort: Effort, url: string): Promise<ReadonlyArray<Row>> => {
  const options = { connectionString: url, schema: "promise_promises" }
  return await measure(effort, "PostgreSQL", [
    await withEffect(Postgres.layer({ url: Redacted.make(url), schema: "promise_effect" })),
    withPromises({
      eventStore: new Promises.PostgresEventStore(options),
      snapshotStore: new Promises.PostgresSnapshotStore(options)
    })
  ])
}

export const run = async (effort: Effort, url: string): Promise<ReadonlyArray<Row>> => [
  ...(await onLevel(effort)),
  ...(await onPostgres(effort, url))
]
