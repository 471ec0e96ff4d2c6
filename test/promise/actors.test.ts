import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { vi } from "vitest"
import * as Pantheon from "../../layers/promise/index.ts"
import { closed, codeOf, databases, durable } from "./databases.ts"

type Deps = Partial<Pantheon.ActorStateDeps>

/** A script with one behavior that may use the tool `process`. */
const script = (plan?: Pantheon.AsyncPlan, mode: "active" | "passive" | "persistent" = "persistent") => ({
  name: "DataProcessor",
  contextSources: [{ id: "database", label: "Main Database" }],
  tools: ["process"],
  talents: [
    { name: "processing", behaviors: [{ name: "process-data", mode, ...(plan === undefined ? {} : { plan }) }] }
  ]
})

const nothing: Pantheon.AsyncPlan = async () => ({ actions: [] })

const inMemory = () => ({
  eventStore: new Pantheon.MemoryEventStore(),
  snapshotStore: new Pantheon.MemorySnapshotStore()
})

const portOf = (stores: Pantheon.StorePair, deps: Deps = {}) =>
  closed(Pantheon.makeActorStatePort({ ...deps, ...stores }))

for (const { name, open } of databases) {
  describe(`actors with promises on ${name}`, () => {
    it("plan with the states of other agents, and use tools by actions of their own type", async () => {
      const stores = open()()
      const agents = closed(Pantheon.makeAgentStateManager(stores))
      await agents.updateContext("database", { state: { rows: 7 } })
      const seen: Array<unknown> = []
      const port = portOf(stores, {
        tools: {
          process: async (args, { actorId }) => {
            seen.push(args, actorId)
            return { done: 1 }
          }
        }
      })
      const { id } = await port.spawn(
        script(async ({ context, goal, message }) => ({
          actions: [{ type: "process", data: context[0]?.content, goal, message: message?.content, left: undefined }],
          done: true
        })),
        "Process incoming data"
      )
      const { outcome, outcomes } = await port.tick(id, { message: "now" })
      assert.strictEqual(outcome, "ok")
      assert.deepStrictEqual(outcomes[0]?.result, { _tag: "Ok", value: { done: 1 } })
      const [args, actorId] = seen
      assert.strictEqual(actorId, id)
      assert.deepInclude(args, { goal: "Process incoming data", message: "now" })
      assert.include(JSON.stringify(args), "rows")
      assert.strictEqual((await port.get(id))?.state, "completed")
    })

    it("are listed, updated, paused, resumed and stopped", async () => {
      const port = portOf(open()())
      for (const id of ["a", "b", "c"]) await port.spawn(script(nothing), "Rest", { id })
      assert.deepStrictEqual((await port.list()).map(({ id }) => id).sort(), ["a", "b", "c"])
      assert.lengthOf(await port.list({ limit: 2 }), 2)
      assert.isNull(await port.get("d"))
      assert.deepInclude(await port.update("a", { goals: ["Work"] }, { expected: 1 }), { goals: ["Work"], revision: 2 })
      assert.strictEqual(await codeOf(port.update("a", { goals: [] }, { expected: 1 })), "CONFLICT")
      await port.pause("a")
      assert.strictEqual(await codeOf(port.tick("a")), "ACTOR_HELD")
      await port.resume("a")
      assert.strictEqual((await port.tick("a")).outcome, "ok")
      await port.stop("a")
      assert.strictEqual((await port.get("a"))?.state, "stopped")
      assert.strictEqual(await codeOf(port.spawn(script(nothing), "Rest", { id: "a" })), "ACTOR_EXISTS")
    })

    it("tell their history, and are watched event by event", async () => {
      const port = portOf(open()())
      await port.spawn(script(nothing), "Rest", { id: "a" })
      const watched = port.watch("a")
      assert.strictEqual((await watched.next()).value?.state, "idle")
      const next = watched.next()
      await port.pause("a")
      assert.strictEqual((await next).value?.state, "paused")
      await watched.return?.()
      const told: Array<string> = []
      for await (const { event } of port.history("a")) told.push(event._tag)
      assert.deepStrictEqual(told, ["Spawned", "Paused"])
      assert.strictEqual(await codeOf(port.watch("b").next()), "ACTOR_NOT_FOUND")
    })
  })
}

for (const { name, open } of durable) {
  describe(`actors after a restart on ${name}`, () => {
    it("are there, wait for their plans, and go on once these are bound", async () => {
      const again = open()
      const first = portOf(again())
      await first.spawn(script(nothing), "Rest", { id: "a" })
      await first.close()
      const second = portOf(again())
      assert.strictEqual((await second.get("a"))?.state, "suspended")
      assert.strictEqual(await codeOf(second.tick("a")), "BEHAVIORS_NOT_FOUND")
      await second.registerBehavior({ name: "process-data", plan: nothing })
      assert.strictEqual((await second.tick("a")).outcome, "ok")
      await second.close()
      const third = portOf(again(), { behaviors: { "process-data": nothing } })
      assert.strictEqual((await third.tick("a")).outcome, "ok")
    })
  })
}

