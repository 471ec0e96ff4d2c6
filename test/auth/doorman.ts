/** Another process: shows an access token again and again, and tells each time whether it was let in. */
import { writeSync } from "node:fs"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Jwt from "../../layers/auth/jwt.ts"
import * as Postgres from "../../layers/postgres/index.ts"
import { AuthService } from "../../src/index.ts"

const [url = "", schema = "", secret = "", token = ""] = process.argv.slice(2)

const watch = Effect.gen(function* () {
  const auth = yield* AuthService.AuthService
  let isIn = true
  while (isIn) {
    const exit = yield* Effect.exit(auth.validate(Redacted.make(token)))
    isIn = exit._tag === "Success"
    const at = yield* Clock.currentTimeMillis
    const line = isIn ? { _tag: "In", at } : { _tag: "Out", at, why: `${exit}` }
    yield* Effect.sync(() => writeSync(1, `${JSON.stringify(line)}\n`))
    yield* Effect.sleep("5 millis")
  }
})

const Auth = Jwt.layer({
  issuer: "me",
  audience: "all",
  keys: [{ id: "k", algorithm: "HS256", secret: Redacted.make(secret) }]
}).pipe(Layer.provide(Postgres.layer({ url: Redacted.make(url), schema })))

await Effect.runPromise(Effect.provide(watch, Auth))
