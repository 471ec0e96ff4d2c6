import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { AgentCache } from "../../src/agent/AgentCache.ts"
import * as AgentJournal from "../../src/agent/AgentJournal.ts"
import { AgentLanes } from "../../src/agent/AgentLanes.ts"
import * as AgentReader from "../../src/agent/AgentReader.ts"
import * as AgentWriter from "../../src/agent/AgentWriter.ts"
import * as AgentWrites from "../../src/agent/AgentWrites.ts"
import {
  type AgentContext,
  AgentStateManager,
  type ContextEvent,
  EventStore,
  Limits,
  SnapshotPolicy,
  StateReducer
} from "../../src/index.ts"
import * as Replay from "../../src/store/Replay.ts"
import * as Uuid from "../../src/store/Uuid.ts"
import { checkAgent, replay } from "./suite/independent.ts"
import {
  agents as Agents,
  eventsOf,
  fails,
  integers,
  managed,
  numberOf,
  options,
  plus,
  storedVersion
} from "./suite/support.ts"
import {
  beAway,
  beAwayAfter,
  loseSilently,
  refuseText,
  storeSilently,
  storeSilentlyOnce,
  TroubledStores
} from "./TroubledStores.ts"

const never = { snapshots: { every: Number.POSITIVE_INFINITY } }

/** Runs on stores of its own, with a manager that takes no snapshots by itself. */
const run = <A, E>(
  test: (
    stores: TroubledStores
  ) => Effect.Effect<A, E, AgentStateManager.AgentStateManager | EventStore.EventStore | Scope.Scope>,
  more: AgentStateManager.Options = never
) =>
  Effect.suspend(() => {
    const stores = new TroubledStores()
    return Effect.provide(managed(test(stores), more), stores.layer)
  })

/** Lets what was answered come to its end. */
const calm = TestClock.adjust(1)

/** Starts it, up to where it waits. */
const start = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.forkChild(effect, { startImmediately: true })

const add = (agentId: string, amount = 1) =>
  Effect.flatMap(Agents, (agents) => agents.modify(agentId, (state) => Effect.succeed(plus(state, "count", amount))))

