/** How late durable timers go off, on LevelDB. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as LevelDb from "../../layers/leveldb/index.ts"
import { Actor } from "../../src/index.ts"
import { assertCount, type Effort, type Row } from "../harness.ts"

const timers = 1000

const AlarmClock = Actor.make("AlarmClock", {
  state: Schema.Struct({ rings: Schema.Int }),
  initialState: { rings: 0 },
  events: Schema.TaggedUnion({ Rang: {} }),
  evolve: ({ rings }) => ({ rings: rings + 1 }),
  commands: [
    Rpc.make("Set", { payload: { due: Schema.Int } }),
    Rpc.make("Ring", { payload: { due: Schema.Int } }),
    Rpc.make("Rings", { success: Schema.Int })
  ]
})

/** Each timer is due at another moment of the two seconds that follow; each goes off in an actor of its own. */
const round = (name: string) =>
  Effect.gen(function* () {
    const clock = yield* AlarmClock.client
    const begin = (yield* Clock.currentTimeMillis) + 1000
    const ids = Array.from({ length: timers }, (_, index) => `${name}-${index}`)
    yield* Effect.forEach(ids, (id, index) => clock(id).Set({ due: begin + 2 * index }), {
      concurrency: "unbounded",
      discard: true
    })
    yield* Effect.sleep(begin + 2 * timers + 1000 - (yield* Clock.currentTimeMillis))
    const rings = yield* Effect.forEach(ids, (id) => clock(id).Rings())
    assertCount(
      "rings",
      rings.reduce((sum, each) => sum + each, 0),
      timers
    )
  })

export const run = async ({ isQuick }: Effort): Promise<ReadonlyArray<Row>> => {
  const directory = await mkdtemp(join(tmpdir(), "pantheon-bench-"))
  const lateness: Array<number> = []
  const behavior = AlarmClock.toLayer({
    Set: (_, { due }) => AlarmClock.timers.at("alarm", due, "Ring", { due }),
    Ring: (_, { due }) =>
      Effect.andThen(
        Effect.map(Clock.currentTimeMillis, (now) => lateness.push(now - due)),
        AlarmClock.persist({ _tag: "Rang" })
      ),
    Rings: ({ rings }) => Effect.succeed(rings)
  })
  const runtime = ManagedRuntime.make(
    behavior.pipe(Layer.provideMerge(LocalEngine.layer), Layer.provide(LevelDb.layer({ directory })))
  )
  const rounds: Array<ReadonlyArray<number>> = []
  for (let count = 0; count < (isQuick ? 1 : 3); count++) {
    await runtime.runPromise(round(`clock-${count}`))
    rounds.push(lateness.splice(0).sort((left, right) => left - right))
  }
  await runtime.dispose()
  await rm(directory, { recursive: true, force: true })
  const row = (name: string, share: number): Row => ({
    suite: "timers",
    setting: `${timers.toLocaleString("en")} durable timers in two seconds`,
    name,
    unit: "ms late",
    kind: "amount",
    values: rounds.map((sorted) => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN)
  })
  return [row("median", 0.5), row("99th percentile", 0.99)]
}
