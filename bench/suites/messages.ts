/** Messages between actors, without persistence. */

import * as Entity from "effect/cluster/Entity"
import * as TestRunner from "effect/cluster/TestRunner"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as Memory from "../../layers/memory/index.ts"
import { assertCount, type Contender, callersEffect, compare, type Effort, type Row } from "../harness.ts"
import { type Order, teller } from "../targets/Crowd.ts"
import * as crowds from "../targets/crowds.ts"
import { Add, Counter, counterBehavior, Total } from "./counter.ts"

const suite = "messages"

export const run = async (effort: Effort): Promise<ReadonlyArray<Row>> => [
  ...(await tell(effort, 10_000, 100, "bursts")),
  ...(await tell(effort, 10_000, 100, "turns")),
  ...(await tell(effort, 1, 200_000, "bursts")),
  ...(await ask(effort))
]

const tell = async (effort: Effort, actors: number, perActor: number, order: Order): Promise<ReadonlyArray<Row>> => {
  const contenders = [
    await crowds.pantheon(actors),
    crowds.nact(actors),
    crowds.xstateTransition(actors),
    ...(actors === 1 ? [crowds.xstateMachine(actors), crowds.bareEffect()] : [])
  ]
  const setting =
    actors === 1
      ? "tell one actor"
      : `tell ${actors.toLocaleString("en")} actors ${perActor} messages each, in ${order}`
  const rows = await compare(
    effort,
    { suite, setting, unit: "messages" },
    contenders.map((crowd) => teller(crowd, actors, effort.isQuick ? Math.ceil(perActor / 10) : perActor, order))
  )
  for (const crowd of contenders) await crowd.close()
  return rows
}

const CounterEntity = Entity.make("Counter", [Add])

const ask = async (effort: Effort): Promise<ReadonlyArray<Row>> => {
  const inFlight = 64
  const ours = new Total()
  const runtime = ManagedRuntime.make(
    counterBehavior(ours).pipe(Layer.provideMerge(LocalEngine.layer), Layer.provide(Memory.layer))
  )
  const counter = await runtime.runPromise(Effect.map(Counter.client, (client) => client("asked")))
  const theirs = new Total()
  const entity = CounterEntity.toLayer(
    CounterEntity.of({ Add: ({ payload }) => Effect.succeed(theirs.add(payload.amount)) })
  )
  const cluster = ManagedRuntime.make(Layer.provideMerge(entity, TestRunner.layer))
  const clientOf = await cluster.runPromise(CounterEntity.client)
  const remote = clientOf("asked")
  const rows = await compare(effort, { suite, setting: `${inFlight} asks in flight to one actor`, unit: "asks" }, [
    contender("pantheon", ours, (time, answered) =>
      runtime.runPromise(callersEffect(inFlight, time, () => Effect.map(counter.Add({ amount: 1 }), answered)))
    ),
    contender("effect/cluster TestRunner", theirs, (time, answered) =>
      cluster.runPromise(callersEffect(inFlight, time, () => Effect.map(remote.Add({ amount: 1 }), answered)))
    )
  ])
  await runtime.dispose()
  await cluster.dispose()
  return rows
}

/** Counts the answers, to be compared with what the handlers have counted. */
const contender = (
  name: string,
  total: Total,
  ask: (milliseconds: number, answered: () => void) => Promise<number>
): Contender => {
  let answers = 0
  return {
    name,
    round: (milliseconds) => ask(milliseconds, () => answers++),
    verify: async () => assertCount("handled", total.value, answers)
  }
}
