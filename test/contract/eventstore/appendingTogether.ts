/**
 * Appends to several agents as one: all of them are stored or none is.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { NewEvent } from "../../../src/ContextEvent.ts"
import { type Append, EventStore } from "../../../src/EventStore.ts"
import * as Note from "../../../src/Note.ts"
import type { AppendError, TogetherFailed } from "../../../src/StoreError.ts"
import {
  annotate,
  append,
  assertTag,
  bodiesOf,
  feedEnd,
  five,
  freshId,
  head,
  type It,
  integers,
  numbered,
  numbersOf,
  places,
  read,
  told,
  versionsOf
} from "./support.ts"

const together = (appends: ReadonlyArray<Append>) => EventStore.use((store) => store.appendTogether(appends))

/** The versions that were given, in order. */
const versions = (appends: ReadonlyArray<Append>) =>
  Effect.map(together(appends), (all) =>
    all.map(({ firstVersion, outcome, version }) => `${outcome} ${firstVersion}..${version}`)
  )

/** It must fail because of the append at this place. */
const refused = <A, R, Tag extends AppendError["_tag"]>(
  effect: Effect.Effect<A, TogetherFailed, R>,
  index: number,
  tag: Tag
): Effect.Effect<Extract<AppendError, { readonly _tag: Tag }>, A, R> =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.strictEqual(error.index, index, error.message)
    const { failure } = error
    assertTag<AppendError, Tag>(failure, tag)
    return failure
  })

/** An event with an id. */
const event = (id: string, number = 1): NewEvent => ({ id, type: "number.counted", data: { number } })

const lengths = (agentIds: ReadonlyArray<string>) =>
  Effect.forEach(agentIds, (agentId) => Effect.map(read(agentId), (events) => events.length))

