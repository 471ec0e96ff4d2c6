import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import * as Memory from "../../layers/memory/index.ts"
import { trusted } from "../../src/AccessPolicy.ts"
import * as HeldShares from "../../src/access/HeldShares.ts"
import { EventStore } from "../../src/EventStore.ts"
import { ownPolicy, under } from "../contract/access/support.ts"
import * as FaultyStore from "../contract/FaultyStore.ts"
import { Agents, as, fails, freshId, root, Sharing, user } from "../contract/sharing/support.ts"

const onFaulty = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.provide(effect, FaultyStore.layer.pipe(Layer.provide(Memory.layer)), { local: true })

/** An agent that is shared with bob, and the policy that lets him in. */
const scene = Effect.gen(function* () {
  const policy = yield* ownPolicy()
  const [agentId, bob] = [freshId(), user(freshId())]
  const share = yield* Effect.gen(function* () {
    yield* as(root)((yield* Agents).setState(agentId, {}))
    return yield* as(root)((yield* Sharing).share({ agentId, recipientId: bob.id, level: "read" }))
  }).pipe(under(policy))
  const need = { resource: "context", action: "read", agentId } as const
  return { policy, agentId, bob, share, check: as(bob)(policy.check(need)), need }
})

const reads = FaultyStore.FaultyStore.use((faults) => faults.asked({ on: "reads" }))

describe("the scoped policy", () => {
  it.effect("reads nothing for whoever has a permission", () =>
    Effect.gen(function* () {
      const { need, policy } = yield* scene
      const before = yield* reads
      yield* as(root)(policy.check(need))
      yield* as(user("ann", "context:read:*"))(policy.check(need))
      assert.strictEqual(yield* reads, before)
    }).pipe(onFaulty)
  )

  it.effect("never waits for the store for an agent that is asked about often", () =>
    Effect.gen(function* () {
      const { check } = yield* scene
      const faults = yield* FaultyStore.FaultyStore
      yield* check
      for (const _ of Array.from({ length: 20 })) {
        // What is read in the background takes a while.
        yield* faults.delay("100 millis", { on: "reads", times: 2 })
        yield* TestClock.adjust(450)
        const before = yield* Clock.currentTimeMillis
        yield* check
        assert.strictEqual(yield* Clock.currentTimeMillis, before)
        yield* TestClock.adjust(400)
        yield* check
      }
    }).pipe(onFaulty)
  )

  it.effect("asks the store once for all who ask at the same time", () =>
    Effect.gen(function* () {
      const { bob, need, policy } = yield* scene
      policy.sharesChanged(need.agentId, bob.id)
      const before = yield* FaultyStore.FaultyStore.use((faults) => faults.asked({ on: "notes" }))
      yield* Effect.all(
        Array.from({ length: 100 }, () => as(bob)(policy.check(need))),
        { concurrency: "unbounded" }
      )
      assert.strictEqual((yield* FaultyStore.FaultyStore.use((faults) => faults.asked({ on: "notes" }))) - before, 1)
    }).pipe(onFaulty)
  )

  it.effect(
    "lets nobody in by a share when the store cannot be asked, but for what it was told less than a second ago",
    () =>
      Effect.gen(function* () {
        const { check, need, policy } = yield* scene
        const faults = yield* FaultyStore.FaultyStore
        yield* check
        yield* faults.fail({ on: "reads", times: Number.POSITIVE_INFINITY })
        yield* TestClock.adjust(850)
        yield* check
        yield* TestClock.adjust(150)
        yield* fails(check, "Unavailable")
        yield* fails(as(user(freshId()))(policy.check(need)), "Unavailable")
        yield* as(root)(policy.check(need))
        yield* faults.heal
        yield* check
      }).pipe(onFaulty)
  )

  it.effect("answers those who wait for the same as somebody who gave up", () =>
    Effect.gen(function* () {
      const { bob, check, need, policy } = yield* scene
      const faults = yield* FaultyStore.FaultyStore
      policy.sharesChanged(need.agentId, bob.id)
      yield* faults.delay("100 millis", { on: "notes" })
      const first = yield* Effect.forkChild(check, { startImmediately: true })
      const second = yield* Effect.forkChild(check, { startImmediately: true })
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust(100)
      yield* Fiber.join(second)
    }).pipe(onFaulty)
  )

  it.effect("remembers a limited number of agents and principals, and none with an id that no agent can have", () =>
    Effect.gen(function* () {
      const shares = yield* HeldShares.HeldShares.make(yield* EventStore)
      const ask = (agentId: string, recipientId: string) =>
        Effect.withFiber<unknown, unknown>((fiber) => {
          const held = shares.get(agentId, recipientId, fiber)
          return Effect.isEffect(held) ? held : Effect.void
        })
      for (const id of ["", "a\u0000b", "x".repeat(256), "\ud800"]) {
        yield* ask(id, "bob")
        yield* ask("agent", id)
      }
      assert.strictEqual(shares.size, 0)
      for (const index of Array.from({ length: HeldShares.capacity + 100 }).keys()) yield* ask(`agent ${index}`, "bob")
      assert.strictEqual(shares.size, HeldShares.capacity)
    }).pipe(Effect.provide(Memory.layer))
  )

  it.live("costs a hot call little more than a policy that trusts everybody", () =>
    Effect.gen(function* () {
      const { bob, need, policy } = yield* scene
      const ann = user("ann", "context:read:*")
      const checks = (run: Effect.Effect<unknown, unknown>) =>
        Effect.gen(function* () {
          const clock = yield* Clock.Clock
          const began = clock.monotonicTimeNanosUnsafe()
          for (let count = 0; count < 10_000; count++) yield* run
          return Number(clock.monotonicTimeNanosUnsafe() - began)
        })
      const runs = [
        as(ann)(Effect.suspend(() => trusted.check(need))),
        as(ann)(Effect.suspend(() => policy.check(need))),
        as(bob)(Effect.suspend(() => policy.check(need)))
      ]
      // By turns, and the best of many, so that neither warming up nor a busy machine counts for one alone.
      const best = runs.map(() => Number.POSITIVE_INFINITY)
      for (const _ of Array.from({ length: 12 })) {
        for (const [index, run] of runs.entries()) best[index] = Math.min(best[index] ?? 0, yield* checks(run))
      }
      const [free = 0, byPermission = 0, byShare = 0] = best
      assert.isBelow(byPermission / free, 15)
      assert.isBelow(byShare / free, 30)
    }).pipe(Effect.provide(FaultyStore.layer.pipe(Layer.provide(Memory.layer))))
  )
})
