/**
 * Timers: commands that actors send themselves later.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { EventStore } from "../../../src/EventStore.ts"
import { AlarmClock } from "./AlarmClock.ts"
import { faultsOf } from "./faultsOf.ts"
import { Engines, eventually, fails, freshId, type It, integers } from "./support.ts"

// Long enough not to go off in a test.
const never = 86_400_000

/** Milliseconds in which a busy machine has done what a test does before a timer goes off. */
const soon = 800

const freshClock = Effect.gen(function* () {
  const id = freshId()
  const agentId = AlarmClock.agentId(id)
  return { id, agentId, clock: (yield* AlarmClock.client)(id), faults: yield* faultsOf(agentId) }
})

/** What has rung, by the journal. */
const rungOf = (id: string) => Effect.map(AlarmClock.readState(id), ({ state }) => state.rung)

/** Waits until so many have rung, and a little longer for what should not. */
const rings = (id: string, count: number) =>
  Effect.gen(function* () {
    yield* eventually(Effect.map(rungOf(id), (rung) => rung.length >= count))
    yield* Effect.sleep("30 millis")
    return yield* rungOf(id)
  })

/** The names of the timers that are set. */
const timersOf = (agentId: string) =>
  Effect.map(
    EventStore.use((store) => Stream.runCollect(store.notes(agentId, { prefix: "timer/" }))),
    (notes) => notes.map(({ name }) => name.slice("timer/".length)).sort()
  )

