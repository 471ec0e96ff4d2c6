/**
 * Who may do what: the policy is asked before anything is looked up.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { AccessDenied } from "../../../src/AccessError.ts"
import type { AccessPolicy } from "../../../src/AccessPolicy.ts"
import * as Permission from "../../../src/Permission.ts"
import {
  Agents,
  busy,
  eventsOf,
  fails,
  freshId,
  type It,
  importLines,
  Lifecycle,
  lifecycle,
  linesOf
} from "./support.ts"

/** Lets everybody do what these permissions allow. */
const allowing = (...texts: ReadonlyArray<Permission.Text>): AccessPolicy => {
  const permissions = texts.map(Permission.make)
  return {
    check: (need) => (Permission.allows(permissions, need) ? Effect.void : Effect.fail(new AccessDenied(need))),
    grounds: (need) => Effect.succeed(Permission.allows(permissions, need) ? "permission" : "none"),
    sharesChanged: () => {}
  }
}

const under = <A, E, R>(effect: Effect.Effect<A, E, R>, ...texts: ReadonlyArray<Permission.Text>) =>
  lifecycle(effect, {}, allowing(...texts))

export const register = (it: It): void => {
  describe("the lifecycle of a context that is not one's own", () => {
    it.effect("is closed, and looks the same whether there is such a context or not", () =>
      Effect.gen(function* () {
        const [there, missing] = [freshId(), freshId()]
        yield* lifecycle(busy(there))
        const before = yield* eventsOf(there)
        yield* under(
          Effect.gen(function* () {
            const lifecycle = yield* Lifecycle
            for (const agentId of [there, missing]) {
              const text = Stream.make("whatever")
              const replace = { existing: "replace" } as const
              for (const [action, call] of [
                ["write", lifecycle.createContext(agentId)],
                ["write", lifecycle.setExpiry(agentId, new Date(1))],
                ["write", lifecycle.archiveContext(agentId)],
                ["write", lifecycle.restoreContext(agentId)],
                ["admin", lifecycle.deleteContext(agentId)],
                ["admin", lifecycle.purgeContext(agentId)],
                ["read", lifecycle.getContextStatistics(agentId)],
                ["read", Stream.runDrain(lifecycle.exportContext(agentId))],
                ["write", lifecycle.importContext(agentId, text)],
                ["admin", lifecycle.importContext(agentId, text, replace)],
                ["read", lifecycle.validateContextIntegrity(agentId)],
                ["read", Stream.runDrain(lifecycle.findings(agentId))]
              ] as const) {
                const error = yield* Effect.flip<unknown, { readonly _tag: string }, never>(call)
                assert.deepInclude<object>(error, { _tag: "AccessDenied", resource: "lifecycle", action, agentId })
              }
            }
            yield* fails(lifecycle.getSystemStatistics, "AccessDenied", { action: "read" })
            yield* fails(lifecycle.cleanUp(), "AccessDenied", { action: "admin" })
          }),
          "context:admin:*",
          "metadata:admin:*",
          "lifecycle:admin:x*"
        )
        assert.deepStrictEqual(yield* eventsOf(there), before)
      })
    )

    it.effect("is open as far as the permission goes", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const reading = `lifecycle:read:${agentId}` as const
        const writing = `lifecycle:write:${agentId}` as const
        yield* lifecycle(busy(agentId, 1))
        yield* under(
          Effect.gen(function* () {
            const lifecycle = yield* Lifecycle
            yield* linesOf(agentId)
            yield* lifecycle.getContextStatistics(agentId)
            assert.isTrue((yield* lifecycle.validateContextIntegrity(agentId)).isValid)
            yield* fails(lifecycle.archiveContext(agentId), "AccessDenied")
          }),
          reading
        )
        yield* under(
          Effect.gen(function* () {
            const lifecycle = yield* Lifecycle
            yield* lifecycle.archiveContext(agentId)
            yield* fails(lifecycle.deleteContext(agentId), "AccessDenied")
          }),
          writing
        )
      })
    )

    it.effect("lets nobody bring in metadata or shares who may not write them", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const lines = yield* lifecycle(Effect.andThen(busy(agentId, 1), linesOf(agentId)))
        yield* lifecycle(Effect.flatMap(Agents, (agents) => agents.purge(agentId)))
        const target = freshId()
        yield* under(fails(importLines(target, lines), "AccessDenied", { resource: "metadata" }), "lifecycle:write:*")
        const keys = ["lifecycle:write:*", "metadata:write:*"] as const
        yield* under(fails(importLines(agentId, lines), "AccessDenied", { resource: "share" }), ...keys)
        yield* under(importLines(target, lines), ...keys)
        yield* under(importLines(agentId, lines), ...keys, "share:write:*")
      })
    )
  })
}
