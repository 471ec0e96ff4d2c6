import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import type { BatchFailure, EncodedAppend, Outcome } from "../../src/EventStoreDriver.ts"
import { CommitQueue } from "../../src/store/CommitQueue.ts"
import * as GroupCommit from "../../src/store/GroupCommit.ts"
import * as ScriptedDriver from "../support/ScriptedDriver.ts"
import { append, Callers, idOf, stored } from "../support/ScriptedDriver.ts"

const start = Effect.gen(function* () {
  const driver = yield* ScriptedDriver.make
  const commits = yield* GroupCommit.make({ ...driver, concurrentBatches: 2 })
  yield* Effect.addFinalizer(() => driver.release)
  return { driver, commits, callers: new Callers(commits) }
})

const settle = Effect.gen(function* () {
  for (let turn = 0; turn < 200; turn++) yield* Effect.yieldNow
})

const ids = (from: number, count: number) => Array.from({ length: count }, (_, index) => `e${from + index}`)
const appends = (from: number, count: number) => ids(from, count).map((id) => append(id))

/** A driver that answers by itself, and the flushes that run at the moment. */
const answering = (
  answer: (appends: ReadonlyArray<EncodedAppend>) => Effect.Effect<ReadonlyArray<Outcome>, BatchFailure>
) =>
  Effect.gen(function* () {
    const running = new Set<ReadonlyArray<EncodedAppend>>()
    let most = 0
    const commits = yield* GroupCommit.make({
      name: "the answering store",
      maximumBatch: 1000,
      concurrentBatches: 2,
      appendBatch: (appends) =>
        Effect.suspend(() => {
          for (const other of running) {
            const shared = other.filter(({ agentId }) => appends.some((append) => append.agentId === agentId))
            assert.deepStrictEqual(shared, [], "two flushes share no agent")
          }
          running.add(appends)
          most = Math.max(most, running.size)
          return Effect.ensuring(
            answer(appends),
            Effect.sync(() => running.delete(appends))
          )
        })
    })
    return { commits, callers: new Callers(commits), running, most: () => most }
  })

/** Takes some turns that differ from batch to batch. */
const slowly = (appends: ReadonlyArray<EncodedAppend>) =>
  Effect.gen(function* () {
    const turns = (appends.length * 7 + Number(idOf(appends[0] ?? append("e0")).slice(1))) % 11
    for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow
    return stored(appends)
  })

