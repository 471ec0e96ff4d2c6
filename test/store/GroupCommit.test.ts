import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as References from "effect/References"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import type { BatchFailure, EncodedAppend, Outcome } from "../../src/EventStoreDriver.ts"
import * as GroupCommit from "../../src/store/GroupCommit.ts"
import * as ScriptedDriver from "../support/ScriptedDriver.ts"
import { append, Callers, idOf, stored } from "../support/ScriptedDriver.ts"

const start = Effect.gen(function* () {
  const driver = yield* ScriptedDriver.make
  const commits = yield* GroupCommit.make(driver)
  // A flush that a failing test leaves unanswered would keep the scope from closing.
  yield* Effect.addFinalizer(() => driver.release)
  return { driver, commits, callers: new Callers(commits) }
})

/** A driver that answers by itself. */
const answering = (
  appendBatch: (appends: ReadonlyArray<EncodedAppend>) => Effect.Effect<ReadonlyArray<Outcome>, BatchFailure>,
  maximumBatch = 1000
) =>
  Effect.gen(function* () {
    const batches: Array<ReadonlyArray<string>> = []
    const commits = yield* GroupCommit.make({
      name: "the answering store",
      maximumBatch,
      appendBatch: (appends) =>
        Effect.suspend(() => {
          batches.push(appends.map(idOf))
          return appendBatch(appends)
        })
    })
    return { batches, commits, callers: new Callers(commits) }
  })

const failing = (certainty: BatchFailure["certainty"]) =>
  Effect.fail<BatchFailure>({ _tag: "BatchFailure", certainty, cause: new Error(certainty) })

/** Gives the other fibers so many turns. */
const turns = (count: number) =>
  Effect.gen(function* () {
    for (let turn = 0; turn < count; turn++) yield* Effect.yieldNow
  })

const settle = turns(200)

/** Lets the scheduler take the fibers that an effect starts off the processor as often as it can. */
const hesitating = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.provideService(effect, References.MaxOpsBeforeYield, 3)

const letters = (count: number) => Array.from({ length: count }, (_, index) => `e${index}`)

