/**
 * Finding the notes that are due.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { type DueOptions, EventStore } from "../../../src/EventStore.ts"
import * as Note from "../../../src/Note.ts"
import { latestDue } from "../../../src/store/NoteInput.ts"
import { annotate, append, byUnits, freshId, type It, integers, numbered } from "./support.ts"

const due = (options: DueOptions) => EventStore.use((store) => Stream.runCollect(store.due(options)))

const placeOf = ({ agentId, due, name }: Note.Due): string => `${due} ${agentId} ${name}`

export const register = (it: It): void => {
  describe("what is due", () => {
    it.effect("comes in the order of its time, the bound included", () =>
      Effect.gen(function* () {
        const agentPrefix = freshId()
        const times = [0, 1, 9, 10, 11, 99, 100, 255, 256, 1e12, 1e12 + 1, latestDue]
        const shuffled = [7, 2, 11, 0, 9, 4, 1, 10, 3, 8, 6, 5]
        for (const place of shuffled) {
          yield* annotate(`${agentPrefix}${place % 3}`, [Note.put(`at ${place}`, place, { due: times[place] })])
        }
        for (const [place, until] of times.entries()) {
          const found = yield* due({ until, agentPrefix })
          assert.deepStrictEqual(
            found,
            integers(place + 1, 0).map((place) => ({
              agentId: `${agentPrefix}${place % 3}`,
              name: `at ${place}`,
              body: place,
              due: times[place] ?? 0
            }))
          )
        }
      })
    )

    it.effect("is what stands: not what was replaced, removed, or never had a time", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const names = ["moved", "removed", "timeless", "new"]
        yield* append(agentId, numbered(1), { notes: names.slice(0, 3).map((name) => Note.put(name, 1, { due: 10 })) })
        yield* annotate(agentId, [
          Note.put("moved", 2, { due: 20 }),
          Note.remove("removed"),
          Note.put("timeless", 2),
          Note.put("new", 2, { due: 15 })
        ])
        assert.deepStrictEqual(yield* due({ until: 14, agentPrefix: agentId }), [])
        assert.deepStrictEqual((yield* due({ until: 30, agentPrefix: agentId })).map(placeOf), [
          `15 ${agentId} new`,
          `20 ${agentId} moved`
        ])
        yield* annotate(agentId, [Note.put("moved", 3, { due: 5 })])
        assert.deepStrictEqual(yield* due({ until: 14, agentPrefix: agentId }), [
          { agentId, name: "moved", body: 3, due: 5 }
        ])
      })
    )

    it.effect("comes in pages that together are the whole, also of thousands at one time", () =>
      Effect.gen(function* () {
        const agentPrefix = freshId()
        const names = integers(800).map((number) => `n${number}`)
        for (const agent of integers(3)) {
          yield* annotate(
            `${agentPrefix}${agent}`,
            names.map((name, index) => Note.put(name, index, { due: index < 700 ? 50 : index }))
          )
        }
        const found = yield* due({ until: 1000, agentPrefix })
        assert.lengthOf(found, 2400)
        assert.strictEqual(new Set(found.map(placeOf)).size, 2400)
        const times = found.map((note) => note.due)
        assert.deepStrictEqual(
          times,
          [...times].sort((left, right) => left - right)
        )
        assert.deepStrictEqual(yield* due({ until: 1000, agentPrefix }), found)
        for (const limit of [0, 1, 999, 1000, 1001, 2399, 3000]) {
          assert.deepStrictEqual(yield* due({ until: 1000, agentPrefix, limit }), found.slice(0, limit))
        }
      })
    )

    it.effect("is found by the beginning of the agent's id as it is, also one that is a pattern elsewhere", () =>
      Effect.gen(function* () {
        const base = freshId()
        const marks = ["%", "_", "\\", "*", "[a]", ".", "x", "X", "é", "e\u0301", "\uffff", "\u{10ffff}", "👍"]
        const agentIds = marks.flatMap((mark) => [`${base}${mark}`, `${base}${mark}1`, `${base}${mark}${mark}`])
        for (const agentId of agentIds) yield* annotate(agentId, [Note.put("%", 1, { due: 1 })])
        for (const mark of marks) {
          const agentPrefix = `${base}${mark}`
          const found = (yield* due({ until: 1, agentPrefix })).map((note) => note.agentId)
          const expected = agentIds.filter((agentId) => agentId.startsWith(agentPrefix))
          assert.deepStrictEqual(found.sort(byUnits), expected.sort(byUnits))
        }
        assert.lengthOf(yield* due({ until: 1, agentPrefix: base }), agentIds.length)
        assert.deepStrictEqual(yield* due({ until: 1, agentPrefix: `${base}0` }), [])
      })
    )

    it.effect("misses none that stands throughout and gives none twice, while others write", () =>
      Effect.gen(function* () {
        const agentPrefix = freshId()
        const stable = integers(1500).map((number) => Note.put(`stable ${number}`, 1, { due: number % 7 }))
        yield* annotate(`${agentPrefix}stable`, stable)
        let round = 0
        const write = Effect.suspend(() => {
          const number = ++round
          const note =
            number % 3 === 0 ? Note.remove(`${number % 5}`) : Note.put(`${number % 5}`, 1, { due: number % 7 })
          return annotate(`${agentPrefix}${number % 4}`, [note])
        })
        const writer = yield* Effect.forkChild(Effect.forever(write))
        for (const _ of integers(3)) {
          const found = (yield* due({ until: 10, agentPrefix })).filter(({ agentId }) => agentId.endsWith("stable"))
          assert.strictEqual(new Set(found.map(({ name }) => name)).size, found.length)
          assert.lengthOf(found, 1500)
        }
        yield* Fiber.interrupt(writer)
      })
    )
  })
}
