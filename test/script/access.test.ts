/**
 * Scripted actors where there is a policy.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as Memory from "../../layers/memory/index.ts"
import {
  AccessError,
  AccessPolicy,
  ActorStatePort,
  CurrentPrincipal,
  EventStore,
  Permission,
  ScriptAction
} from "../../src/index.ts"
import { scriptOf, world } from "./support.ts"

const byPermissions: AccessPolicy.AccessPolicy = {
  check: (need) =>
    Effect.flatMap(CurrentPrincipal.CurrentPrincipal, (principal) =>
      CurrentPrincipal.may(principal, need) ? Effect.void : Effect.fail(new AccessError.AccessDenied(need))
    ),
  grounds: (need) =>
    Effect.map(CurrentPrincipal.CurrentPrincipal, (principal) =>
      CurrentPrincipal.may(principal, need) ? "permission" : "none"
    ),
  sharesChanged: () => {}
}

const layer = ActorStatePort.layer.pipe(
  Layer.provideMerge(world),
  Layer.provideMerge(LocalEngine.layer),
  Layer.provideMerge(Memory.layer),
  Layer.provide(Layer.succeed(AccessPolicy.AccessPolicy, byPermissions))
)

const as = (id: string, ...permissions: ReadonlyArray<Permission.Text>) => {
  const principal = { id, kind: "user", permissions: permissions.map(Permission.make) } as const
  return <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(effect, CurrentPrincipal.CurrentPrincipal, principal)
}

describe("scripted actors under a policy", () => {
  it.effect("are spawned, read and sent to by those only who may", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const writer = as("ann", "actor:write:PantheonActor/a")
      const reader = as("bob", "context:read:PantheonActor/a")
      yield* writer(port.spawn(scriptOf([]), "goal", { id: "a" }))
      yield* as("root", "*:admin:*")(port.spawn(scriptOf([]), "goal", { id: "b" }))
      const refused: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
        writer(port.get("a")),
        writer(Stream.runCollect(port.history("a"))),
        writer(Stream.runHead(port.watch("a"))),
        ...["a", "unknown"].flatMap((id) => [
          reader(port.spawn(scriptOf([]), "goal", { id })),
          reader(port.tick(id)),
          reader(port.send(id, "hello")),
          reader(port.update(id, { goals: [] })),
          reader(port.stop(id)),
          reader(port.pause(id))
        ])
      ]
      for (const call of refused) assert.instanceOf(yield* Effect.flip(call), AccessError.AccessDenied)
      assert.isTrue(Option.isSome(yield* reader(port.get("a"))))
      assert.deepStrictEqual(
        (yield* reader(Stream.runCollect(port.list()))).map(({ id }) => id),
        ["a"]
      )
      assert.lengthOf(yield* reader(Stream.runCollect(port.history("a"))), 1)
    }).pipe(Effect.provide(layer))
  )

  it.effect("act as their own agents, whoever has spawned them, and their children are stopped with them", () =>
    Effect.gen(function* () {
      const port = yield* ActorStatePort.ActorStatePort
      const ann = as("ann", "actor:write:PantheonActor/a", "context:read:PantheonActor/a")
      const seen: Array<unknown> = []
      const plan = () =>
        Effect.map(CurrentPrincipal.CurrentPrincipal, (principal) => {
          const foreign = { resource: "context", action: "read", agentId: "another" } as const
          seen.push(principal.kind, principal.id, CurrentPrincipal.may(principal, foreign))
          return { actions: [ScriptAction.spawn({ name: "Child", contextSources: [], talents: [] }, "goal")] }
        })
      yield* ann(port.spawn(scriptOf([{ name: "act", mode: "persistent", plan }]), "goal", { id: "a" }))
      const { outcomes } = yield* ann(port.tick("a"))
      assert.deepStrictEqual(seen, ["agent", "PantheonActor/a", false])
      const [outcome] = outcomes
      assert.strictEqual(outcome?.result._tag, "Ok")
      const child = outcome?.actionId ?? ""
      yield* ann(port.stop("a"))
      const root = as("root", "*:admin:*")
      const stopped = Option.getOrThrow(yield* root(port.get(child)))
      assert.strictEqual(stopped.state, "stopped")
      // The child was spawned by its parent, the parent by a user.
      const store = yield* EventStore.EventStore
      const byOf = (id: string) =>
        Effect.map(
          Stream.runHead(store.read(ActorStatePort.agentId(id))),
          (event) => Option.getOrThrow(event).metadata["principal"]
        )
      assert.deepStrictEqual([yield* byOf("a"), yield* byOf(child)], ["ann", "PantheonActor/a"])
    }).pipe(Effect.provide(layer))
  )
})
