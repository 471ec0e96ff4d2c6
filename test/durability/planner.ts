/** Lets actors at a place set timers, many at a time, until it is killed. */
import { randomUUID } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as LocalEngine from "../../layers/engine/local.ts"
import { between, chance } from "../support/chance.ts"
import { Agenda, AgendaBehavior } from "./Agenda.ts"
import { say } from "./lines.ts"
import { fromText, layer } from "./place.ts"

const [place = "", name = ""] = process.argv.slice(2)
const next = chance(name)
const agendas = 6
const inFlight = 16
const farAway = 86_400_000

const plan = Effect.gen(function* () {
  const client = yield* Agenda.client
  const planOne = Effect.gen(function* () {
    const agenda = `agenda-${between(next, 1, agendas)}`
    const key = randomUUID()
    const isDropped = next() < 0.2
    const command = next() < 0.5 ? "Plan" : "Remind"
    yield* say({ _tag: "Planned", agenda, key })
    yield* client(agenda)[command]({ key, milliseconds: isDropped ? farAway : between(next, 0, 300) })
    if (isDropped) yield* client(agenda).Drop({ key })
    yield* say({ _tag: isDropped ? "Dropped" : "Kept", agenda, key })
    yield* Effect.sleep(between(next, 0, 20))
  })
  yield* Effect.all(
    Array.from({ length: inFlight }, () => Effect.forever(planOne)),
    { concurrency: "unbounded", discard: true }
  )
})

const Runtime = AgendaBehavior.pipe(Layer.provideMerge(LocalEngine.layer), Layer.provide(layer(fromText(place), name)))

await Effect.runPromise(Effect.provide(plan, Runtime))
