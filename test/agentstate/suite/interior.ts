import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { AgentInterior } from "../../../src/agent/AgentInterior.ts"
import type { Write } from "../../../src/agent/AgentWriter.ts"
import { AgentError, EventStore, Note } from "../../../src/index.ts"
import { agents as Agents, eventsOf, fails, freshId, type It, integers, managed } from "./support.ts"

const { EventStore: Store } = EventStore

/** Writes an event as a service beside the manager does. */
const write = (
  agentId: string,
  notes: ReadonlyArray<Note.Change>,
  more: Partial<Write<AgentError.AgentMissing>> = {}
) =>
  AgentInterior.use(({ writer }) =>
    writer.write(
      {
        agentId,
        events: [{ type: "context.noted" }],
        notes,
        admit: () => Result.succeed(true),
        rename: (path) => path,
        ...more
      },
      writer.contextOf
    )
  )

const notesOf = (agentId: string) =>
  Store.use((store) =>
    Effect.map(Stream.runCollect(store.notes(agentId)), (notes) => notes.map(({ body, name }) => [name, body]))
  )

export const register = (it: It): void => {
  describe("a service beside the manager", () => {
    it.effect("writes notes together with its events, which take a version and change no state", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const agents = yield* Agents
        yield* agents.setState(agentId, { a: 1 })
        const context = yield* write(agentId, [Note.put("one", 1), Note.put("two", 2)])
        assert.deepInclude<object>(context, { version: 2, state: { a: 1 } })
        assert.deepStrictEqual(yield* agents.getContext(agentId), context)
        assert.sameDeepMembers(yield* notesOf(agentId), [
          ["one", 1],
          ["two", 2]
        ])
        yield* write(agentId, [Note.remove("one"), Note.put("two", "new")])
        assert.deepStrictEqual(yield* notesOf(agentId), [["two", "new"]])
        // The manager goes on from there.
        assert.strictEqual((yield* agents.updateContext(agentId, { state: { b: 2 } })).version, 4)
      }).pipe(managed)
    )

    it.effect("writes in order: of several changes of one note in one append, the last stands", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const agents = yield* Agents
        const versions = yield* Effect.forEach(
          integers(50),
          (count) =>
            Effect.map(
              Effect.andThen(
                agents.updateContext(agentId, { state: { count } }),
                write(agentId, [Note.put("n", count)])
              ),
              ({ version }) => ({ version, count })
            ),
          { concurrency: "unbounded" }
        )
        const last = versions.reduce((one, other) => (one.version > other.version ? one : other))
        assert.deepStrictEqual(yield* notesOf(agentId), [["n", last.count]])
        assert.strictEqual((yield* eventsOf(agentId)).length, 100)
      }).pipe(managed)
    )

    it.effect("leaves no note when it is not admitted, and those of nobody else", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const refusal = new AgentError.AgentMissing({ agentId })
        const refused = write(agentId, [Note.put("refused", 1)], { admit: () => Result.fail(refusal) })
        const [, error] = yield* Effect.all([write(agentId, [Note.put("kept", 1)]), Effect.flip(refused)], {
          concurrency: "unbounded"
        })
        assert.strictEqual(error, refusal)
        assert.deepStrictEqual(yield* notesOf(agentId), [["kept", 1]])
      }).pipe(managed)
    )

    it.effect(
      "writes its notes once more when another writer was faster, after a look at the agent as it is then",
      () =>
        Effect.gen(function* () {
          const agentId = freshId()
          yield* write(agentId, [Note.put("n", 1)])
          yield* Store.use((store) =>
            store.append({ agentId, events: [{ type: "by.another" }], notes: [Note.put("n", 2)] })
          )
          const seen: Array<number> = []
          yield* write(agentId, [Note.put("n", 3)], {
            admit: ({ version }) => {
              seen.push(version)
              return Result.succeed(true)
            }
          })
          assert.deepStrictEqual(seen, [1, 2])
          assert.deepStrictEqual(yield* notesOf(agentId), [["n", 3]])
        }).pipe(managed)
    )

    it.effect("finds a note that the shares are over beside the tombstone of an agent", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const agents = yield* Agents
        yield* agents.setState(agentId, {})
        yield* agents.archive(agentId)
        assert.isEmpty(yield* notesOf(agentId))
        yield* agents.deleteContext(agentId)
        assert.deepStrictEqual(yield* notesOf(agentId), [["share-end", null]])
      }).pipe(managed)
    )

    it.effect("is told of a note that breaks a rule, and nothing is stored", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        yield* fails(write(agentId, [Note.put("", 1)]), "InvalidInput", { path: "note/name" })
        assert.isEmpty(yield* eventsOf(agentId))
      }).pipe(managed)
    )
  })
}
