import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as Memory from "../../layers/memory/index.ts"
import { AgentStateManager, EventStore, Note, SnapshotStore } from "../../src/index.ts"
import * as EventStoreContract from "../contract/EventStoreContract.ts"
import * as FaultyStore from "../contract/FaultyStore.ts"
import * as SnapshotStoreContract from "../contract/SnapshotStoreContract.ts"
import { Account, AccountBehavior } from "../support/account.ts"

const stores = FaultyStore.layer.pipe(Layer.provide(Memory.layer))

/** Everything that a test here needs, anew. */
const fresh = Effect.gen(function* () {
  const faults = yield* FaultyStore.FaultyStore
  const events = yield* EventStore.EventStore
  const snapshots = yield* SnapshotStore.SnapshotStore
  const append = (agentId: string) => events.append({ agentId, events: [{ type: "noted", data: { agentId } }] })
  const version = (agentId: string) => Effect.map(events.head(agentId), (head) => head.version)
  const start = <A, E>(effect: Effect.Effect<A, E>) => Effect.forkChild(effect, { startImmediately: true })
  return { faults, events, snapshots, append, version, start }
})

const snapshot = (agentId: string) => ({ agentId, version: 1, eventId: "e", state: { a: 1 } })

const test = <E>(
  name: string,
  body: (
    all: Effect.Success<typeof fresh>
  ) => Effect.Effect<void, E, EventStore.EventStore | SnapshotStore.SnapshotStore>
) => it.effect(name, () => Effect.provide(Effect.flatMap(fresh, body), stores, { local: true }))

EventStoreContract.suite("a faulty store of which nothing is asked", { layer: stores })
SnapshotStoreContract.suite("a faulty store of which nothing is asked", { layer: stores })

