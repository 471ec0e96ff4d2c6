/**
 * Listing agents.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { type AgentsOptions, EventStore } from "../../../src/EventStore.ts"
import { append, freshId, type It, integers, invalid, numbered } from "./support.ts"

const list = (options: AgentsOptions) =>
  EventStore.use((store) =>
    Effect.map(Stream.runCollect(store.agents(options)), (entries) => entries.map((entry) => entry.agentId))
  )

/** A new agent with one event for each of the ids. */
const create = (agentIds: ReadonlyArray<string>) =>
  EventStore.use((store) => store.appendAll(agentIds.map((agentId) => ({ agentId, events: numbered(1) }))))

export const register = (it: It): void => {
  describe("listing agents", () => {
    it.effect("gives each agent with its version, once", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const prefix = freshId()
        for (const count of [1, 2, 3]) yield* append(`${prefix}${count}`, numbered(count))
        yield* append(`${prefix}1`, numbered(4))
        const entries = yield* Stream.runCollect(store.agents({ prefix }))
        assert.deepStrictEqual(
          new Map(entries.map((entry) => [entry.agentId, entry.version])),
          new Map([
            [`${prefix}1`, 5],
            [`${prefix}2`, 2],
            [`${prefix}3`, 3]
          ])
        )
        assert.strictEqual(entries.length, 3)
      })
    )

    it.effect("takes a prefix as it is, also one that is a pattern elsewhere", () =>
      Effect.gen(function* () {
        const base = freshId()
        const marks = [
          "%",
          "_",
          "\\",
          "*",
          "?",
          "[a]",
          ".",
          "^",
          "x",
          "X",
          "é",
          "e\u0301",
          "\uffff",
          "\u{10ffff}",
          "👍"
        ]
        const agentIds = marks.flatMap((mark) => [`${base}${mark}`, `${base}${mark}1`, `${base}${mark}${mark}`])
        yield* create(agentIds)
        for (const mark of marks) {
          const prefix = `${base}${mark}`
          const expected = agentIds.filter((agentId) => agentId.startsWith(prefix))
          assert.deepStrictEqual((yield* list({ prefix })).sort(), expected.sort())
        }
        assert.deepStrictEqual((yield* list({ prefix: base })).sort(), agentIds.sort())
        assert.deepStrictEqual(yield* list({ prefix: `${base}0` }), [])
      })
    )

    it.effect("goes on after any agent, present or not, with any prefix, in one order", () =>
      Effect.gen(function* () {
        const base = freshId()
        const marks = ["-", "0", "a", "aa", "ab", "b", "z", "é", "\ufffd", "\u{1f44d}", "\u{10ffff}"]
        yield* create(marks.flatMap((mark) => [`${base}${mark}`, `${base}${mark}/1`]))
        const order = yield* list({ prefix: base })
        assert.strictEqual(order.length, 22)
        for (const [place, after] of order.entries()) {
          for (const mark of ["", ...marks]) {
            const prefix = `${base}${mark}`
            const expected = order.slice(place + 1).filter((agentId) => agentId.startsWith(prefix))
            assert.deepStrictEqual(yield* list({ prefix, after }), expected, `${prefix} after ${after}`)
            assert.deepStrictEqual(yield* list({ prefix, after, limit: 2 }), expected.slice(0, 2))
          }
        }
        // An agent that was purged still has its place in the order.
        const middle = order[10] ?? ""
        yield* EventStore.use((store) => store.purge(middle))
        assert.deepStrictEqual(yield* list({ prefix: base, after: middle }), order.slice(11))
        assert.deepStrictEqual(yield* list({ prefix: base }), order.toSpliced(10, 1))
      })
    )

    it.effect("gives pages that together are the whole", () =>
      Effect.gen(function* () {
        const prefix = freshId()
        const agentIds = integers(30).map((number) => `${prefix}${number}`)
        yield* create(agentIds)
        const order = yield* list({ prefix })
        assert.deepStrictEqual([...order].sort(), [...agentIds].sort())
        for (const limit of [1, 7, 29, 30, 31]) {
          const paged: Array<string> = []
          for (let pages = 0; pages <= 30; pages++) {
            const page = yield* list({ prefix, after: paged.at(-1), limit })
            assert.isAtMost(page.length, limit)
            paged.push(...page)
            if (page.length < limit) break
          }
          assert.deepStrictEqual(paged, order)
        }
        assert.deepStrictEqual(yield* list({ prefix, limit: 0 }), [])
      })
    )

    it.effect("misses none that was there throughout and gives none twice, while others write", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const prefix = freshId()
        const stable = integers(60).map((number) => `${prefix}${number}a`)
        yield* create(stable)
        let number = 0
        const write = Effect.suspend((): Effect.Effect<unknown, unknown, EventStore> => {
          number++
          const agentId = `${prefix}${number % 61}${number % 2 === 0 ? "" : "b"}`
          const write = append(agentId, numbered(1))
          return number % 3 === 0 ? Effect.andThen(write, store.purge(agentId)) : write
        })
        const writer = yield* Effect.forkChild(Effect.forever(write))
        for (const limit of [2, 5, 13]) {
          const paged: Array<string> = []
          while (true) {
            const page = yield* list({ prefix, after: paged.at(-1), limit })
            paged.push(...page)
            if (page.length < limit) break
            yield* write
          }
          assert.strictEqual(new Set(paged).size, paged.length)
          assert.deepStrictEqual(
            stable.filter((agentId) => !paged.includes(agentId)),
            []
          )
        }
        yield* Fiber.interrupt(writer)
      })
    )

    it.effect("leaves out purged agents, and gives those whose events were deleted", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const prefix = freshId()
        const agentIds = integers(6).map((number) => `${prefix}${number}`)
        yield* create(agentIds)
        yield* store.purge(`${prefix}2`)
        yield* store.purge(`${prefix}3`)
        yield* store.deleteEvents(`${prefix}4`, 1)
        yield* append(`${prefix}3`, numbered(1))
        const entries = yield* Stream.runCollect(store.agents({ prefix }))
        const expected = [1, 3, 4, 5, 6].map((number) => ({
          agentId: `${prefix}${number}`,
          version: number === 3 ? 3 : 1
        }))
        assert.deepStrictEqual(
          [...entries].sort((left, right) => left.agentId.localeCompare(right.agentId)),
          expected
        )
        // A page is as long as the limit allows though some of its agents are gone.
        assert.strictEqual((yield* list({ prefix, limit: 3 })).length, 3)
      })
    )

    it.effect("refuses a limit that is no whole number from zero", () =>
      Effect.gen(function* () {
        for (const limit of [-1, 0.5, Number.NaN]) yield* invalid(list({ limit }), "limit")
      })
    )
  })
}
