/** A database for one cluster: machines find each other in its tables. */
import * as Effect from "effect/Effect"
import * as TestDatabase from "../support/TestDatabase.ts"
import type { Place } from "./Machines.ts"

/** A database of the test's own, which goes when the scope closes. */
export const freshPlace = Effect.map(
  Effect.acquireRelease(
    Effect.tap(Effect.sync(TestDatabase.freshSchema), (name) => TestDatabase.run(`CREATE DATABASE "${name}"`)),
    (name) => Effect.orDie(TestDatabase.run(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`))
  ),
  (name): Place => {
    const url = new URL(process.env["PANTHEON_TEST_DATABASE_URL"] ?? "")
    url.pathname = `/${name}`
    return { url: url.href, schema: "pantheon" }
  }
)
