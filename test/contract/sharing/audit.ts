/**
 * What the operator is told of shares.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { AuditSink, type Deed } from "../../../src/AuditSink.ts"
import { CurrentPrincipal } from "../../../src/CurrentPrincipal.ts"
import {
  agentWith,
  apart,
  as,
  fails,
  freshId,
  hour,
  type It,
  inFuture,
  later,
  Sharing,
  shared,
  user,
  versionOf
} from "./support.ts"

type Told = Deed & { readonly by: string }

/** Runs with services that tell a sink; gives what it was told. */
const telling = <A, E, R>(effect: (told: Array<Told>) => Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const told: Array<Told> = []
    const record = (deed: Deed) =>
      Effect.map(CurrentPrincipal, ({ id }) => {
        told.push({ ...deed, by: id })
      })
    return Effect.provideService(apart(effect(told)), AuditSink, { record })
  })

export const register = (it: It): void => {
  describe("an audit sink", () => {
    it.effect("is told of each share that is made, changed, answered and ended, and by whom", () =>
      telling((told) =>
        Effect.gen(function* () {
          const sharing = yield* Sharing
          const agentId = yield* agentWith({ a: 1 })
          const owner = user(freshId(), `share:write:${agentId}`)
          const bob = user(freshId())
          const offer = { agentId, recipientId: bob.id, level: "read", needsAcceptance: true } as const
          const { id } = yield* as(owner)(sharing.share(offer))
          yield* as(bob)(sharing.accept(id))
          yield* as(owner)(sharing.change(id, { level: "write" }))
          yield* as(owner)(sharing.revoke(id))
          const second = yield* as(owner)(sharing.share({ agentId, recipientId: bob.id, level: "admin" }))
          yield* as(bob)(sharing.decline(second.id))
          const deed = { resource: "share", action: "write", outcome: "allowed", agentId }
          const details = { owner: owner.id, recipient: bob.id }
          const expected = [
            [owner, id, `offered to ${bob.id}, to read`],
            [bob, id, `the share with ${bob.id} is now accepted, to read`],
            [owner, id, `the share with ${bob.id} is now accepted, to write`],
            [owner, id, `the share with ${bob.id} was revoked`],
            [owner, second.id, `shared with ${bob.id}, to admin`],
            [bob, second.id, `the share with ${bob.id} was declined`]
          ] as const
          assert.deepStrictEqual<ReadonlyArray<object>>(
            told,
            expected.map(([by, share, reason]) => ({ ...deed, reason, details: { share, ...details }, by: by.id }))
          )
        })
      ).pipe(shared)
    )

    it.effect("is told why somebody was refused, which he himself is not", () =>
      telling((told) =>
        Effect.gen(function* () {
          const sharing = yield* Sharing
          const agentId = yield* agentWith({ a: 1, b: 2 })
          const owner = user(freshId(), `share:write:${agentId}`)
          const [bob, eve] = [user(freshId()), user(freshId())]
          const terms = { agentId, recipientId: bob.id } as const
          const expiresAt = yield* inFuture(hour)
          const reading = yield* as(owner)(sharing.share({ ...terms, level: "read", expiresAt }))
          const parts = yield* as(owner)(sharing.share({ ...terms, level: "write", paths: ["/a"] }))
          const pinned = yield* as(owner)(sharing.share({ ...terms, level: "read", content: { version: 1 } }))
          const offered = yield* as(owner)(
            sharing.share({ ...terms, level: "read", paths: ["/b"], needsAcceptance: true })
          )
          const before = yield* versionOf(agentId)
          const never = freshId()
          const write = (id: string) => sharing.updateContext(id, { state: { b: 3 } })
          const refusals = [
            [as(eve)(sharing.getSharedContext(reading.id)), "context:read", `the share is for ${bob.id}`],
            [as(eve)(sharing.getShare(reading.id)), "share:read", `the share is for ${bob.id}`],
            [as(eve)(sharing.accept(offered.id)), "share:write", `the share is for ${bob.id}`],
            [
              as(bob)(sharing.change(reading.id, { level: "admin" })),
              "share:write",
              `the share is owned by ${owner.id}`
            ],
            [as(bob)(sharing.revoke(reading.id)), "share:write", `the share is owned by ${owner.id}`],
            [as(bob)(write(reading.id)), "context:write", "the share lets read only"],
            [as(bob)(write(pinned.id)), "context:write", "what is shared is pinned"],
            [as(bob)(sharing.getSharedContext(offered.id)), "context:read", "the share is offered, and not accepted"],
            [later(hour)(as(bob)(sharing.getSharedContext(reading.id))), "context:read", "the share has expired"],
            [later(hour)(as(bob)(sharing.decline(reading.id))), "share:write", "the share has expired"],
            [as(bob)(sharing.getSharedContext(never)), "context:read", "there is no such share, or it is over"],
            [
              as({ ...bob, kind: "anonymous" })(sharing.getSharedContext(reading.id)),
              "context:read",
              "whoever has shown nothing has no shares"
            ]
          ] as const
          for (const [call, need, reason] of refusals) {
            told.length = 0
            const asked: Effect.Effect<unknown, { readonly _tag: string }> = call
            yield* fails(asked, "ShareMissing")
            assert.lengthOf(told, 1)
            const [deed] = told
            assert.deepInclude<object>(deed ?? {}, { outcome: "refused", reason })
            assert.strictEqual(`${deed?.resource}:${deed?.action}`, need)
            assert.strictEqual(deed?.agentId, reason.startsWith("there is no") ? undefined : agentId)
          }
          told.length = 0
          yield* fails(as(bob)(write(parts.id)), "InvalidInput")
          assert.deepInclude<object>(told[0] ?? {}, { agentId, by: bob.id, reason: 'outside of what is shared: "/b"' })
          const nobody = { id: "nobody", kind: "anonymous", permissions: owner.permissions } as const
          yield* fails(as(nobody)(sharing.share({ ...terms, level: "read" })), "AccessDenied")
          assert.deepInclude<object>(told[1] ?? {}, { agentId, by: "nobody", outcome: "refused" })
          assert.strictEqual(yield* versionOf(agentId), before)
        })
      ).pipe(shared)
    )
  })
}
