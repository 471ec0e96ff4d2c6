import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import { ActorSystem, EventStore, Metrics, Trace } from "../../../src/index.ts"
import { behavior, Counter, runtime } from "./support.ts"

/** Keeps all spans. */
const recording = () => {
  const spans: Array<Tracer.Span> = []
  const tracer = Tracer.make({
    span(options) {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  const named = (name: string) => spans.filter((span) => span.name === name)
  return { spans, named, layer: Layer.succeed(Tracer.Tracer, tracer) }
}

const parentOf = (span: Tracer.Span | undefined) => Option.getOrUndefined(span?.parent ?? Option.none())?.spanId

const eventsOf = (id: string) =>
  EventStore.EventStore.use((store) => Stream.runCollect(store.read(Counter.agentId(id))))

describe("a command that is sent within a span", () => {
  it.effect("has a span of its own there, and in it those of its recovery, its handler and its append", () => {
    const { layer, named, spans } = recording()
    const nested = { nested: Effect.withSpan(Effect.yieldNow, "in the handler") }
    return Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      yield* Effect.withSpan(counter.Run({ script: "nested" }), "the caller")
      const [caller] = named("the caller")
      const [command] = named("Counter.Run")
      assert.strictEqual(parentOf(command), caller?.spanId)
      assert.strictEqual(command?.status._tag, "Ended")
      for (const name of ["Counter.recover", "in the handler", "EventStore.append"]) {
        assert.deepStrictEqual(named(name).map(parentOf), [command?.spanId], name)
      }
      assert.deepStrictEqual(new Set(spans.map((span) => span.traceId)).size, 1)
    }).pipe(Effect.provide(Layer.provideMerge(runtime(behavior(nested)), layer)))
  })

  it.effect("hands its trace to its events, unless the sender names another", () => {
    const { layer, named } = recording()
    return Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      const traceparent = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
      yield* Effect.withSpan(counter.Count(), "the caller")
      yield* Effect.withSpan(counter.Count(undefined, { metadata: { traceparent, note: 1 } }), "the caller")
      const [first, second] = yield* eventsOf("a")
      assert.strictEqual(Trace.spanOf(first?.metadata)?.spanId, named("Counter.Count")[0]?.spanId)
      assert.deepStrictEqual(second?.metadata, { traceparent, note: 1 })
    }).pipe(Effect.provide(Layer.provideMerge(runtime(behavior()), layer)))
  })

  it.effect("shares the append with others of its round, which it is linked to", () => {
    const { layer, named } = recording()
    return Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      const all = Array.from({ length: 3 }, () => counter.Count())
      yield* Effect.withSpan(Effect.all(all, { concurrency: "unbounded" }), "the caller")
      const commands = named("Counter.Count").map((span) => span.spanId)
      const [append, ...others] = named("EventStore.append")
      assert.deepStrictEqual(others, [])
      assert.strictEqual(parentOf(append), commands[0])
      assert.deepStrictEqual(
        append?.links.map(({ span }) => span.spanId),
        commands.slice(1)
      )
    }).pipe(Effect.provide(Layer.provideMerge(runtime(behavior()), layer)))
  })
})

describe("a command whose metadata name a span", () => {
  it.effect("goes on with its trace", () => {
    const { layer, named } = recording()
    return Effect.gen(function* () {
      const traceparent = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
      yield* (yield* Counter.client)("a").Count(undefined, { metadata: { traceparent } })
      assert.deepStrictEqual(named("Counter.Count").map(parentOf), ["0123456789abcdef"])
    }).pipe(Effect.provide(Layer.provideMerge(runtime(behavior()), layer)))
  })
})

describe("a command of whose trace nobody knows", () => {
  it.effect("is not traced, even when the engine was built within a span", () => {
    const { layer, spans } = recording()
    return Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      yield* counter.Count()
      yield* ActorSystem.ActorSystem.use((system) => system.tell(Counter, "b", "Count", undefined))
      yield* counter.Look()
      assert.deepStrictEqual(
        spans.map((span) => span.name),
        ["the building"]
      )
      assert.deepStrictEqual((yield* eventsOf("a"))[0]?.metadata, {})
    }).pipe(Effect.provide(Layer.provideMerge(Layer.withSpan(runtime(behavior()), "the building"), layer)))
  })
})

describe("the metrics of the engine", () => {
  it.effect(
    "tell residents, mailboxes, recoveries, restarts, dead letters and batches, by definition and never by id",
    () =>
      Effect.gen(function* () {
        const counter = yield* Counter.client
        const system = yield* ActorSystem.ActorSystem
        const ids = ["a", "b", "c"]
        const asks = ids.flatMap((id) => [counter(id).Count(), counter(id).Count()])
        yield* Effect.all(asks, { concurrency: "unbounded" })
        yield* system.restart(Counter, "a")
        yield* system.pause(Counter, "b")
        yield* system.tell(Counter, "b", "Count", undefined)
        yield* system.stop(Counter, "b")
        const actor = { actor: "Counter" }
        const of = <I, O>(metric: Metric.Metric<I, O>) => Metric.value(Metric.withAttributes(metric, actor))
        assert.strictEqual((yield* of(Metrics.residentActors)).value, 2)
        assert.strictEqual((yield* of(Metrics.restarts)).count, 1)
        assert.strictEqual((yield* of(Metrics.deadLetters)).count, 1)
        assert.strictEqual((yield* of(Metrics.recoveryTime)).count, 4)
        const depth = yield* of(Metrics.mailboxDepth)
        assert.deepStrictEqual([depth.count, depth.min, depth.max], [3, 2, 2])
        const batches = yield* Metric.value(Metrics.appendBatchSize)
        assert.isAtLeast(batches.sum, 3)
        const labels = (yield* Metric.snapshot).flatMap(({ attributes }) => Object.entries(attributes ?? {}))
        assert.deepStrictEqual(new Set(labels.map(([key, value]) => `${key}=${value}`)), new Set(["actor=Counter"]))
      }).pipe(Effect.provide(runtime(behavior())), Effect.provideService(Metric.MetricRegistry, new Map()))
  )
})