describe("group commit", () => {
  it.effect("flushes a lone append at once", () =>
    Effect.gen(function* () {
      const { callers, driver } = yield* start
      callers.enqueue(append("a"))
      const flush = yield* driver.next
      assert.deepStrictEqual(flush.ids, ["a"])
      assert.deepStrictEqual(callers.tags, [])
      yield* flush.store
      yield* settle
      assert.deepStrictEqual(callers.tags, ["a Stored"])
    })
  )

  it.effect("queues what comes during a flush, and sends all of it in one batch, in order", () =>
    Effect.gen(function* () {
      const { callers, driver } = yield* start
      callers.enqueue(append("a"))
      const first = yield* driver.next
      callers.enqueue(append("b"), append("c", "x"), append("d", "x"))
      yield* settle
      yield* first.store
      const second = yield* driver.next
      assert.deepStrictEqual(second.ids, ["b", "c", "d"])
      assert.deepStrictEqual(callers.tags, ["a Stored"])
      yield* second.answer(
        Effect.succeed([
          { _tag: "Conflict", actual: 7 },
          { _tag: "Stored", firstVersion: 3 },
          { _tag: "Repeated", firstVersion: 2 }
        ])
      )
      yield* settle
      assert.deepStrictEqual(callers.told.slice(1), [
        ["b", { _tag: "Conflict", actual: 7 }],
        ["c", { _tag: "Stored", firstVersion: 3 }],
        ["d", { _tag: "Repeated", firstVersion: 2 }]
      ])
    })
  )

  it.effect("never runs two flushes at a time", () =>
    Effect.gen(function* () {
      let running = 0
      let most = 0
      const { batches, callers } = yield* answering((appends) =>
        Effect.gen(function* () {
          most = Math.max(most, ++running)
          yield* Effect.yieldNow
          running--
          return stored(appends)
        })
      )
      for (const id of letters(50)) {
        callers.enqueue(append(id))
        yield* Effect.yieldNow
      }
      yield* settle
      assert.strictEqual(most, 1)
      assert.deepStrictEqual(batches.flat(), letters(50))
    })
  )

  it.effect.prop(
    "halves a refused batch until each guilty append is alone; its mates are stored",
    [Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 39 }))).check(Schema.isMaxLength(4))],
    ([guilty]) =>
      Effect.gen(function* () {
        const isGuilty = (id: string) => guilty.some((index) => id === `e${index}`)
        const { batches, callers } = yield* answering((appends) =>
          appends.some((append) => isGuilty(idOf(append))) ? failing("refused") : Effect.succeed(stored(appends))
        )
        callers.enqueue(...letters(40).map((id) => append(id)))
        yield* settle
        assert.deepStrictEqual(
          callers.tags,
          letters(40).map((id) => `${id} ${isGuilty(id) ? "refused" : "Stored"}`)
        )
        // Two halves for each of the six levels above a guilty append.
        assert.isAtMost(batches.length, 1 + 12 * guilty.length)
      }).pipe(Effect.scoped)
  )

  for (const certainty of ["unavailable", "unknown"] as const) {
    it.effect(`tells all of a batch when it is ${certainty}, tries nothing again, and goes on`, () =>
      Effect.gen(function* () {
        let down = true
        const { batches, callers } = yield* answering((appends) =>
          down ? failing(certainty) : Effect.succeed(stored(appends))
        )
        callers.enqueue(append("a"), append("b"), append("c"))
        yield* settle
        assert.deepStrictEqual(callers.tags, [`a ${certainty}`, `b ${certainty}`, `c ${certainty}`])
        down = false
        callers.enqueue(append("d"))
        yield* settle
        assert.deepStrictEqual(batches, [["a", "b", "c"], ["d"]])
        assert.strictEqual(callers.tags.at(-1), "d Stored")
      })
    )
  }

  const silent: ReadonlyArray<readonly [string, Effect.Effect<ReadonlyArray<Outcome>, BatchFailure>]> = [
    ["dies", Effect.die(new Error("a bug of the driver"))],
    ["throws", Effect.sync(() => assert.fail("a bug of the driver"))],
    ["is interrupted", Effect.interrupt],
    ["gives no outcome", Effect.succeed([])]
  ]
  for (const [what, answer] of silent) {
    it.effect(`calls the fate of appends unknown when the driver ${what}, and goes on`, () =>
      Effect.gen(function* () {
        const { callers, driver } = yield* start
        callers.enqueue(append("a"), append("b"))
        yield* Effect.flatMap(driver.next, (flush) => flush.answer(answer))
        callers.enqueue(append("c"))
        yield* Effect.flatMap(driver.next, (flush) => flush.store)
        yield* settle
        assert.deepStrictEqual(callers.tags, ["a unknown", "b unknown", "c Stored"])
      })
    )
  }

  it.effect("calls the fate of those unknown whose outcome is missing, and only of those", () =>
    Effect.gen(function* () {
      const { callers, driver } = yield* start
      callers.enqueue(append("a"), append("b"))
      const flush = yield* driver.next
      yield* flush.answer(Effect.succeed([{ _tag: "Stored", firstVersion: 1 }]))
      yield* settle
      assert.deepStrictEqual(callers.tags, ["a Stored", "b unknown"])
    })
  )

  it.effect("sends what could not be tried first in the next batch, before what came later", () =>
    Effect.gen(function* () {
      const { callers, driver } = yield* start
      callers.enqueue(append("a"), append("b"), append("c"))
      const first = yield* driver.next
      callers.enqueue(append("d"))
      yield* first.answer(Effect.succeed([{ _tag: "Stored", firstVersion: 1 }, { _tag: "Again" }, { _tag: "Again" }]))
      const second = yield* driver.next
      assert.deepStrictEqual(second.ids, ["b", "c", "d"])
      yield* second.store
    })
  )

  it.effect("tries again what a half of a refused batch put off before the other half", () =>
    Effect.gen(function* () {
      const { callers, driver } = yield* start
      callers.enqueue(append("a", "x"), append("b", "x"), append("c", "x"), append("guilty"))
      yield* Effect.flatMap(driver.next, (flush) => flush.answer(failing("refused")))
      const half = yield* driver.next
      assert.deepStrictEqual(half.ids, ["a", "b"])
      yield* half.answer(Effect.succeed([{ _tag: "Stored", firstVersion: 1 }, { _tag: "Again" }]))
      callers.enqueue(append("d", "x"))
      yield* Effect.flatMap(driver.next, (flush) => flush.answer(failing("refused")))
      const rest = yield* driver.next
      assert.deepStrictEqual(rest.ids, ["b", "c", "d"])
      yield* rest.store
    })
  )

  it.effect("forgets an append that is withdrawn before it was sent, and tells nobody", () =>
    Effect.gen(function* () {
      const { callers, commits, driver } = yield* start
      callers.enqueue(append("a"))
      const first = yield* driver.next
      const [b] = callers.enqueue(append("b"), append("c"))
      if (b !== undefined) commits.withdraw(b)
      yield* first.store
      const second = yield* driver.next
      assert.deepStrictEqual(second.ids, ["c"])
      yield* second.store
      yield* settle
      assert.deepStrictEqual(callers.tags, ["a Stored", "c Stored"])
    })
  )

  it.effect("cannot withdraw an append that was sent", () =>
    Effect.gen(function* () {
      const { callers, commits, driver } = yield* start
      const [a] = callers.enqueue(append("a"))
      const flush = yield* driver.next
      if (a !== undefined) commits.withdraw(a)
      yield* flush.store
      yield* settle
      assert.deepStrictEqual(callers.tags, ["a Stored"])
    })
  )

  it.effect("sends no empty batch when everything was withdrawn", () =>
    Effect.gen(function* () {
      const { batches, callers, commits } = yield* answering((appends) => Effect.succeed(stored(appends)))
      for (const ticket of callers.enqueue(append("a"), append("b"))) commits.withdraw(ticket)
      yield* settle
      assert.deepStrictEqual(batches, [])
    })
  )

  it.effect("keeps a batch below four megabytes, and sends a larger append alone", () =>
    Effect.gen(function* () {
      const { callers, driver } = yield* start
      const megabytes = (count: number) => "x".repeat(count * 1024 * 1024)
      callers.enqueue(append("first"))
      const first = yield* driver.next
      const sizes = [1, 1, 1, 1, 5, 3, 2]
      callers.enqueue(...sizes.map((size, index) => append(`${index}`, "agent", megabytes(size))))
      yield* first.store
      for (const ids of [["0", "1", "2"], ["3"], ["4"], ["5"], ["6"]]) {
        const flush = yield* driver.next
        assert.deepStrictEqual(flush.ids, ids)
        yield* flush.store
      }
    })
  )

  it.effect("sends no more appends in a batch than the driver wants", () =>
    Effect.gen(function* () {
      const { batches, callers } = yield* answering((appends) => Effect.succeed(stored(appends)), 3)
      callers.enqueue(...letters(8).map((id) => append(id)))
      yield* settle
      assert.deepStrictEqual(batches, [letters(3), ["e3", "e4", "e5"], ["e6", "e7"]])
    })
  )

  const step = Schema.Struct({
    agent: Schema.Literals(["a", "b", "c"]),
    pause: Schema.Boolean,
    fate: Schema.Literals(["store", "later", "refuse", "withdraw"])
  })
  it.effect.prop(
    "applies the appends to one agent in their order and tells each caller exactly once, whatever happens to the others",
    [Arbitrary.array(Arbitrary.schema(step), { maxLength: 40 })],
    ([steps]) =>
      Effect.gen(function* () {
        const log: Array<string> = []
        const waited = new Set<string>()
        const fateOf = (append: EncodedAppend) => steps[Number(idOf(append))]?.fate
        // Puts an append off once, and with it those to the same agent behind it.
        const { callers, commits } = yield* answering((appends) => {
          if (appends.some((append) => fateOf(append) === "refuse")) return failing("refused")
          const later = new Set<string>()
          const outcomes = appends.map((append, index): Outcome => {
            const putOff = index > 0 && fateOf(append) === "later" && !waited.has(idOf(append))
            if (putOff || later.has(append.agentId)) {
              waited.add(idOf(append))
              later.add(append.agentId)
              return { _tag: "Again" }
            }
            log.push(idOf(append))
            return { _tag: "Stored", firstVersion: 1 }
          })
          return Effect.as(Effect.yieldNow, outcomes)
        }, 5)
        const withdrawn: Array<number> = []
        for (const [index, { agent, fate, pause }] of steps.entries()) {
          const [ticket] = callers.enqueue(append(`${index}`, agent))
          if (fate === "withdraw" && ticket?.state === "waiting") {
            commits.withdraw(ticket)
            withdrawn.push(index)
          }
          if (pause) yield* Effect.yieldNow
        }
        yield* Effect.forEach(["a", "b", "c"], (agent) => commits.settled(agent))
        const remaining = steps.map((_, index) => index).filter((index) => !withdrawn.includes(index))
        assert.deepStrictEqual(
          callers.told.map(([id]) => Number(id)).sort((left, right) => left - right),
          remaining
        )
        for (const agent of ["a", "b", "c"]) {
          assert.deepStrictEqual(
            log.filter((id) => steps[Number(id)]?.agent === agent).map(Number),
            remaining.filter((index) => steps[index]?.agent === agent && steps[index]?.fate !== "refuse")
          )
        }
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 600 } }
  )

  it.effect("hears an append at whatever moment it comes, even while the writer goes to sleep", () =>
    Effect.gen(function* () {
      for (let moment = 0; moment < 30; moment++) {
        const { callers } = yield* hesitating(answering((appends) => Effect.succeed(stored(appends))))
        callers.enqueue(append("a"))
        yield* turns(moment)
        callers.enqueue(append("b"))
        yield* settle
        assert.deepStrictEqual(callers.tags, ["a Stored", "b Stored"], `after ${moment} turns`)
      }
    })
  )
})