describe("two flushes at a time", () => {
  it.effect("are not begun for less than sixty-four appends, which wait for the flush to end", () =>
    Effect.gen(function* () {
      const { callers, driver } = yield* start
      callers.enqueue(append("first"))
      const first = yield* driver.next
      callers.enqueue(...appends(0, 63))
      const next = yield* Effect.forkChild(driver.next, { startImmediately: true })
      yield* settle
      assert.isUndefined(next.pollUnsafe())
      yield* first.store
      const flush = yield* Fiber.join(next)
      assert.deepStrictEqual(flush.ids, ids(0, 63))
      yield* flush.store
    })
  )

  it.effect("are begun for fewer when the driver says that this pays", () =>
    Effect.gen(function* () {
      const driver = yield* ScriptedDriver.make
      const commits = yield* GroupCommit.make({ ...driver, concurrentBatches: 2, concurrentFrom: 3 })
      yield* Effect.addFinalizer(() => driver.release)
      const callers = new Callers(commits)
      callers.enqueue(append("first"), ...appends(0, 6))
      const first = yield* driver.next
      // Half of all seven.
      assert.deepStrictEqual(first.ids, ["first", ...ids(0, 3)])
      const second = yield* driver.next
      assert.deepStrictEqual(second.ids, ids(3, 3))
      callers.enqueue(...appends(6, 2))
      yield* second.store
      const next = yield* Effect.forkChild(driver.next, { startImmediately: true })
      yield* settle
      assert.isUndefined(next.pollUnsafe())
      callers.enqueue(...appends(8, 1))
      assert.deepStrictEqual((yield* Fiber.join(next)).ids, ids(6, 3))
    })
  )

  it.effect("go on beside each other, and each tells its own callers", () =>
    Effect.gen(function* () {
      const { callers, driver } = yield* start
      callers.enqueue(append("first"))
      const first = yield* driver.next
      callers.enqueue(...appends(0, 64))
      const second = yield* driver.next
      assert.deepStrictEqual(second.ids, ids(0, 64))
      yield* second.store
      yield* settle
      assert.deepStrictEqual(
        callers.tags,
        ids(0, 64).map((id) => `${id} Stored`)
      )
      yield* first.store
      yield* settle
      assert.strictEqual(callers.tags.at(-1), "first Stored")
    })
  )

  it.effect("divide many appends between them", () =>
    Effect.gen(function* () {
      const { callers, driver } = yield* start
      callers.enqueue(append("first"))
      const first = yield* driver.next
      callers.enqueue(...appends(0, 64))
      const second = yield* driver.next
      callers.enqueue(...appends(64, 236))
      yield* first.store
      const third = yield* driver.next
      // Half of the 236 that wait and the 64 that are under way.
      assert.deepStrictEqual(third.ids, ids(64, 150))
      yield* second.store
      const fourth = yield* driver.next
      assert.deepStrictEqual(fourth.ids, ids(214, 86))
      yield* third.store
      yield* fourth.store
    })
  )

  it.effect("never hold appends to the same agent: those wait until the flush has ended", () =>
    Effect.gen(function* () {
      const { callers, driver } = yield* start
      callers.enqueue(append("first", "x"))
      const first = yield* driver.next
      callers.enqueue(append("later", "x"), ...appends(0, 63))
      const second = yield* driver.next
      assert.deepStrictEqual(second.ids, ids(0, 63))
      yield* second.store
      yield* settle
      assert.isFalse(callers.tags.includes("later Stored"))
      yield* first.store
      const third = yield* driver.next
      assert.deepStrictEqual(third.ids, ["later"])
      yield* third.store
    })
  )

  it.effect("are not begun while everything that waits is for the agents of the one under way", () =>
    Effect.gen(function* () {
      const { callers, driver } = yield* start
      callers.enqueue(append("first", "x"))
      const first = yield* driver.next
      callers.enqueue(...ids(0, 100).map((id) => append(id, "x")))
      const next = yield* Effect.forkChild(driver.next, { startImmediately: true })
      yield* settle
      assert.isUndefined(next.pollUnsafe())
      yield* first.store
      const second = yield* Fiber.join(next)
      assert.deepStrictEqual(second.ids, ids(0, 100))
      yield* second.store
    })
  )

  it("are not thought of again, once all that waits was found to be for busy agents, until a flush has ended", () => {
    const queue = new CommitQueue({ maximumBatch: 1000, concurrentBatches: 2 })
    const add = (id: string, agentId: string, place: number) =>
      queue.add({
        append: append(id, agentId),
        bytes: 1,
        settle: () => {},
        watchers: [],
        previous: undefined,
        state: "waiting",
        place
      })
    add("first", "x", 0)
    const first = queue.take()
    for (const [index, id] of ids(0, 100).entries()) add(id, "x", index + 1)
    assert.isTrue(queue.isReady)
    const nothing = queue.take()
    assert.deepStrictEqual(nothing, [])
    queue.release(nothing)
    assert.isFalse(queue.isReady)
    add("another", "y", 101)
    assert.isFalse(queue.isReady)
    queue.release(first)
    assert.isTrue(queue.isReady)
    assert.strictEqual(queue.take().length, 101)
  })

  it.effect("are both over when work begins that has to be alone, however much comes meanwhile", () =>
    Effect.gen(function* () {
      const { callers, commits, most, running } = yield* answering(slowly)
      let next = 0
      // Everybody who is told comes again at once, so there is always something to flush.
      const again = () => {
        const id = next++
        if (id < 20_000) commits.enqueue(append(`e${id}`), again)
      }
      for (let caller = 0; caller < 200; caller++) again()
      for (let round = 0; round < 20; round++) {
        yield* Effect.yieldNow
        const before = next
        yield* commits.exclusive(
          Effect.gen(function* () {
            assert.strictEqual(running.size, 0)
            yield* settle
            assert.strictEqual(running.size, 0)
          })
        )
        assert.isBelow(next - before, 2000, "it did not have to wait for a pause")
      }
      yield* Effect.forEach(ids(0, 20_000), (id) => commits.settled(`agent of ${id}`), { discard: true })
      assert.strictEqual(most(), 2)
      assert.deepStrictEqual(callers.tags, [])
    })
  )

  it.effect("write what is queued when the scope closes, and end", () =>
    Effect.gen(function* () {
      for (const count of [1, 63, 64, 65, 128, 129, 500]) {
        const scope = yield* Scope.make()
        const { callers } = yield* Scope.provide(answering(slowly), scope)
        callers.enqueue(append("e0"), ...appends(1, count))
        const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
        callers.enqueue(append("late"))
        yield* Fiber.join(closing)
        assert.sameMembers([...callers.tags], ["late Closed", ...ids(0, count + 1).map((id) => `${id} Stored`)])
      }
    })
  )

  it.effect("wait for work that is alone when the scope closes, then write what is queued, and end", () =>
    Effect.gen(function* () {
      for (const count of [0, 1, 64, 200]) {
        const scope = yield* Scope.make()
        const { callers, commits } = yield* Scope.provide(answering(slowly), scope)
        const alone = yield* Effect.forkChild(commits.exclusive(settle), { startImmediately: true })
        callers.enqueue(...appends(0, count))
        const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
        assert.deepStrictEqual(callers.tags, [])
        yield* Fiber.join(closing)
        yield* Fiber.join(alone)
        assert.sameMembers(
          [...callers.tags],
          ids(0, count).map((id) => `${id} Stored`)
        )
      }
    })
  )

  it.effect("go on when work that wanted to be alone is given up, before it began or while it ran", () =>
    Effect.gen(function* () {
      const { callers, commits, driver } = yield* start
      callers.enqueue(append("first"))
      const first = yield* driver.next
      const waiting = yield* Effect.forkChild(commits.exclusive(Effect.void), { startImmediately: true })
      callers.enqueue(append("second"))
      yield* Fiber.interrupt(waiting)
      yield* first.store
      const second = yield* driver.next
      yield* second.store
      yield* settle
      const running = yield* Effect.forkChild(commits.exclusive(Effect.never), { startImmediately: true })
      callers.enqueue(append("third"))
      yield* settle
      yield* Fiber.interrupt(running)
      const third = yield* driver.next
      assert.deepStrictEqual(third.ids, ["third"])
      yield* third.store
    })
  )

  const step = Schema.Struct({
    agent: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 150 })),
    pause: Schema.Boolean,
    fate: Schema.Literals(["store", "store", "store", "later", "refuse"])
  })
  it.effect.prop(
    "apply the appends to one agent in their order and tell each caller exactly once",
    [Arbitrary.array(Arbitrary.schema(step), { minLength: 100, maxLength: 500 })],
    ([steps]) =>
      Effect.gen(function* () {
        const log: Array<number> = []
        const putOff = new Set<string>()
        const stepOf = (append: EncodedAppend) => steps[Number(idOf(append).slice(1))]
        const { callers, commits } = yield* answering((appends) =>
          Effect.gen(function* () {
            yield* slowly(appends)
            if (appends.some((append) => stepOf(append)?.fate === "refuse")) {
              return yield* Effect.fail<BatchFailure>({ _tag: "BatchFailure", certainty: "refused", cause: undefined })
            }
            const waiting = new Set<string>()
            return appends.map((append, index): Outcome => {
              const isLater = index > 0 && stepOf(append)?.fate === "later" && !putOff.has(idOf(append))
              if (isLater || waiting.has(append.agentId)) {
                putOff.add(idOf(append))
                waiting.add(append.agentId)
                return { _tag: "Again" }
              }
              log.push(Number(idOf(append).slice(1)))
              return { _tag: "Stored", firstVersion: 1 }
            })
          })
        )
        for (const [index, { agent, pause }] of steps.entries()) {
          callers.enqueue(append(`e${index}`, `agent ${agent}`))
          if (pause) yield* Effect.yieldNow
        }
        for (let agent = 0; agent <= 150; agent++) yield* commits.settled(`agent ${agent}`)
        assert.sameMembers(
          callers.told.map(([id]) => id),
          ids(0, steps.length)
        )
        for (let agent = 0; agent <= 150; agent++) {
          const own = steps.flatMap((step, index) => (step.agent === agent && step.fate !== "refuse" ? [index] : []))
          assert.deepStrictEqual(
            log.filter((index) => steps[index]?.agent === agent),
            own
          )
        }
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 60 } }
  )
})
