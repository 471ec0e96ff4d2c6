/**
 * What the end of an actor means to those below it.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { childrenOf, spawnChild } from "./children.ts"
import { faultsOf } from "./faultsOf.ts"
import { Elder, type Kind, Minor, Sleeper, within } from "./Kin.ts"
import { Stage } from "./Stage.ts"
import { Engines, eventually, fails, freshId, type It, info, integers, start, stopped, Traits } from "./support.ts"

/** An elder, two children, and a grandchild by each. */
const family = Effect.gen(function* () {
  const [top, left, right, leftMost, rightMost] = [freshId(), freshId(), freshId(), freshId(), freshId()]
  yield* spawnChild(Elder, top, Elder, left)
  yield* spawnChild(Elder, top, Minor, right)
  yield* spawnChild(Elder, left, Minor, leftMost)
  yield* spawnChild(Minor, right, Minor, rightMost)
  const below: ReadonlyArray<readonly [Kind, string]> = [
    [Elder, left],
    [Minor, right],
    [Minor, leftMost],
    [Minor, rightMost]
  ]
  return { top, left, right, leftMost, rightMost, below }
})

const statuses = (members: ReadonlyArray<readonly [Kind, string]>) =>
  Effect.forEach(members, ([definition, id]) => Effect.map(info(definition, id), ({ status }) => status))

