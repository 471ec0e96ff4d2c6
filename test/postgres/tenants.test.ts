import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"

import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Postgres from "../../layers/postgres/index.ts"
import { EventStore, Note, SnapshotStore } from "../../src/index.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

/** The stores of several tenants on the same tables. */
const open = (schema: string, tenants: ReadonlyArray<string>) =>
  Effect.forEach(tenants, (tenant) =>
    Effect.map(Layer.build(Layer.fresh(Postgres.layerClient({ schema, tenant }))), (context) => ({
      tenant,
      events: Context.get(context, EventStore.EventStore),
      snapshots: Context.get(context, SnapshotStore.SnapshotStore)
    }))
  )

describe("tenants on the same tables", () => {
  it.live("use the same ids and see nothing of each other", () =>
    Effect.gen(function* () {
      const schema = yield* TestDatabase.schema
      const stores = yield* open(schema, ["", "acme", "ACME", "acme ", "%", "b'\""])
      for (const { events, snapshots, tenant } of stores) {
        const append = {
          agentId: "a",
          events: [{ id: "e", type: "a.noted", data: { tenant } }],
          expected: "none"
        } as const
        const notes = [Note.put("n", tenant, { due: 1 })]
        const appended = yield* events.append({ ...append, commands: [{ id: "c", reply: tenant }], notes })
        assert.deepInclude(appended, { version: 1, outcome: "stored" })
        yield* snapshots.save({ id: "s", agentId: "a", version: 1, eventId: "e", state: tenant })
      }
      for (const { events, snapshots, tenant } of stores) {
        const [event, ...others] = yield* Stream.runCollect(events.read("a"))
        assert.deepStrictEqual(event?.data, { tenant })
        assert.deepStrictEqual(others, [])
        assert.deepStrictEqual(yield* events.getEvent("e"), Option.fromUndefinedOr(event))
        assert.deepStrictEqual(yield* events.reply("a", "c"), Option.some(tenant))
        const told = yield* Stream.runCollect(Stream.take(events.feed({ live: true }), 1))
        assert.deepStrictEqual(
          told.map(({ event }) => event.data["tenant"]),
          [tenant]
        )
        assert.deepStrictEqual(yield* Stream.runCollect(events.agents()), [{ agentId: "a", version: 1 }])
        const note = { agentId: "a", name: "n", body: tenant, due: 1 }
        assert.deepStrictEqual(yield* events.getNotes([{ agentId: "a", name: "n" }]), [note])
        assert.deepStrictEqual(yield* Stream.runCollect(events.notes("a")), [note])
        assert.deepStrictEqual(yield* Stream.runCollect(events.due({ until: 1 })), [note])
        assert.deepInclude(Option.getOrThrow(yield* snapshots.latest("a")), { state: tenant })
        assert.deepInclude(Option.getOrThrow(yield* snapshots.get("s")), { state: tenant })
      }
      for (const [index, { events }] of stores.entries()) {
        assert.strictEqual(yield* events.purge("a"), 1)
        for (const [other, { events, snapshots }] of stores.entries()) {
          const isGone = other <= index
          assert.strictEqual((yield* events.head("a")).presence, isGone ? "missing" : "present")
          assert.strictEqual(Option.isNone(yield* snapshots.latest("a")), isGone)
          assert.strictEqual(Option.isNone(yield* events.reply("a", "c")), isGone)
          assert.lengthOf(yield* Stream.runCollect(events.notes("a")), isGone ? 0 : 1)
        }
      }
    }).pipe(Effect.provide(TestDatabase.client))
  )

  it.live("do not wake each other's live feeds with foreign events", () =>
    Effect.gen(function* () {
      const schema = yield* TestDatabase.schema
      const [left, right] = yield* open(schema, ["left", "right"])
      if (left === undefined || right === undefined) return assert.fail()
      const heard = yield* Effect.forkChild(Stream.runCollect(Stream.take(left.events.feed({ live: true }), 2)), {
        startImmediately: true
      })
      yield* left.events.append({ agentId: "a", events: [{ type: "a.noted" }] })
      yield* right.events.append({ agentId: "b", events: [{ type: "b.noted" }] })
      yield* left.events.append({ agentId: "c", events: [{ type: "c.noted" }] })
      const told = yield* Fiber.join(heard)
      assert.deepStrictEqual(
        told.map(({ event }) => event.agentId),
        ["a", "c"]
      )
    }).pipe(Effect.provide(TestDatabase.client))
  )
})
