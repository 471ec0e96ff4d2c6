/**
 * What a share of an agent lets its recipient do with the life of the agent, where the policy decides by shares.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as AccessPolicy from "../../../src/AccessPolicy.ts"
import * as AgentStateManager from "../../../src/AgentStateManager.ts"
import * as ContextLifecycle from "../../../src/ContextLifecycle.ts"
import * as ContextSharing from "../../../src/ContextSharing.ts"
import { anonymous } from "../../../src/CurrentPrincipal.ts"
import { as, hour, inFuture, root, user } from "../sharing/support.ts"
import { busy, eventsOf, fails, freshId, type It, importLines, Lifecycle, linesOf } from "./support.ts"

/** Runs with services that ask a policy of their own, which decides by permissions and shares. */
const scoped = <A, E, R>(effect: Effect.Effect<A, E, R>) => {
  const services = Layer.merge(ContextLifecycle.layer, ContextSharing.layer).pipe(
    Layer.provideMerge(AgentStateManager.layer()),
    Layer.provideMerge(AccessPolicy.layerScoped())
  )
  return as(root)(Effect.provide(effect, services, { local: true }))
}

/** An agent, and people who have no permission: some with a share, one without, and one who has shown nothing. */
const scene = Effect.gen(function* () {
  const sharing = yield* ContextSharing.ContextSharing
  const agentId = freshId()
  yield* busy(agentId, 1)
  const recipient = (level: ContextSharing.Level) =>
    Effect.gen(function* () {
      const who = user(freshId())
      yield* sharing.share({ agentId, recipientId: who.id, level })
      return who
    })
  const [reader, writer, admin] = [yield* recipient("read"), yield* recipient("write"), yield* recipient("admin")]
  return { agentId, reader, writer, admin, outsider: user(freshId()) }
})

/** Everything that can be done with a context that is there and stays. */
const calls = (agentId: string) =>
  Effect.gen(function* () {
    const lifecycle = yield* Lifecycle
    const expiresAt = yield* inFuture(hour)
    return [
      { action: "read", call: lifecycle.getContextStatistics(agentId) },
      { action: "read", call: lifecycle.validateContextIntegrity(agentId) },
      { action: "read", call: Stream.runDrain(lifecycle.findings(agentId)) },
      { action: "read", call: Stream.runDrain(lifecycle.exportContext(agentId)) },
      { action: "write", call: lifecycle.setExpiry(agentId, expiresAt) },
      { action: "write", call: lifecycle.archiveContext(agentId) },
      { action: "write", call: lifecycle.restoreContext(agentId) }
    ] as const
  })

export const register = (it: It): void => {
  describe("the life of a context, where the policy decides by shares", () => {
    it.effect("is in the hands of recipients who may administer it, and of nobody else", () =>
      Effect.gen(function* () {
        const lifecycle = yield* Lifecycle
        const { admin, agentId, outsider, reader, writer } = yield* scene
        const before = yield* eventsOf(agentId)
        for (const who of [reader, writer, outsider, anonymous, { ...admin, kind: "anonymous" } as const]) {
          const ends = [
            { action: "write", call: lifecycle.createContext(agentId) },
            { action: "write", call: lifecycle.importContext(agentId, Stream.empty) },
            { action: "admin", call: lifecycle.importContext(agentId, Stream.empty, { existing: "replace" }) },
            { action: "admin", call: lifecycle.deleteContext(agentId) },
            { action: "admin", call: lifecycle.purgeContext(agentId) }
          ] as const
          for (const { action, call } of [...(yield* calls(agentId)), ...ends]) {
            const refused: Effect.Effect<unknown, { readonly _tag: string }> = call
            const error = yield* as(who)(Effect.flip(refused))
            assert.deepInclude<object>(error, { _tag: "AccessDenied", resource: "lifecycle", action, agentId })
          }
        }
        assert.deepStrictEqual(yield* eventsOf(agentId), before)
        for (const { call } of yield* calls(agentId)) {
          yield* as(admin)(call as Effect.Effect<unknown, { readonly _tag: string }>)
        }
        yield* fails(as(admin)(lifecycle.createContext(agentId)), "ContextExists")
      }).pipe(scoped)
    )

    it.effect("ends for a recipient who ends it, since his share goes with it", () =>
      Effect.gen(function* () {
        const lifecycle = yield* Lifecycle
        for (const [end, keepsHistory] of [
          [lifecycle.deleteContext, true],
          [lifecycle.purgeContext, false]
        ] as const) {
          const { admin, agentId } = yield* scene
          yield* as(admin)(Effect.asVoid(end(agentId) as Effect.Effect<unknown, { readonly _tag: string }>))
          yield* fails(as(admin)(lifecycle.getContextStatistics(agentId)), "AccessDenied", { agentId })
          yield* fails(as(admin)(lifecycle.createContext(agentId)), "AccessDenied", { agentId })
          assert.strictEqual((yield* eventsOf(agentId)).length > 0, keepsHistory)
        }
      }).pipe(scoped)
    )

    it.effect("lets a recipient neither bring in shares, nor carry it to an agent, nor see all there is", () =>
      Effect.gen(function* () {
        const lifecycle = yield* Lifecycle
        const { admin, agentId } = yield* scene
        const lines = yield* as(admin)(linesOf(agentId))
        const replace = { existing: "replace" } as const
        yield* fails(as(admin)(importLines(agentId, lines, replace)), "AccessDenied", { resource: "share", agentId })
        yield* fails(as(admin)(importLines(freshId(), lines)), "AccessDenied", { resource: "lifecycle" })
        yield* fails(as(admin)(lifecycle.getSystemStatistics), "AccessDenied", { action: "read" })
        yield* fails(as(admin)(lifecycle.cleanUp()), "AccessDenied", { action: "admin" })
        const bare = yield* as(admin)(linesOf(agentId, { contents: ["commands"] }))
        yield* as(admin)(importLines(agentId, bare, replace))
      }).pipe(scoped)
    )
  })
}