describe("writes to one agent", () => {
  it.effect("read nothing when the agent was written here a moment ago", () =>
    run((stores) =>
      Effect.gen(function* () {
        const agents = yield* Agents
        yield* agents.setState("a", { n: 0 })
        stores.reset()
        yield* agents.updateContext("a", { state: { n: 1 } })
        yield* agents.setState("a", { n: 2 }, { expected: 2 })
        yield* agents.patchState("a", [{ op: "replace", path: "/n", value: 3 }])
        yield* agents.appendEvent("a", { type: "counter.added", data: { amount: 1 } })
        yield* add("a")
        yield* agents.archive("a")
        yield* agents.restore("a")
        assert.deepStrictEqual([...stores.asked.keys()], ["appendBatch"])
        stores.reset()
        assert.deepInclude(yield* agents.getContext("a"), { version: 8, state: { n: 3, count: 2 } })
        assert.deepStrictEqual([...stores.asked], [["readHead", 1]])
      })
    )
  )

  it.effect("go in few appends when there are many, whatever they are", () =>
    run((stores) =>
      Effect.gen(function* () {
        const agents = yield* Agents
        const contexts = yield* Effect.forEach(
          integers(1000),
          (n) => (n % 2 === 0 ? add("a") : agents.updateContext("a", { state: { [`key${n % 7}`]: n } })),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(
          contexts.map(({ version }) => version),
          integers(1000)
        )
        assert.strictEqual(numberOf((yield* agents.getContext("a")).state, "count"), 500)
        assert.isAtMost(stores.appends.length, 4)
        assert.deepStrictEqual(contexts, replay(yield* eventsOf("a")))
      })
    )
  )

  it.effect("do not fill an append without bound", () =>
    run((stores) =>
      Effect.gen(function* () {
        const agents = yield* Agents
        const text = "x".repeat(100_000)
        const contexts = yield* Effect.forEach(
          integers(60),
          (n) => (n % 2 === 0 ? add("a") : agents.setState("a", { text, count: n })),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(
          contexts.map(({ version }) => version),
          integers(60)
        )
        assert.isAtMost(Math.max(...stores.appends), 13)
        yield* checkAgent("a", contexts)
      })
    )
  )

  it.effect("of which one is refused by the store store all the others", () =>
    run((stores) =>
      Effect.gen(function* () {
        const agents = yield* Agents
        stores.fate = refuseText("poison")
        const results = yield* Effect.forEach(
          integers(50),
          (n) => Effect.result(agents.updateContext("a", { state: { [`key${n}`]: n % 17 === 0 ? "poison" : "fine" } })),
          { concurrency: "unbounded" }
        )
        const refused = integers(50).filter((n) => results[n - 1]?._tag === "Failure")
        assert.deepStrictEqual(refused, [17, 34])
        const { state, version } = yield* agents.getContext("a")
        assert.deepStrictEqual([version, Object.keys(state).length], [48, 48])
        yield* checkAgent("a")
      })
    )
  )

  it.effect("go on when a caller is interrupted, who waits or whose write is under way", () =>
    run((stores) =>
      Effect.gen(function* () {
        const agents = yield* Agents
        yield* agents.setState("a", {})
        yield* calm
        stores.flushing.closeUnsafe()
        const write = (key: string) => start(agents.updateContext("a", { state: { [key]: true } }))
        const underWay = yield* write("underWay")
        const waiting = yield* write("waiting")
        const others = [yield* write("first"), yield* write("second")]
        yield* Fiber.interrupt(waiting)
        yield* Fiber.interrupt(underWay)
        stores.flushing.openUnsafe()
        const contexts = yield* Fiber.joinAll(others)
        assert.deepStrictEqual(
          contexts.map(({ version }) => version),
          [3, 4]
        )
        assert.deepStrictEqual((yield* agents.getContext("a")).state, { underWay: true, first: true, second: true })
        yield* checkAgent("a", contexts)
      })
    )
  )

  it.effect("are stored once when the store stored them and did not say so", () =>
    run((stores) =>
      Effect.gen(function* () {
        const agents = yield* Agents
        yield* agents.setState("a", { count: 0 })
        stores.fate = storeSilentlyOnce()
        type Written = AgentContext.AgentContext | ReadonlyArray<ContextEvent.ContextEvent>
        const writes: ReadonlyArray<Effect.Effect<Written, unknown, AgentStateManager.AgentStateManager>> = [
          add("a"),
          agents.updateContext("a", { state: { a: 1 } }),
          add("a", 10),
          agents.modify("a", (state) => Effect.succeed(plus(state, "count", 100)), { commandId: "modify" }),
          agents.updateContext("a", { state: { b: 1 } }, { id: "event-1" }),
          agents.patchState("a", [{ op: "test", path: "/count", value: 7 }]),
          agents.updateContext("a", { state: { c: 1 } }, { commandId: "update" }),
          agents.appendEvents("a", [{ type: "counter.added", data: { amount: 1000 } }, { type: "other" }])
        ]
        // Once with one command in the round, once with several, once with none.
        const some = [writes, writes.slice(0, 7), writes.slice(0, 3), writes.slice(4, 7), writes.slice(3, 4)]
        const versions: Array<number> = []
        const contexts: Array<AgentContext.AgentContext> = []
        for (const writes of some) {
          const all = Effect.forEach(writes, (write) => Effect.result(write), { concurrency: "unbounded" })
          const fiber = yield* start(all)
          yield* TestClock.adjust("10 seconds")
          for (const result of yield* Fiber.join(fiber)) {
            if (result._tag === "Failure") continue
            if ("state" in result.success) contexts.push(result.success)
            versions.push(
              ...("state" in result.success ? [result.success.version] : result.success.map(({ version }) => version))
            )
          }
        }
        // The repeated ones have the versions of the first time.
        assert.deepStrictEqual(
          [...new Set(versions)].sort((left, right) => left - right),
          integers(14, 2)
        )
        const { state } = yield* agents.getContext("a")
        assert.deepStrictEqual(state, { count: 11 * 3 + 100 + 1000, a: 1, b: 1, c: 1 })
        yield* checkAgent("a", contexts)
      })
    )
  )

  it.effect("are told their own versions when the store did not say so, and a caller has gone meanwhile", () =>
    run((stores) =>
      Effect.gen(function* () {
        const agents = yield* Agents
        yield* agents.setState("a", {})
        yield* calm
        stores.fates.push((batch, store) => store(batch), storeSilently)
        stores.flushing.closeUnsafe()
        const blocker = yield* start(agents.updateContext("a", { state: { blocker: true } }))
        const stays = yield* start(agents.updateContext("a", { state: { stays: true } }))
        const goes = yield* start(agents.updateContext("a", { state: { goes: true } }))
        stores.flushing.openUnsafe()
        yield* Fiber.join(blocker)
        yield* Fiber.interrupt(goes)
        yield* TestClock.adjust("10 seconds")
        const context = yield* Fiber.join(stays)
        assert.deepInclude(context, { version: 3, state: { blocker: true, stays: true } })
        assert.deepInclude(yield* agents.getContext("a"), { version: 4 })
        yield* checkAgent("a", [context])
      })
    )
  )

  it.effect("that another process stored just before are told as it stored them", () =>
    run((stores) =>
      Effect.gen(function* () {
        const agents = yield* Agents
        yield* agents.setState("a", {})
        yield* calm
        const foreign = (id: string, key: string) => ({
          id,
          type: "context.updated",
          schemaVersion: 1,
          timestamp: 12_345,
          data: `{"state":{"${key}":1}}`,
          metadata: "{}"
        })
        const events = [foreign("event-1", "a"), foreign("event-2", "b")]
        stores.flushing.closeUnsafe()
        stores.fates.push(beAwayAfter({ agentId: "a", expected: "any", events, commands: [], notes: [] }))
        const writes = yield* start(
          Effect.all(
            [
              Effect.result(agents.setState("a", {})),
              agents.updateContext("a", { state: { a: 1 } }, { id: "event-1" }),
              agents.updateContext("a", { state: { b: 1 } }, { id: "event-2" }),
              // It changes nothing, so it is no write that only this process can have made.
              agents.modify("a", Effect.succeed)
            ],
            { concurrency: "unbounded" }
          )
        )
        yield* calm
        stores.flushing.openUnsafe()
        yield* TestClock.adjust("1 second")
        const [away, first, second] = yield* Fiber.join(writes)
        assert.strictEqual(away._tag, "Failure")
        assert.deepStrictEqual([first.version, second.version], [2, 3])
        assert.deepStrictEqual(first.updatedAt, new Date(12_345))
        yield* checkAgent("a", [first, second])
      })
    )
  )

  it.effect("are all stored when another process answered one of their commands just before", () =>
    run((stores) =>
      Effect.gen(function* () {
        const agents = yield* Agents
        yield* agents.setState("a", { count: 0 })
        yield* calm
        const event = {
          id: "foreign",
          type: "context.updated",
          schemaVersion: 1,
          timestamp: 0,
          data: '{"state":{"command":1}}',
          metadata: "{}"
        }
        const reply = '{"firstVersion":2,"version":2}'
        const commands = [{ id: "command", reply }]
        const append = { agentId: "a", expected: "any", events: [event], commands, notes: [] } as const
        stores.flushing.closeUnsafe()
        stores.fates.push(beAwayAfter(append))
        // The question whether the round was stored gets no answer at first.
        let isDumb = true
        stores.fate = (batch, store) => {
          if (!isDumb || batch[0]?.expected !== Number.MAX_SAFE_INTEGER) return store(batch)
          isDumb = false
          return loseSilently(batch, store)
        }
        const writes = yield* start(
          Effect.all(
            [
              Effect.result(agents.setState("a", {})),
              add("a"),
              agents.updateContext("a", { state: { command: 1 } }, { commandId: "command" }),
              add("a")
            ],
            { concurrency: "unbounded" }
          )
        )
        yield* calm
        stores.flushing.openUnsafe()
        yield* TestClock.adjust("1 second")
        const [, first, command, second] = yield* Fiber.join(writes)
        assert.deepStrictEqual([first.version, command.version, second.version], [3, 2, 4])
        assert.deepStrictEqual((yield* agents.getContext("a")).state, { count: 2, command: 1 })
        yield* checkAgent("a", [first, command, second])
      })
    )
  )

  it.effect("are stored once when one of their commands had been answered before, and the store lost its tongue", () =>
    run((stores) =>
      Effect.gen(function* () {
        const agents = yield* Agents
        const command = agents.updateContext("a", { state: { command: true } }, { commandId: "command" })
        const first = yield* command
        yield* calm
        stores.flushing.closeUnsafe()
        const blocker = yield* start(agents.updateContext("a", { state: { blocked: true } }))
        const fiber = yield* start(Effect.all([add("a"), command, add("a"), add("a")], { concurrency: "unbounded" }))
        stores.fates.push((batch, store) => store(batch), storeSilently, storeSilently, storeSilently)
        yield* TestClock.adjust(1)
        stores.flushing.openUnsafe()
        yield* TestClock.adjust("20 seconds")
        yield* Fiber.join(blocker)
        const [one, again, two, three] = yield* Fiber.join(fiber)
        assert.deepStrictEqual(again, first)
        assert.deepStrictEqual([one.version, two.version, three.version], [3, 4, 5])
        assert.deepStrictEqual((yield* agents.getContext("a")).state, { command: true, blocked: true, count: 3 })
        yield* checkAgent("a", [first, one, two, three])
      })
    )
  )

  it.effect("are tried again when the store lost them, and lose nothing", () =>
    run((stores) =>
      Effect.gen(function* () {
        const agents = yield* Agents
        yield* add("a")
        stores.fates.push(loseSilently, loseSilently, beAway, loseSilently)
        const fiber = yield* start(Effect.all([add("a"), add("a"), add("a")], { concurrency: "unbounded" }))
        yield* TestClock.adjust("5 seconds")
        const contexts = yield* Fiber.join(fiber)
        assert.deepStrictEqual((yield* agents.getContext("a")).state, { count: 4 })
        yield* checkAgent("a", contexts)
      })
    )
  )

  it.effect(
    "say so when it stays unknown what became of them, each with its own event, and the next one looks anew",
    () =>
      run((stores) =>
        Effect.gen(function* () {
          const agents = yield* Agents
          yield* add("a")
          stores.fates.push(storeSilently)
          stores.fate = loseSilently
          const ids = ["first", "second", "third"]
          yield* calm
          stores.flushing.closeUnsafe()
          const fiber = yield* start(
            Effect.forEach(ids, (id) => Effect.flip(agents.updateContext("a", { state: { [id]: true } }, { id })), {
              concurrency: "unbounded"
            })
          )
          yield* TestClock.adjust(1)
          stores.flushing.openUnsafe()
          yield* TestClock.adjust("1 minute")
          const errors = yield* Fiber.join(fiber)
          assert.deepStrictEqual(
            errors.map((error) => (error._tag === "Unknown" ? error.eventIds : error._tag)),
            [["first"], ["second"], ["third"]]
          )
          stores.fate = (batch, store) => store(batch)
          const context = yield* add("a")
          assert.deepInclude(context, { version: 3, state: { count: 2, first: true } })
          yield* checkAgent("a", [context])
        })
      )
  )

  it.effect("are refused while the store is away, and nothing that was remembered is lost", () =>
    run((stores) =>
      Effect.gen(function* () {
        const agents = yield* Agents
        yield* add("a")
        stores.fates.push(beAway)
        yield* fails(add("a"), "Rejected", { reason: "Unavailable" })
        stores.reset()
        assert.deepInclude(yield* add("a"), { version: 2, state: { count: 2 } })
        assert.deepStrictEqual([...stores.asked.keys()], ["appendBatch"])
        yield* checkAgent("a")
        assert.deepInclude(yield* agents.getContext("a"), { version: 2 })
      })
    )
  )

  it.effect("do not rest on a state that was never stored", () =>
    run((stores) =>
      Effect.gen(function* () {
        const agents = yield* Agents
        yield* agents.setState("a", { count: 0 })
        yield* calm
        stores.flushing.closeUnsafe()
        const blocker = yield* start(agents.updateContext("a", { state: { blocker: true } }))
        const phantom = yield* start(Effect.flip(agents.setState("a", { count: 1000 })))
        // It waits with the state that the write before it would have made.
        const modify = yield* start(
          agents.modify("a", (state) => Effect.as(Effect.sleep("1 minute"), plus(state, "count")))
        )
        const refused = yield* start(Effect.flip(agents.patchState("a", [{ op: "test", path: "/count", value: 0 }])))
        stores.fates.push((batch, store) => store(batch), beAway)
        stores.flushing.openUnsafe()
        yield* Fiber.join(blocker)
        assert.strictEqual((yield* Fiber.join(phantom))._tag, "Rejected")
        // The patch would have failed for a state that never was.
        assert.strictEqual((yield* Fiber.join(refused))._tag, "Rejected")
        yield* agents.updateContext("a", { state: { other: true } })
        yield* TestClock.adjust("1 hour")
        const { state } = yield* Fiber.join(modify)
        assert.deepStrictEqual(state, { count: 1, blocker: true, other: true })
        yield* checkAgent("a")
      })
    )
  )

  it.effect("are refused by a function that waits only for what the agent is", () =>
    run(() =>
      Effect.gen(function* () {
        const agents = yield* Agents
        const spend = agents.modify("a", (state) =>
          Effect.andThen(
            Effect.sleep("1 minute"),
            numberOf(state, "count") > 0
              ? Effect.succeed(plus(state, "count", -1))
              : Effect.fail({ _tag: "Poor" as const })
          )
        )
        const early = yield* start(spend)
        yield* add("a")
        yield* TestClock.adjust("1 hour")
        assert.deepInclude(yield* Fiber.join(early), { version: 2, state: { count: 0 } })
        const late = yield* start(Effect.flip(spend))
        yield* TestClock.adjust("1 hour")
        assert.deepStrictEqual(yield* Fiber.join(late), { _tag: "Poor" })
        assert.strictEqual(yield* storedVersion("a"), 2)
      })
    )
  )

  it.effect("win in the end against a writer that is faster many times", () =>
    run((stores) =>
      Effect.gen(function* () {
        const agents = yield* Agents
        yield* add("a")
        let races = 60
        let rivals = 0
        const rival: typeof stores.fate = (batch, store) => {
          if (races-- <= 0) return store(batch)
          const event = {
            id: `rival-${rivals++}`,
            type: "counter.added",
            schemaVersion: 1,
            timestamp: 0,
            data: '{"amount":1}',
            metadata: "{}"
          }
          const first = store([{ agentId: "a", expected: "any", events: [event], commands: [], notes: [] }])
          return Effect.andThen(first, store(batch))
        }
        stores.fate = rival
        const fiber = yield* start(Effect.all([add("a"), add("a")], { concurrency: "unbounded" }))
        yield* TestClock.adjust("1 minute")
        const contexts = yield* Fiber.join(fiber)
        assert.deepStrictEqual((yield* agents.getContext("a")).state, { count: 63 })
        races = Number.POSITIVE_INFINITY
        const hopeless = yield* start(Effect.flip(add("a")))
        yield* TestClock.adjust("1 minute")
        assert.strictEqual((yield* Fiber.join(hopeless))._tag, "Conflict")
        races = 0
        yield* checkAgent("a", contexts)
      })
    )
  )

  it.effect("remember only so many agents", () =>
    run(
      (stores) =>
        Effect.gen(function* () {
          const agents = yield* Agents
          for (const agentId of ["a", "b", "c", "b"]) yield* add(agentId)
          stores.reset()
          yield* add("b")
          yield* add("c")
          assert.deepStrictEqual([...stores.asked.keys()], ["appendBatch"])
          // Reading it keeps it in memory, and the one not used for longest goes.
          yield* agents.getContext("b")
          yield* add("a")
          assert.strictEqual(stores.asked.get("readStream"), 1)
          stores.reset()
          yield* add("b")
          assert.deepStrictEqual([...stores.asked.keys()], ["appendBatch"])
          yield* add("c")
          assert.strictEqual(stores.asked.get("readStream"), 1)
          for (const agentId of ["a", "b", "c"]) yield* checkAgent(agentId)
        }),
      { ...never, cachedAgents: 2 }
    )
  )
})

describe("a manager that closes", () => {
  it.effect("finishes what is under way, snapshots too, and refuses what comes later", () =>
    Effect.gen(function* () {
      const stores = new TroubledStores()
      const scope = yield* Scope.make()
      const layer = AgentStateManager.layer({ ...options, snapshots: { every: 2 } })
      const services = yield* Layer.buildWithScope(Layer.provideMerge(layer, stores.layer), scope)
      yield* Effect.provide(
        Effect.gen(function* () {
          const agents = yield* Agents
          yield* agents.setState("a", {})
          stores.saving.closeUnsafe()
          stores.flushing.closeUnsafe()
          const writes = yield* start(Effect.all([add("a"), add("a"), add("a")], { concurrency: "unbounded" }))
          const closing = yield* start(Scope.close(scope, Exit.void))
          yield* fails(add("a"), "Rejected", { reason: "Closed" })
          yield* fails(add("b"), "Rejected", { reason: "Closed" })
          stores.flushing.openUnsafe()
          assert.strictEqual((yield* Fiber.join(writes)).at(-1)?.version, 4)
          yield* TestClock.adjust(1)
          assert.isUndefined(closing.pollUnsafe())
          stores.saving.openUnsafe()
          yield* Fiber.join(closing)
          assert.isAtLeast(stores.asked.get("save") ?? 0, 1)
        }),
        services
      )
    })
  )
})

describe("a snapshot behind the writes", () => {
  const logged: Array<string> = []
  const log = Logger.layer([
    Logger.make(({ message }) => {
      logged.push(String(message))
    })
  ])

  it.effect("that fails is logged, harms no write, and is not tried at each one", () =>
    Effect.provide(
      run(
        (stores) =>
          Effect.gen(function* () {
            stores.snapshotsFail = true
            yield* Effect.forEach(integers(25), () => Effect.andThen(add("a"), calm))
            assert.strictEqual(stores.asked.get("save"), 2)
            assert.include(logged[0], 'agent "a": snapshot 10 could not be saved')
            stores.snapshotsFail = false
            yield* Effect.forEach(integers(5), () => add("a"))
            yield* checkAgent("a")
          }),
        { snapshots: { every: 10 } }
      ),
      log
    )
  )

  it.effect("is taken one at a time for an agent, and keeps nobody waiting", () =>
    run(
      (stores) =>
        Effect.gen(function* () {
          stores.saving.closeUnsafe()
          yield* Effect.forEach(integers(30), () => Effect.andThen(add("a"), calm))
          assert.strictEqual(stores.asked.get("save"), 1)
          stores.saving.openUnsafe()
          yield* calm
          // One more for all that has happened meanwhile.
          assert.strictEqual(stores.asked.get("save"), 2)
          yield* Effect.forEach(integers(3), () => add("a"))
          yield* calm
          assert.strictEqual(stores.asked.get("save"), 3)
        }),
      { snapshots: { every: 3 } }
    )
  )

  it.effect("is not left behind by an agent that was purged while it was saved", () =>
    run(
      (stores) =>
        Effect.gen(function* () {
          const agents = yield* Agents
          stores.saving.closeUnsafe()
          yield* Effect.forEach(integers(3), () => add("a"))
          const byHand = yield* start(Effect.flip(agents.createSnapshot("a")))
          yield* agents.purge("a")
          yield* agents.setState("a", { anew: true })
          stores.saving.openUnsafe()
          assert.strictEqual((yield* Fiber.join(byHand))._tag, "AgentMissing")
          yield* Effect.yieldNow
          for (const version of integers(3)) {
            yield* fails(agents.getContextAt("a", { version }), "VersionMissing")
          }
          yield* fails(agents.restoreFromSnapshot((yield* eventsOf("a"))[0]?.id ?? ""), "SnapshotMissing")
          assert.deepInclude(yield* agents.getContext("a"), { state: { anew: true } })
          assert.isAtLeast(stores.asked.get("delete") ?? 0, 1)
        }),
      { snapshots: { every: 3 } }
    )
  )

  it.effect("whose policy throws is none, and harms no write", () =>
    Effect.provide(
      run(
        () =>
          Effect.gen(function* () {
            logged.length = 0
            assert.deepInclude(yield* add("a"), { version: 1 })
            assert.include(logged[0], "the snapshot policy makes no sense")
            assert.strictEqual(yield* storedVersion("a"), 1)
          }),
        {
          snapshots: () => {
            throw new Error("no policy")
          }
        }
      ),
      log
    )
  )
})

describe("changes", () => {
  it.effect("pass over events that are deleted between the feed and the look at them", () =>
    run((stores) =>
      Effect.gen(function* () {
        const agents = yield* Agents
        const store = yield* EventStore.EventStore
        for (const n of integers(4)) {
          yield* agents.setState("a", { n })
          if (n === 3) yield* agents.createSnapshot("a")
        }
        yield* agents.setState("b", { n: 5 })
        // Whoever begins behind the first event has to look at what the others make of the agent.
        const [first] = yield* Stream.runCollect(Stream.take(agents.changes({ from: "beginning" }), 1))
        let isDeleted = false
        stores.afterFeed = Effect.suspend(() => {
          if (isDeleted) return Effect.void
          isDeleted = true
          return Effect.orDie(store.deleteEvents("a", 2))
        })
        const after = agents.changes({ after: first?.position })
        const changes = yield* Stream.runCollect(Stream.take(after, 3))
        assert.deepStrictEqual(
          changes.map(({ context }) => [context.agentId, context.version, context.state["n"]]),
          [
            ["a", 3, 3],
            ["a", 4, 4],
            ["b", 1, 5]
          ]
        )
      })
    )
  )

  it.effect("pass over an agent that is purged between the feed and the look at it", () =>
    run((stores) =>
      Effect.gen(function* () {
        const agents = yield* Agents
        yield* agents.setState("a", { n: 1 })
        const [first] = yield* Stream.runCollect(Stream.take(agents.changes({ from: "beginning" }), 1))
        yield* agents.setState("a", { n: 2 })
        yield* agents.setState("a", { n: 3 })
        yield* agents.setState("b", { n: 4 })
        let isPurged = false
        stores.afterFeed = Effect.suspend(() => {
          if (isPurged) return Effect.void
          isPurged = true
          return Effect.orDie(agents.purge("a"))
        })
        const told = yield* Stream.runCollect(Stream.take(agents.changes({ after: first?.position }), 1))
        assert.deepStrictEqual(
          told.map(({ context }) => [context.agentId, context.state]),
          [["b", { n: 4 }]]
        )
      })
    )
  )
})

describe("where agents were last seen", () => {
  it("is never where they were before", () => {
    const cache = new AgentCache(2)
    const standing = (version: number) => {
      const context = Object.assign(Object.create(null), { version })
      return { context, version, eventId: "", snapshotVersion: 0 }
    }
    cache.offer("a", standing(3))
    cache.offer("a", standing(2))
    assert.strictEqual(cache.get("a")?.version, 3)
    cache.offer("a", { ...standing(4), context: undefined })
    assert.isUndefined(cache.get("a"))
  })
})

describe("options of the manager", () => {
  it("are checked when the layer is made", () => {
    const refused = (options: AgentStateManager.Options, found: RegExp) =>
      assert.throws(() => AgentStateManager.layer(options), found)
    refused({ snapshots: { every: 0 } }, /snapshots.every/)
    refused({ snapshots: { every: 1.5 } }, /snapshots.every/)
    refused({ cachedAgents: 0 }, /cachedAgents/)
    refused({ stateVersion: 0 }, /stateVersion/)
    refused({ stateVersion: 2 ** 31 }, /stateVersion/)
    refused({ reducers: { "context.updated": (state) => state } }, /reducers\/context.updated/)
    refused({ reducers: { "": (state) => state } }, /reducers/)
    const reduce = (state: object) => state
    refused({ reducers: { "a.done": { schemaVersion: 0, reduce } } }, /reducers\/a.done: schemaVersion/)
    refused({ reducers: { "a.done": { schemaVersion: 3, upcast: { 1: reduce }, reduce } } }, /upcast must lead/)
    refused({ upcastState: { 1: reduce } }, /upcastState must lead/)
  })
})

describe("a manager that has nothing to do", () => {
  it.effect("keeps no lane and no snapshot, whatever it did before", () =>
    Effect.gen(function* () {
      const stores = new TroubledStores()
      const services = yield* Layer.build(stores.layer)
      const reducer = StateReducer.make(options)
      const workshop = { reducer, limits: Limits.defaults, nextId: yield* Uuid.makeGenerator }
      const both = yield* Effect.provide(Replay.stores, services)
      const journal = AgentJournal.make(both, reducer)
      const cache = new AgentCache(5)
      const surroundings = { events: both.events, journal, cache, eventsPerAppend: 100 }
      const lanes = new AgentLanes(
        surroundings,
        () => SnapshotPolicy.check("test", { every: 2 }),
        yield* Effect.context<never>()
      )
      const writer = AgentWriter.make(both.events, journal, lanes, workshop)
      const writes = AgentWrites.make(AgentReader.make(both, reducer, journal, cache), writer)
      const some = integers(100).map((n) => {
        const agentId = `agent ${n % 7}`
        if (n % 5 === 0) return Effect.exit(writes.patchState(agentId, [{ op: "test", path: "/n", value: n }]))
        if (n % 5 === 1) return Effect.exit(writes.appendEvent(agentId, { type: "reducer.throws" }))
        if (n % 5 === 2) return Effect.exit(Effect.timeout(writes.setState(agentId, { n }), 1))
        return Effect.exit(writes.updateContext(agentId, { state: { n } }))
      })
      stores.fates.push(beAway, storeSilently, loseSilently)
      stores.flushing.closeUnsafe()
      const fiber = yield* start(Effect.all(some, { concurrency: "unbounded" }))
      yield* TestClock.adjust(10)
      assert.isAtLeast(lanes.size, 5)
      stores.flushing.openUnsafe()
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      yield* calm
      assert.strictEqual(lanes.size, 0)
      assert.strictEqual(cache.size, 5)
    })
  )
})
