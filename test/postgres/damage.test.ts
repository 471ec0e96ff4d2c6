import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Postgres from "../../layers/postgres/index.ts"
import { EventStore, SnapshotStore } from "../../src/index.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

/** Runs a test on tables of its own, with three events of an agent, their commands and two snapshots. */
const onTables = <A, E>(
  test: (tables: {
    readonly events: EventStore.EventStore["Service"]
    readonly snapshots: SnapshotStore.SnapshotStore["Service"]
    readonly change: (statement: string) => Effect.Effect<unknown, unknown>
  }) => Effect.Effect<A, E>
) =>
  Effect.gen(function* () {
    const schema = yield* TestDatabase.schema
    yield* Effect.gen(function* () {
      const events = yield* EventStore.EventStore
      const snapshots = yield* SnapshotStore.SnapshotStore
      for (const id of ["e1", "e2", "e3"]) {
        const append = { agentId: "a", events: [{ id, type: "a.noted", data: { id } }] }
        yield* events.append({ ...append, commands: [{ id: `c of ${id}`, reply: id }] })
      }
      yield* snapshots.save({ id: "s1", agentId: "a", version: 1, eventId: "e1", state: { of: "e1" } })
      yield* snapshots.save({ id: "s2", agentId: "a", version: 2, eventId: "e2", state: { of: "e2" } })
      const change = (statement: string) => TestDatabase.run(statement.replace("IN ", `"${schema}".`))
      yield* test({ events, snapshots, change })
    }).pipe(Effect.provide(Postgres.layer({ url: TestDatabase.url, schema })))
  })

/** The effect must fail as damaged, and say what was found where. */
const damaged = <A, E, R>(effect: Effect.Effect<A, E, R>, subject: RegExp) =>
  Effect.gen(function* () {
    const error: unknown = yield* Effect.flip(effect)
    assert.deepInclude(error, { _tag: "Corrupted" })
    assert.match(String(error), subject)
    for (const name of ["expected", "found", "remedy"]) assert.isNotEmpty(Reflect.get(Object(error), name))
  })

describe("a damaged row of PostgreSQL", () => {
  for (const [what, text] of [
    ["cut short", '{"id":"e'],
    ["empty", ""],
    ["no object", "[1]"],
    ["of an unknown kind of value", '{"$foo":1}']
  ] as const) {
    it.live(`is told to whoever reads the event, and hides no other, when its data is ${what}`, () =>
      onTables(({ change, events }) =>
        Effect.gen(function* () {
          yield* change(`UPDATE IN events SET data = '${text}' WHERE id = 'e2'`)
          const subject = /data of event 2 of agent "a"/
          yield* damaged(Stream.runCollect(events.read("a")), subject)
          // Live, since others who write to the server hold the feed back.
          yield* damaged(Stream.runCollect(events.feed({ live: true })), subject)
          yield* damaged(events.getEvent("e2"), subject)
          assert.strictEqual((yield* Stream.runCollect(events.read("a", { to: 1 }))).length, 1)
          assert.isTrue(Option.isSome(yield* events.getEvent("e3")))
          assert.strictEqual((yield* events.append({ agentId: "a", events: [{ type: "a.noted" }] })).version, 4)
        })
      )
    )
  }

  it.live("is told when it is the metadata of an event or the reply of a command", () =>
    onTables(({ change, events }) =>
      Effect.gen(function* () {
        yield* change("UPDATE IN events SET metadata = 'null' WHERE id = 'e1'")
        yield* change("UPDATE IN commands SET reply = '{' WHERE command_id = 'c of e1'")
        yield* damaged(events.getEvent("e1"), /metadata of event 1 of agent "a"/)
        yield* damaged(events.reply("a", "c of e1"), /reply to command "c of e1"/)
        assert.deepStrictEqual(yield* events.reply("a", "c of e2"), Option.some("e2"))
      })
    )
  )

  for (const [what, assignment] of [
    ["in its state", `state = '{"of":"e9"}'`],
    ["in its checksum", "checksum = checksum + 1"],
    ["in its metadata", "metadata = '{'"],
    ["to another kind of metadata", "metadata = '1'"]
  ] as const) {
    it.live(`is never taken for no snapshot when it was changed ${what}; it can be deleted, or saved again`, () =>
      onTables(({ change, snapshots }) =>
        Effect.gen(function* () {
          const damage = change(`UPDATE IN snapshots SET ${assignment} WHERE version = 2`)
          yield* damage
          const subject = /snapshot 2 of agent "a"/
          yield* damaged(snapshots.latest("a"), subject)
          yield* damaged(snapshots.list("a"), subject)
          yield* damaged(snapshots.get("s2"), subject)
          assert.deepStrictEqual(yield* snapshots.versions("a"), [2, 1])
          assert.deepInclude(Option.getOrThrow(yield* snapshots.latest("a", { maxVersion: 1 })), { id: "s1" })
          const again = yield* snapshots.save({ agentId: "a", version: 2, eventId: "e2", state: "again" })
          assert.deepStrictEqual(yield* snapshots.latest("a"), Option.some(again))
          yield* damage
          assert.isTrue(yield* snapshots.delete("a", 2))
          assert.deepInclude(Option.getOrThrow(yield* snapshots.latest("a")), { id: "s1" })
        })
      )
    )
  }

  it.live("is told as a table that is missing when somebody dropped it", () =>
    onTables(({ change, events, snapshots }) =>
      Effect.gen(function* () {
        yield* change("DROP TABLE IN snapshots")
        assert.deepInclude(yield* Effect.flip(snapshots.latest("a")), { _tag: "Unavailable", reason: "NotMigrated" })
        yield* change("DROP TABLE IN events")
        const append = yield* Effect.flip(events.append({ agentId: "a", events: [{ type: "a.noted" }] }))
        assert.deepInclude(append, { _tag: "Rejected", reason: "Unavailable" })
        assert.match(append.message, /Nothing was stored.*layerMigrations/)
        assert.deepInclude(yield* Effect.flip(events.head("a")), { _tag: "Unavailable", reason: "NotMigrated" })
      })
    )
  )
})
