import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { ActorStatePort, ContextPort, MessageBus, ScriptAction, type ScriptedActor } from "../../src/index.ts"
import { always, Bench, layer, scriptOf } from "./support.ts"

const { message, read, remove, tool, write } = ScriptAction

/** One tick of a new actor that asks for these actions. */
const tickWith = Effect.fnUntraced(function* (
  actions: ReadonlyArray<ScriptAction.Action>,
  rest: Parameters<typeof scriptOf>[1] = {}
) {
  const port = yield* ActorStatePort.ActorStatePort
  const { id } = yield* port.spawn(scriptOf([always("act", actions)], rest), "goal")
  return yield* port.tick(id)
})

/** Results, as far as they can be foreseen. */
const resultsOf = ({ outcomes }: ScriptedActor.TickReport) =>
  outcomes.map(({ result }) => {
    if (result._tag === "Ok") return result.value
    return result._tag === "Failed" ? result.failure.tag : result._tag
  })

describe("actions of scripted actors", () => {
  it.effect("that fail are recorded, and the next one is done", () =>
    Effect.gen(function* () {
      const report = yield* tickWith([tool("break", "a little"), tool("throw"), tool("nowhere"), tool("note", "after")])
      assert.deepStrictEqual(resultsOf(report), ["Broken", "Error", "ToolMissing", "after"])
      assert.strictEqual(report.outcome, "failed")
    }).pipe(Effect.provide(layer()))
  )

  it.effect("are skipped behind one whose error says that it is critical, but only those of the same behavior", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const bench = yield* Bench
      const script = scriptOf([
        always("first", [tool("break", "critical"), tool("note", "skipped"), ScriptAction.wait("1 hour")]),
        always("second", [tool("note", "the word critical in a text is nothing"), tool("note", "done")])
      ])
      const { id } = yield* port.spawn(script, "goal")
      const report = yield* port.tick(id)
      assert.deepStrictEqual(resultsOf(report).slice(0, 3), ["Broken", "Skipped", "Skipped"])
      assert.deepStrictEqual(resultsOf(report).slice(3), ["the word critical in a text is nothing", "done"])
      assert.isFalse(bench.uses.some(({ args }) => args === "skipped"))
    }).pipe(Effect.provide(layer()))
  )

  it.effect("use only tools that the script allows", () =>
    Effect.gen(function* () {
      const bench = yield* Bench
      const some = yield* tickWith([tool("note", 1), tool("throw")], { tools: ["note"] })
      assert.deepStrictEqual(resultsOf(some), [1, "ToolNotAllowed"])
      const { id } = yield* (yield* ActorStatePort.ActorStatePort).spawn(
        { name: "None", contextSources: [], talents: [{ name: "t", behaviors: [always("act", [tool("note", 2)])] }] },
        "goal"
      )
      const none = yield* (yield* ActorStatePort.ActorStatePort).tick(id)
      assert.deepStrictEqual(resultsOf(none), ["ToolNotAllowed"])
      assert.lengthOf(bench.uses, 1)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("are interrupted when they take too long, by their own measure or that of the port", () =>
    Effect.gen(function* () {
      const ticking = yield* Effect.forkChild(
        tickWith([tool("never", null, { timeout: "2 seconds" }), tool("never"), tool("note", "after")]),
        { startImmediately: true }
      )
      const bench = yield* Bench
      while (bench.uses.length < 1) yield* Effect.yieldNow
      yield* TestClock.adjust("2 seconds")
      while (bench.uses.length < 2) yield* Effect.yieldNow
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(resultsOf(yield* Fiber.join(ticking)), ["TimedOut", "TimedOut", "after"])
    }).pipe(Effect.provide(layer({ actionTimeout: "10 seconds" })))
  )

  it.effect("are tried again as their policy says, under the same id", () =>
    Effect.gen(function* () {
      const bench = yield* Bench
      const retryPolicy = { maxRetries: 3, initialDelay: "1 second", backoff: "exponential" } as const
      const ticking = yield* Effect.forkChild(
        tickWith([
          tool("break", "a little", { retryPolicy }),
          tool("break", "critical", { retryPolicy }),
          tool("note", "skipped")
        ]),
        { startImmediately: true }
      )
      const counts: Array<number> = []
      while (bench.uses.length < 1) yield* Effect.yieldNow
      for (const delay of ["1 second", "2 seconds", "4 seconds"] as const) {
        yield* TestClock.adjust(delay)
        counts.push(bench.uses.filter(({ args }) => args === "a little").length)
      }
      assert.deepStrictEqual(counts, [2, 3, 4])
      assert.deepStrictEqual(resultsOf(yield* Fiber.join(ticking)), ["Broken", "Broken", "Skipped"])
      assert.lengthOf(new Set(bench.uses.map(({ actionId }) => actionId)), 2)
      assert.lengthOf(bench.uses, 5)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("are tried again only for the errors that their policy names", () =>
    Effect.gen(function* () {
      const bench = yield* Bench
      const retryPolicy = { maxRetries: 3, initialDelay: 0, retryableErrors: ["Lost"] }
      assert.deepStrictEqual(resultsOf(yield* tickWith([tool("break", "x", { retryPolicy })])), ["Broken"])
      assert.lengthOf(bench.uses, 1)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("keep results as they were, dates and bytes included", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const value = { at: new Date(5), big: 10n, bytes: new Uint8Array([1, 2]), $date: "not one", nothing: null }
      const report = yield* tickWith([write("board", value), read("board"), remove("board"), read("board")])
      assert.deepStrictEqual(resultsOf(report), [null, value, null, null])
      const stored = yield* Stream.runCollect(port.list())
      assert.deepStrictEqual(stored[0]?.lastTick?.outcomes[1]?.result, { _tag: "Ok", value })
    }).pipe(Effect.provide(layer()))
  )

  it.effect(
    "reach those who listen on the bus, by target, with their priority; a listener that fails harms nobody",
    () =>
      Effect.gen(function* () {
        const bus = yield* MessageBus.MessageBus
        const heard = yield* Queue.unbounded<MessageBus.Envelope>()
        yield* bus.subscribe(() => Effect.die(new Error("a bad listener")))
        yield* bus.subscribe(({ to }) => (to === "user" ? Effect.fail("a bad listener") : Effect.void))
        yield* bus.subscribe((envelope) => Effect.asVoid(Queue.offer(heard, envelope)), { to: "user" })
        const report = yield* tickWith([
          message("for nobody", { target: "x" }),
          message("help", { priority: "urgent" })
        ])
        assert.strictEqual(report.outcome, "ok")
        const { content, id, priority, to } = yield* Queue.take(heard)
        assert.deepStrictEqual([content, priority, to], ["help", "urgent", "user"])
        assert.strictEqual(id, report.outcomes[1]?.actionId)
        yield* tickWith([message("again")])
        assert.strictEqual((yield* Queue.take(heard)).content, "again")
      }).pipe(Effect.scoped, Effect.provide(layer()))
  )

  it.effect("reach other scripted actors by their ids, and only them", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const bus = yield* MessageBus.MessageBus
      const heard: Array<unknown> = []
      yield* bus.subscribe((envelope) => Effect.sync(() => void heard.push(envelope)))
      const answers = yield* Queue.unbounded<string>()
      const listener = scriptOf([
        {
          name: "listen",
          mode: "active",
          plan: ({ message }) =>
            Effect.as(Queue.offer(answers, `${message?.from} says ${message?.content}`), { actions: [] })
        }
      ])
      yield* port.spawn(listener, "listen", { id: "listener" })
      const speaker = scriptOf([always("speak", [message("hello", { target: "listener" })])])
      yield* port.spawn(speaker, "speak", { id: "speaker" })
      yield* port.tick("speaker")
      assert.strictEqual(yield* Queue.take(answers), "speaker says hello")
      assert.deepStrictEqual(heard, [])
    }).pipe(Effect.scoped, Effect.provide(layer()))
  )

  it.effect("may be messages of an actor to itself", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const done = yield* Queue.unbounded<string>()
      const script = scriptOf([
        { name: "start", mode: "passive", plan: () => Effect.succeed({ actions: [message("go", { target: "me" })] }) },
        { name: "go", mode: "active", plan: () => Effect.as(Queue.offer(done, "went"), { actions: [] }) }
      ])
      yield* port.spawn(script, "goal", { id: "me" })
      yield* port.tick("me")
      assert.strictEqual(yield* Queue.take(done), "went")
    }).pipe(Effect.provide(layer()))
  )

  it.effect("whose results cannot be stored have failed", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const memory = yield* ContextPort.ContextPort
      yield* memory.write({ target: "huge", actionId: "x" }, "x".repeat(5 * 1024 * 1024))
      const report = yield* tickWith([read("huge"), tool("note", "after")])
      assert.deepStrictEqual(resultsOf(report), ["Rejected", "after"])
      assert.lengthOf(yield* Stream.runCollect(port.list()), 1)
    }).pipe(Effect.provide(layer()))
  )
})

