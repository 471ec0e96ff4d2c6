/** Two flushes on their way to the disk, which apply in either order, and may fail. */
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import type { EncodedAppend, EventStoreDriver } from "../../src/EventStoreDriver.ts"
import * as Uuid from "../../src/store/Uuid.ts"
import * as HeldWrites from "../support/HeldWrites.ts"
import { append } from "../support/ScriptedDriver.ts"

/** Lets whatever can go on go on, reads of the database included. */
const settle = Effect.sleep("20 millis")

const begin = (driver: EventStoreDriver, ...appends: ReadonlyArray<EncodedAppend>) =>
  Effect.forkChild(Effect.exit(driver.appendBatch(appends)), { startImmediately: true })

const feedOf = (driver: EventStoreDriver, after?: string) => driver.readFeed({ after, limit: 1000 })

const idsOf = (entries: ReadonlyArray<{ readonly event: { readonly id: string } }>) =>
  entries.map(({ event }) => event.id)

const newId = Effect.map(Uuid.makeGenerator, (next) => () => next(1))

describe("two flushes of a LevelDB store", () => {
  it.live("are told by the feed in their order, and nothing before the earlier one has ended", () =>
    Effect.gen(function* () {
      const { driver, next } = yield* HeldWrites.make
      const first = yield* begin(driver, append("first", "a"))
      const one = yield* next
      const second = yield* begin(driver, append("second", "b"))
      const two = yield* next
      yield* two.apply
      yield* settle
      assert.isUndefined(second.pollUnsafe(), "a caller who is told finds the event in the feed")
      assert.deepStrictEqual(yield* feedOf(driver), [])
      assert.isUndefined(yield* driver.readFeedEnd)
      yield* one.apply
      assert.deepInclude(yield* Fiber.join(first), { _tag: "Success" })
      assert.deepInclude(yield* Fiber.join(second), { _tag: "Success" })
      const told = yield* feedOf(driver)
      assert.deepStrictEqual(idsOf(told), ["first", "second"])
      assert.deepStrictEqual(idsOf(yield* feedOf(driver, told[0]?.position)), ["second"])
      assert.strictEqual(yield* driver.readFeedEnd, told[1]?.position)
    })
  )

  it.live("let the earlier one be told while the later is on its way", () =>
    Effect.gen(function* () {
      const { driver, next } = yield* HeldWrites.make
      const first = yield* begin(driver, append("first", "a"))
      const one = yield* next
      const second = yield* begin(driver, append("second", "b"))
      const two = yield* next
      yield* one.apply
      assert.deepInclude(yield* Fiber.join(first), { _tag: "Success" })
      const told = yield* feedOf(driver)
      assert.deepStrictEqual(idsOf(told), ["first"])
      assert.strictEqual(yield* driver.readFeedEnd, told[0]?.position)
      yield* two.apply
      yield* Fiber.join(second)
      assert.deepStrictEqual(idsOf(yield* feedOf(driver, told[0]?.position)), ["second"])
    })
  )

  for (const fate of ["lose", "applyAndFail"] as const) {
    it.live(`do not hold each other up when the earlier one fails (${fate}): the later one is told`, () =>
      Effect.gen(function* () {
        const { driver, next } = yield* HeldWrites.make
        const first = yield* begin(driver, append("first", "a"))
        const one = yield* next
        const second = yield* begin(driver, append("second", "b"))
        const two = yield* next
        yield* two.apply
        yield* one[fate]
        assert.deepInclude(yield* Fiber.join(first), { _tag: "Failure" })
        assert.deepInclude(yield* Fiber.join(second), { _tag: "Success" })
        const expected = fate === "lose" ? ["second"] : ["first", "second"]
        assert.deepStrictEqual(idsOf(yield* feedOf(driver)), expected)
        const third = yield* begin(driver, append("third", "a", "{}", fate === "lose" ? 0 : 1))
        yield* (yield* next).apply
        const version = fate === "lose" ? 1 : 2
        assert.deepInclude(yield* Fiber.join(third), { value: [{ _tag: "Stored", firstVersion: version }] })
        assert.deepStrictEqual(idsOf(yield* feedOf(driver)), [...expected, "third"])
      })
    )
  }

  it.live("with an event id in common take turns, and the later one knows what became of it", () =>
    Effect.gen(function* () {
      const { driver, next, waiting } = yield* HeldWrites.make
      const nextId = yield* newId
      for (const id of ["chosen", nextId()]) {
        const first = yield* begin(driver, append(id, `a of ${id}`))
        const one = yield* next
        const second = yield* begin(driver, append(`not ${id}`, `b of ${id}`), append(id, `c of ${id}`))
        yield* settle
        assert.strictEqual(yield* waiting, 0)
        yield* one.apply
        yield* Fiber.join(first)
        yield* Effect.flatMap(next, ({ apply }) => apply)
        assert.deepInclude(yield* Fiber.join(second), {
          value: [
            { _tag: "Stored", firstVersion: 1 },
            { _tag: "EventIdTaken", eventId: id }
          ]
        })
      }
    })
  )

  it.live("with an event id in common: the later one stores it when the earlier one did not", () =>
    Effect.gen(function* () {
      const { driver, next } = yield* HeldWrites.make
      const id = (yield* newId)()
      const first = yield* begin(driver, append(id, "a"))
      const one = yield* next
      const second = yield* begin(driver, append(id, "b"))
      yield* one.lose
      assert.deepInclude(yield* Fiber.join(first), { _tag: "Failure" })
      yield* Effect.flatMap(next, ({ apply }) => apply)
      assert.deepInclude(yield* Fiber.join(second), { value: [{ _tag: "Stored", firstVersion: 1 }] })
      assert.deepInclude(yield* driver.readEvent(id), { id, agentId: "b", version: 1 })
    })
  )

  const step = Schema.Struct({
    count: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 3 })),
    fate: Schema.Literals(["apply", "apply", "apply", "applyAndFail", "lose"]),
    isLaterFirst: Schema.Boolean,
    isRead: Schema.Boolean
  })
  it.effect.prop(
    "are read without a gap and in one order by whoever reads on and on, however they are applied",
    [Arbitrary.array(Arbitrary.schema(step), { minLength: 2, maxLength: 16 })],
    ([steps]) =>
      Effect.gen(function* () {
        const { driver, next } = yield* HeldWrites.make
        const told: Array<string> = []
        let after: string | undefined
        const readOn = Effect.gen(function* () {
          const entries = yield* driver.readFeed({ after, limit: 2 })
          after = entries.at(-1)?.position ?? after
          told.push(...idsOf(entries))
          return entries.length
        })
        for (let index = 0; index + 1 < steps.length; index += 2) {
          const pair = steps.slice(index, index + 2)
          const writing: Array<{ readonly held: HeldWrites.Held; readonly fiber: Fiber.Fiber<unknown> }> = []
          for (const [place, { count }] of pair.entries()) {
            const appends = Array.from({ length: count }, (_, number) =>
              append(`e${index + place}.${number}`, `agent ${place} ${number}`)
            )
            const fiber = yield* begin(driver, ...appends)
            writing.push({ held: yield* next, fiber })
          }
          const order = pair[0]?.isLaterFirst ? [1, 0] : [0, 1]
          for (const place of order) {
            const step = pair[place]
            if (step === undefined) continue
            yield* writing[place]?.held[step.fate] ?? Effect.void
            if (step.isRead) yield* readOn
          }
          for (const { fiber } of writing) yield* Fiber.join(fiber)
        }
        while ((yield* readOn) > 0) {}
        const stored = steps
          .slice(0, steps.length - (steps.length % 2))
          .flatMap(({ count, fate }, index) =>
            fate === "lose" ? [] : Array.from({ length: count }, (_, number) => `e${index}.${number}`)
          )
        assert.deepStrictEqual(told, stored)
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 40 } }
  )
})

