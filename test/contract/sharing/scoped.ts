/**
 * What a share lets its recipient do beside `ContextSharing`, where the policy decides by shares.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as AccessPolicy from "../../../src/AccessPolicy.ts"
import type { AgentStateManager } from "../../../src/AgentStateManager.ts"
import type { Level, NewShare } from "../../../src/ContextSharing.ts"
import {
  Agents,
  agentWith,
  as,
  fails,
  freshId,
  hour,
  type It,
  inFuture,
  later,
  root,
  Sharing,
  servicesUnder,
  user
} from "./support.ts"

/** Runs with services that ask a policy of their own, which decides by permissions and shares. */
const scoped = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  as(root)(Effect.provide(effect, servicesUnder(AccessPolicy.layerScoped()), { local: true }))

type Manager = AgentStateManager["Service"]

/** What a level adds, in the order in which it can be done. */
const deeds: {
  readonly [level in Level]: {
    readonly [name: string]: (manager: Manager, agentId: string) => Effect.Effect<unknown, { readonly _tag: string }>
  }
} = {
  read: {
    getContext: (manager, agentId) => manager.getContext(agentId),
    getContextAt: (manager, agentId) => manager.getContextAt(agentId, { version: 1 }),
    getContextHistory: (manager, agentId) => manager.getContextHistory(agentId)
  },
  write: {
    updateContext: (manager, agentId) => manager.updateContext(agentId, { state: { b: 1 } }),
    setState: (manager, agentId) => manager.setState(agentId, { b: 2 }),
    patchState: (manager, agentId) => manager.patchState(agentId, [{ op: "add", path: "/c", value: 1 }]),
    appendEvent: (manager, agentId) => manager.appendEvent(agentId, { type: "task.done", data: {} })
  },
  admin: {
    archive: (manager, agentId) => manager.archive(agentId),
    restore: (manager, agentId) => manager.restore(agentId),
    deleteContext: (manager, agentId) => manager.deleteContext(agentId)
  }
}

const levels = ["read", "write", "admin"] as const

/** An agent, and somebody who has no permission but what is shared with him. */
const scene = (more: Partial<NewShare> = {}) =>
  Effect.gen(function* () {
    const sharing = yield* Sharing
    const agentId = yield* agentWith({ a: 1 })
    const bob = user(freshId())
    const share = yield* sharing.share({ agentId, recipientId: bob.id, level: "read", ...more })
    return { agentId, bob, share, look: as(bob)((yield* Agents).getContext(agentId)) }
  })

export const register = (it: It): void => {
  describe("a share of all of an agent, live, where the policy decides by shares", () => {
    for (const level of levels) {
      it.effect(`lets its recipient do with the manager what ${level} means, and no more`, () =>
        Effect.gen(function* () {
          const manager = yield* Agents
          const { agentId, bob } = yield* scene({ level })
          for (const [index, of] of levels.entries()) {
            for (const deed of Object.values(deeds[of])) {
              const doing = as(bob)(deed(manager, agentId))
              if (index <= levels.indexOf(level)) yield* doing
              else yield* fails(doing, "AccessDenied", { agentId })
            }
          }
        }).pipe(scoped)
      )
    }

    it.effect("lets him in to nothing else, and not pass it on", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const manager = yield* Agents
        const { agentId, bob } = yield* scene({ level: "admin" })
        const other = yield* agentWith({ hush: 1 })
        for (const agentId of [other, freshId()]) {
          yield* fails(as(bob)(manager.getContext(agentId)), "AccessDenied", { agentId })
        }
        yield* fails(as(bob)(manager.fork(agentId, freshId())), "AccessDenied")
        yield* fails(as(bob)(sharing.share({ agentId, recipientId: freshId(), level: "read" })), "AccessDenied")
        yield* fails(as(bob)(sharing.statistics(agentId)), "AccessDenied")
        assert.isTrue(yield* as(bob)(sharing.checkAccess(agentId, "admin")))
      }).pipe(scoped)
    )

    it.effect("ends at the next call once it is revoked, declined, or its time is over, and is lowered by then", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const manager = yield* Agents
        const expiresAt = yield* inFuture(hour)
        const revoked = yield* scene()
        yield* revoked.look
        yield* sharing.revoke(revoked.share.id)
        yield* fails(revoked.look, "AccessDenied")
        const declined = yield* scene()
        yield* declined.look
        yield* as(declined.bob)(sharing.decline(declined.share.id))
        yield* fails(declined.look, "AccessDenied")
        const expired = yield* scene({ expiresAt })
        yield* expired.look
        yield* fails(later(hour)(expired.look), "AccessDenied")
        const lowered = yield* scene({ level: "write" })
        const write = as(lowered.bob)(manager.updateContext(lowered.agentId, { state: { b: 1 } }))
        yield* write
        yield* sharing.change(lowered.share.id, { level: "read" })
        yield* fails(write, "AccessDenied")
        yield* lowered.look
      }).pipe(scoped)
    )

    it.effect("is not one that is pinned, of parts, or only offered; these are used by ContextSharing alone", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        for (const more of [{ content: { version: 1 } }, { paths: ["/a"] }] as const) {
          const { bob, look, share } = yield* scene(more)
          yield* fails(look, "AccessDenied")
          assert.deepStrictEqual<object>((yield* as(bob)(sharing.getSharedContext(share.id))).state, { a: 1 })
        }
        const { bob, look, share } = yield* scene({ needsAcceptance: true })
        yield* fails(look, "AccessDenied")
        yield* as(bob)(sharing.accept(share.id))
        yield* look
      }).pipe(scoped)
    )
  })
}
