/**
 * What a share of an agent lets its recipient do with the metadata, where the policy decides by shares.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as AccessPolicy from "../../../src/AccessPolicy.ts"
import * as ContextSharing from "../../../src/ContextSharing.ts"
import type { Principal } from "../../../src/CurrentPrincipal.ts"
import { anonymous } from "../../../src/CurrentPrincipal.ts"
import { as, fails, freshId, type It, keysOf, Metadata, newAgent, root, servicesUnder, user } from "./support.ts"

/** Runs with services that ask a policy of their own, which decides by permissions and shares. */
const scoped = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  as(root)(Effect.provide(effect, servicesUnder(AccessPolicy.layerScoped()), { local: true }))

const keys = ["private", "public", "shared"] as const

/** An agent with an entry of each visibility, and people who have no permission: some with a share, one without, and one who has shown nothing. */
const scene = Effect.gen(function* () {
  const metadata = yield* Metadata
  const sharing = yield* ContextSharing.ContextSharing
  const agentId = yield* newAgent
  for (const visibility of keys) yield* metadata.set(agentId, visibility, 1, { visibility })
  const recipient = (level: ContextSharing.Level) =>
    Effect.gen(function* () {
      const who = user(freshId())
      return { who, share: yield* sharing.share({ agentId, recipientId: who.id, level }) }
    })
  const recipients = {
    read: yield* recipient("read"),
    write: yield* recipient("write"),
    admin: yield* recipient("admin")
  }
  return { agentId, recipients, outsider: user(freshId()) }
})

/** What somebody sees, and what he may do: at most nothing, change what he sees, or all that there is. */
const expectations = (agentId: string) =>
  Effect.fnUntraced(function* (who: Principal, sees: ReadonlyArray<string>, does: "nothing" | "writes" | "rules") {
    const metadata = yield* Metadata
    assert.deepStrictEqual(keysOf(yield* as(who)(metadata.query({ agentId }))), [...sees])
    for (const key of keys) {
      const look = as(who)(metadata.get(agentId, key))
      if (sees.includes(key)) yield* look
      else yield* fails(look, "MetadataMissing", { agentId, key })
      const update = as(who)(metadata.update(agentId, key, { value: who.id }))
      if (does === "nothing") yield* fails(update, "AccessDenied", { resource: "metadata", action: "write", agentId })
      else if (sees.includes(key)) assert.strictEqual((yield* update).value, who.id)
      else yield* fails(update, "MetadataMissing", { agentId, key })
    }
    const own = as(who)(metadata.set(agentId, who.id, 1))
    if (does === "nothing") yield* fails(own, "AccessDenied", { action: "write", agentId })
    else assert.deepInclude<object>(yield* own, { owner: who.id })
    const hide = as(who)(metadata.set(agentId, "shared", 1, { visibility: "private" }))
    const show = as(who)(metadata.set(agentId, "shared", 1, { visibility: "shared" }))
    if (does === "rules") yield* Effect.andThen(hide, show)
    else yield* fails(hide, "AccessDenied", { action: does === "writes" ? "admin" : "write", agentId })
    if (does !== "nothing") yield* as(who)(metadata.delete(agentId, who.id))
  })

export const register = (it: It): void => {
  describe("metadata, where the policy decides by shares", () => {
    it.effect("are seen, changed and administered by recipients as their levels say, and by nobody else", () =>
      Effect.gen(function* () {
        const { agentId, outsider, recipients } = yield* scene
        const expect = expectations(agentId)
        yield* expect(recipients.read.who, ["public", "shared"], "nothing")
        yield* expect(recipients.write.who, ["public", "shared"], "writes")
        yield* expect(recipients.admin.who, keys, "rules")
        yield* expect(outsider, ["public"], "nothing")
        yield* expect(anonymous, [], "nothing")
        // Whoever calls himself what a recipient is called has shown nothing all the same.
        yield* expect({ ...recipients.admin.who, kind: "anonymous" }, [], "nothing")
      }).pipe(scoped)
    )

    it.effect("are those of an outsider again once the share is revoked, also what was private and his own", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const sharing = yield* ContextSharing.ContextSharing
        const { agentId, recipients } = yield* scene
        const expect = expectations(agentId)
        const { who } = recipients.write
        yield* as(who)(metadata.set(agentId, "mine", 1))
        assert.strictEqual((yield* as(who)(metadata.get(agentId, "mine"))).value, 1)
        for (const { share, who } of Object.values(recipients)) {
          yield* sharing.revoke(share.id)
          yield* expect(who, ["public"], "nothing")
        }
        yield* fails(as(who)(metadata.get(agentId, "mine")), "MetadataMissing")
        assert.deepInclude<object>(yield* metadata.get(agentId, "mine"), { owner: who.id, version: 1 })
      }).pipe(scoped)
    )
  })
}
