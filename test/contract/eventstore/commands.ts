/**
 * Commands whose replies are recorded with the events that answer them.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { EventStore } from "../../../src/EventStore.ts"
import { append, conflict, five, freshId, head, type It, integers, numbered, rejected, versionsOf } from "./support.ts"

export const register = (it: It): void => {
  describe("recording a command", () => {
    it.effect("keeps the reply for whoever asks", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        const reply = { balance: 10n, at: new Date(0), nested: [null, -0, "\0"] }
        const command = { id: freshId(), reply }
        const appended = yield* append(agentId, numbered(1), { commands: [command] })
        assert.deepInclude(appended, { outcome: "stored", reply: Option.none() })
        assert.deepStrictEqual(yield* store.reply(agentId, command.id), Option.some(reply))
        assert.deepStrictEqual(yield* store.reply(agentId, freshId()), Option.none())
        assert.deepStrictEqual(yield* store.reply(freshId(), command.id), Option.none())
      })
    )

    it.effect("answers a repeated command with the first reply and stores nothing, whatever came with it", () =>
      Effect.gen(function* () {
        const agentId = yield* five
        const id = freshId()
        yield* append(agentId, numbered(2), { commands: [{ id, reply: "first" }] })
        yield* append(agentId, numbered(1))
        for (const expected of ["any", "none", 5, 1] as const) {
          const again = yield* append(agentId, numbered(3), { expected, commands: [{ id, reply: "second" }] })
          assert.deepInclude(again, { outcome: "repeated", firstVersion: 6, version: 7, events: [], eventIds: [] })
          assert.deepStrictEqual(again.reply, Option.some("first"))
        }
        assert.strictEqual((yield* head(agentId)).version, 8)
      })
    )

    it.effect("keeps the commands of two agents apart", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const [left, right] = [freshId(), freshId()]
        const id = freshId()
        yield* append(left, numbered(1), { commands: [{ id, reply: "left" }] })
        const other = yield* append(right, numbered(1), { commands: [{ id, reply: "right" }] })
        assert.strictEqual(other.outcome, "stored")
        assert.deepStrictEqual(yield* store.reply(left, id), Option.some("left"))
        assert.deepStrictEqual(yield* store.reply(right, id), Option.some("right"))
      })
    )

    it.effect("records several commands with one append, and gives those replies that there are", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        const commands = integers(5).map((reply) => ({ id: freshId(), reply }))
        yield* append(agentId, numbered(2), { commands })
        const wanted = [...commands.map(({ id }) => id), freshId()]
        const replies = yield* store.replies(agentId, wanted)
        assert.deepStrictEqual(
          [...replies].sort((left, right) => Number(left[1]) - Number(right[1])),
          commands.map(({ id, reply }) => [id, reply])
        )
        assert.strictEqual((yield* store.replies(agentId, [])).size, 0)
      })
    )

    it.effect("refuses several commands of which one is recorded already, and records and stores none", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        const [known, fresh] = [freshId(), freshId()]
        yield* append(agentId, numbered(1), { commands: [{ id: known, reply: 1 }] })
        const commands = [
          { id: fresh, reply: 2 },
          { id: known, reply: 2 }
        ]
        const error = yield* rejected(append(agentId, numbered(2), { commands }), "CommandIdTaken")
        assert.include(error.found, known)
        assert.deepStrictEqual(yield* store.reply(agentId, fresh), Option.none())
        assert.deepStrictEqual(yield* store.reply(agentId, known), Option.some(1))
        assert.deepStrictEqual(yield* versionsOf(agentId), [1])
      })
    )

    it.effect("knows an append again that recorded several commands", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const commands = integers(3).map((reply) => ({ id: freshId(), reply }))
        const events = numbered(2).map((event) => ({ ...event, id: freshId() }))
        yield* append(agentId, events, { expected: 0, commands })
        const again = yield* append(agentId, events, { expected: 0, commands })
        assert.deepInclude(again, { outcome: "repeated", firstVersion: 1, version: 2 })
        yield* rejected(append(agentId, numbered(2), { commands }), "CommandIdTaken")
        assert.deepStrictEqual(yield* versionsOf(agentId), [1, 2])
      })
    )

    it.effect("takes a command without a reply for one that answers null", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        const id = freshId()
        yield* append(agentId, numbered(1), { commands: [{ id }] })
        assert.deepStrictEqual(yield* store.reply(agentId, id), Option.some(null))
        assert.deepStrictEqual((yield* append(agentId, numbered(1), { commands: [{ id }] })).reply, Option.some(null))
      })
    )

    it.effect("records nothing for an append that conflicts, so the command may be tried again", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = yield* five
        const command = { id: freshId(), reply: "done" }
        yield* conflict(append(agentId, numbered(1), { expected: 4, commands: [command] }), { expected: 4, actual: 5 })
        assert.deepStrictEqual(yield* store.reply(agentId, command.id), Option.none())
        const again = yield* append(agentId, numbered(1), { expected: 5, commands: [command] })
        assert.deepInclude(again, { outcome: "stored", version: 6 })
      })
    )

    it.effect("refuses one command twice in one append, and ids and replies that cannot be stored", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const id = freshId()
        yield* rejected(append(agentId, numbered(1), { commands: [{ id }, { id }] }), "InvalidInput")
        yield* rejected(append(agentId, numbered(1), { commands: [{ id: "" }] }), "InvalidInput")
        yield* rejected(append(agentId, numbered(1), { commands: [{ id, reply: () => 1 }] }), "InvalidInput")
        assert.strictEqual((yield* head(agentId)).presence, "missing")
      })
    )

    it.effect("executes a command once that many callers send at the same time, in each of twenty rounds", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        for (const round of integers(20)) {
          const id = freshId()
          const answers = yield* Effect.forEach(
            integers(8),
            (caller) => append(agentId, numbered(1, round), { commands: [{ id, reply: caller }] }),
            { concurrency: "unbounded" }
          )
          const recorded = yield* store.reply(agentId, id)
          assert.strictEqual(answers.filter(({ outcome }) => outcome === "stored").length, 1)
          for (const answer of answers) {
            assert.strictEqual(answer.version, round)
            if (answer.outcome === "repeated") assert.deepStrictEqual(answer.reply, recorded)
          }
        }
        assert.deepStrictEqual(yield* versionsOf(agentId), integers(20))
      })
    )

    it.effect("records thousands of commands with one append", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const agentId = freshId()
        const commands = integers(3000).map((reply) => ({ id: `${reply}`, reply }))
        yield* append(agentId, numbered(1), { commands })
        const ids = commands.map(({ id }) => id)
        assert.deepStrictEqual(
          [...(yield* store.replies(agentId, ids)).values()].map(Number).sort(ascending),
          integers(3000)
        )
      })
    )
  })
}

const ascending = (left: number, right: number): number => left - right
