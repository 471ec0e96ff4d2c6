/**
 * What the scoped policy lets in, and what it refuses.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Permission from "../../../src/Permission.ts"
import { Agents, as, fails, freshId, hour, inFuture, later, root, Sharing, user } from "../sharing/support.ts"
import { type It, ownPolicy, type Told, under } from "./support.ts"

const actions = Permission.Action.literals

/** A state of an agent that root has made. */
const newAgent = Effect.gen(function* () {
  const agentId = freshId()
  yield* as(root)((yield* Agents).setState(agentId, { a: 1 }))
  return agentId
})

// Ids that break what is built of them by joining, matching or looking up.
const odd = [
  "__proto__",
  "constructor",
  "a'; DROP TABLE events; --",
  "100%",
  "_",
  "a\u0000b",
  "a/b:c",
  "*",
  "\\",
  "é",
  "é"
]

const oddId = Schema.TemplateLiteral([
  Schema.Literals(odd),
  Schema.Literals(["", "\u{1F419}".repeat(100), "\u{1F419}".repeat(200)])
])

export const register = (it: It) => {
  describe("the scoped policy", () => {
    it.effect("lets a principal do what his permissions say, and nothing else", () =>
      Effect.gen(function* () {
        const policy = yield* ownPolicy()
        const ann = user("ann", "context:write:team/*", "actor:read:*")
        const needs = Permission.Resource.literals.flatMap((resource) =>
          actions.flatMap((action) => ["team/1", "other/1"].map((agentId) => ({ resource, action, agentId })))
        )
        for (const need of needs) {
          const isLetIn = Permission.allows(ann.permissions, need)
          if (isLetIn) yield* as(ann)(policy.check(need))
          else yield* fails(as(ann)(policy.check(need)), "AccessDenied", need)
          assert.strictEqual(yield* as(ann)(policy.grounds(need)), isLetIn ? "permission" : "none")
        }
      })
    )

    it.effect("lets the recipient of a share do what its level says, to that agent alone", () =>
      Effect.gen(function* () {
        const policy = yield* ownPolicy()
        yield* Effect.gen(function* () {
          for (const level of actions) {
            const [agentId, other] = [yield* newAgent, yield* newAgent]
            const bob = user(freshId())
            yield* as(root)((yield* Sharing).share({ agentId, recipientId: bob.id, level }))
            for (const resource of Permission.Resource.literals) {
              for (const action of actions) {
                const isOfContents = resource === "context" || resource === "metadata" || resource === "actor"
                const isLetIn = isOfContents
                  ? Permission.includes(level, action)
                  : resource === "lifecycle" && level === "admin"
                const grounds = as(bob)(policy.grounds({ resource, action, agentId }))
                assert.strictEqual(yield* grounds, isLetIn ? "share" : "none", `${level} ${resource}:${action}`)
                yield* fails(as(bob)(policy.check({ resource, action, agentId: other })), "AccessDenied")
              }
            }
          }
        }).pipe(under(policy))
      })
    )

    it.effect("lets nobody in by an offer, a pinned share, a share of parts, or one of somebody else", () =>
      Effect.gen(function* () {
        const policy = yield* ownPolicy()
        yield* Effect.gen(function* () {
          const sharing = yield* Sharing
          const agentId = yield* newAgent
          const bob = user(freshId())
          const need = { resource: "context", action: "read", agentId } as const
          const terms = { agentId, recipientId: bob.id, level: "read" } as const
          yield* as(root)(sharing.share({ ...terms, content: { version: 1 } }))
          yield* as(root)(sharing.share({ ...terms, paths: ["/a"] }))
          const offer = yield* as(root)(sharing.share({ ...terms, needsAcceptance: true }))
          yield* fails(as(bob)(policy.check(need)), "AccessDenied")
          yield* as(bob)(sharing.accept(offer.id))
          yield* as(bob)(policy.check(need))
          yield* fails(as(user(freshId()))(policy.check(need)), "AccessDenied")
          yield* fails(as({ ...bob, kind: "anonymous" })(policy.check(need)), "AccessDenied")
        }).pipe(under(policy))
      })
    )

    it.effect("refuses in the same words whether the agent exists or not", () =>
      Effect.gen(function* () {
        const policy = yield* ownPolicy()
        yield* Effect.gen(function* () {
          const agents = yield* Agents
          const [existing, missing] = [yield* newAgent, freshId()]
          for (const somebody of [user(freshId()), { ...user("anonymous"), kind: "anonymous" as const }]) {
            const wordsOf = (agentId: string) =>
              Effect.map(Effect.flip(as(somebody)(agents.getContext(agentId))), (error) =>
                JSON.stringify([error._tag, error.message, error]).replaceAll(agentId, "")
              )
            assert.strictEqual(yield* wordsOf(existing), yield* wordsOf(missing))
          }
        }).pipe(under(policy))
      })
    )

    it.effect("heeds what becomes of a share at once, where it was changed", () =>
      Effect.gen(function* () {
        const policy = yield* ownPolicy()
        yield* Effect.gen(function* () {
          const sharing = yield* Sharing
          const agents = yield* Agents
          const agentId = yield* newAgent
          const bob = user(freshId())
          yield* fails(as(bob)(agents.getContext(agentId)), "AccessDenied")
          const share = yield* as(root)(sharing.share({ agentId, recipientId: bob.id, level: "read" }))
          yield* as(bob)(agents.getContext(agentId))
          yield* fails(as(bob)(agents.setState(agentId, {})), "AccessDenied")
          yield* as(root)(sharing.change(share.id, { level: "write" }))
          yield* as(bob)(agents.setState(agentId, {}))
          yield* as(root)(sharing.change(share.id, { level: "read" }))
          yield* fails(as(bob)(agents.setState(agentId, {})), "AccessDenied")
          yield* as(root)(sharing.revoke(share.id))
          yield* fails(as(bob)(agents.getContext(agentId)), "AccessDenied")
        }).pipe(under(policy))
      })
    )

    it.effect("heeds at once, where it was done, that an agent was deleted or purged, and its shares with it", () =>
      Effect.gen(function* () {
        const policy = yield* ownPolicy()
        yield* Effect.gen(function* () {
          const sharing = yield* Sharing
          const agents = yield* Agents
          for (const end of [agents.deleteContext, agents.purge]) {
            const agentId = yield* newAgent
            const other = yield* newAgent
            const bob = user(freshId())
            for (const shared of [agentId, other]) {
              yield* as(root)(sharing.share({ agentId: shared, recipientId: bob.id, level: "write" }))
              yield* as(bob)(agents.getContext(shared))
            }
            yield* as(root)(Effect.asVoid<unknown, { readonly _tag: string }, never>(end(agentId)))
            yield* fails(as(bob)(agents.getContext(agentId)), "AccessDenied")
            // Nor may he begin anew with a free id.
            yield* fails(as(bob)(agents.setState(agentId, {})), "AccessDenied")
            yield* as(bob)(agents.getContext(other))
          }
        }).pipe(under(policy))
      })
    )

    it.effect("heeds the end of a share's time at each check", () =>
      Effect.gen(function* () {
        const policy = yield* ownPolicy()
        yield* Effect.gen(function* () {
          const agentId = yield* newAgent
          const bob = user(freshId())
          const expiresAt = yield* inFuture(hour)
          yield* as(root)((yield* Sharing).share({ agentId, recipientId: bob.id, level: "read", expiresAt }))
          const check = as(bob)(policy.check({ resource: "context", action: "read", agentId }))
          yield* check
          yield* fails(later(hour)(check), "AccessDenied")
          yield* check
        }).pipe(under(policy))
      })
    )

    it.effect("heeds within a second what somebody else revoked on the same store", () =>
      Effect.gen(function* () {
        const [here, there] = [yield* ownPolicy(), yield* ownPolicy()]
        yield* Effect.gen(function* () {
          const sharing = yield* Sharing
          const agentId = yield* newAgent
          const bob = user(freshId())
          const share = yield* as(root)(sharing.share({ agentId, recipientId: bob.id, level: "read" }))
          const need = { resource: "context", action: "read", agentId } as const
          yield* as(bob)(there.check(need))
          yield* as(root)(sharing.revoke(share.id))
          yield* Effect.sleep("1 second")
          yield* fails(as(bob)(there.check(need)), "AccessDenied")
        }).pipe(under(here))
      })
    )

    it.effect.prop(
      "takes ids for what they are, whatever is in them",
      { agent: oddId, principal: oddId },
      ({ agent, principal }) =>
        Effect.gen(function* () {
          const policy = yield* ownPolicy()
          const bob = user(principal)
          const need = { resource: "context", action: "read", agentId: agent } as const
          yield* fails(as(bob)(policy.check(need)), "AccessDenied", need)
          assert.strictEqual(yield* as(user("x", "context:read:team/*"))(policy.grounds(need)), "none")
          assert.strictEqual(yield* as(root)(policy.grounds(need)), "permission")
        }),
      { arbitrary: { runs: 50 } }
    )

    it.effect("tells the sink what it was asked to, and why", () =>
      Effect.gen(function* () {
        const recorded = Effect.fnUntraced(function* (audit?: "refused" | "changes" | "everything") {
          const told: Array<Told> = []
          const policy = yield* ownPolicy(audit === undefined ? {} : { audit }, told)
          const ann = user("ann", "context:write:team/*")
          for (const action of actions) {
            yield* Effect.exit(as(ann)(policy.check({ resource: "context", action, agentId: "team/1" })))
            yield* as(ann)(policy.grounds({ resource: "context", action, agentId: "team/1" }))
          }
          return told.map(({ action, by, outcome, reason }) => `${by} ${action} ${outcome}: ${reason}`)
        })
        const refused = "ann admin refused: no permission covers it, and no share"
        const written = "ann write allowed: permission"
        assert.deepStrictEqual(yield* recorded(), [refused])
        assert.deepStrictEqual(yield* recorded("changes"), [written, refused])
        assert.deepStrictEqual(yield* recorded("everything"), ["ann read allowed: permission", written, refused])
      })
    )
  })
}
