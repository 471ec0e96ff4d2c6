/**
 * Stopping and spawning, and what is known of actors.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { Ledger } from "./Ledger.ts"
import { Stage } from "./Stage.ts"
import { Fragile, Ledger2 } from "./smallActors.ts"
import {
  deposits,
  Engines,
  fails,
  freshId,
  freshLedger,
  type It,
  info,
  integers,
  start,
  startAll,
  stopped
} from "./support.ts"

export const register = (it: It): void => {
  describe("stopping an actor", () => {
    it.effect("finishes the commands it has taken and refuses those that come later, until it is spawned", () =>
      Effect.gen(function* () {
        const { agentId, id, ledger } = yield* freshLedger
        const system = yield* ActorSystem
        const stage = yield* Stage
        const gate = freshId()
        const first = yield* start(ledger.DepositAfter({ gate, amount: 1 }))
        yield* stage.arrival(gate)
        const fibers = yield* startAll(integers(3).map(() => ledger.Deposit({ amount: 2 })))
        const stopping = yield* start(system.stop(Ledger, id))
        yield* stopped(ledger.Deposit({ amount: 100 }), "stopped")
        const told = yield* fails(system.tell(Ledger, id, "Deposit", { amount: 100 }), "ActorStopped")
        assert.strictEqual(told.reason, "stopped")
        yield* Effect.sleep("10 millis")
        assert.isUndefined(stopping.pollUnsafe())
        yield* stage.open(gate)
        assert.deepStrictEqual(yield* Effect.forEach([first, ...fibers], Fiber.join), [1, 3, 5, 7])
        yield* Fiber.join(stopping)
        yield* stopped(ledger.Balance(), "stopped")
        assert.deepInclude(yield* info(Ledger, id), { status: "stopped", mailbox: 0, version: 4 })
        assert.deepInclude(yield* system.spawn(Ledger, id), { status: "running", version: 4 })
        assert.strictEqual(yield* ledger.Deposit({ amount: 1 }), 8)
        assert.deepStrictEqual(yield* deposits(agentId), [1, 2, 2, 2, 1])
      })
    )

    it.effect("may be done by several at once, again, and to one that is not in memory", () =>
      Effect.gen(function* () {
        const { id, ledger } = yield* freshLedger
        const system = yield* ActorSystem
        yield* ledger.Deposit({ amount: 1 })
        yield* Effect.forEach(integers(5), () => system.stop(Ledger, id), { concurrency: "unbounded" })
        yield* system.stop(Ledger, id)
        yield* stopped(ledger.Balance(), "stopped")
        const unwritten = yield* freshLedger
        yield* system.stop(Ledger, unwritten.id)
        yield* stopped(unwritten.ledger.Balance(), "stopped")
        assert.deepInclude(yield* info(Ledger, unwritten.id), { status: "stopped", version: 0 })
        yield* system.spawn(Ledger, unwritten.id)
        assert.strictEqual(yield* unwritten.ledger.Balance(), 0)
      })
    )

    it.effect("is forgotten with the engine: elsewhere the actor just goes on", () =>
      Effect.gen(function* () {
        const { id, ledger } = yield* freshLedger
        const system = yield* ActorSystem
        const engines = yield* Engines
        yield* ledger.Deposit({ amount: 1 })
        yield* system.stop(Ledger, id)
        assert.strictEqual(
          yield* engines.fresh(Effect.flatMap(Ledger.client, (client) => client(id).Deposit({ amount: 1 }))),
          2
        )
      })
    )
  })

  describe("spawning an actor", () => {
    it.effect("may be done again and again, by several at once", () =>
      Effect.gen(function* () {
        const { id, ledger } = yield* freshLedger
        const system = yield* ActorSystem
        yield* ledger.Deposit({ amount: 1 })
        const infos = yield* Effect.forEach(integers(5), () => system.spawn(Ledger, id), { concurrency: "unbounded" })
        for (const info of infos) assert.deepInclude(info, { actor: "Ledger", id, status: "running", version: 1 })
        assert.strictEqual(yield* ledger.Deposit({ amount: 1 }), 2)
      })
    )

    it.effect("waits for one that is stopping, and then brings it back", () =>
      Effect.gen(function* () {
        const { id, ledger } = yield* freshLedger
        const system = yield* ActorSystem
        const stage = yield* Stage
        const gate = freshId()
        const first = yield* start(ledger.DepositAfter({ gate, amount: 1 }))
        yield* stage.arrival(gate)
        const stopping = yield* start(system.stop(Ledger, id))
        const spawning = yield* startAll(integers(3).map(() => system.spawn(Ledger, id)))
        yield* stage.open(gate)
        assert.strictEqual(yield* Fiber.join(first), 1)
        yield* Fiber.join(stopping)
        for (const info of yield* Effect.forEach(spawning, Fiber.join)) {
          assert.deepInclude(info, { status: "running", version: 1 })
        }
        assert.strictEqual(yield* ledger.Deposit({ amount: 1 }), 2)
      })
    )

    it.effect("is not needed before the first command", () =>
      Effect.gen(function* () {
        const { id, ledger } = yield* freshLedger
        const system = yield* ActorSystem
        assert.isTrue(Option.isNone(yield* system.get(Ledger, id)))
        yield* ledger.Balance()
        assert.deepInclude(yield* info(Ledger, id), { status: "running", version: 0 })
      })
    )
  })

  describe("the list of actors", () => {
    const listed = (actor: typeof Ledger | typeof Ledger2 | typeof Fragile, ids: ReadonlyArray<string>) =>
      Effect.gen(function* () {
        const system = yield* ActorSystem
        const all = yield* Stream.runCollect(system.list(actor))
        return all.filter((info) => ids.includes(info.id))
      })

    it.effect("has those in memory, those in the journal and those that were stopped, each once", () =>
      Effect.gen(function* () {
        const system = yield* ActorSystem
        const engines = yield* Engines
        const client = yield* Ledger.client
        const [running, stopping, asleep, unwritten, spawned, failed] = integers(6).map(freshId)
        const ids = [running, stopping, asleep, unwritten, spawned, failed].map(String)
        yield* client(`${running}`).DepositMany({ amounts: [1, 2, 3] })
        yield* client(`${stopping}`).DepositMany({ amounts: [1, 2] })
        yield* system.stop(Ledger, `${stopping}`)
        yield* engines.fresh(Effect.flatMap(Ledger.client, (client) => client(`${asleep}`).Deposit({ amount: 1 })))
        yield* system.stop(Ledger, `${unwritten}`)
        yield* system.spawn(Ledger, `${spawned}`)
        yield* client(`${failed}`).Deposit({ amount: 1 })
        for (const _ of integers(4)) yield* fails(client(`${failed}`).Die({}), "ActorCrashed")
        const infos = yield* listed(Ledger, ids)
        assert.lengthOf(infos, 6)
        assert.deepStrictEqual(
          new Map(infos.map(({ id, status, version }) => [id, `${status} ${version}`])),
          new Map([
            [`${running}`, "running 3"],
            [`${stopping}`, "stopped 2"],
            [`${asleep}`, "passivated 1"],
            [`${unwritten}`, "stopped 0"],
            [`${spawned}`, "running 0"],
            [`${failed}`, "failed 1"]
          ])
        )
        for (const listedInfo of infos) assert.deepStrictEqual(yield* info(Ledger, listedInfo.id), listedInfo)
        assert.deepStrictEqual(new Set(infos.map((info) => info.agentId)), new Set(ids.map(Ledger.agentId)))
      })
    )

    it.effect("keeps definitions apart whose names begin alike, whatever the ids", () =>
      Effect.gen(function* () {
        const [ledgers, seconds] = [yield* Ledger.client, yield* Ledger2.client]
        const id = freshId()
        const ids = [id, `${id}/${id}`, `2/${id}`, `/${id}`]
        for (const one of ids) yield* ledgers(one).Deposit({ amount: 1 })
        for (const one of ids) assert.strictEqual(yield* seconds(one).Add({ amount: 1 }), 1)
        assert.deepStrictEqual((yield* listed(Ledger, ids)).map((info) => info.id).sort(), ids.sort())
        assert.deepStrictEqual(
          (yield* listed(Ledger2, ids)).map((info) => info.agentId).sort(),
          ids.map((one) => `Ledger2/${one}`).sort()
        )
        assert.lengthOf(yield* listed(Fragile, ids), 0)
      })
    )
  })
}
