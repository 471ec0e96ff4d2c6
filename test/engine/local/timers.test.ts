import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as LocalEngine from "../../../layers/engine/local.ts"
import * as Memory from "../../../layers/memory/index.ts"
import { ActorSystem, EventStore, Note } from "../../../src/index.ts"
import { AlarmClock, AlarmClockBehavior, behavior } from "../../contract/engine/AlarmClock.ts"
import * as FaultyStore from "../../contract/FaultyStore.ts"
import { settle } from "./support.ts"

const stores = FaultyStore.layer.pipe(Layer.provide(Memory.layer))
const engine = AlarmClockBehavior.pipe(Layer.provideMerge(LocalEngine.layer))

const test = <E>(
  name: string,
  body: Effect.Effect<void, E, Layer.Success<typeof engine> | Layer.Success<typeof stores>>
) => it.effect(name, () => Effect.provide(body, Layer.provideMerge(engine, stores), { local: true }))

const rungOf = (id: string) => Effect.map(AlarmClock.readState(id), ({ state }) => state.rung)

const timersOf = (id: string) =>
  Effect.flatMap(EventStore.EventStore, (store) => Stream.runCollect(store.notes(AlarmClock.agentId(id))))

/** Sets a timer as another process would, perhaps with another definition. */
const setByAnother = (name: string, command: string, payload: object) =>
  EventStore.append({
    agentId: AlarmClock.agentId("a"),
    events: [],
    notes: [Note.put(`timer/${name}`, { command, payload, every: null }, { due: 0 })]
  })

/** Lets time pass, and what happens then happen. */
const pass = (milliseconds: number) => Effect.andThen(TestClock.adjust(milliseconds), settle)

