/**
 * Windows on a stream.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { EventStore, type ReadOptions } from "../../../src/EventStore.ts"
import { append, five, freshId, head, type It, integers, invalid, numbered, numbersOf, read } from "./support.ts"

interface Window {
  readonly name: string
  readonly window: ReadOptions
  readonly expected: ReadonlyArray<number>
}

const windows: ReadonlyArray<Window> = [
  { name: "all events without bounds", window: {}, expected: [1, 2, 3, 4, 5] },
  { name: "all events from the first", window: { from: 1 }, expected: [1, 2, 3, 4, 5] },
  { name: "the events from a lower bound", window: { from: 3 }, expected: [3, 4, 5] },
  { name: "the events up to an upper bound", window: { from: 1, to: 3 }, expected: [1, 2, 3] },
  { name: "at most so many events", window: { from: 1, limit: 3 }, expected: [1, 2, 3] },
  { name: "the events between two bounds", window: { from: 2, to: 3 }, expected: [2, 3] },
  { name: "at most so many events between two bounds", window: { from: 2, to: 5, limit: 2 }, expected: [2, 3] },
  { name: "one event between equal bounds", window: { from: 2, to: 2 }, expected: [2] },
  { name: "one event with a limit of one", window: { from: 2, to: 4, limit: 1 }, expected: [2] },
  { name: "no event with a limit of zero", window: { from: 2, to: 4, limit: 0 }, expected: [] },
  { name: "no event between inverted bounds, and no error", window: { from: 3, to: 2 }, expected: [] },
  { name: "all events from version zero, which no event has", window: { from: 0 }, expected: [1, 2, 3, 4, 5] },
  { name: "no event up to version zero", window: { to: 0 }, expected: [] },
  { name: "no event from beyond the last", window: { from: 6 }, expected: [] },
  { name: "the events that there are up to far beyond the last", window: { from: 4, to: 1000 }, expected: [4, 5] },
  {
    name: "the events below the highest number there is",
    window: { to: Number.MAX_SAFE_INTEGER, limit: Number.MAX_SAFE_INTEGER },
    expected: [1, 2, 3, 4, 5]
  },
  { name: "all events backward", window: { direction: "backward" }, expected: [5, 4, 3, 2, 1] },
  { name: "the newest events backward", window: { direction: "backward", limit: 2 }, expected: [5, 4] },
  { name: "a window backward", window: { direction: "backward", from: 2, to: 4 }, expected: [4, 3, 2] },
  {
    name: "at most so many events of a window backward",
    window: { direction: "backward", from: 2, to: 4, limit: 2 },
    expected: [4, 3]
  },
  { name: "no event backward between inverted bounds", window: { direction: "backward", from: 3, to: 2 }, expected: [] }
]

export const register = (it: It): void => {
  describe("reading a stream", () => {
    for (const { expected, name, window } of windows) {
      it.effect(`gives ${name}`, () =>
        Effect.gen(function* () {
          const agentId = yield* five
          const events = yield* read(agentId, window)
          assert.deepStrictEqual(
            events.map((event) => event.version),
            expected
          )
          assert.deepStrictEqual(numbersOf(events), expected)
          // The position is that of the stream, not of the window.
          assert.deepStrictEqual(yield* head(agentId), {
            version: 5,
            firstVersion: 1,
            presence: "present",
            isComplete: true
          })
        })
      )
    }

    it.effect("gives nothing for an agent that nobody has written, and says that it is missing", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        for (const window of [{}, { from: 0 }, { from: 3, to: 9 }, { direction: "backward" }] as const) {
          assert.deepStrictEqual(yield* read(agentId, window), [])
        }
        assert.deepStrictEqual(yield* head(agentId), {
          version: 0,
          firstVersion: 0,
          presence: "missing",
          isComplete: true
        })
      })
    )

    it.effect("gives each version once and in order over many pages, in both directions and with any limit", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        yield* append(agentId, numbered(3333))
        assert.deepStrictEqual(numbersOf(yield* read(agentId)), integers(3333))
        assert.deepStrictEqual(numbersOf(yield* read(agentId, { direction: "backward" })), integers(3333).reverse())
        for (const limit of [999, 1000, 1001, 2000, 3332, 3333, 3334]) {
          const forward = yield* read(agentId, { limit })
          assert.deepStrictEqual(numbersOf(forward), integers(Math.min(limit, 3333)))
          const backward = yield* read(agentId, { limit, to: 3000, direction: "backward" })
          assert.deepStrictEqual(numbersOf(backward), integers(3000).reverse().slice(0, limit))
        }
      })
    )

    it.effect("gives the pages that a reader has not reached yet as they are when it reaches them", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        yield* append(agentId, numbered(1500))
        const seen: Array<number> = []
        yield* EventStore.use((store) =>
          Stream.runForEach(store.read(agentId), (event) => {
            seen.push(event.version)
            return event.version === 1 ? append(agentId, numbered(500, 1501)) : Effect.void
          })
        )
        // Whatever of the new events it gives, it gives no version twice and leaves none out.
        assert.deepStrictEqual(seen, integers(seen.length))
        assert.isAtLeast(seen.length, 1500)
      })
    )

    it.effect("refuses bounds that are no whole numbers from zero", () =>
      Effect.gen(function* () {
        const agentId = yield* five
        for (const bound of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
          yield* invalid(read(agentId, { from: bound }), "from")
          yield* invalid(read(agentId, { to: bound }), "to")
          yield* invalid(read(agentId, { limit: bound }), "limit")
        }
      })
    )

    it.effect("finds an event by its id, and none under an id that no event has", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = yield* five
        for (const event of yield* read(agentId)) {
          assert.deepStrictEqual(yield* Effect.flatMap(store.getEvent(event.id), Effect.fromOption), event)
        }
        assert.strictEqual((yield* store.getEvent(freshId()))._tag, "None")
      })
    )
  })
}
