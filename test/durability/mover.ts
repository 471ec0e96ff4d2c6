/** Appends to several agents together at the stores of a place, many at a time, until it is killed. */
import * as Effect from "effect/Effect"
import { EventStore, Note } from "../../src/index.ts"
import { between, chance } from "../support/chance.ts"
import { say } from "./lines.ts"
import { moverAgents } from "./moverKills.ts"
import { fromText, layer } from "./place.ts"

const [place = "", name = ""] = process.argv.slice(2)
const next = chance(name)
const inFlight = 8

const move = Effect.gen(function* () {
  const store = yield* EventStore.EventStore
  let count = 0
  const moveOne = Effect.suspend(() => {
    const step = `${name} ${++count}`
    const first = between(next, 0, moverAgents.length - 1)
    const size = between(next, 2, moverAgents.length)
    // In any order, as callers name them.
    const agentIds = moverAgents
      .map((_, index) => moverAgents[(first + index) % moverAgents.length] ?? "")
      .slice(0, size)
    const isNoted = next() < 0.3
    const appends = agentIds.map((agentId) => ({
      agentId,
      events: Array.from({ length: between(next, 1, 4) }, () => ({ type: "moved", data: { step, size } })),
      notes: isNoted ? [Note.put(`step ${step}`, size)] : []
    }))
    return Effect.andThen(store.appendTogether(appends), say({ _tag: "Moved", step, agentIds }))
  })
  // Lone appends come between.
  const appendOne = Effect.suspend(() =>
    store.append({ agentId: moverAgents[between(next, 0, moverAgents.length - 1)] ?? "", events: [{ type: "alone" }] })
  )
  const forever = (effect: Effect.Effect<unknown, unknown>) =>
    Array.from({ length: inFlight }, () => Effect.forever(effect))
  yield* Effect.all([...forever(moveOne), ...forever(appendOne)], { concurrency: "unbounded", discard: true })
})

await Effect.runPromise(Effect.provide(move, layer(fromText(place), name)))
