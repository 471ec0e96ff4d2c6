/** LevelDB: durable appends, and folding a history. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ClassicLevel } from "classic-level"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Stream from "effect/Stream"
import * as LevelDb from "../../layers/leveldb/index.ts"
import * as Keys from "../../layers/leveldb/Keys.ts"
import { EventStore } from "../../src/index.ts"
import { assertCount, callers, callersEffect, compare, type Effort, type Row } from "../harness.ts"
import * as pantheon from "../targets/pantheon.ts"
import * as raw from "../targets/rawLevel.ts"
import { contender } from "../targets/Target.ts"
import { eventType, payload, population, Visits } from "../workload.ts"

export const run = async (effort: Effort): Promise<ReadonlyArray<Row>> => {
  const parent = await mkdtemp(join(tmpdir(), "pantheon-bench-"))
  const rows = [...(await append(effort, parent)), ...(await fold(effort, join(parent, "read")))]
  await rm(parent, { recursive: true, force: true })
  return rows
}

const append = async (effort: Effort, parent: string): Promise<ReadonlyArray<Row>> => {
  const folder = (name: string) => join(parent, name)
  const known = () => new Visits(population)
  const ours = await pantheon.make("pantheon", LevelDb.layer({ directory: folder("ours") }), known())
  const ofNewAgents = await pantheon.make("pantheon", LevelDb.layer({ directory: folder("new") }))
  const put = await raw.make("raw synced put", folder("put"), { size: 1, visits: known() })
  const plain = await raw.make("raw synced batch of 64", folder("plain"), { size: 64, visits: known() })
  const floors = [
    await raw.make("raw put by put", folder("chained"), { size: 64, chained: true, visits: known() }),
    await raw.make("raw with the store's index rows", folder("indexed"), { size: 64, indexes: true, visits: known() })
  ]
  const ofNew = await raw.make("raw synced batch of 64", folder("plain_new"), { size: 64, visits: new Visits() })
  // Every agent has had its first event when the rounds begin.
  await ours.append(64, effort.isQuick ? 500 : 2000)
  const labels = { suite: "leveldb", unit: "events" }
  const rows = [
    ...(await compare(effort, { ...labels, setting: "1 in flight" }, [contender(ours, 1), contender(put, 1)])),
    ...(await compare(effort, { ...labels, setting: "64 in flight" }, [
      contender(ours, 64),
      ...[plain, ...floors].map((target) => contender(target, 1))
    ])),
    ...(await compare(effort, { ...labels, setting: "new agents, 64 in flight" }, [
      contender(ofNewAgents, 64),
      contender(ofNew, 1)
    ]))
  ]
  for (const target of [ours, ofNewAgents, put, plain, ofNew, ...floors]) await target.close()
  return rows
}

const length = 10_000
const agentId = "history"

const fold = async (effort: Effort, directory: string): Promise<ReadonlyArray<Row>> => {
  const writer = ManagedRuntime.make(LevelDb.layer({ directory }))
  const written = await writer.runPromise(EventStore.EventStore)
  for (let start = 0; start < length; start += 1000) {
    const events = Array.from({ length: 1000 }, (_, index) => ({ type: eventType, data: payload(start + index) }))
    await writer.runPromise(written.append({ agentId, events }))
  }
  await writer.dispose()
  // A directory has one owner, so the two take turns in opening it; that does not count.
  const ours = async (milliseconds: number): Promise<number> => {
    const runtime = ManagedRuntime.make(LevelDb.layer({ directory }))
    const store = await runtime.runPromise(EventStore.EventStore)
    const count = Stream.runFold(
      store.read(agentId),
      () => 0,
      (count, event) => count + (typeof event.data["milliseconds"] === "number" ? 1 : 0)
    )
    const checked = Effect.map(count, (count) => assertCount("events", count, length))
    const rate = await runtime.runPromise(callersEffect(1, milliseconds, () => checked))
    await runtime.dispose()
    return length * rate
  }
  const rawIterate = async (milliseconds: number): Promise<number> => {
    const level = new ClassicLevel(directory, { keyEncoding: "utf8", valueEncoding: "utf8" })
    await level.open()
    const rate = await callers(1, milliseconds, async () => {
      const iterator = level.values(Keys.allOf("e", agentId))
      let count = 0
      for (let page = await iterator.nextv(1000); page.length > 0; page = await iterator.nextv(1000)) {
        count += page.length
      }
      await iterator.close()
      assertCount("events", count, length)
    })
    await level.close()
    return length * rate
  }
  return compare(effort, { suite: "leveldb", setting: "a history of 10,000 folded", unit: "events" }, [
    { name: "pantheon", round: ours },
    { name: "raw iterate", round: rawIterate }
  ])
}
