/**
 * Who sees what of metadata, and who may change it.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as AuditSink from "../../../src/AuditSink.ts"
import { CurrentPrincipal, type Principal } from "../../../src/CurrentPrincipal.ts"
import * as Permission from "../../../src/Permission.ts"
import { as, company, fails, freshId, type It, keysOf, Lifecycle, Metadata, shared, user } from "./support.ts"

const allKeys = ["private", "public", "shared"] as const

export const register = (it: It): void => {
  describe("an entry of metadata", () => {
    it.effect("is seen by those whom its visibility lets see it, and is missing for everybody else", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const people = yield* company
        const { agentId, ann } = people
        for (const visibility of allKeys) yield* as(ann)(metadata.set(agentId, visibility, 1, { visibility }))
        const sees = (who: Principal, keys: ReadonlyArray<string>) =>
          Effect.gen(function* () {
            for (const key of allKeys) {
              const look = as(who)(metadata.get(agentId, key))
              if (keys.includes(key)) assert.strictEqual((yield* look).value, 1)
              else yield* fails(look, "MetadataMissing", { agentId, key })
            }
            assert.deepStrictEqual(keysOf(yield* as(who)(metadata.query({ agentId }))), keys)
            const everywhere = yield* as(who)(metadata.query({ limit: 1_000_000 }))
            assert.deepStrictEqual(keysOf(everywhere.filter((entry) => entry.agentId === agentId)), keys)
          })
        yield* sees(ann, ["private", "public", "shared"])
        yield* sees(people.adam, ["private", "public", "shared"])
        yield* sees(people.bob, ["public", "shared"])
        yield* sees(people.rhea, ["public", "shared"])
        yield* sees(people.eve, ["public"])
        // Whoever sets an entry and may no longer read the agent's metadata sees what everybody sees.
        yield* sees(user(ann.id), ["public"])
        yield* sees({ ...ann, permissions: [], kind: "anonymous" }, [])
        yield* sees({ ...ann, kind: "anonymous" }, ["public", "shared"])
        yield* sees(user(`${ann.id} `, `metadata:read:${agentId}`), ["public", "shared"])
        yield* sees(user(freshId(), "context:admin:*", "share:admin:*", "metadata:admin:another"), ["public"])
      }).pipe(shared)
    )

    it.effect("is set by whoever may write, who is told no more than that when he may not", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const { agentId, ann, eve, rhea } = yield* company
        yield* as(ann)(metadata.set(agentId, "x", 1, { visibility: "public" }))
        for (const who of [rhea, eve]) {
          for (const id of [agentId, freshId()]) {
            const refusal = { resource: "metadata", action: "write", agentId: id }
            yield* fails(as(who)(metadata.set(id, "x", 2)), "AccessDenied", refusal)
            yield* fails(as(who)(metadata.update(id, "x", { value: 2 })), "AccessDenied", refusal)
            yield* fails(as(who)(metadata.delete(id, "x")), "AccessDenied", refusal)
          }
        }
        assert.deepInclude<object>(yield* metadata.get(agentId, "x"), { value: 1, version: 1 })
      }).pipe(shared)
    )

    it.effect("that is another's and private can be neither changed, deleted nor replaced", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const { adam, agentId, ann, bob } = yield* company
        const entry = yield* as(ann)(metadata.set(agentId, "x", 1))
        for (const options of [{}, { expectedVersion: 1 }, { expectedVersion: 7 }]) {
          yield* fails(as(bob)(metadata.update(agentId, "x", { value: 2 }, options)), "MetadataMissing")
          yield* fails(as(bob)(metadata.delete(agentId, "x", options)), "MetadataMissing")
          for (const visibility of allKeys) {
            const set = metadata.set(agentId, "x", 2, { visibility, ...options })
            yield* fails(as(bob)(set), "AccessDenied", { action: "admin", agentId })
          }
        }
        assert.deepStrictEqual(yield* as(ann)(metadata.get(agentId, "x")), entry)
        const replaced = yield* as(adam)(metadata.set(agentId, "x", 3))
        assert.deepInclude<object>(replaced, { value: 3, owner: ann.id, version: 2 })
        yield* as(adam)(metadata.delete(agentId, "x"))
      }).pipe(shared)
    )

    it.effect("that is another's is changed by whoever may write, but shown and hidden by its owner alone", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const { adam, agentId, ann, bob } = yield* company
        yield* as(ann)(metadata.set(agentId, "x", 1, { visibility: "shared" }))
        yield* as(bob)(metadata.update(agentId, "x", { value: 2, visibility: "shared" }))
        for (const visibility of ["private", "public"] as const) {
          const refusal = { resource: "metadata", action: "admin", agentId }
          yield* fails(as(bob)(metadata.update(agentId, "x", { visibility })), "AccessDenied", refusal)
          yield* fails(as(bob)(metadata.set(agentId, "x", 3, { visibility })), "AccessDenied", refusal)
        }
        yield* as(bob)(metadata.set(agentId, "x", 3, { visibility: "shared" }))
        yield* as(ann)(metadata.update(agentId, "x", { visibility: "private" }))
        yield* fails(as(bob)(metadata.get(agentId, "x")), "MetadataMissing")
        const shown = yield* as(adam)(metadata.update(agentId, "x", { visibility: "public" }))
        assert.deepInclude<object>(shown, { owner: ann.id, version: 5, value: 3 })
        yield* as(bob)(metadata.delete(agentId, "x"))
        const again = yield* as(bob)(metadata.set(agentId, "x", 1))
        assert.deepInclude<object>(again, { owner: bob.id, version: 1 })
        assert.notStrictEqual(again.id, shown.id)
      }).pipe(shared)
    )

    it.effect("that is private is left out of an export by somebody who may not see it", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const lifecycle = yield* Lifecycle
        const { adam, agentId, ann, eve, rhea } = yield* company
        for (const visibility of allKeys) yield* as(ann)(metadata.set(agentId, visibility, "value", { visibility }))
        const exportedBy = (who: Principal) =>
          Effect.gen(function* () {
            const reader = { ...who, permissions: [...who.permissions, Permission.make(`lifecycle:read:${agentId}`)] }
            const lines = yield* as(reader)(Stream.runCollect(lifecycle.exportContext(agentId)))
            return lines.flatMap((line) => /^{"note":{"name":"metadata\/(\w+)"/.exec(line)?.[1] ?? []).sort()
          })
        assert.deepStrictEqual(yield* exportedBy(adam), [...allKeys])
        assert.deepStrictEqual(yield* exportedBy(ann), [...allKeys])
        assert.deepStrictEqual(yield* exportedBy(rhea), ["public", "shared"])
        assert.deepStrictEqual(yield* exportedBy(eve), ["public"])
      }).pipe(shared)
    )
  })

  describe("the audit sink", () => {
    it.effect(
      "is told of each refusal that the policy did not make, with the reason that the caller is not told",
      () => {
        const told: Array<AuditSink.Deed & { readonly principal: string }> = []
        const record: AuditSink.AuditSink["record"] = (deed) =>
          Effect.map(CurrentPrincipal, ({ id }) => void told.push({ ...deed, principal: id }))
        return Effect.gen(function* () {
          const metadata = yield* Metadata
          const { agentId, ann, bob, rhea } = yield* company
          yield* as(ann)(metadata.set(agentId, "mine", 1))
          yield* as(ann)(metadata.set(agentId, "ours", 1, { visibility: "shared" }))
          yield* fails(as(rhea)(metadata.get(agentId, "mine")), "MetadataMissing")
          yield* fails(as(bob)(metadata.delete(agentId, "mine")), "MetadataMissing")
          yield* fails(as(bob)(metadata.update(agentId, "mine", {})), "MetadataMissing")
          yield* fails(as(bob)(metadata.set(agentId, "mine", 2)), "AccessDenied")
          yield* fails(as(bob)(metadata.update(agentId, "ours", { visibility: "public" })), "AccessDenied")
          yield* fails(as(bob)(metadata.get(agentId, "no such")), "MetadataMissing")
          yield* as(bob)(metadata.query({ agentId }))
          const deed = { resource: "metadata", agentId, outcome: "refused" } as const
          const unseen = {
            ...deed,
            reason: "private metadata that the principal may not see",
            details: { key: "mine" }
          }
          const key = { ...deed, reason: "the key of a private entry of somebody else", details: { key: "mine" } }
          const visibility = {
            ...deed,
            reason: "the visibility of an entry of somebody else",
            details: { key: "ours" }
          }
          assert.deepStrictEqual<unknown>(told, [
            { ...unseen, action: "read", principal: rhea.id },
            { ...unseen, action: "write", principal: bob.id },
            { ...unseen, action: "write", principal: bob.id },
            { ...key, action: "admin", principal: bob.id },
            { ...visibility, action: "admin", principal: bob.id }
          ])
        }).pipe(shared, Effect.provideService(AuditSink.AuditSink, { record }))
      }
    )
  })
}
