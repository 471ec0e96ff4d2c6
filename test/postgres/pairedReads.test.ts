/** Whoever replays an agent reads its head and its latest snapshot at the same moment; PostgreSQL is asked once. */
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as SqlClient from "effect/sql/SqlClient"
import * as Postgres from "../../layers/postgres/index.ts"
import { EventStore, SnapshotStore } from "../../src/index.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

// One session, which counts what it was asked.
const stores = Layer.provideMerge(
  Postgres.layerClient({ schema: TestDatabase.freshSchema() }),
  PgClient.layer({ url: TestDatabase.url, maxConnections: 1 })
)

const countStatements = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql.unsafe<{ readonly count: number }>(
    "SELECT sum(generic_plans + custom_plans)::int4 AS count FROM pg_prepared_statements"
  ).unprepared
  return row?.count ?? 0
})

/** How many statements an effect takes, and what it gives. */
const counted = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const before = yield* countStatements
    const result = yield* effect
    return { result, statements: (yield* countStatements) - before }
  })

const both = (agentId: string, criteria: SnapshotStore.Criteria = {}) =>
  Effect.gen(function* () {
    const events = yield* EventStore.EventStore
    const snapshots = yield* SnapshotStore.SnapshotStore
    return yield* Effect.all([events.head(agentId), snapshots.latest(agentId, criteria)], { concurrency: 2 })
  })

/** Three events, and a snapshot of each of the first two. */
const prepare = (agentId: string) =>
  Effect.gen(function* () {
    const events = yield* EventStore.EventStore
    const snapshots = yield* SnapshotStore.SnapshotStore
    const { eventIds } = yield* events.append({ agentId, events: [1, 2, 3].map(() => ({ type: "a.noted" })) })
    for (const version of [1, 2]) {
      yield* snapshots.save({ agentId, version, eventId: eventIds[version - 1] ?? "", state: version })
    }
  })

layer(stores, { excludeTestServices: true })("PostgreSQL", (it) => {
  describe("a head and a snapshot that are asked for at the same moment", () => {
    it.effect("come in one statement, and are what each alone would be", () =>
      Effect.gen(function* () {
        const events = yield* EventStore.EventStore
        const snapshots = yield* SnapshotStore.SnapshotStore
        yield* prepare("agent")
        const alone = yield* counted(Effect.all([events.head("agent"), snapshots.latest("agent")]))
        assert.strictEqual(alone.statements, 2)
        const together = yield* counted(both("agent"))
        assert.strictEqual(together.statements, 1)
        assert.deepStrictEqual(together.result, alone.result)
        const [head, snapshot] = together.result
        assert.strictEqual(head.version, 3)
        assert.strictEqual(Option.getOrThrow(snapshot).version, 2)
      })
    )

    it.effect("may be missing, both or either", () =>
      Effect.gen(function* () {
        const snapshots = yield* SnapshotStore.SnapshotStore
        yield* EventStore.append({ agentId: "without snapshot", events: [{ type: "a.noted" }] })
        yield* snapshots.save({ agentId: "without events", version: 1, eventId: "e", state: 1 })
        const found = yield* Effect.forEach(["never seen", "without snapshot", "without events"], (agentId) =>
          Effect.map(both(agentId), ([{ version }, snapshot]) => [version, Option.isSome(snapshot)])
        )
        assert.deepStrictEqual(found, [
          [0, false],
          [1, false],
          [0, true]
        ])
      })
    )

    it.effect("heed the bounds of the snapshot, and what others ask of the same agent", () =>
      Effect.gen(function* () {
        yield* prepare("crowded")
        const found = yield* Effect.all([both("crowded", { maxVersion: 1 }), both("crowded"), both("nobody")], {
          concurrency: "unbounded"
        })
        const versions = found.map(([head, snapshot]) => [
          head.version,
          Option.match(snapshot, { onNone: () => 0, onSome: ({ version }) => version })
        ])
        assert.deepStrictEqual(versions, [
          [3, 1],
          [3, 2],
          [0, 0]
        ])
      })
    )

    it.effect("are told to the one who stays when the other is interrupted", () =>
      Effect.gen(function* () {
        const events = yield* EventStore.EventStore
        const snapshots = yield* SnapshotStore.SnapshotStore
        yield* prepare("halved")
        const start = { startImmediately: true }
        // At once, and while the statement is under way.
        for (const moment of [Effect.void, Effect.yieldNow]) {
          const head = yield* Effect.forkChild(events.head("halved"), start)
          const snapshot = yield* Effect.forkChild(snapshots.latest("halved"), start)
          yield* moment
          yield* Fiber.interrupt(head)
          assert.strictEqual(Option.getOrThrow(yield* Fiber.join(snapshot)).version, 2)
          const otherHead = yield* Effect.forkChild(events.head("halved"), start)
          const otherSnapshot = yield* Effect.forkChild(snapshots.latest("halved"), start)
          yield* moment
          yield* Fiber.interrupt(otherSnapshot)
          assert.strictEqual((yield* Fiber.join(otherHead)).version, 3)
        }
      })
    )
  })
})