describe("plans of scripted actors", () => {
  it.effect("that fail, throw, take too long, or give nonsense are recorded, and the next behavior goes on", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const bench = yield* Bench
      const behavior = (name: string, plan: () => Effect.Effect<never, unknown>) => ({
        name,
        mode: "persistent" as const,
        plan
      })
      const nonsense: unknown = { actions: [{ type: "process", data: 1 }] }
      const script = scriptOf([
        behavior("fails", () => Effect.fail({ _tag: "NoIdea" })),
        behavior("throws", () => {
          throw new TypeError("no plan")
        }),
        behavior("dreams", () => Effect.never),
        behavior("raves", () => Effect.succeed(nonsense as never)),
        always("works", [tool("note", "worked")])
      ])
      const { id } = yield* port.spawn(script, "goal")
      const ticking = yield* Effect.forkChild(port.tick(id), { startImmediately: true })
      const working = port.watch(id).pipe(
        Stream.filter(({ tick }) => tick?.behaviors[0]?.name === "dreams"),
        Stream.runHead
      )
      yield* working
      yield* Effect.yieldNow
      yield* TestClock.adjust("5 minutes")
      const report = yield* Fiber.join(ticking)
      assert.deepStrictEqual(
        report.failures.map(({ tag }) => tag),
        ["NoIdea", "TypeError", "TimedOut", "SchemaError"]
      )
      assert.deepStrictEqual([report.outcome, resultsOf(report)], ["failed", ["worked"]])
      assert.lengthOf(bench.uses, 1)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("are not asked for without a context: the tick fails, and nothing is done", () =>
    Effect.gen(function* () {
      const bench = yield* Bench
      const report = yield* tickWith([tool("note", 1)], {
        contextSources: [{ id: "news", label: "News", where: { colour: "red" } }]
      })
      assert.deepStrictEqual(
        [report.outcome, report.outcomes, report.failures.map(({ tag }) => tag), bench.uses],
        ["failed", [], ["ContextFailed"], []]
      )
    }).pipe(Effect.provide(layer()))
  )
})