describe("a faulty store", () => {
  test("of which nothing is asked is the store below", ({ append, events, faults, snapshots, version }) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* append("a")).version, 1)
      const results = yield* events.appendAll([
        { agentId: "a", events: [{ type: "noted" }] },
        { agentId: "b", events: [{ type: "noted" }] }
      ])
      assert.deepStrictEqual(results.map(Result.isSuccess), [true, true])
      assert.strictEqual(yield* version("a"), 2)
      assert.lengthOf(yield* Stream.runCollect(events.read("a")), 2)
      assert.lengthOf(yield* Stream.runCollect(events.feed()), 3)
      yield* snapshots.save(snapshot("a"))
      assert.isTrue(Option.isSome(yield* snapshots.latest("a")))
      assert.strictEqual(yield* faults.passed(), 3)
      assert.strictEqual(yield* faults.passed({ agentId: "a" }), 2)
      assert.strictEqual(yield* faults.passed({ on: "reads" }), 3)
      assert.strictEqual(yield* faults.passed({ on: "feed" }), 1)
      assert.strictEqual(yield* faults.asked({ on: "snapshots", agentId: "a" }), 2)
    }))

  test("fails the next appends, as many as it is told, and then no more", ({ append, faults, version }) =>
    Effect.gen(function* () {
      yield* faults.fail({ times: 2 })
      for (const agentId of ["a", "b"]) {
        assert.deepInclude(yield* Effect.flip(append(agentId)), { _tag: "Rejected", reason: "Unavailable", agentId })
        assert.strictEqual(yield* version(agentId), 0)
      }
      yield* append("a")
      assert.strictEqual(yield* version("a"), 1)
      assert.deepStrictEqual([yield* faults.asked(), yield* faults.passed()], [3, 1])
    }))

  test("fails only what it is told to fail", ({ append, events, faults, snapshots, version }) =>
    Effect.gen(function* () {
      yield* faults.fail({ agentId: "b", times: Number.POSITIVE_INFINITY })
      yield* append("a")
      yield* Effect.flip(append("b"))
      yield* Effect.flip(append("b"))
      yield* faults.heal
      yield* append("b")

      const unavailable = (operation: string) => ({ _tag: "Unavailable", operation, reason: "Unreachable" }) as const
      yield* faults.fail({ on: "reads" })
      yield* append("a")
      assert.deepInclude(yield* Effect.flip(version("a")), unavailable("head"))
      yield* faults.fail({ on: "read" })
      assert.strictEqual(yield* version("a"), 2)
      assert.deepInclude(yield* Effect.flip(Stream.runCollect(events.read("a"))), unavailable("read"))
      assert.lengthOf(yield* Stream.runCollect(events.read("a")), 2)
      yield* faults.fail({ on: "snapshots" })
      assert.deepInclude(yield* Effect.flip(snapshots.save(snapshot("a"))), unavailable("save"))
      assert.isTrue(Option.isNone(yield* snapshots.latest("a")))
      yield* faults.fail({ on: "deletions" })
      assert.deepInclude(yield* Effect.flip(events.purge("a")), unavailable("purge"))
      assert.strictEqual(yield* version("a"), 2)
    }))

  test("loses the answer to an append that is stored, and tells the ids it is stored under", ({
    append,
    events,
    faults
  }) =>
    Effect.gen(function* () {
      yield* faults.loseAnswer()
      const error = yield* Effect.flip(append("a"))
      const stored = yield* Stream.runCollect(events.read("a"))
      assert.deepInclude(error, { _tag: "Unknown", agentId: "a" })
      assert.deepStrictEqual(
        error._tag === "Unknown" ? error.eventIds : [],
        stored.map(({ id }) => id)
      )
      assert.lengthOf(stored, 1)
      assert.strictEqual(yield* faults.passed(), 1)
    }))

  test("loses an append, and tells the ids under which it can be repeated", ({ append, events, faults, version }) =>
    Effect.gen(function* () {
      yield* faults.loseRequest()
      const error = yield* Effect.flip(append("a"))
      assert.strictEqual(yield* version("a"), 0)
      assert.strictEqual(yield* faults.passed(), 0)
      const ids = error._tag === "Unknown" ? error.eventIds : []
      yield* events.append({ agentId: "a", events: ids.map((id) => ({ id, type: "noted" })) })
      assert.strictEqual(yield* version("a"), 1)
    }))

  test("delays by the clock of the test", ({ append, faults, start, version }) =>
    Effect.gen(function* () {
      yield* faults.delay("5 seconds")
      const fiber = yield* start(append("a"))
      yield* TestClock.adjust("4 seconds")
      assert.deepStrictEqual([yield* version("a"), yield* faults.passed()], [0, 0])
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      assert.strictEqual(yield* version("a"), 1)
    }))

  test("holds operations back until they are released", ({ append, faults, start, version }) =>
    Effect.gen(function* () {
      const held = yield* faults.hold({ agentId: "a" })
      const fibers = [yield* start(append("a")), yield* start(append("a"))]
      yield* held.arrival
      yield* append("b")
      assert.strictEqual(yield* version("a"), 0)
      yield* held.release
      yield* Effect.forEach(fibers, Fiber.join)
      yield* append("a")
      assert.strictEqual(yield* version("a"), 3)
      // What was released stands in nobody's way.
      const later = yield* faults.hold({ agentId: "a", times: 1 })
      const fourth = yield* start(append("a"))
      yield* later.arrival
      assert.strictEqual(yield* version("a"), 3)
      yield* later.release
      yield* Fiber.join(fourth)

      const again = yield* faults.hold({ on: "head", times: 1 })
      const read = yield* start(version("a"))
      yield* again.arrival
      assert.strictEqual(yield* version("b"), 1)
      yield* faults.heal
      assert.strictEqual(yield* Fiber.join(read), 4)
    }))

  test("takes the troubles in the order in which they were asked for, and holds back what will be lost", (all) =>
    Effect.gen(function* () {
      const { append, faults, start, version } = all
      yield* faults.fail()
      yield* faults.loseAnswer()
      const held = yield* faults.hold({ times: 2 })
      const first = yield* start(Effect.flip(append("a")))
      const second = yield* start(Effect.flip(append("a")))
      yield* held.release
      assert.strictEqual((yield* Fiber.join(first))._tag, "Rejected")
      assert.strictEqual((yield* Fiber.join(second))._tag, "Unknown")
      yield* append("a")
      assert.strictEqual(yield* version("a"), 2)
    }))

  test("counts an append of notes like any other, and loses, fails and passes it with its notes", ({
    events,
    faults
  }) =>
    Effect.gen(function* () {
      const put = (body: number) => events.append({ agentId: "a", events: [], notes: [Note.put("n", body)] })
      const key = { agentId: "a", name: "n" }
      const bodies = Effect.map(events.getNotes([key]), (notes) => notes.map(({ body }) => body))
      yield* put(1)
      yield* faults.fail()
      assert.strictEqual((yield* Effect.flip(put(2)))._tag, "Rejected")
      yield* faults.loseRequest()
      assert.deepInclude(yield* Effect.flip(put(3)), { _tag: "Unknown", agentId: "a", eventIds: [] })
      assert.deepStrictEqual(yield* bodies, [1])
      yield* faults.loseAnswer({ agentId: "a" })
      assert.strictEqual((yield* Effect.flip(put(4)))._tag, "Unknown")
      assert.deepStrictEqual(yield* bodies, [4])
      assert.deepStrictEqual([yield* faults.asked(), yield* faults.passed()], [4, 2])

      yield* faults.fail({ on: "reads", times: 3 })
      assert.strictEqual((yield* Effect.flip(bodies))._tag, "Unavailable")
      assert.strictEqual((yield* Effect.flip(Stream.runDrain(events.notes("a"))))._tag, "Unavailable")
      assert.strictEqual((yield* Effect.flip(Stream.runDrain(events.due({ until: 0 }))))._tag, "Unavailable")
      assert.strictEqual(yield* faults.asked({ on: "getNotes", agentId: "a" }), 3)
      assert.strictEqual(yield* faults.passed({ on: "getNotes" }), 2)
      yield* events.getNotes([key, { ...key, agentId: "b" }])
      assert.strictEqual(yield* faults.asked({ on: "getNotes", agentId: "a" }), 3)
    }))

  test("troubles each of several appends on its own", ({ events, faults }) =>
    Effect.gen(function* () {
      yield* faults.fail({ agentId: "b" })
      yield* faults.loseAnswer({ agentId: "c" })
      const results = yield* events.appendAll(
        ["a", "b", "c", "a"].map((agentId) => ({ agentId, events: [{ type: "noted" }] }))
      )
      assert.deepStrictEqual(
        results.map((result) => (Result.isSuccess(result) ? result.success.version : result.failure._tag)),
        [1, "Rejected", "Unknown", 2]
      )
    }))

  test("lets trouble for one agent befall all that is appended together with it", ({ events, faults, version }) =>
    Effect.gen(function* () {
      const step = (id: string) =>
        events.appendTogether(
          ["a", "b"].map((agentId) => ({ agentId, events: [{ id: `${id} ${agentId}`, type: "noted" }] }))
        )
      yield* faults.fail({ agentId: "b" })
      const failed = yield* Effect.flip(step("first"))
      assert.deepInclude(failed, { _tag: "TogetherFailed", index: 1 })
      assert.deepInclude(failed.failure, { _tag: "Rejected", reason: "Unavailable", agentId: "b" })
      yield* faults.loseRequest({ agentId: "b" })
      assert.deepInclude((yield* Effect.flip(step("second"))).failure, { _tag: "Unknown", agentId: "b" })
      assert.deepStrictEqual([yield* version("a"), yield* version("b")], [0, 0])
      yield* faults.loseAnswer()
      const lost = yield* Effect.flip(step("third"))
      assert.deepInclude(lost.failure, { _tag: "Unknown", agentId: "a" })
      assert.deepStrictEqual(lost.eventIds, [["third a"], ["third b"]])
      assert.deepStrictEqual([yield* version("a"), yield* version("b")], [1, 1])
      assert.strictEqual((yield* step("third"))[1]?.outcome, "repeated")
      yield* step("fourth")
      assert.deepStrictEqual([yield* version("a"), yield* version("b")], [2, 2])
      // Of each agent one.
      assert.strictEqual(yield* faults.asked({ on: "appendTogether" }), 10)
    }))
})

