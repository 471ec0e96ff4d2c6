/** Appends to the stores of a place, many at a time, until it is killed. */
import * as Effect from "effect/Effect"
import { EventStore } from "../../src/index.ts"
import { chance } from "../support/chance.ts"
import { randomAppend, Versions } from "./appends.ts"
import { say } from "./lines.ts"
import { fromText, layer } from "./place.ts"

const [place = "", name = ""] = process.argv.slice(2)
const next = chance(name)
const inFlight = 32

const write = Effect.gen(function* () {
  const store = yield* EventStore.EventStore
  const versions = new Versions()
  const appendOne = Effect.suspend(() => {
    const append = randomAppend(next, versions)
    const { agentId, commands } = append
    const ids = append.events.map((event) => event.id)
    return Effect.matchEffect(store.append(append), {
      onSuccess: ({ firstVersion, version }) => {
        versions.tell(agentId, version)
        return say({ _tag: "Stored", agentId, firstVersion, ids, commandId: commands[0]?.id ?? null })
      },
      onFailure: (error) => {
        // Nothing else may go wrong while the store is well.
        if (error._tag !== "Conflict") return Effect.die(error)
        versions.tell(agentId, error.actual)
        return say({ _tag: "Refused", ids })
      }
    })
  })
  yield* Effect.all(
    Array.from({ length: inFlight }, () => Effect.forever(appendOne)),
    { concurrency: "unbounded", discard: true }
  )
})

await Effect.runPromise(Effect.provide(write, layer(fromText(place), name)))
