/** Another process: reads a share again and again, and tells each time when it began to and what it got. */
import { writeSync } from "node:fs"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Postgres from "../../layers/postgres/index.ts"
import { AgentStateManager, ContextSharing, CurrentPrincipal } from "../../src/index.ts"

const [url = "", schema = "", recipientId = "", shareId = ""] = process.argv.slice(2)

const watch = Effect.gen(function* () {
  const sharing = yield* ContextSharing.ContextSharing
  let isShown = true
  while (isShown) {
    const beganAt = yield* Clock.currentTimeMillis
    const result = yield* Effect.result(sharing.getSharedContext(shareId))
    isShown = result._tag === "Success"
    const line = { beganAt, told: result._tag === "Success" ? "Shown" : result.failure._tag }
    yield* Effect.sync(() => writeSync(1, `${JSON.stringify(line)}\n`))
  }
})

const Sharing = ContextSharing.layer.pipe(
  Layer.provideMerge(AgentStateManager.layer()),
  Layer.provideMerge(Postgres.layer({ url: Redacted.make(url), schema }))
)

await Effect.runPromise(
  watch.pipe(
    Effect.provideService(CurrentPrincipal.CurrentPrincipal, { id: recipientId, kind: "user", permissions: [] }),
    Effect.provide(Sharing)
  )
)
