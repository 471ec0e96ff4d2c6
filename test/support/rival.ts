/** Writes one agent on PostgreSQL as fast as it can, each time at the version it believes in, and tells what became of each try. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Postgres from "../../layers/postgres/index.ts"
import { EventStore } from "../../src/index.ts"

const [url = "", schema = "", agentId = "", name = "", until = "0"] = process.argv.slice(2)

const tell = (line: object) => Effect.sync(() => process.stdout.write(`${JSON.stringify(line)}\n`))

const compete = Effect.gen(function* () {
  const store = yield* EventStore.EventStore
  yield* tell({ ready: name })
  // Both begin at once: when the referee has written the first event.
  let { version } = yield* Effect.repeat(store.head(agentId), { until: (head) => head.version > 0 })
  while (version < Number(until)) {
    const event = { type: "a.noted", data: { by: name, at: version } }
    const result = yield* Effect.result(store.append({ agentId, expected: version, events: [event] }))
    if (Result.isSuccess(result)) {
      yield* tell({ won: result.success.version, expected: version })
      version = result.success.version
    } else {
      const error = result.failure
      if (error._tag !== "Conflict") return yield* tell({ failed: error.message })
      yield* tell({ lost: error.actual, expected: error.expected, believed: version })
      version = error.actual
    }
  }
  return yield* tell({ done: name })
})

await Effect.runPromise(Effect.provide(compete, Postgres.layer({ url: Redacted.make(url), schema })))