describe("waiting for the appends to an agent", () => {
  const isDone = (fiber: Fiber.Fiber<void>) => Effect.map(settle, () => fiber.pollUnsafe() !== undefined)

  it.effect("takes no time when none is under way", () =>
    Effect.gen(function* () {
      const { callers, commits, driver } = yield* start
      yield* commits.settled("x")
      callers.enqueue(append("a", "x"))
      yield* commits.settled("another")
      yield* Effect.flatMap(driver.next, (flush) => flush.store)
      yield* commits.settled("x")
    })
  )

  it.effect("ends once all that were under way when it began are told, whether stored or not", () =>
    Effect.gen(function* () {
      const { callers, commits, driver } = yield* start
      callers.enqueue(append("a", "x"))
      const first = yield* driver.next
      callers.enqueue(append("b", "x"))
      const waiting = yield* Effect.forkChild(commits.settled("x"), { startImmediately: true })
      callers.enqueue(append("c", "y"))
      yield* first.store
      assert.isFalse(yield* isDone(waiting))
      yield* Effect.flatMap(driver.next, (flush) => flush.answer(failing("unavailable")))
      assert.isTrue(yield* isDone(waiting))
    })
  )

  it.effect("goes on while an earlier append is under way, though the newest was withdrawn", () =>
    Effect.gen(function* () {
      const { callers, commits, driver } = yield* start
      callers.enqueue(append("a", "x"))
      const first = yield* driver.next
      const tickets = callers.enqueue(append("b", "x"), append("c", "x"))
      const waiting = yield* Effect.forkChild(commits.settled("x"), { startImmediately: true })
      for (const ticket of tickets) commits.withdraw(ticket)
      assert.isFalse(yield* isDone(waiting))
      const late = yield* Effect.forkChild(commits.settled("x"), { startImmediately: true })
      assert.isFalse(yield* isDone(late))
      yield* first.store
      assert.isTrue(yield* isDone(waiting))
      assert.isTrue(yield* isDone(late))
    })
  )

  it.effect("goes on while an earlier append has to be tried again, though later ones are told", () =>
    Effect.gen(function* () {
      const { callers, commits, driver } = yield* start
      callers.enqueue(append("a", "x"), append("b", "x"), append("c", "x"))
      const waiting = yield* Effect.forkChild(commits.settled("x"), { startImmediately: true })
      const first = yield* driver.next
      yield* first.answer(
        Effect.succeed([{ _tag: "Again" }, { _tag: "Conflict", actual: 1 }, { _tag: "Conflict", actual: 1 }])
      )
      const second = yield* driver.next
      assert.isFalse(yield* isDone(waiting))
      const late = yield* Effect.forkChild(commits.settled("x"), { startImmediately: true })
      assert.isFalse(yield* isDone(late))
      yield* second.store
      assert.isTrue(yield* isDone(waiting))
      assert.isTrue(yield* isDone(late))
    })
  )
})

