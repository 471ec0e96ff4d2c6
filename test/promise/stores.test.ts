import { inspect } from "node:util"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import type { SqlClient } from "effect/sql/SqlClient"
import { load } from "../../layers/promise/Database.ts"
import * as Pantheon from "../../layers/promise/index.ts"
import { Session } from "../../layers/promise/Session.ts"
import * as TestDatabase from "../support/TestDatabase.ts"
import { codeOf, connectionString, databases, durable, freshDirectory, freshSchema } from "./databases.ts"

const event = (id: string, agentId = "agent-456") => ({
  id,
  type: "state.changed",
  agentId,
  timestamp: new Date("2026-01-01T00:00:00.000Z"),
  data: { oldState: "idle", newState: "active", since: new Date("2026-01-01T00:00:00.000Z") }
})

for (const { name, open } of databases) {
  describe(`the stores on ${name}`, () => {
    it("give events back in order, from a version on, and by id", async () => {
      const { eventStore } = open()()
      for (const id of ["e-1", "e-2", "e-3"]) await eventStore.appendEvent(event(id))
      await eventStore.appendEvent(event("other", "agent-457"))
      const ids = async (fromVersion?: number) =>
        (await eventStore.getEvents("agent-456", fromVersion)).map(({ id, version }) => `${version} ${id}`)
      assert.deepStrictEqual(await ids(), ["1 e-1", "2 e-2", "3 e-3"])
      assert.deepStrictEqual(await ids(3), ["3 e-3"])
      assert.deepStrictEqual(await ids(4), [])
      const found = await eventStore.getEvent("e-2")
      assert.deepInclude(found, { ...event("e-2"), version: 2, metadata: {} })
      assert.isNull(await eventStore.getEvent("e-9"))
    })

    it("keep an event once, however often it is appended under its id", async () => {
      const { eventStore } = open()()
      await Promise.all([1, 2, 3].map(() => eventStore.appendEvent(event("e-1"))))
      assert.lengthOf(await eventStore.getEvents("agent-456"), 1)
      assert.strictEqual(await codeOf(eventStore.appendEvent({ ...event("e-1"), data: {} })), "EVENT_ID_TAKEN")
    })

    it("give the latest snapshot back, and each by its id", async () => {
      const { snapshotStore } = open()()
      const snapshot = (id: string, version: number) => ({
        id,
        agentId: "agent-456",
        timestamp: new Date(),
        state: { status: "active", tasks: 5, since: new Date("2026-01-01T00:00:00.000Z") },
        version,
        eventId: "event-789"
      })
      await snapshotStore.saveSnapshot(snapshot("snapshot-2", 150))
      await snapshotStore.saveSnapshot(snapshot("snapshot-1", 50))
      const latest = await snapshotStore.getLatestSnapshot("agent-456")
      assert.deepInclude(latest, { id: "snapshot-2", version: 150, eventId: "event-789" })
      assert.deepStrictEqual(latest?.state, snapshot("snapshot-2", 150).state)
      assert.deepInclude(await snapshotStore.getSnapshot("snapshot-1"), { id: "snapshot-1", version: 50 })
      assert.isNull(await snapshotStore.getSnapshot("snapshot-9"))
      assert.isNull(await snapshotStore.getLatestSnapshot("agent-457"))
    })

    it("refuse what breaks a rule, and agents that belong to the library", async () => {
      const { eventStore, snapshotStore } = open()()
      assert.strictEqual(await codeOf(eventStore.appendEvent(event("e-1", ""))), "INVALID_INPUT")
      assert.strictEqual(await codeOf(eventStore.appendEvent(event("e-1", "pantheon/audit"))), "INVALID_INPUT")
      assert.strictEqual(await codeOf(eventStore.getEvents("")), "INVALID_INPUT")
      assert.strictEqual(await codeOf(snapshotStore.getSnapshot("")), "INVALID_INPUT")
      assert.strictEqual(
        await codeOf(eventStore.appendEvent({ ...event("e-1"), data: { run: () => 1 } })),
        "INVALID_INPUT"
      )
    })

    it("refuse calls after their end, and may be closed twice", async () => {
      const { eventStore, snapshotStore } = open()()
      const appended = eventStore.appendEvent(event("e-1"))
      await Promise.all([eventStore.close(), snapshotStore.close()])
      await eventStore.close()
      await appended
      assert.strictEqual(await codeOf(eventStore.getEvents("agent-456")), "CLOSED")
      assert.strictEqual(await codeOf(snapshotStore.getSnapshot("s")), "CLOSED")
    })
  })
}

