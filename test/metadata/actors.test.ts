import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { Rpc } from "effect/rpc"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as Memory from "../../layers/memory/index.ts"
import { Actor, ActorSystem, EventStore } from "../../src/index.ts"
import {
  Agents,
  as,
  fails,
  freshId,
  hour,
  inFuture,
  later,
  Metadata,
  root,
  type Stores,
  services
} from "../contract/metadata/support.ts"
import * as TestDatabase from "../support/TestDatabase.ts"
import * as TestDirectory from "../support/TestDirectory.ts"

const Counter = Actor.make("Counter", {
  state: Schema.Struct({ count: Schema.Int }),
  initialState: { count: 0 },
  events: Schema.TaggedUnion({ Counted: {} }),
  evolve: ({ count }) => ({ count: count + 1 }),
  commands: [Rpc.make("Count", { success: Schema.Int })],
  snapshots: { every: 20, keep: 1, deleteEvents: true }
})

const CounterBehavior = Counter.toLayer({
  Count: () => Counter.persist({ _tag: "Counted" }, ({ count }) => count)
})

const backends: Record<string, Layer.Layer<Stores, unknown>> = {
  memory: Memory.layer,
  LevelDB: TestDirectory.layer,
  PostgreSQL: TestDatabase.layer()
}

describe.each(Object.entries(backends))("metadata of an actor on %s", (_, stores) => {
  const Test = CounterBehavior.pipe(
    Layer.provideMerge(LocalEngine.layer),
    Layer.provideMerge(services),
    Layer.provideMerge(stores)
  )

  it.layer(Test, { excludeTestServices: true, timeout: "60 seconds" })("", (it) => {
    it.effect("are written while it never rests; it loses no command, and they no change", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const id = freshId()
        const agentId = Counter.agentId(id)
        const counter = (yield* Counter.client)(id)
        const counts: Array<number> = [yield* counter.Count()]
        const counting = yield* Effect.forkChild(
          Effect.forever(Effect.map(counter.Count(), (count) => counts.push(count))),
          { startImmediately: true }
        )
        const four = [1, 2, 3, 4]
        for (const key of ["a", "b", "a"]) {
          const created = yield* Effect.forEach(
            four,
            (value) => Effect.result(metadata.set(agentId, key, value, { expectedVersion: 0 })),
            { concurrency: 4 }
          )
          assert.lengthOf(created.filter(Result.isSuccess), 1)
          yield* Effect.forEach(four, (value) => metadata.update(agentId, key, { value }), { concurrency: 4 })
          assert.strictEqual((yield* metadata.get(agentId, key)).version, 5)
          const ended = yield* Effect.forEach(four, () => Effect.result(metadata.delete(agentId, key)), {
            concurrency: 4
          })
          assert.lengthOf(ended.filter(Result.isSuccess), 1)
          yield* fails(metadata.get(agentId, key), "MetadataMissing")
          // A key that was used before can be used again once the actor rests for a moment.
          if (key === "b") yield* Fiber.interrupt(counting)
        }
        const last = yield* counter.Count()
        assert.deepStrictEqual(
          counts,
          counts.map((_, index) => index + 1)
        )
        assert.isAbove(last, counts.length - 1)
        const info = yield* (yield* ActorSystem.ActorSystem).get(Counter, id)
        assert.deepInclude(Option.getOrThrow(info), { status: "running", restarts: 0 })
      }).pipe(as(root))
    )

    it.effect("are kept beside a long history of which the beginning was deleted, and cleaned up there", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const id = freshId()
        const agentId = Counter.agentId(id)
        const counter = (yield* Counter.client)(id)
        yield* Effect.repeat(counter.Count(), { times: 99 })
        const store = yield* EventStore.EventStore
        const isPruned = Effect.map(store.head(agentId), ({ isComplete }) => !isComplete)
        yield* Effect.repeat(Effect.andThen(Effect.sleep(5), isPruned), { until: (isDone) => isDone, times: 1000 })
        assert.isTrue(yield* isPruned)
        const expiresAt = yield* inFuture(hour)
        yield* metadata.set(agentId, "over", 1, { expiresAt })
        yield* metadata.set(agentId, "kept", 1)
        assert.isAtLeast(yield* later(hour)(metadata.cleanUp), 1)
        const notes = yield* Stream.runCollect(store.notes(agentId, { prefix: "metadata/" }))
        assert.deepStrictEqual(
          notes.map(({ name }) => name),
          ["metadata/kept"]
        )
        assert.strictEqual(yield* counter.Count(), 101)
      }).pipe(as(root))
    )

    it.effect("can be read only once it is archived, and are over with it", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const agents = yield* Agents
        const id = freshId()
        const agentId = Counter.agentId(id)
        const counter = (yield* Counter.client)(id)
        yield* counter.Count()
        const entry = yield* metadata.set(agentId, "x", 1)
        yield* agents.archive(agentId)
        assert.deepStrictEqual(yield* metadata.get(agentId, "x"), entry)
        yield* fails(metadata.update(agentId, "x", { value: 2 }), "AgentArchived", { agentId })
        yield* agents.restore(agentId)
        assert.strictEqual((yield* metadata.update(agentId, "x", { value: 2 })).version, 2)
        yield* agents.deleteContext(agentId)
        yield* fails(metadata.get(agentId, "x"), "MetadataMissing")
        yield* fails(metadata.set(agentId, "x", 3), "AgentDeleted", { agentId })
      }).pipe(as(root))
    )
  })
})