describe("an actor port", () => {
  it("ticks at an interval, and about what it is sent", async () => {
    const messages: Array<string | undefined> = []
    const port = portOf(inMemory())
    const { id } = await port.spawn(
      script(async ({ message }) => {
        messages.push(message?.content)
        return { actions: [] }
      }),
      "Listen"
    )
    await port.send(id, "hello")
    await vi.waitFor(() => assert.deepStrictEqual(messages, ["hello"]), 10_000)
    await port.start(id, { every: "10 millis" })
    await vi.waitFor(() => assert.isAtLeast(messages.filter((message) => message === undefined).length, 2), 10_000)
    assert.strictEqual(await codeOf(port.start(id, { every: 0 })), "INVALID_INPUT")
  })

  it("tells whoever listens what actors say, and survives a listener that throws", async () => {
    const heard: Array<string> = []
    const log = vi.spyOn(console, "log").mockImplementation(() => {})
    const port = portOf(inMemory(), {
      onMessage: async ({ content, to }) => {
        heard.push(`${to}: ${content}`)
        throw new Error("not now")
      }
    })
    const plan: Pantheon.AsyncPlan = async () => ({ actions: [{ type: "message", content: "hello" }] })
    const { id } = await port.spawn(script(plan), "Talk")
    const said = port.messages({ to: "user" }).next()
    await port.tick(id)
    await port.tick(id)
    await vi.waitFor(() => assert.deepStrictEqual(heard, ["user: hello", "user: hello"]), 10_000)
    await vi.waitFor(() => assert.include(JSON.stringify(log.mock.calls.join()), "not now"), 10_000)
    log.mockRestore()
    assert.deepInclude((await said).value, { from: id, to: "user", content: "hello" })
  })

  it("compiles contexts with a function of the caller's", async () => {
    const given: Array<unknown> = []
    const port = portOf(inMemory(), {
      context: async ({ sources }) => [{ role: "user", content: sources[0]?.id ?? "" }]
    })
    const { id } = await port.spawn(
      script(async ({ context }) => {
        given.push(context)
        return { actions: [] }
      }),
      "Read"
    )
    await port.tick(id)
    assert.deepStrictEqual(given, [[{ role: "user", content: "database" }]])
  })

  it("records what plans and tools throw, and what they give that is no plan", async () => {
    const port = portOf(inMemory(), {
      tools: {
        process: () => {
          throw new RangeError("too much")
        }
      }
    })
    const failing = async (plan: Pantheon.AsyncPlan) => {
      const { id } = await port.spawn(script(plan), "Fail")
      return await port.tick(id)
    }
    const thrown = await failing(() => Promise.reject(new TypeError("no")))
    assert.strictEqual(thrown.outcome, "failed")
    assert.deepInclude(thrown.failures[0], { tag: "TypeError", message: "no" })
    const tool = await failing(async () => ({ actions: [{ type: "process" }] }))
    assert.include(JSON.stringify(tool.outcomes), "RangeError")
    for (const wrong of [undefined, {}, { actions: [{}] }, { actions: [{ type: "message" }] }]) {
      assert.strictEqual((await failing(() => Object(wrong))).outcome, "failed")
    }
    const unnamed = { ...script(async () => ({ actions: [{ type: "process" }] })), tools: [] }
    const { id } = await port.spawn(unnamed, "Fail")
    assert.include(JSON.stringify((await port.tick(id)).outcomes), "ToolNotAllowed")
  })

  it("lets plans know when they take too long", async () => {
    const port = portOf(inMemory(), { planTimeout: 20 })
    const signals: Array<AbortSignal> = []
    const { id } = await port.spawn(
      script((_, { signal }) => {
        signals.push(signal)
        return new Promise(() => {})
      }),
      "Hang"
    )
    const { failures } = await port.tick(id)
    assert.strictEqual(failures[0]?.tag, "TimedOut")
    assert.isTrue(signals[0]?.aborted)
  })

  it("does not wait at its end for a tick that rests or hangs", async () => {
    for (const plan of [
      (async () => ({ actions: [{ type: "wait", duration: "1 hour" }] })) satisfies Pantheon.AsyncPlan,
      () => new Promise<never>(() => {})
    ]) {
      const port = portOf(inMemory())
      const { id } = await port.spawn(script(plan), "Wait")
      const ticked = codeOf(port.tick(id))
      await vi.waitFor(async () => assert.strictEqual((await port.get(id))?.state, "running"), 10_000)
      const watched = port.watch(id)
      await watched.next()
      const reading = codeOf(watched.next())
      await Promise.all([port.close(), port.close()])
      assert.strictEqual(await ticked, "CLOSED")
      assert.strictEqual(await reading, "CLOSED")
      assert.strictEqual(await codeOf(port.get(id)), "CLOSED")
    }
  })

  it("refuses unknown actors, scripts that are none, and options that make no sense", async () => {
    const port = portOf(inMemory())
    for (const call of [port.tick("x"), port.pause("x"), port.update("x", {}), port.stop("x"), port.send("x", "y")]) {
      assert.strictEqual(await codeOf(call), "ACTOR_NOT_FOUND")
    }
    assert.strictEqual(await codeOf(port.spawn({ ...script(nothing), name: "" }, "Rest")), "INVALID_INPUT")
    for (const wrong of [
      undefined,
      {},
      { ...inMemory(), tools: { process: 1 } },
      { ...inMemory(), planTimeout: -1 },
      { ...inMemory(), mailCapacity: 0.5 },
      { ...inMemory(), onMessage: "x" }
    ]) {
      const make = () => Reflect.apply(Pantheon.makeActorStatePort, undefined, [wrong])
      assert.throws(make, Pantheon.PantheonError)
    }
  })

  it("has the types that callers rely on", () => {
    expectTypeOf<Pantheon.ActorPort["get"]>().returns.resolves.toEqualTypeOf<Pantheon.ScriptedActor | null>()
    expectTypeOf<Pantheon.ActorPort["list"]>().returns.resolves.items.toEqualTypeOf<Pantheon.ScriptedActor>()
    expectTypeOf<Pantheon.ActorPort["watch"]>().returns.toExtend<AsyncIterable<Pantheon.ScriptedActor>>()
  })
})
