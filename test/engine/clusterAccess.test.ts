/**
 * Access on a cluster: who sends asks without a word in the record, and the machine that runs the actor asks again.
 */
import { assert, it } from "@effect/vitest"
import * as TestRunner from "effect/cluster/TestRunner"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ClusterEngine from "../../layers/engine/cluster.ts"
import * as Memory from "../../layers/memory/index.ts"
import { AccessDenied } from "../../src/AccessError.ts"
import { AccessPolicy } from "../../src/AccessPolicy.ts"
import { ActorSystem } from "../../src/ActorSystem.ts"
import { CurrentPrincipal } from "../../src/CurrentPrincipal.ts"
import * as AlarmClock from "../contract/engine/AlarmClock.ts"
import { eventually, integers } from "../contract/engine/support.ts"

const ann = { id: "ann", kind: "user", permissions: [] } as const

/** Its shares were revoked a moment ago, which those who send have not heard of yet. */
const revoked = (asked: Array<string>): AccessPolicy => ({
  check: (need) =>
    Effect.flatMap(CurrentPrincipal, ({ id }) => {
      asked.push(`${id} ${need.action}`)
      return Effect.fail(new AccessDenied(need))
    }),
  grounds: () => Effect.succeed("share"),
  sharesChanged: () => {}
})

const withPolicy = (policy: AccessPolicy, patience: Duration.Input = 0) =>
  AlarmClock.AlarmClockBehavior.pipe(
    Layer.provideMerge(ClusterEngine.layerWith({ patience, machines: "one" })),
    Layer.provide([Layer.succeed(AccessPolicy, policy), TestRunner.layer]),
    Layer.provideMerge(Memory.layer)
  )

it.live("is refused where the actor runs, for the principal who sent it, once each", () => {
  const asked: Array<string> = []
  return Effect.gen(function* () {
    const system = yield* ActorSystem
    const calls: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
      system.ask(AlarmClock.AlarmClock, "a", "Rung", undefined),
      system.tell(AlarmClock.AlarmClock, "a", "Ring", { label: "now" }),
      system.spawn(AlarmClock.AlarmClock, "a"),
      system.stop(AlarmClock.AlarmClock, "a"),
      system.pause(AlarmClock.AlarmClock, "a"),
      system.resume(AlarmClock.AlarmClock, "a"),
      system.restart(AlarmClock.AlarmClock, "a"),
      system.watch(AlarmClock.AlarmClock, "a")
    ]
    for (const call of calls) {
      const error = yield* Effect.flip(Effect.provideService(call, CurrentPrincipal, ann))
      assert.instanceOf(error, AccessDenied)
    }
    const actions = ["write", "write", "admin", "admin", "admin", "admin", "admin", "read"]
    assert.deepStrictEqual(
      asked,
      actions.map((action) => `ann ${action}`)
    )
  }).pipe(Effect.provide(withPolicy(revoked(asked))))
})

it.live("is refused there as well to commands that travel together", () => {
  const asked: Array<string> = []
  return Effect.gen(function* () {
    const system = yield* ActorSystem
    const calls = integers(200).map((number) => system.ask(AlarmClock.AlarmClock, `${number % 50}`, "Rung", undefined))
    const errors = yield* Effect.forEach(calls, Effect.flip, { concurrency: "unbounded" })
    for (const error of errors) assert.instanceOf(error, AccessDenied)
    assert.lengthOf(asked, 200)
  }).pipe(Effect.provide(withPolicy(revoked(asked), "5 seconds")))
})

it.live("is not asked again for a command that was taken durably", () => {
  let checks = 0
  const once: AccessPolicy = {
    check: (need) => (checks++ === 0 ? Effect.void : Effect.fail(new AccessDenied(need))),
    grounds: () => Effect.succeed("none"),
    sharesChanged: () => {}
  }
  return Effect.gen(function* () {
    const system = yield* ActorSystem
    const told = system.tell(AlarmClock.AlarmClock, "a", "Ring", { label: "kept" }, { delivery: "durable" })
    yield* Effect.provideService(told, CurrentPrincipal, ann)
    const rung = Effect.map(AlarmClock.AlarmClock.readState("a"), ({ state }) => state.rung.length)
    yield* eventually(Effect.map(rung, (count) => count === 1))
    assert.strictEqual(checks, 1)
  }).pipe(Effect.provide(withPolicy(once)))
})
