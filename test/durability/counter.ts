/** Lets actors count that keep little of their history, until it is killed. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as LocalEngine from "../../layers/engine/local.ts"
import { Thrifty, ThriftyBehavior } from "../contract/engine/Thrifty.ts"
import { between, chance } from "../support/chance.ts"
import { say } from "./lines.ts"
import { fromText, layer } from "./place.ts"

const [place = "", name = ""] = process.argv.slice(2)
const next = chance(name)

const count = Effect.fnUntraced(function* (counter: string) {
  const thrifty = (yield* Thrifty.client)(counter)
  const events = Array.from({ length: between(next, 1, 3) }, () => (next() < 0.2 ? "Closed" : "Counted"))
  yield* say({ _tag: "Counted", counter, count: yield* thrifty.Count({ events }) })
})

const counters = ["counter-1", "counter-2", "counter-3"]
const counting = Effect.forEach(counters, (counter) => Effect.forever(count(counter)), { concurrency: "unbounded" })
const Runtime = ThriftyBehavior.pipe(Layer.provideMerge(LocalEngine.layer), Layer.provide(layer(fromText(place), name)))

await Effect.runPromise(Effect.provide(counting, Runtime))
