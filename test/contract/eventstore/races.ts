/**
 * What happens when several do something to one agent at the same time.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import { EventStore } from "../../../src/EventStore.ts"
import {
  append,
  assertTag,
  freshId,
  head,
  type It,
  integers,
  numbered,
  numbersOf,
  read,
  versionsOf
} from "./support.ts"

/** Many writers expect the same; gives the one that won, after a look at what the others were told. */
const race = (agentId: string, writers: number, expected: number | "none", actual: number) =>
  Effect.gen(function* () {
    const results = yield* Effect.forEach(
      integers(writers),
      (writer) => Effect.result(append(agentId, numbered(1, writer), { expected })),
      { concurrency: "unbounded" }
    )
    const winners = integers(writers).filter((writer) => results[writer - 1]?._tag === "Success")
    assert.strictEqual(winners.length, 1)
    for (const result of results) {
      if (Result.isSuccess(result)) {
        assert.strictEqual(result.success.version, actual)
        continue
      }
      assertTag(result.failure, "Conflict")
      assert.deepInclude(result.failure, { expected, actual })
    }
    return winners[0] ?? 0
  })

export const register = (it: It): void => {
  describe("racing", () => {
    it.effect("lets exactly one of many writers win a version, in each of twenty rounds", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const winners: Array<number> = []
        for (const round of integers(20)) winners.push(yield* race(agentId, 8, round - 1, round))
        assert.deepStrictEqual(numbersOf(yield* read(agentId)), winners)
      })
    )

    it.effect("lets exactly one of many writers begin an agent, in each of twenty rounds", () =>
      Effect.gen(function* () {
        for (const _ of integers(20)) {
          const agentId = freshId()
          const winner = yield* race(agentId, 8, "none", 1)
          assert.deepStrictEqual(numbersOf(yield* read(agentId)), [winner])
        }
      })
    )

    it.effect("lets exactly one of many writers begin a purged agent anew, in each of twenty rounds", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        for (const round of integers(20)) {
          const version = 2 * round - 1
          const winner = yield* race(agentId, 4, "none", version)
          assert.deepStrictEqual(numbersOf(yield* read(agentId)), [winner])
          assert.strictEqual(yield* store.purge(agentId), 1)
        }
      })
    )

    it.effect("stores every append of writers that expect nothing, each once, under versions without a hole", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const answers = yield* Effect.forEach(integers(100), (number) => append(agentId, numbered(2, number)), {
          concurrency: "unbounded"
        })
        const firsts = answers.map(({ firstVersion }) => firstVersion).sort((left, right) => left - right)
        assert.deepStrictEqual(
          firsts,
          integers(100).map((place) => 2 * place - 1)
        )
        const numbers = numbersOf(yield* read(agentId))
        for (const [index, { firstVersion }] of answers.entries()) {
          assert.deepStrictEqual(numbers.slice(firstVersion - 1, firstVersion + 1), [index + 1, index + 2])
        }
      })
    )

    it.effect("makes every kind of reader of an agent wait for the append that is under way", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        for (const round of integers(20)) {
          const version = 3 * round
          const command = { id: freshId(), reply: round }
          const writer = yield* Effect.forkChild(append(agentId, numbered(3), { commands: [command] }), {
            startImmediately: true
          })
          const [seen, events, newest, reply] = yield* Effect.all(
            [
              head(agentId),
              versionsOf(agentId, { from: version - 2 }),
              versionsOf(agentId, { direction: "backward", limit: 1 }),
              store.reply(agentId, command.id)
            ],
            { concurrency: "unbounded" }
          )
          assert.strictEqual(seen.version, version)
          assert.deepStrictEqual(events, [version - 2, version - 1, version])
          assert.deepStrictEqual(newest, [version])
          assert.deepInclude(reply, { _tag: "Some", value: round })
          assert.strictEqual((yield* Fiber.join(writer)).version, version)
        }
      })
    )

    it.effect("keeps versions without a hole and counts exactly while a beginning is deleted under the writers", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        const writing = yield* Effect.forkChild(
          Effect.forEach(
            integers(4),
            (writer) => Effect.forEach(integers(25), (number) => append(agentId, numbered(1, 100 * writer + number))),
            { concurrency: "unbounded" }
          )
        )
        let deleted = 0
        while ((yield* head(agentId)).version < 100) {
          const { version } = yield* head(agentId)
          deleted += yield* store.deleteEvents(agentId, version)
          deleted += yield* store.deleteEvents(agentId, version + 1)
        }
        const answers = (yield* Fiber.join(writing)).flat()
        deleted += yield* store.deleteEvents(agentId, 10)
        const versions = answers.map(({ version }) => version).sort((left, right) => left - right)
        assert.deepStrictEqual(versions, integers(100))
        const left = yield* versionsOf(agentId)
        assert.deepStrictEqual(left, integers(100 - deleted, deleted + 1))
        assert.deepStrictEqual(yield* head(agentId), {
          version: 100,
          firstVersion: left[0] ?? 0,
          presence: "present",
          isComplete: false
        })
      })
    )

    it.effect("gives no version twice while the agent is purged under the writers", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        yield* append(agentId, numbered(1))
        const writing = yield* Effect.forkChild(
          Effect.forEach(
            integers(4),
            () =>
              Effect.forEach(integers(20), () =>
                Effect.gen(function* () {
                  const { version } = yield* head(agentId)
                  const expected = Result.isSuccess(
                    yield* Effect.result(append(agentId, numbered(1), { expected: version }))
                  )
                  const appended = yield* append(agentId, numbered(1))
                  return expected ? [version + 1, appended.version] : [appended.version]
                })
              ),
            { concurrency: "unbounded" }
          )
        )
        let purges = 0
        let purged = 0
        while (writing.pollUnsafe() === undefined) {
          const count = yield* store.purge(agentId)
          purges += count > 0 ? 1 : 0
          purged += count
          yield* Effect.yieldNow
        }
        const versions = [1, ...(yield* Fiber.join(writing)).flat(2)]
        assert.strictEqual(new Set(versions).size, versions.length)
        const { version } = yield* head(agentId)
        assert.strictEqual(version, versions.length + purges)
        assert.strictEqual((yield* read(agentId)).length, versions.length - purged)
        assert.isAbove(purges, 0)
      })
    )
  })
}