describe("work beside the writer", () => {
  it.effect("runs while no batch is flushed when it has to be alone", () =>
    Effect.gen(function* () {
      const { callers, commits, driver } = yield* start
      callers.enqueue(append("a"))
      const first = yield* driver.next
      const log: Array<string> = []
      const alone = yield* Effect.forkChild(
        commits.exclusive(
          Effect.andThen(
            settle,
            Effect.sync(() => log.push("alone"))
          )
        ),
        { startImmediately: true }
      )
      callers.enqueue(append("b"))
      yield* settle
      assert.deepStrictEqual(log, [])
      yield* first.store
      yield* Fiber.join(alone)
      assert.deepStrictEqual(log, ["alone"])
      yield* Effect.flatMap(driver.next, (flush) => flush.store)
    })
  )

  it.effect("is told of every batch that stored something, until it listens no more", () =>
    Effect.gen(function* () {
      const { callers, commits, driver } = yield* start
      let heard = 0
      const stop = commits.onNews(() => heard++)
      callers.enqueue(append("a"), append("b"))
      yield* Effect.flatMap(driver.next, (flush) => flush.store)
      callers.enqueue(append("c"))
      yield* Effect.flatMap(driver.next, (flush) => flush.answer(Effect.succeed([{ _tag: "Conflict", actual: 0 }])))
      callers.enqueue(append("d"))
      yield* Effect.flatMap(driver.next, (flush) => flush.answer(failing("unknown")))
      yield* settle
      assert.strictEqual(heard, 1)
      stop()
      callers.enqueue(append("e"))
      yield* Effect.flatMap(driver.next, (flush) => flush.store)
      yield* settle
      assert.strictEqual(heard, 1)
    })
  )
})

