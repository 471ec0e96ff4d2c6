import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as Postgres from "../../layers/postgres/index.ts"
import { EventStore } from "../../src/index.ts"

const url = Redacted.make(process.env["PANTHEON_TEST_DATABASE_URL"] ?? "")
const schema = `t_${crypto.randomUUID().replaceAll("-", "")}`

// Low enough to be below every transaction that runs, and in another order as texts than as numbers.
const transactions = ["9", "10", "99", "100"]

/** Gives the only event of each agent the transaction id of its place. */
const pretend = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  for (const [index, xid] of transactions.entries()) {
    yield* EventStore.append({ agentId: `agent-${index}`, events: [{ type: "x" }] })
    yield* sql.unsafe(`UPDATE "${schema}"."events" SET xid = $1::xid8 WHERE agent_id = $2`, [xid, `agent-${index}`])
  }
})

const drop = Effect.orDie(
  Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`))
)

describe("the feed on PostgreSQL", () => {
  it.live("orders transactions by their numbers, also where those have more and more digits", () =>
    Effect.gen(function* () {
      yield* pretend
      const store = yield* EventStore.EventStore
      const told = yield* Stream.runCollect(store.feed())
      assert.deepStrictEqual(
        told.map(({ event }) => event.agentId),
        ["agent-0", "agent-1", "agent-2", "agent-3"]
      )
      assert.strictEqual(Option.getOrUndefined(yield* store.feedEnd), told.at(-1)?.position)
    }).pipe(
      Effect.ensuring(drop),
      Effect.provide(Layer.mergeAll(Postgres.layer({ url, schema }), PgClient.layer({ url })))
    )
  )
})