describe("an append to LevelDB whose outcome is unknown", () => {
  it.live("is found by its event ids when it is repeated, if it was stored, and stored now if it was not", () =>
    Effect.gen(function* () {
      const { driver, next } = yield* HeldWrites.make
      const nextId = yield* newId
      for (const fate of ["applyAndFail", "lose"] as const) {
        for (const id of [nextId(), `chosen ${fate}`, nextId()]) {
          const before = yield* driver.readHead("a")
          const first = yield* begin(driver, append(id, "a"))
          yield* Effect.flatMap(next, (held) => held[fate])
          assert.deepInclude(yield* Fiber.join(first), { _tag: "Failure" })
          // Later ids come in between, so that the repeated one is below them.
          const between = yield* begin(driver, append(nextId(), "b"))
          yield* Effect.flatMap(next, ({ apply }) => apply)
          yield* Fiber.join(between)
          const again = yield* begin(driver, append(id, "a"))
          if (fate === "lose") yield* Effect.flatMap(next, ({ apply }) => apply)
          const firstVersion = before.version + 1
          const _tag = fate === "lose" ? "Stored" : "Repeated"
          assert.deepInclude(yield* Fiber.join(again), { value: [{ _tag, firstVersion }] })
          assert.deepInclude(yield* driver.readEvent(id), { id, agentId: "a", version: firstVersion })
        }
      }
      const told = yield* feedOf(driver)
      assert.strictEqual(new Set(idsOf(told)).size, 12)
      assert.lengthOf(told, 12)
    })
  )
})
