/** Opens the LevelDB of a directory, appends one event, says so, and holds the directory until it is killed. */
import * as Effect from "effect/Effect"
import * as LevelDb from "../../layers/leveldb/index.ts"
import { EventStore } from "../../src/index.ts"

const directory = process.argv[2] ?? ""

const hold = Effect.gen(function* () {
  const { version } = yield* EventStore.append({ agentId: "held", events: [{ type: "held.once" }] })
  process.stdout.write(`holding at version ${version}\n`)
  return yield* Effect.sleep("1 hour")
})

await Effect.runPromise(Effect.provide(hold, LevelDb.layer({ directory })))