export const register = (it: It): void => {
  describe("appending to several agents together", () => {
    it.effect("answers nothing with nothing", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* together([]), [])
      })
    )

    it.effect("stores all of them, each as a lone append would be, and tells each in order", () =>
      Effect.gen(function* () {
        const present = yield* five
        const [first, second] = [freshId(), freshId()]
        const start = yield* feedEnd
        const answers = yield* together([
          { agentId: second, events: numbered(2), expected: "none" },
          { agentId: present, events: numbered(1, 6), expected: 5, commands: [{ id: "c", reply: "done" }] },
          { agentId: first, events: numbered(3), notes: [Note.put("n", 1)] }
        ])
        assert.deepStrictEqual(
          answers.map(({ agentId, firstVersion, outcome, version }) => [agentId, outcome, firstVersion, version]),
          [
            [second, "stored", 1, 2],
            [present, "stored", 6, 6],
            [first, "stored", 1, 3]
          ]
        )
        for (const { agentId, eventIds, events, firstVersion } of answers) {
          assert.deepStrictEqual(yield* read(agentId, { from: firstVersion }), events)
          assert.deepStrictEqual(
            events.map(({ id }) => id),
            eventIds
          )
        }
        assert.deepStrictEqual(numbersOf(yield* read(present)), integers(6))
        assert.deepStrictEqual(yield* EventStore.use((store) => store.reply(present, "c")), Option.some("done"))
        assert.deepStrictEqual(yield* bodiesOf(first), [["n", 1]])
        const entries = yield* told([first, second, present], start, 6)
        assert.deepStrictEqual(places(entries), places(entries).toSorted())
        assert.strictEqual(entries.length, 6)
      })
    )

    it.effect("stores none when one expectation does not hold, and says which", () =>
      Effect.gen(function* () {
        const present = yield* five
        const [first, last] = [freshId(), freshId()]
        const step = [
          { agentId: first, events: numbered(2), notes: [Note.put("n", 1)], commands: [{ id: "c" }] },
          { agentId: present, events: numbered(1, 6), expected: 4 },
          { agentId: last, events: numbered(1) }
        ]
        const failure = yield* refused(together(step), 1, "Conflict")
        assert.deepStrictEqual([failure.agentId, failure.expected, failure.actual], [present, 4, 5])
        assert.deepStrictEqual(yield* lengths([first, present, last]), [0, 5, 0])
        assert.deepInclude(yield* head(first), { version: 0, presence: "missing" })
        assert.deepStrictEqual(yield* bodiesOf(first), [])
        assert.isTrue(Option.isNone(yield* EventStore.use((store) => store.reply(first, "c"))))
        const missing = yield* refused(
          together([
            { agentId: first, events: numbered(1) },
            { agentId: present, events: numbered(1), expected: "none" }
          ]),
          1,
          "Conflict"
        )
        assert.deepStrictEqual([missing.expected, missing.actual], ["none", 5])
      })
    )

    it.effect("tells of several that cannot be stored the first", () =>
      Effect.gen(function* () {
        const [left, right] = [yield* five, yield* five]
        const failure = yield* refused(
          together([
            { agentId: freshId(), events: numbered(1) },
            { agentId: right, events: numbered(1), expected: 1 },
            { agentId: left, events: numbered(1), expected: 2 }
          ]),
          1,
          "Conflict"
        )
        assert.strictEqual(failure.agentId, right)
      })
    )

    it.effect("stores none when an event id is taken, or a command id among several", () =>
      Effect.gen(function* () {
        const present = yield* five
        const known = (yield* read(present))[0]?.id ?? ""
        const [first, last] = [freshId(), freshId()]
        const event = yield* refused(
          together([
            { agentId: first, events: numbered(1) },
            { agentId: last, events: [{ id: known, type: "number.counted", data: { number: 99 } }] }
          ]),
          1,
          "Rejected"
        )
        assert.strictEqual(event.reason, "EventIdTaken")
        yield* append(last, numbered(1), { commands: [{ id: "old" }] })
        const command = yield* refused(
          together([
            { agentId: last, events: numbered(1), commands: [{ id: "old" }, { id: "new" }] },
            { agentId: first, events: numbered(1) }
          ]),
          0,
          "Rejected"
        )
        assert.strictEqual(command.reason, "CommandIdTaken")
        assert.deepStrictEqual(yield* lengths([first, last]), [0, 1])
      })
    )

    it.effect("refuses what breaks a rule before anything is stored", () =>
      Effect.gen(function* () {
        const [first, last, twin] = [freshId(), freshId(), freshId()]
        const good = { agentId: first, events: numbered(1) }
        const steps: ReadonlyArray<readonly [number, ReadonlyArray<Append>]> = [
          [1, [good, { agentId: "", events: numbered(1) }]],
          [1, [good, { agentId: last, events: [] }]],
          [1, [good, { agentId: last, events: [{ type: "number.counted", data: { number: Number.NaN } }] }]],
          [2, [good, { agentId: last, events: numbered(1) }, { agentId: first, events: numbered(1) }]],
          [
            1,
            [
              { agentId: first, events: [event(twin)] },
              { agentId: last, events: [event(twin)] }
            ]
          ]
        ]
        for (const [index, step] of steps) {
          const failure = yield* refused(together(step), index, "Rejected")
          assert.strictEqual(failure.reason, "InvalidInput", failure.message)
        }
        assert.deepStrictEqual(yield* lengths([first, last]), [0, 0])
      })
    )

    it.effect("gives the first answers when the whole is repeated, by event ids or by commands", () =>
      Effect.gen(function* () {
        const [left, right] = [yield* five, freshId()]
        const byEvents = [
          { agentId: left, events: [event(freshId(), 6)], expected: 5 },
          { agentId: right, events: [event(freshId()), event(freshId(), 2)], expected: "none" as const }
        ]
        assert.deepStrictEqual(yield* versions(byEvents), ["stored 6..6", "stored 1..2"])
        const byCommands = [
          { agentId: left, events: numbered(1, 7), expected: 6, commands: [{ id: "c", reply: "left" }] },
          { agentId: right, events: numbered(1, 3), commands: [{ id: "c", reply: "right" }] }
        ]
        assert.deepStrictEqual(yield* versions(byCommands), ["stored 7..7", "stored 3..3"])
        yield* append(left, numbered(1, 8))
        assert.deepStrictEqual(yield* versions(byEvents), ["repeated 6..6", "repeated 1..2"])
        assert.deepStrictEqual(yield* versions(byCommands), ["repeated 7..7", "repeated 3..3"])
        const replies = (yield* together(byCommands)).map(({ reply }) => reply)
        assert.deepStrictEqual(replies, [Option.some("left"), Option.some("right")])
        assert.deepStrictEqual(yield* lengths([left, right]), [8, 3])
      })
    )

    it.effect("takes what was stored before without the others for taken, and stores none", () =>
      Effect.gen(function* () {
        const [left, right] = [freshId(), freshId()]
        const stored = { agentId: left, events: [event(freshId())], commands: [{ id: "c" }] }
        yield* EventStore.use((store) => store.append(stored))
        const fresh = { agentId: right, events: numbered(1) }
        const byCommand = yield* refused(together([fresh, stored]), 1, "Rejected")
        assert.strictEqual(byCommand.reason, "CommandIdTaken")
        const byEvent = yield* refused(together([{ ...stored, commands: [] }, fresh]), 0, "Rejected")
        assert.strictEqual(byEvent.reason, "EventIdTaken")
        assert.deepStrictEqual(yield* lengths([left, right]), [1, 0])
      })
    )

    it.effect("changes notes alone with the others, and not again when it is repeated", () =>
      Effect.gen(function* () {
        const [left, right] = [freshId(), freshId()]
        const step = [
          { agentId: left, events: [event(freshId())], expected: "none" as const },
          { agentId: right, events: [], notes: [Note.put("n", "first")], expected: 0 }
        ]
        assert.deepStrictEqual(yield* versions(step), ["stored 1..1", "stored 1..0"])
        assert.deepStrictEqual(yield* bodiesOf(right), [["n", "first"]])
        yield* annotate(right, [Note.put("n", "second")])
        yield* append(right, numbered(1))
        assert.deepStrictEqual(yield* versions(step), ["repeated 1..1", "repeated 2..1"])
        assert.deepStrictEqual(yield* bodiesOf(right), [["n", "second"]])
        const refusal = [
          { agentId: left, events: numbered(1), expected: 7 },
          { agentId: right, events: [], notes: [Note.put("n", "third")] }
        ]
        yield* refused(together(refusal), 0, "Conflict")
        assert.deepStrictEqual(yield* bodiesOf(right), [["n", "second"]])
      })
    )

    it.effect("stores many agents with many events each", () =>
      Effect.gen(function* () {
        const agentIds = integers(300).map(freshId)
        const answers = yield* together(agentIds.map((agentId) => ({ agentId, events: numbered(5), expected: "none" })))
        assert.isTrue(answers.every(({ version }) => version === 5))
        assert.isTrue((yield* lengths(agentIds)).every((length) => length === 5))
        const present = agentIds[150] ?? ""
        const again = agentIds.map((agentId) => ({ agentId, events: numbered(1, 6), expected: 5 }))
        yield* append(present, numbered(1, 6))
        yield* refused(together(again), 150, "Conflict")
        assert.strictEqual((yield* lengths(agentIds)).filter((length) => length === 6).length, 1)
      })
    )

    it.effect("wakes live feeds", () =>
      Effect.gen(function* () {
        const agentIds = [freshId(), freshId()]
        const after = yield* feedEnd
        const feed = yield* EventStore.useSync((store) => store.feed({ after, live: true }))
        const own = Stream.filter(feed, ({ event }) => agentIds.includes(event.agentId))
        const heard = yield* Effect.forkChild(Stream.runCollect(Stream.take(own, 2)), { startImmediately: true })
        yield* together(agentIds.map((agentId) => ({ agentId, events: numbered(1) })))
        assert.strictEqual((yield* Fiber.join(heard)).length, 2)
      })
    )

    it.effect("comes after the appends of this process that were under way, and before reads that began after it", () =>
      Effect.gen(function* () {
        const [left, right] = [freshId(), freshId()]
        const earlier = yield* Effect.forkChild(append(left, numbered(1)), { startImmediately: true })
        const step = yield* Effect.forkChild(
          together([
            { agentId: left, events: numbered(1, 2), expected: 1 },
            { agentId: right, events: numbered(1) }
          ]),
          { startImmediately: true }
        )
        assert.deepStrictEqual(yield* versionsOf(left), [1, 2])
        assert.deepStrictEqual(yield* versionsOf(right), [1])
        yield* Fiber.join(earlier)
        yield* Fiber.join(step)
      })
    )

    it.effect(
      "moves what many callers move at once between few agents, in any order, without losing or making any",
      () =>
        Effect.gen(function* () {
          const agentIds = integers(4).map(freshId)
          const balance = (agentId: string) =>
            Effect.map(read(agentId), (events) => ({
              version: events.at(-1)?.version ?? 0,
              sum: events.reduce((sum, { data }) => sum + Number(data["number"]), 0)
            }))
          const move = (number: number): Effect.Effect<void, unknown, EventStore> =>
            Effect.gen(function* () {
              const [from = "", to = ""] = [agentIds[number % 4], agentIds[(number * 3 + 1 + (number % 3)) % 4]]
              if (from === to) return
              const [giver, taker] = [yield* balance(from), yield* balance(to)]
              const moved = yield* Effect.result(
                together([
                  { agentId: from, events: numbered(1, -number), expected: giver.version },
                  { agentId: to, events: numbered(1, number), expected: taker.version }
                ])
              )
              if (Result.isSuccess(moved)) return
              assertTag<AppendError, "Conflict">(moved.failure.failure, "Conflict")
              yield* move(number)
            })
          const alone = Effect.forEach(integers(40), (number) => append(agentIds[number % 4] ?? "", numbered(1, 0)))
          yield* Effect.all([alone, Effect.forEach(integers(24), move, { concurrency: 6, discard: true })], {
            concurrency: "unbounded"
          })
          const balances = yield* Effect.forEach(agentIds, balance)
          assert.strictEqual(
            balances.reduce((total, { sum }) => total + sum, 0),
            0
          )
          for (const agentId of agentIds) {
            const found = yield* versionsOf(agentId)
            assert.deepStrictEqual(found, integers(found.length))
          }
        })
    )

    it.effect("stores all or none when its caller is interrupted", () =>
      Effect.gen(function* () {
        for (const patience of integers(20, 0)) {
          const agentIds = [freshId(), freshId()]
          const step = together(agentIds.map((agentId) => ({ agentId, events: numbered(2) })))
          const caller = yield* Effect.forkChild(step, { startImmediately: true })
          for (let turn = 0; turn < patience; turn++) yield* Effect.yieldNow
          yield* Fiber.interrupt(caller)
          // What the store may still do for the caller is done before what comes behind it.
          yield* Effect.forEach(agentIds, (agentId) => append(agentId, numbered(1)))
          const [left, right] = yield* lengths(agentIds)
          assert.strictEqual(left, right)
        }
      })
    )
  })
}

/** For a store that cannot do it. */
export const registerRefusal = (it: It): void => {
  describe("appending to several agents together", () => {
    it.effect("is refused as unsupported, and stores nothing", () =>
      Effect.gen(function* () {
        const agentIds = [freshId(), freshId()]
        const error = yield* Effect.flip(together(agentIds.map((agentId) => ({ agentId, events: numbered(1) }))))
        assert.strictEqual(error.index, undefined)
        assert.deepInclude(error.failure, { _tag: "Rejected", reason: "Unsupported" })
        assert.deepStrictEqual(yield* lengths(agentIds), [0, 0])
      })
    )
  })
}
