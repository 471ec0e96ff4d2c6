/**
 * Notes beside the events of an agent.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { EventStore } from "../../../src/EventStore.ts"
import * as Note from "../../../src/Note.ts"
import { append, bodiesOf, freshId, type It, integers, notesOf, numbered, versionsOf } from "./support.ts"

const get = (agentId: string, ...names: ReadonlyArray<string>) =>
  EventStore.use((store) => store.getNotes(names.map((name) => ({ agentId, name }))))

export const register = (it: It): void => {
  describe("a note", () => {
    it.effect("is put with events, and read with them", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const body = { text: "a", at: new Date(5), bytes: new Uint8Array([1, 2]), big: 10n, none: null }
        const appended = yield* append(agentId, numbered(2), { notes: [Note.put("deadline", body, { due: 1000 })] })
        assert.deepInclude(appended, { firstVersion: 1, version: 2 })
        assert.deepStrictEqual(yield* get(agentId, "deadline"), [{ agentId, name: "deadline", body, due: 1000 }])
        assert.deepStrictEqual(yield* notesOf(agentId), [{ agentId, name: "deadline", body, due: 1000 }])
        assert.deepStrictEqual(yield* versionsOf(agentId), [1, 2])
      })
    )

    it.effect("is replaced by one of the same name, due time and all", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        yield* append(agentId, numbered(1), { notes: [Note.put("a", 1, { due: 1000 }), Note.put("b", 1)] })
        yield* append(agentId, numbered(1), { notes: [Note.put("a", 2), Note.put("b", 2, { due: 7 })] })
        assert.deepStrictEqual(yield* notesOf(agentId), [
          { agentId, name: "a", body: 2, due: undefined },
          { agentId, name: "b", body: 2, due: 7 }
        ])
      })
    )

    it.effect("is removed, and may be put again", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        yield* append(agentId, numbered(1), { notes: [Note.put("a", 1), Note.put("b", 1)] })
        yield* append(agentId, numbered(1), { notes: [Note.remove("a"), Note.remove("never there")] })
        assert.deepStrictEqual(yield* get(agentId, "a", "never there"), [])
        assert.deepStrictEqual(yield* bodiesOf(agentId), [["b", 1]])
        yield* append(agentId, numbered(1), { notes: [Note.put("a", 3)] })
        assert.deepStrictEqual(yield* bodiesOf(agentId), [
          ["a", 3],
          ["b", 1]
        ])
      })
    )

    it.effect("is seen by every reader as soon as it is put, and written in the order of the writers", () =>
      Effect.gen(function* () {
        const agentIds = integers(8).map(freshId)
        yield* Effect.forEach(
          agentIds,
          (agentId) =>
            Effect.gen(function* () {
              for (const round of integers(10)) {
                const events = round % 2 === 0 ? numbered(1) : []
                yield* append(agentId, events, { notes: [Note.put("round", round, { due: round })] })
                assert.deepStrictEqual(yield* get(agentId, "round"), [
                  { agentId, name: "round", body: round, due: round }
                ])
              }
            }),
          { concurrency: "unbounded" }
        )
      })
    )
  })
}