describe("the timers of the local engine", () => {
  test(
    "go off at their time, in its order, and not before",
    Effect.gen(function* () {
      const clock = (yield* AlarmClock.client)("a")
      const times = [300, 100, 200, 86_400_000]
      for (const milliseconds of times) {
        yield* clock.Set({ name: `${milliseconds}`, milliseconds, label: `${milliseconds}` })
      }
      yield* pass(99)
      assert.deepStrictEqual(yield* rungOf("a"), [])
      yield* pass(1)
      assert.deepStrictEqual(yield* rungOf("a"), ["100 5"])
      yield* pass(200)
      assert.deepStrictEqual(yield* rungOf("a"), ["100 5", "200 5", "300 5"])
      yield* pass(86_399_000)
      assert.lengthOf(yield* rungOf("a"), 3)
      yield* pass(700)
      assert.lengthOf(yield* rungOf("a"), 4)
    })
  )

  test(
    "that repeat keep their pace, and do not pile up while nobody is there",
    Effect.gen(function* () {
      const clock = (yield* AlarmClock.client)("a")
      const system = yield* ActorSystem.ActorSystem
      yield* clock.Every({ name: "a", milliseconds: 1000, label: "tick" })
      for (const count of [1, 2, 3]) {
        yield* pass(1000)
        assert.lengthOf(yield* rungOf("a"), count)
      }
      yield* system.pause(AlarmClock, "a")
      yield* pass(10_500)
      yield* system.resume(AlarmClock, "a")
      yield* settle
      assert.lengthOf(yield* rungOf("a"), 4)
      yield* pass(499)
      assert.lengthOf(yield* rungOf("a"), 4)
      yield* pass(1)
      assert.lengthOf(yield* rungOf("a"), 5)
      const [timer] = yield* timersOf("a")
      assert.strictEqual(timer?.due, 15_000)
    })
  )

  it.effect("are read again, and again, when the store cannot be read at first", () =>
    Effect.gen(function* () {
      const faults = yield* FaultyStore.FaultyStore
      yield* faults.fail({ on: "due", times: 3 })
      yield* setByAnother("a", "Ring", { label: "x" })
      yield* Effect.gen(function* () {
        yield* pass(6999)
        assert.deepStrictEqual(yield* rungOf("a"), [])
        yield* pass(1)
        assert.deepStrictEqual(yield* rungOf("a"), ["x"])
        assert.strictEqual(yield* faults.asked({ on: "due" }), 4)
      }).pipe(Effect.provide(engine, { local: true }))
    }).pipe(Effect.provide(stores, { local: true }))
  )

  test(
    "do not go off when a command that was taken before cancels them, or sets them anew",
    Effect.gen(function* () {
      const system = yield* ActorSystem.ActorSystem
      const clock = (yield* AlarmClock.client)("a")
      for (const name of ["a", "b", "c"]) yield* clock.Set({ name, milliseconds: 1000, label: name })
      yield* system.pause(AlarmClock, "a")
      yield* system.tell(AlarmClock, "a", "Cancel", { name: "a" })
      yield* system.tell(AlarmClock, "a", "Set", { name: "b", milliseconds: 5000, label: "b anew" })
      yield* pass(1000)
      yield* system.resume(AlarmClock, "a")
      yield* settle
      assert.deepStrictEqual(yield* rungOf("a"), ["c 5"])
      yield* pass(4999)
      assert.deepStrictEqual(yield* rungOf("a"), ["c 5"])
      yield* pass(1)
      assert.deepStrictEqual(yield* rungOf("a"), ["c 5", "b anew 5"])
      assert.deepStrictEqual(yield* timersOf("a"), [])
    })
  )

  test(
    "go off when their notes say so, whatever this process has heard",
    Effect.gen(function* () {
      const clock = (yield* AlarmClock.client)("a")
      yield* clock.Set({ name: "moved", milliseconds: 1000, label: "before" })
      yield* clock.Set({ name: "gone", milliseconds: 1000, label: "gone" })
      yield* EventStore.append({
        agentId: AlarmClock.agentId("a"),
        events: [],
        notes: [
          Note.remove("timer/gone"),
          Note.put("timer/moved", { command: "Ring", payload: { label: "after" }, every: null }, { due: 5000 })
        ]
      })
      yield* pass(4999)
      assert.deepStrictEqual(yield* rungOf("a"), [])
      yield* pass(1)
      assert.deepStrictEqual(yield* rungOf("a"), ["after"])
    })
  )

  test(
    "survive an engine; those that are late go off in the order of their times",
    Effect.gen(function* () {
      const clock = (yield* AlarmClock.client)("a")
      const system = yield* ActorSystem.ActorSystem
      for (const milliseconds of [3000, 1000, 2000]) {
        yield* clock.Set({ name: `${milliseconds}`, milliseconds, label: `${milliseconds}` })
      }
      yield* system.stop(AlarmClock, "a")
      yield* pass(10_000)
      assert.lengthOf(yield* timersOf("a"), 3)
      yield* Effect.provide(settle, engine, { local: true })
      assert.deepStrictEqual(yield* rungOf("a"), ["1000 5", "2000 5", "3000 5"])
    })
  )

  it.effect("wake their actors, which need not be in memory", () =>
    Effect.gen(function* () {
      const clock = (yield* AlarmClock.client)("a")
      const system = yield* ActorSystem.ActorSystem
      const status = Effect.map(
        system.get(AlarmClock, "a"),
        Option.map((info) => info.status)
      )
      yield* clock.Set({ name: "a", milliseconds: 600_000, label: "x" })
      yield* clock.Every({ name: "b", milliseconds: 300_000, label: "tick" })
      yield* pass(200_000)
      assert.deepStrictEqual(yield* status, Option.none())
      yield* pass(100_000)
      assert.deepStrictEqual(yield* rungOf("a"), ["tick"])
      assert.deepStrictEqual(yield* status, Option.some("running"))
      yield* pass(200_000)
      assert.deepStrictEqual(yield* status, Option.some("passivated"))
      yield* pass(100_000)
      assert.deepStrictEqual([...(yield* rungOf("a"))].sort(), ["tick", "tick", "x 5"])
    }).pipe(
      Effect.provide(
        Layer.provideMerge(behavior({ passivateAfter: "1 minute" }), LocalEngine.layer).pipe(
          Layer.provideMerge(stores)
        ),
        { local: true }
      )
    )
  )

  it.effect("wake nobody in vain for what was cancelled while the store was read", () => {
    const gates: Array<Deferred.Deferred<void>> = []
    /** Tells what is due as it was when it was asked, once the gate is open. */
    const slow = Layer.effect(
      EventStore.EventStore,
      Effect.map(EventStore.EventStore, (store) => ({
        ...store,
        due: (options) =>
          Stream.unwrap(
            Effect.gen(function* () {
              const notes = yield* Stream.runCollect(store.due(options))
              const gate = yield* Deferred.make<void>()
              gates.push(gate)
              yield* Deferred.await(gate)
              return Stream.fromIterable(notes)
            })
          )
      }))
    )
    return Effect.gen(function* () {
      const open = Effect.suspend(() => Effect.forEach(gates, (gate) => Deferred.succeed(gate, undefined)))
      const clock = (yield* AlarmClock.client)("a")
      const system = yield* ActorSystem.ActorSystem
      yield* settle
      yield* open
      yield* clock.Set({ name: "a", milliseconds: 400_000, label: "a" })
      yield* pass(300_000)
      assert.lengthOf(gates, 2)
      yield* clock.Cancel({ name: "a" })
      yield* open
      yield* pass(100_000)
      assert.deepStrictEqual(yield* system.get(AlarmClock, "a"), Option.none())
    }).pipe(
      Effect.provide(
        behavior({ passivateAfter: "1 minute" }).pipe(
          Layer.provideMerge(LocalEngine.layer),
          Layer.provideMerge(Layer.provideMerge(slow, stores))
        ),
        { local: true }
      )
    )
  })

  test(
    "are too many for the memory, and go off all the same, each once",
    Effect.gen(function* () {
      const client = yield* AlarmClock.client
      const system = yield* ActorSystem.ActorSystem
      const count = 3000
      for (const id of ["a", "b", "c", "d"]) {
        const timers = Array.from({ length: count }, (_, index) => ({
          name: `${index}`,
          milliseconds: 1000 + ((index * 7919) % count),
          label: `${index}`
        }))
        yield* client(id).SetMany({ timers })
      }
      // More than there is room for, of an actor that cannot be woken.
      yield* system.stop(AlarmClock, "b")
      for (let second = 0; second < 8; second++) yield* pass(500)
      for (const id of ["a", "c", "d"]) {
        const rung = yield* rungOf(id)
        assert.deepStrictEqual(
          rung.map(Number).sort((left, right) => left - right),
          Array.from({ length: count }, (_, index) => index)
        )
        assert.deepStrictEqual(yield* timersOf(id), [])
      }
      assert.lengthOf(yield* timersOf("b"), count)
      yield* system.spawn(AlarmClock, "b")
      yield* pass(1)
      assert.lengthOf(yield* rungOf("b"), count)
    })
  )

  test(
    "that the definition cannot run any more are told to the log, and gone",
    Effect.gen(function* () {
      const clock = (yield* AlarmClock.client)("a")
      yield* setByAnother("a", "Gone", {})
      yield* setByAnother("b", "Ring", { label: 1 })
      // Found when the store is read again.
      yield* pass(300_000)
      assert.deepStrictEqual(yield* timersOf("a"), [])
      yield* clock.Ring({ label: "still works" })
      assert.deepStrictEqual(yield* rungOf("a"), ["still works"])
    })
  )
})

describe("timers outside of a handler of their definition", () => {
  test(
    "are a mistake that dies",
    Effect.gen(function* () {
      const exit = yield* Effect.exit(AlarmClock.timers.cancel("a"))
      assert.include(String(exit), "in a handler of AlarmClock")
    })
  )
})