describe("a manager on a faulty store", () => {
  const runtime = Layer.provideMerge(AgentStateManager.layer(), stores)

  for (const trouble of ["loseAnswer", "loseRequest"] as const) {
    it.effect(`writes to several agents once, though it had to do with ${trouble}`, () =>
      Effect.gen(function* () {
        const faults = yield* FaultyStore.FaultyStore
        const agents = yield* AgentStateManager.AgentStateManager
        const writes = ["a", "b"].map((agentId) => ({ agentId, events: [{ type: "noted" }] }))
        yield* faults[trouble]({ agentId: "b" })
        const writing = yield* Effect.forkChild(agents.appendTogether(writes), { startImmediately: true })
        yield* TestClock.adjust("1 second")
        const stored = yield* Fiber.join(writing)
        assert.deepStrictEqual(
          stored.map(([event]) => `${event?.agentId} ${event?.version}`),
          ["a 1", "b 1"]
        )
        assert.strictEqual((yield* agents.getContext("b")).version, 1)
      }).pipe(Effect.provide(runtime, { local: true }))
    )
  }
})

describe("an actor on a faulty store", () => {
  const runtime = AccountBehavior.pipe(Layer.provideMerge(LocalEngine.layer), Layer.provideMerge(stores))

  it.effect("answers once, though the first answer of its store was lost", () =>
    Effect.gen(function* () {
      const faults = yield* FaultyStore.FaultyStore
      const account = (yield* Account.client)("a")
      yield* faults.loseAnswer({ agentId: Account.agentId("a") })
      const deposit = yield* Effect.forkChild(account.Deposit({ amount: 10 }), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(deposit), 10)
      assert.deepStrictEqual(yield* Account.readState("a"), { state: { balance: 10 }, version: 1 })
      assert.strictEqual(yield* faults.asked(), 2)
    }).pipe(Effect.provide(runtime, { local: true }))
  )

  it.effect("persists nothing for a command that the store refuses, and goes on", () =>
    Effect.gen(function* () {
      const faults = yield* FaultyStore.FaultyStore
      const account = (yield* Account.client)("a")
      yield* faults.fail()
      assert.strictEqual((yield* Effect.flip(account.Deposit({ amount: 10 })))._tag, "Rejected")
      assert.strictEqual(yield* account.Deposit({ amount: 1 }), 1)
    }).pipe(Effect.provide(runtime, { local: true }))
  )
})