export const register = (it: It): void => {
  describe("a parent that stops", () => {
    it.effect("finishes what it has taken, and then stops all below it, who finish theirs", () =>
      Effect.gen(function* () {
        const { below, leftMost, rightMost, top } = yield* family
        const stage = yield* Stage
        const system = yield* ActorSystem
        const [first, second] = [freshId(), freshId()]
        const elder = (yield* Elder.client)(top)
        const minor = (yield* Minor.client)(leftMost)
        const busy = yield* start(elder.CountAfter({ gate: first }))
        yield* stage.arrival(first)
        const behind = yield* start(elder.Count())
        const stopping = yield* start(system.stop(Elder, top))
        yield* stopped(elder.Count(), "stopped")
        // Its children live until it is done.
        const busyBelow = yield* start(minor.CountAfter({ gate: second }))
        yield* stage.arrival(second)
        assert.deepStrictEqual(yield* statuses(below), ["running", "running", "running", "running"])
        yield* stage.open(first)
        assert.deepStrictEqual([yield* Fiber.join(busy), yield* Fiber.join(behind)], [1, 2])
        yield* eventually(Effect.map(info(Minor, rightMost), ({ status }) => status === "stopped"))
        // The news may still be on its way to the other branch; until then the question would be taken, and wait.
        const look = Effect.flip(minor.Look(undefined, { timeout: "20 millis" }))
        yield* eventually(Effect.map(look, ({ _tag }) => _tag === "ActorStopped"))
        assert.isUndefined(stopping.pollUnsafe())
        assert.isUndefined(busyBelow.pollUnsafe())
        yield* stage.open(second)
        assert.strictEqual(yield* Fiber.join(busyBelow), 1)
        yield* Fiber.join(stopping)
        assert.deepStrictEqual(yield* statuses(below), ["stopped", "stopped", "stopped", "stopped"])
        for (const [definition, id] of below) {
          assert.isUndefined((yield* info(definition, id)).parent)
          yield* stopped(
            Effect.flatMap(definition.client, (client) => client(id).Look()),
            "stopped"
          )
        }
        yield* system.spawn(Elder, top)
        assert.deepStrictEqual(yield* childrenOf(Elder, Elder, top), [])
      })
    )

    it.effect("stops children that sleep, and those of a parent that sleeps, also in a later engine", () =>
      Effect.gen(function* () {
        const engines = yield* Engines
        const system = yield* ActorSystem
        const { below, left, top } = yield* engines.fresh(family)
        const sleeper = freshId()
        yield* spawnChild(Elder, left, Sleeper, sleeper)
        yield* eventually(Effect.map(system.get(Sleeper, sleeper), (known) => known._tag === "None"))
        yield* system.stop(Elder, top)
        const everybody = [...below, [Sleeper, sleeper] as const]
        assert.deepStrictEqual(
          yield* statuses(everybody),
          integers(5).map(() => "stopped")
        )
        for (const [definition, id] of everybody) assert.isUndefined((yield* info(definition, id)).parent)
      })
    )

    it.effect("may be stopped by several at once, while its children are stopped, too", () =>
      Effect.gen(function* () {
        const { below, left, right, top } = yield* family
        const system = yield* ActorSystem
        const stops = [
          system.stop(Elder, top),
          system.stop(Elder, left),
          system.stop(Minor, right),
          system.stop(Elder, top)
        ]
        yield* Effect.all(stops, { concurrency: "unbounded" })
        assert.deepStrictEqual(yield* statuses(below), ["stopped", "stopped", "stopped", "stopped"])
      })
    )

    it.effect("may do so in its own handler, or in that of a child, which is answered", () =>
      Effect.gen(function* () {
        const system = yield* ActorSystem
        for (const from of ["top", "left", "leftMost"] as const) {
          const members = yield* family
          const definition = from === "leftMost" ? Minor : Elder
          yield* within(definition, members[from], system.stop(Elder, members.top))
          const all = [[Elder, members.top] as const, ...members.below]
          yield* eventually(Effect.map(statuses(all), (found) => found.every((status) => status === "stopped")))
        }
      })
    )

    it.effect("and is spawned at the same time comes back once its children have stopped", () =>
      Effect.gen(function* () {
        const { below, leftMost, top } = yield* family
        const stage = yield* Stage
        const system = yield* ActorSystem
        const gate = freshId()
        const busy = yield* start(Effect.flatMap(Minor.client, (client) => client(leftMost).CountAfter({ gate })))
        yield* stage.arrival(gate)
        const stopping = yield* start(system.stop(Elder, top))
        const spawning = yield* start(system.spawn(Elder, top))
        yield* Effect.sleep("20 millis")
        assert.isUndefined(spawning.pollUnsafe())
        yield* stage.open(gate)
        yield* Effect.forEach([busy, stopping], (fiber) => Fiber.await<unknown, unknown>(fiber))
        assert.strictEqual((yield* Fiber.join(spawning)).status, "running")
        assert.deepStrictEqual(yield* statuses(below), ["stopped", "stopped", "stopped", "stopped"])
      })
    )
  })

  describe("a child that stops", () => {
    it.effect("is a child no longer, and may become that of another", () =>
      Effect.gen(function* () {
        const [elder, other, minor] = [freshId(), freshId(), freshId()]
        const system = yield* ActorSystem
        yield* spawnChild(Elder, elder, Minor, minor)
        yield* system.stop(Minor, minor)
        assert.isUndefined((yield* info(Minor, minor)).parent)
        assert.deepStrictEqual(yield* childrenOf(Minor, Elder, elder), [])
        assert.isUndefined((yield* system.spawn(Minor, minor)).parent)
        yield* spawnChild(Elder, other, Minor, minor)
        yield* system.stop(Elder, elder)
        assert.strictEqual((yield* info(Minor, minor)).status, "running")
      })
    )

    it.effect("by a handler of its parent may be spawned by it again at once", () =>
      Effect.gen(function* () {
        const [elder, minor] = [freshId(), freshId()]
        const stage = yield* Stage
        const gate = freshId()
        yield* spawnChild(Elder, elder, Minor, minor)
        const busy = yield* start(Effect.flatMap(Minor.client, (client) => client(minor).CountAfter({ gate })))
        yield* stage.arrival(gate)
        yield* start(Effect.delay(stage.open(gate), "10 millis"))
        const again = ActorSystem.use((system) =>
          Effect.andThen(system.stop(Minor, minor), system.spawnChild(Minor, minor))
        )
        const parent = { actor: "Elder", id: elder }
        assert.deepInclude(yield* within(Elder, elder, again), { status: "running", version: 1, parent })
        assert.strictEqual(yield* Fiber.join(busy), 1)
        assert.deepStrictEqual(yield* childrenOf(Minor, Elder, elder), [minor])
      })
    )

    it.effect("and waits for its parent is not waited for by it", () =>
      Effect.gen(function* () {
        const [elder, minor] = [freshId(), freshId()]
        const stage = yield* Stage
        const gate = freshId()
        yield* spawnChild(Elder, elder, Minor, minor)
        const report = Effect.andThen(
          stage.pass(gate),
          Effect.flatMap(Elder.client, (client) => client(elder).Look())
        )
        const reporting = yield* start(Effect.result(within(Minor, minor, report)))
        yield* stage.arrival(gate)
        const respawn = Effect.gen(function* () {
          const system = yield* ActorSystem
          yield* system.stop(Minor, minor)
          yield* stage.open(gate)
          return yield* system.spawnChild(Minor, minor)
        })
        const spawned = yield* Effect.result(within(Elder, elder, respawn))
        const told = yield* Fiber.join(reporting)
        // One of the two would have waited for ever, and is told so.
        const tags = [spawned, told].flatMap((result) => (result._tag === "Failure" ? [result.failure._tag] : []))
        assert.lengthOf(tags, 1)
        assert.include(["ActorStopped", "ActorDeadlock"], tags[0])
      })
    )
  })

  describe("a parent that fails", () => {
    it.effect("stops all below it, who stay its children and may come back with it", () =>
      Effect.gen(function* () {
        const { below, left, leftMost, right, top } = yield* family
        const system = yield* ActorSystem
        const elder = (yield* Elder.client)(top)
        for (const _ of integers(3)) yield* fails(elder.Die(), "ActorCrashed")
        yield* eventually(Effect.map(statuses(below), (found) => found.every((status) => status === "stopped")))
        assert.strictEqual((yield* info(Elder, top)).status, "failed")
        assert.deepStrictEqual((yield* info(Elder, left)).parent, { actor: "Elder", id: top })
        assert.deepStrictEqual((yield* info(Minor, leftMost)).parent, { actor: "Elder", id: left })
        assert.deepStrictEqual(yield* childrenOf(Minor, Elder, top), [right])
        yield* system.spawn(Elder, top)
        assert.deepInclude(yield* spawnChild(Elder, top, Elder, left), { status: "running" })
        yield* system.stop(Elder, top)
        assert.deepInclude(yield* info(Elder, left), { status: "stopped", parent: undefined })
      })
    )

    it.effect("because of another writer stops all below it, too, unless it wakes again by itself", () =>
      Effect.gen(function* () {
        const { below, top } = yield* family
        const { afterConflict } = yield* Traits
        const engines = yield* Engines
        const elder = (yield* Elder.client)(top)
        yield* engines.fresh(Effect.flatMap(Elder.client, (client) => client(top).Count()))
        yield* fails(elder.Count(), "Conflict")
        if (afterConflict === "awake") {
          assert.strictEqual(yield* elder.Count(), 2)
          assert.isTrue((yield* statuses(below)).every((status) => status === "running"))
          return
        }
        yield* eventually(Effect.map(statuses(below), (found) => found.every((status) => status === "stopped")))
        yield* stopped(elder.Count(), "conflict")
      })
    )

    it.effect("and is stopped afterwards leaves its own parent", () =>
      Effect.gen(function* () {
        const { left, top } = yield* family
        const system = yield* ActorSystem
        const child = (yield* Elder.client)(left)
        for (const _ of integers(3)) yield* fails(child.Die(), "ActorCrashed")
        yield* eventually(Effect.map(info(Elder, left), ({ status }) => status === "failed"))
        assert.deepStrictEqual(yield* childrenOf(Elder, Elder, top), [left])
        yield* system.stop(Elder, left)
        assert.deepStrictEqual(yield* childrenOf(Elder, Elder, top), [])
      })
    )
  })

  describe("a store that fails for a moment", () => {
    it.effect("does not keep children from being stopped with their parent", () =>
      Effect.gen(function* () {
        const { below, left, top } = yield* family
        const system = yield* ActorSystem
        const faults = yield* faultsOf(Elder.agentId(top))
        const faultsOfChild = yield* faultsOf(Elder.agentId(left))
        faults.breakReads("notes")
        faultsOfChild.next("refuse")
        const stopping = yield* start(system.stop(Elder, top))
        yield* Effect.sleep("60 millis")
        faults.mendReads()
        yield* Fiber.join(stopping)
        assert.deepStrictEqual(yield* statuses(below), ["stopped", "stopped", "stopped", "stopped"])
        for (const [definition, id] of below) assert.isUndefined((yield* info(definition, id)).parent)
      })
    )
  })

  describe("a parent that sleeps", () => {
    it.effect("leaves its children running", () =>
      Effect.gen(function* () {
        const [sleeper, minor] = [freshId(), freshId()]
        yield* Effect.flatMap(Sleeper.client, (client) => client(sleeper).Count())
        yield* spawnChild(Sleeper, sleeper, Minor, minor)
        yield* eventually(Effect.map(info(Sleeper, sleeper), ({ status }) => status === "passivated"))
        assert.deepInclude(yield* info(Minor, minor), {
          status: "running",
          parent: { actor: "Sleeper", id: sleeper }
        })
      })
    )
  })
}
