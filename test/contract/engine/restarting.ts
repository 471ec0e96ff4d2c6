/**
 * Actors that are restarted on request.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { spawnChild } from "./children.ts"
import { faultsOf } from "./faultsOf.ts"
import { Elder, Minor, Sleeper, Unborn, within } from "./Kin.ts"
import { Stage } from "./Stage.ts"
import { Engines, eventually, fails, freshId, type It, info, integers, start, startAll, stopped } from "./support.ts"

export const register = (it: It): void => {
  describe("an actor that is restarted", () => {
    it.effect("recovers from its journal, and has counted that", () =>
      Effect.gen(function* () {
        const id = freshId()
        const system = yield* ActorSystem
        const engines = yield* Engines
        const client = (yield* Elder.client)(id)
        yield* client.Count()
        // Another engine has written to its journal.
        yield* engines.fresh(Effect.flatMap(Elder.client, (client) => client(id).Count()))
        assert.strictEqual(yield* client.Look(), 1)
        yield* system.restart(Elder, id)
        assert.deepInclude(yield* info(Elder, id), { status: "running", restarts: 1, version: 2 })
        assert.strictEqual(yield* client.Count(), 3)
      })
    )

    it.effect("comes to the end of the command it is running, and keeps those that wait", () =>
      Effect.gen(function* () {
        const [id, gate] = [freshId(), freshId()]
        const system = yield* ActorSystem
        const stage = yield* Stage
        const client = (yield* Elder.client)(id)
        const before = yield* start(client.Count())
        const busy = yield* start(client.CountAfter({ gate }))
        const behind = yield* startAll(integers(3).map(() => client.Count()))
        yield* stage.arrival(gate)
        const restarting = yield* start(system.restart(Elder, id))
        const later = yield* start(client.Count())
        yield* Effect.sleep("10 millis")
        assert.isUndefined(restarting.pollUnsafe())
        yield* stage.open(gate)
        yield* Fiber.join(restarting)
        assert.deepStrictEqual(yield* Effect.forEach([before, busy, ...behind, later], Fiber.join), [1, 2, 3, 4, 5, 6])
        assert.strictEqual((yield* info(Elder, id)).restarts, 1)
      })
    )

    it.effect("has persisted what it was about to", () =>
      Effect.gen(function* () {
        const id = freshId()
        const system = yield* ActorSystem
        const faults = yield* faultsOf(Elder.agentId(id))
        const client = (yield* Elder.client)(id)
        faults.hold()
        const asked = yield* start(client.Count())
        yield* faults.held
        const restarting = yield* start(system.restart(Elder, id))
        yield* faults.release
        yield* Fiber.join(restarting)
        assert.deepStrictEqual([yield* Fiber.join(asked), yield* client.Count()], [1, 2])
      })
    )

    it.effect("may be so by its own handler, which is answered first", () =>
      Effect.gen(function* () {
        const id = freshId()
        const system = yield* ActorSystem
        yield* within(Elder, id, system.restart(Elder, id))
        yield* eventually(Effect.map(info(Elder, id), ({ restarts, status }) => restarts === 1 && status === "running"))
        assert.strictEqual(yield* Effect.flatMap(Elder.client, (client) => client(id).Count()), 1)
      })
    )

    it.effect("may have been stopped, have failed, or sleep", () =>
      Effect.gen(function* () {
        const [stoppedId, failed, asleep] = [freshId(), freshId(), freshId()]
        const system = yield* ActorSystem
        const client = yield* Elder.client
        yield* client(stoppedId).Count()
        yield* system.stop(Elder, stoppedId)
        yield* system.restart(Elder, stoppedId)
        assert.strictEqual(yield* client(stoppedId).Count(), 2)
        for (const _ of integers(3)) yield* fails(client(failed).Die(), "ActorCrashed")
        yield* stopped(client(failed).Count(), "failed")
        yield* system.restart(Elder, failed)
        // Its budget is whole again.
        for (const _ of integers(2)) yield* fails(client(failed).Die(), "ActorCrashed")
        assert.strictEqual(yield* client(failed).Count(), 1)
        yield* Effect.flatMap(Sleeper.client, (client) => client(asleep).Count())
        yield* system.watch(Sleeper, asleep)
        yield* system.restart(Sleeper, asleep)
        yield* Effect.flatMap(Sleeper.client, (client) => client(asleep).Count())
      })
    )

    it.effect("while it is paused stays paused", () =>
      Effect.gen(function* () {
        const id = freshId()
        const system = yield* ActorSystem
        const client = (yield* Elder.client)(id)
        yield* system.pause(Elder, id)
        const waiting = yield* start(client.Count())
        yield* system.restart(Elder, id)
        assert.deepInclude(yield* info(Elder, id), { status: "paused", restarts: 1, mailbox: 1 })
        yield* system.resume(Elder, id)
        assert.strictEqual(yield* Fiber.join(waiting), 1)
      })
    )

    it.effect("does not spend the budget of its crashes, and keeps its place in the tree", () =>
      Effect.gen(function* () {
        const [elder, id] = [freshId(), freshId()]
        const system = yield* ActorSystem
        yield* spawnChild(Elder, elder, Elder, id)
        for (const _ of integers(5)) yield* system.restart(Elder, id)
        yield* spawnChild(Elder, id, Minor, `${id} below`)
        yield* system.restart(Elder, id)
        const parent = { actor: "Elder", id: elder }
        assert.deepInclude(yield* info(Elder, id), { status: "running", restarts: 6, parent })
        assert.strictEqual((yield* info(Minor, `${id} below`)).status, "running")
      })
    )

    it.effect("may be so by several at once, in the middle of all that comes, and runs each command once", () =>
      Effect.gen(function* () {
        const id = freshId()
        const system = yield* ActorSystem
        const client = (yield* Elder.client)(id)
        const asking = yield* start(
          Effect.forEach(integers(50), () => Effect.andThen(Effect.yieldNow, client.Count()), { concurrency: 10 })
        )
        yield* Effect.forEach(integers(20), () => Effect.andThen(system.restart(Elder, id), Effect.yieldNow), {
          concurrency: 3
        })
        const counts = yield* Fiber.join(asking)
        assert.deepStrictEqual(
          [...counts].sort((a, b) => a - b),
          integers(50)
        )
      })
    )

    it.effect("must be one that can be", () =>
      Effect.gen(function* () {
        const id = freshId()
        const system = yield* ActorSystem
        const faults = yield* faultsOf(Elder.agentId(id))
        const client = (yield* Elder.client)(id)
        yield* fails(system.restart(Elder, ""), "InvalidInput")
        yield* fails(system.restart(Unborn, "a"), "ActorNotRegistered")
        yield* client.Count()
        faults.breakReads("read")
        yield* fails(system.restart(Elder, id), "RecoveryFailed")
        faults.mendReads()
        assert.strictEqual(yield* client.Count(), 2)
      })
    )

    it.effect("while somebody stops it, ends up as one of the two would have it", () =>
      Effect.gen(function* () {
        const system = yield* ActorSystem
        for (const _ of integers(20)) {
          const id = freshId()
          const client = (yield* Elder.client)(id)
          const counting = yield* start(Effect.result(client.Count()))
          yield* Effect.all([system.stop(Elder, id), Effect.result(system.restart(Elder, id))], {
            concurrency: "unbounded"
          })
          const counted = yield* Fiber.join(counting)
          assert.isTrue(Result.isSuccess(counted))
          assert.include(["running", "stopped"], (yield* info(Elder, id)).status)
        }
      })
    )
  })
}
