/**
 * Children whose crashes their parents have to deal with.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { ChildFailed } from "../../../src/ActorError.ts"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { spawnChild } from "./children.ts"
import { Elder, type Kind, Minor, Needy, Sleeper } from "./Kin.ts"
import { Stage } from "./Stage.ts"
import { eventually, fails, freshId, type It, info, integers, start, stopped } from "./support.ts"

const die = (definition: Kind, id: string) =>
  Effect.flatMap(definition.client, (client) => fails(client(id).Die(), "ActorCrashed"))

const comesTo = (definition: Kind, id: string, status: string, restarts?: number) =>
  eventually(
    Effect.map(
      info(definition, id),
      (found) => found.status === status && (restarts === undefined || found.restarts === restarts)
    )
  )

export const register = (it: It): void => {
  describe("a child that escalates", () => {
    it.effect("restarts its parent, and is brought back with it", () =>
      Effect.gen(function* () {
        const [elder, needy] = [freshId(), freshId()]
        const system = yield* ActorSystem
        const client = yield* Needy.client
        yield* spawnChild(Elder, elder, Needy, needy)
        yield* client(needy).Count()
        const watching = yield* start(system.watch(Needy, needy))
        yield* die(Needy, needy)
        const end = yield* Fiber.join(watching)
        assert.include(end._tag === "Failed" ? String(end.cause) : "", "boom")
        yield* comesTo(Elder, elder, "running", 1)
        yield* comesTo(Needy, needy, "running")
        assert.deepInclude(yield* info(Needy, needy), { restarts: 0, parent: { actor: "Elder", id: elder } })
        assert.strictEqual(yield* client(needy).Count(), 2)
      })
    )

    it.effect("does so only after its own budget is spent, if it has one", () =>
      Effect.gen(function* () {
        const [elder, minor] = [freshId(), freshId()]
        yield* spawnChild(Elder, elder, Minor, minor)
        yield* die(Minor, minor)
        yield* comesTo(Minor, minor, "running", 1)
        assert.strictEqual((yield* info(Elder, elder)).restarts, 0)
        yield* die(Minor, minor)
        yield* comesTo(Elder, elder, "running", 1)
        yield* comesTo(Minor, minor, "running", 0)
      })
    )

    it.effect("makes its parent fail, and all its children stop, when the budget of that is spent, too", () =>
      Effect.gen(function* () {
        const [elder, needy, other] = [freshId(), freshId(), freshId()]
        const system = yield* ActorSystem
        yield* spawnChild(Elder, elder, Needy, needy)
        yield* spawnChild(Elder, elder, Minor, other)
        const watching = yield* start(system.watch(Elder, elder))
        for (const restarts of [1, 2]) {
          yield* die(Needy, needy)
          yield* comesTo(Elder, elder, "running", restarts)
          yield* comesTo(Needy, needy, "running")
        }
        yield* die(Needy, needy)
        const end = yield* Fiber.join(watching)
        const cause = end._tag === "Failed" ? end.cause : undefined
        if (!(cause instanceof ChildFailed)) return assert.fail(`expected a ChildFailed, found ${cause}`)
        assert.deepInclude(cause, { actor: "Needy", id: needy })
        yield* comesTo(Needy, needy, "failed")
        yield* comesTo(Minor, other, "stopped")
        yield* stopped(
          Effect.flatMap(Elder.client, (client) => client(elder).Count()),
          "failed"
        )
      })
    )

    it.effect("goes up as far as somebody deals with it", () =>
      Effect.gen(function* () {
        const [elder, middle, needy] = [freshId(), freshId(), freshId()]
        yield* spawnChild(Elder, elder, Needy, middle)
        yield* spawnChild(Needy, middle, Needy, needy)
        yield* die(Needy, needy)
        yield* comesTo(Elder, elder, "running", 1)
        yield* comesTo(Needy, middle, "running")
        // Those below come back when the middle spawns them again.
        assert.strictEqual((yield* info(Needy, needy)).status, "failed")
        assert.deepInclude(yield* spawnChild(Needy, middle, Needy, needy), { status: "running" })
      })
    )

    it.effect("without a parent, or with one that was stopped, just fails", () =>
      Effect.gen(function* () {
        const [alone, elder, needy, gate] = [freshId(), freshId(), freshId(), freshId()]
        const system = yield* ActorSystem
        const stage = yield* Stage
        yield* die(Needy, alone)
        yield* comesTo(Needy, alone, "failed")
        yield* system.spawn(Needy, alone)
        yield* spawnChild(Elder, elder, Needy, needy)
        const busy = yield* start(Effect.flatMap(Needy.client, (client) => client(needy).CountAfter({ gate })))
        yield* stage.arrival(gate)
        const dying = yield* start(die(Needy, needy))
        const stopping = yield* start(system.stop(Elder, elder))
        yield* comesTo(Elder, elder, "stopped")
        yield* stage.open(gate)
        yield* Fiber.join(busy)
        yield* Fiber.join(dying)
        yield* Fiber.join(stopping)
        assert.include(["failed", "stopped"], (yield* info(Needy, needy)).status)
        assert.isUndefined((yield* info(Needy, needy)).parent)
        assert.strictEqual((yield* info(Elder, elder)).status, "stopped")
      })
    )

    it.effect("wakes a parent that sleeps", () =>
      Effect.gen(function* () {
        const [sleeper, needy] = [freshId(), freshId()]
        const system = yield* ActorSystem
        yield* Effect.flatMap(Sleeper.client, (client) => client(sleeper).Count())
        yield* spawnChild(Sleeper, sleeper, Needy, needy)
        for (const _ of integers(10)) {
          yield* eventually(Effect.map(info(Sleeper, sleeper), ({ status }) => status === "passivated"))
          const watching = yield* start(system.watch(Needy, needy))
          yield* die(Needy, needy)
          yield* Fiber.join(watching)
          yield* comesTo(Needy, needy, "running")
        }
      })
    )

    it.effect("finds a parent that is busy, and restarts it after the command that it is running", () =>
      Effect.gen(function* () {
        const [elder, needy, gate] = [freshId(), freshId(), freshId()]
        const stage = yield* Stage
        const client = (yield* Elder.client)(elder)
        yield* spawnChild(Elder, elder, Needy, needy)
        const busy = yield* start(client.CountAfter({ gate }))
        yield* stage.arrival(gate)
        const behind = yield* start(client.Count())
        yield* die(Needy, needy)
        yield* comesTo(Needy, needy, "failed")
        yield* stage.open(gate)
        assert.deepStrictEqual([yield* Fiber.join(busy), yield* Fiber.join(behind)], [1, 2])
        // The failure comes to the parent a moment after it is told of.
        yield* eventually(Effect.map(info(Elder, elder), ({ restarts }) => restarts === 1))
        yield* comesTo(Needy, needy, "running")
      })
    )

    it.effect("finds a parent that is paused, which stays so", () =>
      Effect.gen(function* () {
        const [elder, needy] = [freshId(), freshId()]
        const system = yield* ActorSystem
        yield* spawnChild(Elder, elder, Needy, needy)
        yield* system.pause(Elder, elder)
        yield* die(Needy, needy)
        yield* comesTo(Needy, needy, "running")
        yield* comesTo(Elder, elder, "paused", 1)
        yield* system.resume(Elder, elder)
        assert.strictEqual(yield* Effect.flatMap(Elder.client, (client) => client(elder).Count()), 1)
      })
    )
  })
}
