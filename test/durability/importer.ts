/** Imports agents into the stores of a place, now and then over one that is there, until it is killed. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { EventStore } from "../../src/index.ts"
import { between, chance } from "../support/chance.ts"
import { say } from "./lines.ts"
import { fromText, layer } from "./place.ts"

const [place = "", name = ""] = process.argv.slice(2)
const next = chance(name)
const chunkSize = 500

const importOne = (number: number) =>
  Effect.gen(function* () {
    const store = yield* EventStore.EventStore
    const agentId = `${name} ${number}`
    // Half of them replace an agent that has three events.
    const isNew = next() < 0.5
    if (!isNew) yield* store.append({ agentId, events: [{ type: "old" }, { type: "old" }, { type: "old" }] })
    const count = between(next, 1, 4000)
    const firstVersion = isNew ? 1 : 5
    yield* say({ _tag: "Importing", agentId, count })
    const outcome = yield* store.importAgent({
      agentId,
      expected: isNew ? { version: 0, presence: "missing" } : { version: 3, presence: "present" },
      firstVersion,
      version: firstVersion + count - 1,
      eventIds: next() < 0.5 ? "given" : "generated",
      chunks: Stream.fromIterable(
        Array.from({ length: Math.ceil(count / chunkSize) }, (_, chunk) => ({
          events: Array.from({ length: Math.min(chunkSize, count - chunk * chunkSize) }, (_, index) => ({
            id: `${agentId} ${chunk} ${index}`,
            type: "imported",
            schemaVersion: 1,
            timestamp: 0,
            data: JSON.stringify({ number: chunk * chunkSize + index + 1 }),
            metadata: "{}"
          })),
          commands: [],
          notes: [{ name: `note ${chunk}`, body: "1", due: undefined }],
          snapshots: []
        }))
      )
    })
    if (outcome._tag !== "Imported") return yield* Effect.die(outcome)
    yield* say({ _tag: "Imported", agentId })
  })

const program = Effect.gen(function* () {
  for (let number = 1; ; number++) yield* importOne(number)
})

await Effect.runPromise(Effect.provide(program, layer(fromText(place), name)))
