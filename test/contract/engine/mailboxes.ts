/**
 * Mailboxes that are full.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { Stage } from "./Stage.ts"
import { Fragile, Ledger2 } from "./smallActors.ts"
import { fails, freshId, type It, info, integers, start, startAll } from "./support.ts"

/** An actor with a mailbox for three that is busy until the gate opens. */
const busy = Effect.gen(function* () {
  const id = freshId()
  const gate = freshId()
  const stage = yield* Stage
  const actor = (yield* Ledger2.client)(id)
  const first = yield* start(actor.AddAfter({ gate, amount: 0 }))
  yield* stage.arrival(gate)
  return { id, actor, first, open: stage.open(gate) }
})

export const register = (it: It): void => {
  describe("a mailbox that is full", () => {
    it.effect("refuses what comes, if that is its way, and takes again once there is room", () =>
      Effect.gen(function* () {
        const id = freshId()
        const gate = freshId()
        const stage = yield* Stage
        const system = yield* ActorSystem
        const fragile = (yield* Fragile.client)(id)
        const first = yield* start(fragile.CountAfter({ gate }))
        yield* stage.arrival(gate)
        const fibers = yield* startAll(integers(3).map(() => fragile.Count()))
        for (const call of [fragile.Count(), system.tell(Fragile, id, "Count", undefined)]) {
          const error = yield* fails<unknown, { readonly _tag: string }, never, "MailboxFull">(call, "MailboxFull")
          assert.deepInclude(error, { actor: "Fragile", id, capacity: 3 })
        }
        assert.deepInclude(yield* info(Fragile, id), { mailbox: 3 })
        yield* Fiber.interrupt(fibers[1] ?? first)
        const instead = yield* start(fragile.Count())
        yield* stage.open(gate)
        assert.strictEqual(yield* Fiber.join(first), 1)
        assert.deepStrictEqual([yield* Fiber.join(fibers[0] ?? first), yield* Fiber.join(fibers[2] ?? first)], [2, 3])
        assert.strictEqual(yield* Fiber.join(instead), 4)
        assert.strictEqual(yield* fragile.Count(), 5)
      })
    )

    it.effect("lets senders wait, if that is its way, and takes all of them in their order", () =>
      Effect.gen(function* () {
        const { actor, first, id, open } = yield* busy
        const system = yield* ActorSystem
        const asks = yield* startAll(integers(10).map((amount) => actor.Add({ amount })))
        const tells = yield* startAll(integers(10, 11).map((amount) => system.tell(Ledger2, id, "Add", { amount })))
        const last = yield* startAll(integers(10, 21).map((amount) => actor.Add({ amount })))
        yield* Effect.sleep("10 millis")
        assert.deepInclude(yield* info(Ledger2, id), { mailbox: 3 })
        for (const fiber of tells) assert.isUndefined(fiber.pollUnsafe())
        yield* open
        assert.deepStrictEqual(yield* Effect.forEach([first, ...asks], Fiber.join), integers(11))
        yield* Effect.forEach(tells, Fiber.join)
        assert.deepStrictEqual(yield* Effect.forEach(last, Fiber.join), integers(10, 22))
        assert.deepStrictEqual(yield* actor.Amounts(), integers(31, 0))
      })
    )

    it.effect("forgets a sender that waited for room and has gone", () =>
      Effect.gen(function* () {
        const { actor, first, id, open } = yield* busy
        const system = yield* ActorSystem
        const inside = yield* startAll(integers(3).map((amount) => actor.Add({ amount })))
        const asked = yield* start(actor.Add({ amount: 100 }))
        const told = yield* start(system.tell(Ledger2, id, "Add", { amount: 200 }))
        const behind = yield* start(actor.Add({ amount: 4 }))
        yield* Fiber.interrupt(asked)
        yield* Fiber.interrupt(told)
        yield* open
        yield* Effect.forEach([first, ...inside, behind], Fiber.join)
        assert.deepStrictEqual(yield* actor.Amounts(), [0, 1, 2, 3, 4])
      })
    )

    it.effect("gives room to who waits when another sender withdraws", () =>
      Effect.gen(function* () {
        const { actor, first, id, open } = yield* busy
        const system = yield* ActorSystem
        const inside = yield* startAll(integers(3).map((amount) => actor.Add({ amount })))
        const told = yield* start(system.tell(Ledger2, id, "Add", { amount: 4 }))
        yield* Fiber.interrupt(inside[1] ?? first)
        yield* Fiber.join(told)
        yield* open
        yield* Fiber.join(first)
        assert.deepStrictEqual(yield* actor.Amounts(), [0, 1, 3, 4])
      })
    )

    it.effect("tells those who wait for room when its actor stops, and finishes what it has taken", () =>
      Effect.gen(function* () {
        const { actor, first, id, open } = yield* busy
        const system = yield* ActorSystem
        const inside = yield* startAll(integers(3).map((amount) => actor.Add({ amount })))
        const asked = yield* start(Effect.flip(actor.Add({ amount: 100 })))
        const told = yield* start(Effect.flip(system.tell(Ledger2, id, "Add", { amount: 200 })))
        const stopping = yield* start(system.stop(Ledger2, id))
        assert.deepInclude(yield* Fiber.join(asked), { _tag: "ActorStopped", reason: "stopped" })
        assert.deepInclude(yield* Fiber.join(told), { _tag: "ActorStopped", reason: "stopped" })
        yield* open
        yield* Effect.forEach([first, ...inside], Fiber.join)
        yield* Fiber.join(stopping)
        assert.deepStrictEqual((yield* Ledger2.readState(id)).state.amounts, [0, 1, 2, 3])
      })
    )
  })
}
