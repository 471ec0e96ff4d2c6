/**
 * Watching one actor, and the changes of all.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { type ActorInfo, ActorSystem } from "../../../src/ActorSystem.ts"
import { spawnChild } from "./children.ts"
import { faultsOf } from "./faultsOf.ts"
import { Elder, Frugal, Minor, Sleeper, Unborn } from "./Kin.ts"
import { Stage } from "./Stage.ts"
import { Engines, eventually, fails, freshId, type It, info, integers, start } from "./support.ts"

/** The changes of one actor from now on, as they come, until it is told to end. */
const collect = (id: string) =>
  Effect.gen(function* () {
    const system = yield* ActorSystem
    const changes: Array<ActorInfo> = []
    const reading = yield* start(
      Stream.runForEach(system.changes, (change) =>
        Effect.sync(() => {
          if (change.id === id) changes.push(change)
        })
      )
    )
    const until = (status: ActorInfo["status"]) => eventually(Effect.sync(() => changes.at(-1)?.status === status))
    return { changes, until, end: Fiber.interrupt(reading) }
  })

export const register = (it: It): void => {
  describe("whoever looks an actor up", () => {
    it.effect("finds it also when it is brought back in the middle of that", () =>
      Effect.gen(function* () {
        const id = freshId()
        const system = yield* ActorSystem
        const faults = yield* faultsOf(Elder.agentId(id))
        yield* system.spawn(Elder, id)
        yield* system.stop(Elder, id)
        const release = faults.holdLook()
        const looking = yield* start(info(Elder, id))
        yield* faults.held
        yield* system.spawn(Elder, id)
        yield* release
        assert.strictEqual((yield* Fiber.join(looking)).status, "running")
      })
    )

    it.effect("finds it in a listing that had begun before it was brought back", () =>
      Effect.gen(function* () {
        const [running, back] = [freshId(), freshId()]
        const system = yield* ActorSystem
        yield* system.spawn(Frugal, running)
        yield* system.spawn(Frugal, back)
        yield* system.stop(Frugal, back)
        const found: Array<ActorInfo> = []
        yield* Stream.runForEach(system.list(Frugal), (listed) => {
          if (listed.id === back) found.push(listed)
          return listed.id === running ? system.spawn(Frugal, back) : Effect.void
        })
        assert.deepStrictEqual(
          found.map(({ status }) => status),
          ["running"]
        )
      })
    )
  })

  describe("whoever watches an actor", () => {
    it.effect("is told when it has stopped, with its parent, too", () =>
      Effect.gen(function* () {
        const [elder, minor] = [freshId(), freshId()]
        const system = yield* ActorSystem
        yield* spawnChild(Elder, elder, Minor, minor)
        const watchers = [
          yield* start(system.watch(Elder, elder)),
          yield* start(system.watch(Elder, elder)),
          yield* start(system.watch(Minor, minor))
        ]
        yield* Effect.yieldNow
        for (const watcher of watchers) assert.isUndefined(watcher.pollUnsafe())
        yield* system.stop(Elder, elder)
        assert.deepStrictEqual(yield* Effect.forEach(watchers, Fiber.join), [
          { _tag: "Stopped", actor: "Elder", id: elder },
          { _tag: "Stopped", actor: "Elder", id: elder },
          { _tag: "Stopped", actor: "Minor", id: minor }
        ])
      })
    )

    it.effect("is told when it has failed, and of what", () =>
      Effect.gen(function* () {
        const [crashing, rivalled] = [freshId(), freshId()]
        const system = yield* ActorSystem
        const engines = yield* Engines
        const client = yield* Elder.client
        yield* client(crashing).Count()
        const watching = yield* start(system.watch(Elder, crashing))
        for (const _ of integers(3)) yield* fails(client(crashing).Die(), "ActorCrashed")
        const crashed = yield* Fiber.join(watching)
        assert.deepInclude(crashed, { _tag: "Failed", actor: "Elder", id: crashing })
        assert.include(crashed._tag === "Failed" ? String(crashed.cause) : "", "boom")
        yield* client(rivalled).Count()
        const watchingOther = yield* start(system.watch(Elder, rivalled))
        yield* engines.fresh(Effect.flatMap(Elder.client, (client) => client(rivalled).Count()))
        yield* fails(client(rivalled).Count(), "Conflict")
        const conflict = yield* Fiber.join(watchingOther)
        assert.deepInclude(conflict._tag === "Failed" ? conflict.cause : {}, {
          _tag: "Conflict",
          expected: 1,
          actual: 2
        })
      })
    )

    it.effect("is told when it falls asleep", () =>
      Effect.gen(function* () {
        const id = freshId()
        const system = yield* ActorSystem
        yield* Effect.flatMap(Sleeper.client, (client) => client(id).Count())
        assert.deepStrictEqual(yield* system.watch(Sleeper, id), { _tag: "Passivated", actor: "Sleeper", id })
      })
    )

    it.effect("is told at once how it left, when it is not in memory", () =>
      Effect.gen(function* () {
        const [stoppedId, failed, unknown] = [freshId(), freshId(), freshId()]
        const system = yield* ActorSystem
        const client = yield* Elder.client
        yield* client(stoppedId).Count()
        yield* system.stop(Elder, stoppedId)
        for (const _ of integers(3)) yield* fails(client(failed).Die(), "ActorCrashed")
        yield* system.watch(Elder, failed)
        assert.strictEqual((yield* system.watch(Elder, stoppedId))._tag, "Stopped")
        const again = yield* system.watch(Elder, failed)
        assert.include(again._tag === "Failed" ? String(again.cause) : "", "boom")
        assert.strictEqual((yield* system.watch(Elder, unknown))._tag, "Passivated")
        yield* fails(system.watch(Elder, ""), "InvalidInput")
        yield* fails(system.watch(Unborn, "a"), "ActorNotRegistered")
      })
    )

    it.effect("is not told of a crash that the actor is restarted after", () =>
      Effect.gen(function* () {
        const id = freshId()
        const system = yield* ActorSystem
        const client = (yield* Elder.client)(id)
        yield* client.Count()
        const watching = yield* start(system.watch(Elder, id))
        yield* fails(client.Die(), "ActorCrashed")
        yield* system.restart(Elder, id)
        assert.strictEqual(yield* client.Count(), 2)
        assert.isUndefined(watching.pollUnsafe())
        yield* Fiber.interrupt(watching)
      })
    )

    it.effect("is told when the engine closes", () =>
      Effect.gen(function* () {
        const id = freshId()
        const engines = yield* Engines
        const watching = yield* engines.fresh(
          Effect.gen(function* () {
            const system = yield* ActorSystem
            yield* Effect.flatMap(Elder.client, (client) => client(id).Count())
            return yield* Effect.forkDetach(system.watch(Elder, id), { startImmediately: true })
          })
        )
        assert.strictEqual((yield* Fiber.join(watching))._tag, "Passivated")
      })
    )
  })

  describe("the changes of actors", () => {
    it.effect("tell each status that one comes to have, and its parent", () =>
      Effect.gen(function* () {
        const [elder, id] = [freshId(), freshId()]
        const system = yield* ActorSystem
        const client = (yield* Minor.client)(id)
        const { changes, end, until } = yield* collect(id)
        yield* spawnChild(Elder, elder, Minor, id)
        yield* until("running")
        yield* client.Count()
        yield* system.pause(Minor, id)
        yield* until("paused")
        yield* system.resume(Minor, id)
        yield* until("running")
        yield* fails(client.Die(), "ActorCrashed")
        yield* eventually(Effect.sync(() => changes.at(-1)?.status === "running" && changes.at(-1)?.restarts === 1))
        yield* system.stop(Minor, id)
        yield* until("stopped")
        yield* system.spawn(Minor, id)
        yield* until("running")
        yield* end
        const told = changes.map(({ status }) => status)
        // Between two looks of the reader some may have been passed over.
        const all = [
          "recovering",
          "running",
          "paused",
          "running",
          "restarting",
          "recovering",
          "running",
          "stopped",
          "recovering",
          "running"
        ]
        let place = -1
        for (const status of told) {
          place = all.indexOf(status, place + 1)
          assert.isAtLeast(place, 0, `${told}`)
        }
        assert.deepInclude(changes[0], {
          actor: "Minor",
          id,
          agentId: Minor.agentId(id),
          parent: { actor: "Elder", id: elder }
        })
        assert.deepInclude(changes.at(-1), { version: 1, parent: undefined })
      })
    )

    it.effect("tell of one that fails or falls asleep", () =>
      Effect.gen(function* () {
        const [failing, sleeping] = [freshId(), freshId()]
        const failed = yield* collect(failing)
        const slept = yield* collect(sleeping)
        for (const _ of integers(3)) {
          yield* Effect.exit(Effect.flatMap(Elder.client, (client) => client(failing).Die()))
        }
        yield* Effect.flatMap(Sleeper.client, (client) => client(sleeping).Count())
        yield* failed.until("failed")
        yield* slept.until("passivated")
        yield* failed.end
        yield* slept.end
      })
    )

    it.effect("give a slow reader the latest of each actor, each once", () =>
      Effect.gen(function* () {
        const [busy, other, gate] = [freshId(), freshId(), freshId()]
        const system = yield* ActorSystem
        const stage = yield* Stage
        const seen: Array<ActorInfo> = []
        const own = Stream.filter(system.changes, ({ id }) => id === busy || id === other)
        const reading = yield* start(
          Stream.runForEach(own, (change) =>
            Effect.suspend(() => {
              seen.push(change)
              return stage.pass(gate)
            })
          )
        )
        yield* system.spawn(Elder, busy)
        yield* stage.arrival(gate)
        for (const _ of integers(50)) {
          yield* system.pause(Elder, busy)
          yield* system.resume(Elder, busy)
        }
        yield* system.spawn(Elder, other)
        yield* system.stop(Elder, busy)
        yield* stage.open(gate)
        yield* eventually(
          Effect.sync(
            () => seen.at(-1)?.status === "stopped" || (seen.at(-2)?.status === "stopped" && seen.at(-1)?.id === other)
          )
        )
        // What was on its way when the reader got stuck, and then one each.
        assert.isBelow(seen.length, 12)
        yield* Fiber.interrupt(reading)
      })
    )

    it.effect("end when the engine closes, after they have told of that", () =>
      Effect.gen(function* () {
        const id = freshId()
        const engines = yield* Engines
        const reading = yield* engines.fresh(
          Effect.gen(function* () {
            const system = yield* ActorSystem
            const fiber = yield* Effect.forkDetach(Stream.runCollect(system.changes), { startImmediately: true })
            yield* Effect.flatMap(Elder.client, (client) => client(id).Count())
            return fiber
          })
        )
        const changes = yield* Fiber.join(reading)
        assert.deepInclude(changes.at(-1), { id, status: "passivated", version: 1 })
      })
    )
  })
}
