/**
 * Actors that are held, and let go again.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { faultsOf } from "./faultsOf.ts"
import { Elder, Minor, Sleeper, Unborn, within } from "./Kin.ts"
import { Stage } from "./Stage.ts"
import { Fragile } from "./smallActors.ts"
import { Engines, fails, freshId, type It, info, integers, start, startAll, stopped } from "./support.ts"

export const register = (it: It): void => {
  describe("a paused actor", () => {
    it.effect("takes commands, and runs them in their order when it is resumed", () =>
      Effect.gen(function* () {
        const id = freshId()
        const system = yield* ActorSystem
        const client = (yield* Elder.client)(id)
        assert.strictEqual(yield* client.Count(), 1)
        yield* system.pause(Elder, id)
        assert.deepInclude(yield* info(Elder, id), { status: "paused", version: 1 })
        const asked = yield* startAll(integers(3).map(() => client.Count()))
        yield* system.tell(Elder, id, "Count", undefined)
        yield* Effect.sleep("20 millis")
        for (const fiber of asked) assert.isUndefined(fiber.pollUnsafe())
        assert.deepInclude(yield* info(Elder, id), { status: "paused", mailbox: 4, version: 1 })
        yield* system.pause(Elder, id)
        yield* system.resume(Elder, id)
        assert.deepStrictEqual(yield* Effect.forEach(asked, Fiber.join), [2, 3, 4])
        assert.strictEqual(yield* client.Count(), 6)
        yield* system.resume(Elder, id)
        assert.deepInclude(yield* info(Elder, id), { status: "running", restarts: 0 })
      })
    )

    it.effect("has a mailbox that is as bounded as ever, and forgets who has gone", () =>
      Effect.gen(function* () {
        const id = freshId()
        const system = yield* ActorSystem
        const client = (yield* Fragile.client)(id)
        yield* system.pause(Fragile, id)
        const asked = yield* startAll(integers(3).map(() => client.Count()))
        yield* fails(client.Count(), "MailboxFull")
        for (const fiber of asked.slice(1)) yield* Fiber.interrupt(fiber)
        assert.strictEqual((yield* info(Fragile, id)).mailbox, 1)
        yield* system.resume(Fragile, id)
        for (const fiber of asked.slice(0, 1)) assert.strictEqual(yield* Fiber.join(fiber), 1)
        assert.strictEqual(yield* client.Count(), 2)
      })
    )

    it.effect("has come to the end of the command it was running, and begun none behind it", () =>
      Effect.gen(function* () {
        const [id, gate] = [freshId(), freshId()]
        const system = yield* ActorSystem
        const stage = yield* Stage
        const client = (yield* Elder.client)(id)
        const busy = yield* start(client.CountAfter({ gate }))
        yield* stage.arrival(gate)
        const behind = yield* startAll(integers(3).map(() => client.Count()))
        const pausing = yield* start(system.pause(Elder, id))
        yield* Effect.sleep("10 millis")
        assert.isUndefined(pausing.pollUnsafe())
        yield* stage.open(gate)
        yield* Fiber.join(pausing)
        assert.strictEqual(yield* Fiber.join(busy), 1)
        assert.deepInclude(yield* info(Elder, id), { status: "paused", mailbox: 3, version: 1 })
        yield* system.resume(Elder, id)
        assert.deepStrictEqual(yield* Effect.forEach(behind, Fiber.join), [2, 3, 4])
      })
    )

    it.effect("has persisted what it was about to when it was paused", () =>
      Effect.gen(function* () {
        const id = freshId()
        const system = yield* ActorSystem
        const faults = yield* faultsOf(Elder.agentId(id))
        const client = (yield* Elder.client)(id)
        faults.hold()
        const asked = yield* start(client.Count())
        yield* faults.held
        const pausing = yield* start(system.pause(Elder, id))
        yield* Effect.sleep("10 millis")
        assert.isUndefined(pausing.pollUnsafe())
        yield* faults.release
        yield* Fiber.join(pausing)
        assert.strictEqual(yield* Fiber.join(asked), 1)
        yield* system.resume(Elder, id)
      })
    )

    it.effect("may be resumed before it was quiet, and whoever paused it is not left waiting", () =>
      Effect.gen(function* () {
        const [id, gate] = [freshId(), freshId()]
        const system = yield* ActorSystem
        const stage = yield* Stage
        const client = (yield* Elder.client)(id)
        const busy = yield* start(client.CountAfter({ gate }))
        yield* stage.arrival(gate)
        const behind = yield* start(client.Count())
        const pausing = yield* start(system.pause(Elder, id))
        yield* system.resume(Elder, id)
        yield* Fiber.join(pausing)
        yield* stage.open(gate)
        assert.deepStrictEqual([yield* Fiber.join(busy), yield* Fiber.join(behind)], [1, 2])
      })
    )

    it.effect("may have paused itself, or have been paused by an actor that it asks", () =>
      Effect.gen(function* () {
        const [id, other] = [freshId(), freshId()]
        const system = yield* ActorSystem
        const client = (yield* Elder.client)(id)
        yield* within(Elder, id, system.pause(Elder, id))
        const behind = yield* start(client.Count())
        assert.strictEqual((yield* info(Elder, id)).mailbox, 1)
        yield* within(Minor, other, system.resume(Elder, id))
        assert.strictEqual(yield* Fiber.join(behind), 1)
        const stage = yield* Stage
        stage.write(other, Effect.orDie(system.pause(Elder, id)))
        const asks = Effect.flatMap(Minor.client, (client) => client(other).Run({ script: other }))
        yield* within(Elder, id, asks)
        yield* Effect.sleep("5 millis")
        assert.strictEqual((yield* info(Elder, id)).status, "paused")
        yield* system.resume(Elder, id)
      })
    )

    it.effect("that is stopped refuses what waits, and is no longer paused when it comes back", () =>
      Effect.gen(function* () {
        const id = freshId()
        const system = yield* ActorSystem
        const client = (yield* Elder.client)(id)
        yield* system.pause(Elder, id)
        const waiting = yield* start(Effect.flip(client.Count()))
        yield* system.stop(Elder, id)
        assert.deepInclude(yield* Fiber.join(waiting), { _tag: "ActorStopped", reason: "stopped" })
        yield* stopped(client.Count(), "stopped")
        yield* system.resume(Elder, id)
        yield* stopped(client.Count(), "stopped")
        yield* system.spawn(Elder, id)
        assert.strictEqual(yield* client.Count(), 1)
      })
    )

    it.effect("may have slept or been stopped before, and does not fall asleep while it is paused", () =>
      Effect.gen(function* () {
        const id = freshId()
        const system = yield* ActorSystem
        const client = (yield* Sleeper.client)(id)
        yield* client.Count()
        yield* system.watch(Sleeper, id)
        yield* system.pause(Sleeper, id)
        yield* Effect.sleep("30 millis")
        assert.deepInclude(yield* info(Sleeper, id), { status: "paused", version: 1 })
        yield* system.resume(Sleeper, id)
        yield* system.watch(Sleeper, id)
        yield* system.stop(Sleeper, id)
        yield* system.pause(Sleeper, id)
        const waiting = yield* start(client.Count())
        assert.strictEqual((yield* info(Sleeper, id)).status, "paused")
        yield* system.resume(Sleeper, id)
        assert.strictEqual(yield* Fiber.join(waiting), 2)
      })
    )

    it.effect("spawned again stays paused", () =>
      Effect.gen(function* () {
        const id = freshId()
        const system = yield* ActorSystem
        yield* system.pause(Elder, id)
        assert.strictEqual((yield* system.spawn(Elder, id)).status, "paused")
        yield* system.resume(Elder, id)
      })
    )

    it.effect("is let go by an engine that closes, and what waits is refused", () =>
      Effect.gen(function* () {
        const id = freshId()
        const engines = yield* Engines
        const waiting = yield* engines.fresh(
          Effect.gen(function* () {
            const system = yield* ActorSystem
            const client = (yield* Elder.client)(id)
            yield* client.Count()
            yield* system.pause(Elder, id)
            return yield* Effect.forkDetach(Effect.flip(client.Count()), { startImmediately: true })
          })
        )
        assert.deepInclude(yield* Fiber.join(waiting), { _tag: "ActorStopped", reason: "shutdown" })
        assert.strictEqual(yield* Effect.flatMap(Elder.client, (client) => client(id).Count()), 2)
      })
    )

    it.effect("must be one that can be", () =>
      Effect.gen(function* () {
        const id = freshId()
        const system = yield* ActorSystem
        const faults = yield* faultsOf(Elder.agentId(id))
        yield* fails(system.pause(Elder, ""), "InvalidInput")
        yield* fails(system.resume(Elder, ""), "InvalidInput")
        yield* fails(system.pause(Unborn, "a"), "ActorNotRegistered")
        yield* fails(system.resume(Unborn, "a"), "ActorNotRegistered")
        faults.breakReads("read")
        yield* fails(system.pause(Elder, id), "RecoveryFailed")
        faults.mendReads()
        yield* system.pause(Elder, id)
        assert.strictEqual((yield* info(Elder, id)).status, "paused")
        yield* system.resume(Elder, id)
      })
    )
  })
}
