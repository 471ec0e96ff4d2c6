/**
 * How actors become children, and how that is seen.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { CurrentActor, self } from "../../../src/CurrentActor.ts"
import { Elder, Frugal, type Kind, Minor, Sleeper, Unborn, within } from "./Kin.ts"
import { assertTag, Engines, eventually, fails, freshId, type It, info, integers } from "./support.ts"

/** Spawns a child, in a handler of its parent. */
export const spawnChild = (parent: Kind, parentId: string, child: Kind, childId: string) =>
  within(
    parent,
    parentId,
    ActorSystem.use((system) => system.spawnChild(child, childId))
  )

/** The ids of the children of an actor that belong to a definition. */
export const childrenOf = (definition: Kind, parent: Kind, parentId: string) =>
  Effect.map(
    ActorSystem.use((system) =>
      Stream.runCollect(system.list(definition, { parent: { actor: parent.name, id: parentId } }))
    ),
    (infos) => infos.map(({ id }) => id).sort()
  )

export const register = (it: It): void => {
  describe("a child", () => {
    it.effect("is spawned by a handler, and all that is known of it tells its parent", () =>
      Effect.gen(function* () {
        const [elder, minor] = [freshId(), freshId()]
        const system = yield* ActorSystem
        const parent = { actor: "Elder", id: elder }
        const spawned = yield* spawnChild(Elder, elder, Minor, minor)
        assert.deepInclude(spawned, { actor: "Minor", id: minor, status: "running", parent })
        assert.deepStrictEqual((yield* info(Minor, minor)).parent, parent)
        assert.isUndefined((yield* info(Elder, elder)).parent)
        assert.deepStrictEqual((yield* system.spawn(Minor, minor)).parent, parent)
        const listed = yield* Stream.runCollect(system.list(Minor))
        assert.deepStrictEqual(listed.find(({ id }) => id === minor)?.parent, parent)
        assert.deepStrictEqual(yield* Stream.runCollect(system.list(Minor, { parent })), [yield* info(Minor, minor)])
        assert.deepStrictEqual(yield* childrenOf(Elder, Elder, elder), [])
      })
    )

    it.effect("may be spawned again by its parent, also by several handlers' fibers at once, and stays one child", () =>
      Effect.gen(function* () {
        const [frugal, minor] = [freshId(), freshId()]
        const spawns = ActorSystem.use((system) =>
          Effect.forEach(integers(10), () => system.spawnChild(Minor, minor), { concurrency: "unbounded" })
        )
        for (const spawned of yield* within(Frugal, frugal, spawns)) assert.strictEqual(spawned.status, "running")
        yield* spawnChild(Frugal, frugal, Minor, minor)
        assert.deepStrictEqual(yield* childrenOf(Minor, Frugal, frugal), [minor])
        // It counts once.
        for (const _ of integers(2)) yield* spawnChild(Frugal, frugal, Minor, freshId())
        assert.lengthOf(yield* childrenOf(Minor, Frugal, frugal), 3)
      })
    )

    it.effect("may have run before, and keeps its state", () =>
      Effect.gen(function* () {
        const [elder, minor] = [freshId(), freshId()]
        const client = (yield* Minor.client)(minor)
        yield* client.Count()
        assert.deepInclude(yield* spawnChild(Elder, elder, Minor, minor), { version: 1 })
        assert.strictEqual(yield* client.Count(), 2)
      })
    )

    it.effect("of another actor is refused, and stays with its parent", () =>
      Effect.gen(function* () {
        const [elder, other, minor] = [freshId(), freshId(), freshId()]
        yield* spawnChild(Elder, elder, Minor, minor)
        const refused = yield* fails(spawnChild(Elder, other, Minor, minor), "ChildRefused")
        assert.deepInclude(refused, {
          actor: "Minor",
          id: minor,
          parent: Elder.agentId(other),
          reason: "OtherParent",
          found: `Elder ${JSON.stringify(elder)}`
        })
        assert.deepStrictEqual((yield* info(Minor, minor)).parent, { actor: "Elder", id: elder })
        assert.deepStrictEqual(yield* childrenOf(Minor, Elder, other), [])
      })
    )

    it.effect("of two actors at once becomes the child of one of them", () =>
      Effect.gen(function* () {
        const elders = integers(5).map(freshId)
        const minor = freshId()
        const results = yield* Effect.forEach(
          elders,
          (elder) => Effect.result(spawnChild(Elder, elder, Minor, minor)),
          { concurrency: "unbounded" }
        )
        assert.lengthOf(results.filter(Result.isSuccess), 1)
        for (const result of results) {
          if (Result.isFailure(result)) assert.deepInclude(result.failure, { reason: "OtherParent" })
        }
        const winner = elders[results.findIndex(Result.isSuccess)] ?? ""
        assert.deepStrictEqual((yield* info(Minor, minor)).parent, { actor: "Elder", id: winner })
        const counts = yield* Effect.forEach(elders, (elder) => childrenOf(Minor, Elder, elder))
        assert.lengthOf(counts.flat(), 1)
      })
    )

    it.effect("is neither its parent nor above it", () =>
      Effect.gen(function* () {
        const [top, middle, bottom] = [freshId(), freshId(), freshId()]
        // From below, so that those above come to be there later.
        yield* spawnChild(Elder, middle, Elder, bottom)
        yield* spawnChild(Elder, top, Elder, middle)
        for (const above of [bottom, middle, top]) {
          const refused = yield* fails(spawnChild(Elder, bottom, Elder, above), "ChildRefused")
          assert.strictEqual(refused.reason, "Circle")
        }
        assert.isUndefined((yield* info(Elder, top)).parent)
        assert.deepStrictEqual(yield* childrenOf(Elder, Elder, bottom), [])
      })
    )

    it.effect("and its parent cannot each become the child of the other at once", () =>
      Effect.gen(function* () {
        const [one, other] = [freshId(), freshId()]
        const results = yield* Effect.all(
          [Effect.result(spawnChild(Elder, one, Elder, other)), Effect.result(spawnChild(Elder, other, Elder, one))],
          { concurrency: "unbounded" }
        )
        assert.isBelow(results.filter(Result.isSuccess).length, 2)
        for (const result of results) if (Result.isFailure(result)) assertTag(result.failure, "ChildRefused")
      })
    )

    it.effect("is refused when its parent has as many as it may have, until one of them is stopped", () =>
      Effect.gen(function* () {
        const frugal = freshId()
        const system = yield* ActorSystem
        const ids = integers(10).map(freshId)
        const spawns = Effect.forEach(ids, (id) => Effect.result(system.spawnChild(Minor, id)), {
          concurrency: "unbounded"
        })
        const results = yield* within(Frugal, frugal, spawns)
        assert.lengthOf(results.filter(Result.isSuccess), 3)
        for (const result of results) {
          if (Result.isFailure(result)) assert.deepInclude(result.failure, { reason: "TooManyChildren" })
        }
        const children = yield* childrenOf(Minor, Frugal, frugal)
        assert.lengthOf(children, 3)
        // A refused one was not spawned either.
        for (const id of ids)
          assert.strictEqual((yield* system.get(Minor, id))._tag, children.includes(id) ? "Some" : "None")
        yield* system.stop(Minor, children[0] ?? "")
        yield* spawnChild(Frugal, frugal, Minor, freshId())
        yield* fails(spawnChild(Frugal, frugal, Minor, freshId()), "ChildRefused")
      })
    )

    it.effect("counts after a restart of the engine, too", () =>
      Effect.gen(function* () {
        const frugal = freshId()
        const engines = yield* Engines
        yield* engines.fresh(Effect.forEach(integers(3), () => spawnChild(Frugal, frugal, Minor, freshId())))
        assert.strictEqual(
          (yield* fails(spawnChild(Frugal, frugal, Minor, freshId()), "ChildRefused")).reason,
          "TooManyChildren"
        )
      })
    )

    it.effect("can only be spawned in a handler, and only if somebody runs its kind", () =>
      Effect.gen(function* () {
        const elder = freshId()
        const system = yield* ActorSystem
        const outside = yield* fails(system.spawnChild(Minor, freshId()), "InvalidInput")
        assert.strictEqual(outside.path, "parent")
        const unknown = yield* fails(spawnChild(Elder, elder, Unborn, "a"), "ActorNotRegistered")
        assert.strictEqual(unknown.actor, "Unborn")
        for (const id of ["", "a\u0000"]) yield* fails(spawnChild(Elder, elder, Minor, id), "InvalidInput")
      })
    )

    it.effect("may be one of thousands, which are listed page by page", () =>
      Effect.gen(function* () {
        const elder = freshId()
        const system = yield* ActorSystem
        const ids = integers(1100).map((index) => `${elder} ${index}`)
        yield* within(
          Elder,
          elder,
          Effect.forEach(ids, (id) => system.spawnChild(Frugal, id), { concurrency: 64, discard: true })
        )
        const parent = { actor: "Elder", id: elder }
        const listed = yield* Stream.runCollect(system.list(Frugal, { parent }))
        assert.deepStrictEqual(listed.map(({ id }) => id).sort(), [...ids].sort())
        for (const one of listed) assert.deepStrictEqual(one.parent, parent)
        assert.lengthOf(yield* Stream.runCollect(Stream.take(system.list(Frugal, { parent }), 3)), 3)
        yield* system.stop(Elder, elder)
        for (const id of [ids[0], ids[1099]]) {
          assert.deepInclude(yield* info(Frugal, id ?? ""), { status: "stopped", parent: undefined })
        }
        assert.deepStrictEqual(yield* childrenOf(Frugal, Elder, elder), [])
      })
    )

    it.effect("that sleeps is still listed, with its parent", () =>
      Effect.gen(function* () {
        const [elder, sleeper] = [freshId(), freshId()]
        yield* spawnChild(Elder, elder, Sleeper, sleeper)
        const parent = { actor: "Elder", id: elder }
        // It has never written anything, so only its parent knows of it.
        const [listed] = yield* Effect.flatMap(ActorSystem, (system) =>
          Effect.andThen(
            eventually(Effect.map(system.get(Sleeper, sleeper), (known) => known._tag === "None")),
            Stream.runCollect(system.list(Sleeper, { parent }))
          )
        )
        assert.deepInclude(listed, { id: sleeper, status: "passivated", parent })
      })
    )
  })

  describe("a handler", () => {
    it.effect("can learn whose it is, and nobody else can", () =>
      Effect.gen(function* () {
        const elder = freshId()
        const running = { actor: "Elder", id: elder, agentId: Elder.agentId(elder) }
        assert.deepStrictEqual(yield* within(Elder, elder, self), running)
        assert.isUndefined(yield* CurrentActor)
        assert.strictEqual((yield* Effect.exit(self))._tag, "Failure")
      })
    )
  })
}