for (const { name, open } of durable) {
  it(`what is stored on ${name} is there for the next objects`, async () => {
    const stores = open()
    const first = stores()
    await first.eventStore.appendEvent(event("e-1"))
    await first.eventStore.close()
    assert.lengthOf(await stores().eventStore.getEvents("agent-456"), 1)
  })

  it(`objects on one ${name} share it`, async () => {
    const stores = open()
    const [left, right] = [stores(), stores()]
    await left.eventStore.appendEvent(event("e-1"))
    await left.snapshotStore.getSnapshot("s")
    await left.eventStore.close()
    assert.lengthOf(await right.eventStore.getEvents("agent-456"), 1)
  })
}

it("databases that are open at the same time are apart", async () => {
  for (const { open } of databases) {
    const [left, right] = [open()(), open()()]
    await left.eventStore.appendEvent(event("e-1"))
    assert.lengthOf(await right.eventStore.getEvents("agent-456"), 0)
  }
})

describe("stores on PostgreSQL", () => {
  it("lie in the tables that are named", async () => {
    const schema = freshSchema()
    await using store = new Pantheon.PostgresEventStore({ connectionString, schema, tableName: "agent_events" })
    await using same = new Pantheon.PostgresEventStore({ connectionString, schema, tableName: "agent_events" })
    await using other = new Pantheon.PostgresEventStore({ connectionString, schema, tableName: "journal" })
    await store.appendEvent(event("e-1"))
    assert.lengthOf(await same.getEvents("agent-456"), 1)
    assert.lengthOf(await other.getEvents("agent-456"), 0)
  })

  it("may share a client of effect/sql, which stays open", async () => {
    const runtime = ManagedRuntime.make(TestDatabase.client)
    const client: SqlClient = await runtime.runPromise(PgClient.PgClient)
    const schema = freshSchema()
    const left = new Pantheon.PostgresEventStore({ client, schema })
    const right = new Pantheon.PostgresEventStore({ client, schema })
    await left.appendEvent(event("e-1"))
    await left.close()
    assert.lengthOf(await right.getEvents("agent-456"), 1)
    await right.close()
    assert.lengthOf(await runtime.runPromise(client.unsafe("SELECT 1 AS one")), 1)
    await runtime.dispose()
  })

  it("never show the address", async () => {
    const secret = "postgresql://user:hunter2@127.0.0.1:1/none"
    await using store = new Pantheon.PostgresEventStore({ connectionString: secret })
    const error: unknown = await store.getEvents("a").catch((error: unknown) => error)
    assert.isTrue(Pantheon.isPantheonError(error) && error.code === "UNAVAILABLE")
    assert.notInclude(inspect([error, store], { depth: 20, showHidden: true }), "hunter2")
    assert.notInclude(JSON.stringify([error, store]), "hunter2")
  })

  it("refuse options that make no sense, without telling what was handed over", () => {
    const refused = (make: () => unknown): string => {
      try {
        make()
      } catch (error) {
        assert.isTrue(Pantheon.isPantheonError(error) && error.code === "INVALID_OPTIONS")
        return String(error)
      }
      return "it was accepted"
    }
    const address = "mysql://user:hunter2@host/db"
    assert.notInclude(
      refused(() => new Pantheon.PostgresEventStore({ connectionString: address })),
      "hunter2"
    )
    // @ts-expect-error an address alone is no object of options
    refused(() => new Pantheon.PostgresEventStore("postgresql://localhost"))
    // @ts-expect-error nothing is no object either
    refused(() => new Pantheon.PostgresSnapshotStore())
    // @ts-expect-error a pool of another library
    refused(() => new Pantheon.PostgresEventStore({ client: { query: () => [] } }))
    // @ts-expect-error the option is a text
    refused(() => new Pantheon.LevelEventStore({ directory: 1 }))
    // @ts-expect-error the option is missing
    refused(() => new Pantheon.LevelSnapshotStore())
  })

  it("say which option of the database is wrong", async () => {
    const store = new Pantheon.PostgresEventStore({ connectionString, schema: "a-b" })
    assert.strictEqual(await codeOf(store.getEvents("a")), "INVALID_INPUT")
    await store.close()
  })
})

it("a driver that is not installed is told by its name", async () => {
  const missing: string = "no-such-driver"
  const session = new Session("A store", Layer.effectDiscard(load(missing, () => import(missing))))
  const error: unknown = await session.run(Effect.void).catch((error: unknown) => error)
  assert.isTrue(Pantheon.isPantheonError(error) && error.code === "UNAVAILABLE")
  assert.include(String(error), "npm install no-such-driver")
  await session.close()
})

describe("stores on LevelDB", () => {
  it("are one however the directory is written", async () => {
    const directory = freshDirectory()
    await using left = new Pantheon.LevelEventStore({ directory })
    await using right = new Pantheon.LevelEventStore({ directory: `${directory}/../${directory.split("/").at(-1)}/` })
    await left.appendEvent(event("e-1"))
    assert.lengthOf(await right.getEvents("agent-456"), 1)
  })
})