export const register = (it: It): void => {
  describe("a timer", () => {
    it.effect("sends its command once, with its payload, and is gone", () =>
      Effect.gen(function* () {
        const { agentId, clock, id } = yield* freshClock
        yield* clock.Set({ name: "a", milliseconds: 20, label: "one" })
        assert.deepStrictEqual(yield* timersOf(agentId), ["a"])
        assert.deepStrictEqual(yield* rings(id, 1), ["one 5"])
        assert.deepStrictEqual(yield* timersOf(agentId), [])
        assert.deepStrictEqual(yield* clock.Rung(), ["one 5"])
      })
    )

    it.effect("is not sent before its time, and at once when that has passed", () =>
      Effect.gen(function* () {
        const { clock, id } = yield* freshClock
        yield* clock.Set({ name: "later", milliseconds: never, label: "later" })
        yield* clock.SetAt({ name: "past", milliseconds: 0, label: "past" })
        assert.deepStrictEqual(yield* rings(id, 1), ["past"])
      })
    )

    it.effect("is stored with the events of the command that sets it", () =>
      Effect.gen(function* () {
        const { agentId, clock, id } = yield* freshClock
        assert.strictEqual(yield* clock.RingAndSet({ name: "a", milliseconds: never, label: "x" }), 1)
        assert.deepStrictEqual(yield* timersOf(agentId), ["a"])
        assert.deepStrictEqual(yield* rungOf(id), ["set x"])
      })
    )

    it.effect("is replaced by another of its name, and cancelled by it", () =>
      Effect.gen(function* () {
        const { agentId, clock, id } = yield* freshClock
        yield* clock.Set({ name: "a", milliseconds: soon, label: "first" })
        yield* clock.Set({ name: "b", milliseconds: soon, label: "cancelled" })
        yield* clock.Set({ name: "a", milliseconds: soon + 20, label: "second" })
        yield* clock.Cancel({ name: "b" })
        yield* clock.Cancel({ name: "never set" })
        yield* clock.Set({ name: "c", milliseconds: soon + 200, label: "last" })
        assert.deepStrictEqual(yield* rings(id, 2), ["second 5", "last 5"])
        assert.deepStrictEqual(yield* timersOf(agentId), [])
      })
    )

    it.effect("is not set by a handler that fails or dies", () =>
      Effect.gen(function* () {
        const { agentId, clock } = yield* freshClock
        yield* clock.Set({ name: "a", milliseconds: never, label: "kept" })
        const timer = { name: "b", milliseconds: 1, label: "no" }
        yield* fails(clock.SetAndFail(timer), "NotNow")
        yield* fails(clock.SetAndDie(timer), "ActorCrashed")
        assert.deepStrictEqual(yield* timersOf(agentId), ["a"])
      })
    )

    it.effect("is not set when the store refuses what its command decided", () =>
      Effect.gen(function* () {
        const { agentId, clock, faults, id } = yield* freshClock
        faults.next("refuse", "refuse")
        yield* fails(clock.RingAndSet({ name: "a", milliseconds: 1, label: "x" }), "Rejected")
        yield* fails(clock.Set({ name: "b", milliseconds: 1, label: "x" }), "Rejected")
        yield* Effect.sleep("30 millis")
        assert.deepStrictEqual([yield* timersOf(agentId), yield* rungOf(id)], [[], []])
        yield* clock.Set({ name: "c", milliseconds: 1, label: "x" })
        assert.deepStrictEqual(yield* rings(id, 1), ["x 5"])
      })
    )

    it.effect("that cannot be stored makes its command rejected, and nothing else", () =>
      Effect.gen(function* () {
        const { agentId, clock } = yield* freshClock
        for (const name of ["", "a\0", "n".repeat(250)]) {
          const error = yield* fails(clock.Set({ name, milliseconds: 1, label: "" }), "Rejected")
          assert.include(error.expected, "timers/name: 1 to 249 characters")
        }
        const negative = yield* fails(clock.SetAt({ name: "a", milliseconds: -1, label: "" }), "Rejected")
        assert.strictEqual(negative.reason, "InvalidInput")
        yield* fails(clock.Every({ name: "a", milliseconds: 0, label: "" }), "Rejected")
        yield* clock.Set({ name: "n".repeat(249), milliseconds: never, label: "" })
        assert.deepStrictEqual(yield* timersOf(agentId), ["n".repeat(249)])
      })
    )

    it.effect("is used up by a command that fails, dies, or sets it anew", () =>
      Effect.gen(function* () {
        const { agentId, clock, id } = yield* freshClock
        yield* clock.SetBad({ name: "fails", command: "Fail" })
        yield* clock.SetBad({ name: "dies", command: "Die" })
        yield* clock.SetBad({ name: "dies later", command: "DieLater" })
        yield* eventually(Effect.map(timersOf(agentId), (names) => names.length === 0))
        yield* clock.SetBad({ name: "again", command: "RingAndSet" })
        assert.deepStrictEqual(yield* rings(id, 2), ["set again", "again"])
        assert.deepStrictEqual(yield* timersOf(agentId), [])
      })
    )

    it.effect("goes off again and again, in its pace", () =>
      Effect.gen(function* () {
        const { agentId, clock, id } = yield* freshClock
        yield* clock.Every({ name: "a", milliseconds: 20, label: "tick" })
        yield* eventually(Effect.map(rungOf(id), (rung) => rung.length >= 4))
        assert.deepStrictEqual(yield* timersOf(agentId), ["a"])
        yield* clock.Cancel({ name: "a" })
        const { length } = yield* rungOf(id)
        yield* Effect.sleep("60 millis")
        assert.lengthOf(yield* rungOf(id), length)
        assert.deepStrictEqual(yield* timersOf(agentId), [])
      })
    )

    it.effect("is one of many that go off at the same time, of one actor and of many", () =>
      Effect.gen(function* () {
        const { agentId, clock, id } = yield* freshClock
        const timers = integers(300).map((number) => ({ name: `${number}`, milliseconds: 30, label: `${number}` }))
        yield* clock.SetMany({ timers })
        const rung = yield* rings(id, 300)
        assert.deepStrictEqual([...rung].sort(), timers.map(({ label }) => label).sort())
        assert.deepStrictEqual(yield* timersOf(agentId), [])

        const ids = integers(50).map(freshId)
        const client = yield* AlarmClock.client
        yield* Effect.forEach(ids, (id) => client(id).Set({ name: "a", milliseconds: 30, label: id }), {
          concurrency: "unbounded"
        })
        for (const id of ids) assert.deepStrictEqual(yield* rings(id, 1), [`${id} 5`])
      })
    )

    it.effect("outlives its engine: it goes off in the next one, once, also when it is late", () =>
      Effect.gen(function* () {
        const { fresh } = yield* Engines
        const { agentId, id } = yield* fresh(
          Effect.gen(function* () {
            const { agentId, clock, id } = yield* freshClock
            const system = yield* ActorSystem
            yield* clock.Set({ name: "a", milliseconds: soon, label: "late" })
            yield* clock.Set({ name: "b", milliseconds: 3 * soon, label: "in time" })
            yield* clock.Every({ name: "c", milliseconds: never, label: "no" })
            // This engine will not wake it any more.
            yield* system.stop(AlarmClock, id)
            yield* Effect.sleep(soon + 100)
            return { agentId, id }
          })
        )
        assert.deepStrictEqual(yield* rungOf(id), [])
        yield* fresh(
          Effect.gen(function* () {
            assert.deepStrictEqual(yield* rings(id, 2), ["late 5", "in time 5"])
            assert.deepStrictEqual(yield* timersOf(agentId), ["c"])
          })
        )
      })
    )

    it.effect("of an actor that is stopped is kept until it is spawned again", () =>
      Effect.gen(function* () {
        const { clock, id } = yield* freshClock
        const system = yield* ActorSystem
        yield* clock.Set({ name: "a", milliseconds: soon, label: "x" })
        yield* system.stop(AlarmClock, id)
        yield* Effect.sleep(soon + 100)
        assert.deepStrictEqual(yield* rungOf(id), [])
        yield* system.spawn(AlarmClock, id)
        assert.deepStrictEqual(yield* rings(id, 1), ["x 5"])
      })
    )

    it.effect("of an actor that is paused waits until it is resumed", () =>
      Effect.gen(function* () {
        const { clock, id } = yield* freshClock
        const system = yield* ActorSystem
        yield* clock.Set({ name: "a", milliseconds: soon, label: "x" })
        yield* system.pause(AlarmClock, id)
        yield* Effect.sleep(soon + 100)
        assert.deepStrictEqual(yield* rungOf(id), [])
        yield* system.resume(AlarmClock, id)
        assert.deepStrictEqual(yield* rings(id, 1), ["x 5"])
      })
    )

    it.effect("goes off once though the store refuses, or loses the answer, when it does", () =>
      Effect.gen(function* () {
        for (const fault of ["refuse", "lose the answer"] as const) {
          const { agentId, clock, faults, id } = yield* freshClock
          yield* clock.Set({ name: "a", milliseconds: soon, label: "x" })
          faults.next(fault)
          assert.deepStrictEqual(yield* rings(id, 1), ["x 5"])
          assert.deepStrictEqual(yield* timersOf(agentId), [])
        }
      })
    )

    it.effect("goes off though its note could not be read at first", () =>
      Effect.gen(function* () {
        const { clock, faults, id } = yield* freshClock
        yield* clock.Set({ name: "a", milliseconds: soon, label: "x" })
        faults.breakReads("notes")
        yield* Effect.sleep(soon + 100)
        assert.deepStrictEqual(yield* rungOf(id), [])
        assert.deepStrictEqual(yield* clock.Rung(), [])
        faults.mendReads()
        assert.deepStrictEqual(yield* rings(id, 1), ["x 5"])
      })
    )

    it.effect("is gone with the purge of its actor", () =>
      Effect.gen(function* () {
        const { agentId, clock, id } = yield* freshClock
        yield* clock.Set({ name: "a", milliseconds: soon, label: "x" })
        yield* EventStore.use((store) => store.purge(agentId))
        yield* Effect.sleep(soon + 100)
        assert.deepStrictEqual(yield* rungOf(id), [])
      })
    )
  })
}
