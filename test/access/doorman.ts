/** Another process: asks again and again whether somebody may read an agent, and tells each time what it began to ask and what it was told. */
import { writeSync } from "node:fs"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Postgres from "../../layers/postgres/index.ts"
import { AccessPolicy, AuditLog, CurrentPrincipal } from "../../src/index.ts"

const [url = "", schema = "", recipientId = "", agentId = ""] = process.argv.slice(2)

const watch = Effect.gen(function* () {
  const policy = yield* AccessPolicy.AccessPolicy
  let isIn = true
  while (isIn) {
    const beganAt = yield* Clock.currentTimeMillis
    const result = yield* Effect.result(policy.check({ resource: "context", action: "read", agentId }))
    isIn = result._tag === "Success"
    const line = { beganAt, told: result._tag === "Success" ? "In" : result.failure._tag }
    yield* Effect.sync(() => writeSync(1, `${JSON.stringify(line)}\n`))
    yield* Effect.sleep("5 millis")
  }
})

const Access = AccessPolicy.layerScoped().pipe(
  Layer.provideMerge(AuditLog.layer),
  Layer.provide(Postgres.layer({ url: Redacted.make(url), schema }))
)

await Effect.runPromise(
  watch.pipe(
    Effect.provideService(CurrentPrincipal.CurrentPrincipal, { id: recipientId, kind: "user", permissions: [] }),
    Effect.provide(Access)
  )
)
