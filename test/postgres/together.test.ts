/** Appends to several agents of which another process writes, too. */
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Postgres from "../../layers/postgres/index.ts"
import { EventStore, Note } from "../../src/index.ts"
import * as OpenTransaction from "../support/OpenTransaction.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const schema = TestDatabase.freshSchema()

type Store = EventStore.EventStore["Service"]

/** A store beside the one of the layer, as another process would open it. */
const another = Effect.gen(function* () {
  const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
  const context = yield* Layer.buildWithScope(Postgres.layer({ url: TestDatabase.url, schema }), scope)
  return yield* Effect.provide(EventStore.EventStore, context)
})

const counted = (by: string) => [{ type: "counted", data: { by } }]

const eventsOf = (store: Store, agentId: string) => Stream.runCollect(store.read(agentId))

const integers = (count: number) => Array.from({ length: count }, (_, index) => index)

layer(TestDatabase.layer({ schema }), { excludeTestServices: true })("appends together on PostgreSQL", (it) => {
  it.effect("of processes that name the agents in different orders never wait for each other in a circle", () =>
    Effect.gen(function* () {
      const [ours, theirs] = [yield* EventStore.EventStore, yield* another]
      const agentIds = integers(12).map((index) => `circle ${index}`)
      const step = (store: Store, by: string, order: ReadonlyArray<string>, isNoted: boolean) =>
        store.appendTogether(
          order.map((agentId) => ({
            agentId,
            events: counted(by),
            ...(isNoted ? { notes: [Note.put("by", by)] } : {})
          }))
        )
      const reversed = agentIds.toReversed()
      const writers = integers(40).flatMap((index) => [
        step(ours, `ours ${index}`, agentIds, index % 2 === 0),
        step(theirs, `theirs ${index}`, reversed, index % 3 === 0),
        Effect.map(theirs.appendAll(reversed.map((agentId) => ({ agentId, events: counted("alone") }))), (results) =>
          assert.isTrue(results.every(Result.isSuccess))
        )
      ])
      yield* Effect.timeout(Effect.all(writers, { concurrency: 8 }), "40 seconds")
      const streams = yield* Effect.forEach(agentIds, (agentId) => eventsOf(ours, agentId))
      const together = streams.map((events) =>
        events.flatMap(({ data }) => (data["by"] === "alone" ? [] : [data["by"]]))
      )
      for (const stream of together) {
        assert.strictEqual(stream.length, 80)
        // One order for all agents, as each step is one moment.
        assert.deepStrictEqual(stream, together[0])
      }
      for (const [index, events] of streams.entries()) {
        assert.deepStrictEqual(
          events.map(({ version }) => version),
          integers(120).map((version) => version + 1)
        )
        const notes = yield* Stream.runCollect(ours.notes(agentIds[index] ?? ""))
        assert.deepStrictEqual(notes.length, 1)
      }
    })
  )

  it.effect("stand together in the feed, in an order that contradicts no stream", () =>
    Effect.gen(function* () {
      const [ours, theirs] = [yield* EventStore.EventStore, yield* another]
      const agentIds = integers(5).map((index) => `feed ${index}`)
      const step = (store: Store, by: string) =>
        store.appendTogether(agentIds.map((agentId) => ({ agentId, events: counted(by) })))
      yield* Effect.all(
        integers(30).map((index) => step(index % 2 === 0 ? ours : theirs, `${index}`)),
        { concurrency: 6 }
      )
      const feed = Stream.filter(ours.feed({ live: true }), ({ event }) => event.agentId.startsWith("feed"))
      const entries = yield* Stream.runCollect(Stream.take(feed, 150))
      assert.strictEqual(entries.length, 150)
      for (const index of integers(30)) {
        const own = entries.slice(5 * index, 5 * index + 5).map(({ event }) => event)
        assert.strictEqual(new Set(own.map(({ data }) => data["by"])).size, 1)
        assert.deepStrictEqual(
          own.map(({ agentId }) => agentId),
          agentIds
        )
        assert.isTrue(own.every(({ version }) => version === index + 1))
      }
    })
  )

  it.effect("wait for a writer of one of the agents that is faster, and are then refused or stored behind it", () =>
    Effect.gen(function* () {
      const store = yield* EventStore.EventStore
      const writer = yield* OpenTransaction.begin(schema)
      yield* writer.insert("held b", 1)
      const step = (expected: EventStore.Append["expected"]) =>
        Effect.result(
          store.appendTogether([
            { agentId: "held a", events: counted("step") },
            { agentId: "held b", events: counted("step"), expected }
          ])
        )
      const strict = yield* Effect.forkChild(step("none"), { startImmediately: true })
      const lenient = yield* Effect.forkChild(step("any"), { startImmediately: true })
      yield* Effect.sleep("100 millis")
      yield* writer.commit
      const refused = yield* Fiber.join(strict)
      assert.isTrue(Result.isFailure(refused))
      if (Result.isFailure(refused)) {
        assert.strictEqual(refused.failure.index, 1)
        assert.deepInclude(refused.failure.failure, { _tag: "Conflict", expected: "none" })
      }
      const stored = yield* Fiber.join(lenient)
      assert.deepStrictEqual(
        Result.isSuccess(stored) ? stored.success.map(({ version }) => version) : stored.failure,
        [1, 2]
      )
    }).pipe(Effect.provide(TestDatabase.client))
  )
})