describe("closing", () => {
  it.effect("writes what is queued, refuses what comes later, and leaves no fiber", () => {
    let fibers = 0
    const counting: Metric.FiberRuntimeMetricsService = {
      recordFiberStart: () => void fibers++,
      recordFiberEnd: () => void fibers--
    }
    return Effect.gen(function* () {
      const scope = yield* Scope.make()
      const driver = yield* ScriptedDriver.make
      const before = fibers
      const commits = yield* Scope.provide(GroupCommit.make(driver), scope)
      const callers = new Callers(commits)
      callers.enqueue(append("a"))
      const first = yield* driver.next
      callers.enqueue(append("b"), append("c"))
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      callers.enqueue(append("late"))
      assert.deepStrictEqual(callers.tags, ["late Closed"])
      yield* settle
      assert.isUndefined(closing.pollUnsafe())
      yield* first.store
      const second = yield* driver.next
      assert.deepStrictEqual(second.ids, ["b", "c"])
      yield* second.store
      yield* Fiber.join(closing)
      callers.enqueue(append("later"))
      yield* settle
      assert.deepStrictEqual(callers.tags, ["late Closed", "a Stored", "b Stored", "c Stored", "later Closed"])
      yield* commits.settled("agent of later")
      assert.strictEqual(fibers, before)
    }).pipe(Effect.provideService(Metric.FiberRuntimeMetrics, counting))
  })

  it.effect("ends at whatever moment it begins, even while the writer goes to sleep", () =>
    Effect.gen(function* () {
      for (let moment = 0; moment < 30; moment++) {
        const scope = yield* Scope.make()
        const opening = answering((appends) => Effect.succeed(stored(appends)))
        const { callers } = yield* hesitating(Scope.provide(opening, scope))
        callers.enqueue(append("a"))
        yield* turns(moment)
        const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
        yield* settle
        assert.isDefined(closing.pollUnsafe(), `after ${moment} turns`)
      }
    })
  )

  it.effect(
    "runs what stores several agents after what is under way to them, and lets those wait who ask for one of them",
    () =>
      Effect.gen(function* () {
        const { callers, commits, driver } = yield* start
        const told: Array<string> = []
        const tell = (what: string) => Effect.sync(() => void told.push(what))
        callers.enqueue(append("a", "x"))
        const flush = yield* driver.next
        const gate = yield* Deferred.make<void>()
        const step = Effect.andThen(tell("step begins"), Effect.andThen(Deferred.await(gate), tell("step ends")))
        yield* Effect.forkChild(commits.together(["x", "y"], step), { startImmediately: true })
        yield* Effect.forkChild(commits.together(["y", "z"], tell("next step")), { startImmediately: true })
        for (const agentId of ["x", "y", "z", "other"]) {
          yield* Effect.forkChild(Effect.andThen(commits.settled(agentId), tell(`${agentId} settled`)), {
            startImmediately: true
          })
        }
        yield* settle
        assert.deepStrictEqual(told, ["other settled"])
        yield* flush.store
        yield* settle
        assert.deepStrictEqual(told, ["other settled", "step begins"])
        yield* Deferred.succeed(gate, undefined)
        yield* settle
        assert.deepStrictEqual(told.slice(2, 3), ["step ends"])
        assert.sameMembers(told.slice(3), ["x settled", "next step", "y settled", "z settled"])
      })
  )

  it.effect("forgets what stores several agents when it is interrupted, wherever it is", () =>
    Effect.gen(function* () {
      const { callers, commits, driver } = yield* start
      for (const patience of Array.from({ length: 30 }, (_, index) => index)) {
        callers.enqueue(append(`a${patience}`, "x"))
        const flush = yield* driver.next
        const step = yield* Effect.forkChild(hesitating(commits.together(["x", "y"], Effect.yieldNow)))
        yield* turns(patience)
        if (patience % 2 === 0) yield* flush.store
        yield* Fiber.interrupt(step)
        if (patience % 2 === 1) yield* flush.store
        yield* commits.settled("x")
        yield* commits.settled("y")
      }
    })
  )
})
