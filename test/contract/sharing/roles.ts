/**
 * Who may do what with a share: every operation, by everybody.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { ContextSharing, Level, NewShare } from "../../../src/ContextSharing.ts"
import type { Principal } from "../../../src/CurrentPrincipal.ts"
import {
  Agents,
  as,
  fails,
  freshId,
  hour,
  type It,
  inFuture,
  later,
  ownedAgent,
  Sharing,
  shared,
  user,
  versionOf
} from "./support.ts"

interface Scene {
  readonly agentId: string
  readonly shareId: string
  readonly recipientId: string
}

/** Everything that there is to do with a share; what is answered is a word or a number. */
const operations = {
  getSharedContext: ({ shareId }: Scene) =>
    Sharing.use((sharing) => Effect.as(sharing.getSharedContext(shareId), "yes")),
  getShare: ({ shareId }: Scene) => Sharing.use((sharing) => Effect.as(sharing.getShare(shareId), "yes")),
  patchState: ({ shareId }: Scene) =>
    Sharing.use((sharing) => Effect.as(sharing.patchState(shareId, [{ op: "add", path: "/b", value: 2 }]), "yes")),
  updateContext: ({ shareId }: Scene) =>
    Sharing.use((sharing) => Effect.as(sharing.updateContext(shareId, { state: { b: 2 } }), "yes")),
  accept: ({ shareId }: Scene) => Sharing.use((sharing) => Effect.as(sharing.accept(shareId), "yes")),
  decline: ({ shareId }: Scene) => Sharing.use((sharing) => Effect.as(sharing.decline(shareId), "yes")),
  raise: ({ shareId }: Scene) =>
    Sharing.use((sharing) => Effect.as(sharing.change(shareId, { level: "admin" }), "yes")),
  prolong: ({ shareId }: Scene) =>
    Sharing.use((sharing) => Effect.as(sharing.change(shareId, { expiresAt: null }), "yes")),
  revoke: ({ shareId }: Scene) => Sharing.use((sharing) => Effect.as(sharing.revoke(shareId), "yes")),
  passOn: ({ agentId }: Scene) =>
    Sharing.use((sharing) => Effect.as(sharing.share({ agentId, recipientId: freshId(), level: "read" }), "yes")),
  statistics: ({ agentId }: Scene) =>
    Sharing.use((sharing) => Effect.map(sharing.statistics(agentId), ({ created }) => created)),
  sharesOf: ({ agentId }: Scene) =>
    Sharing.use((sharing) => Effect.map(sharing.sharesOf(agentId), (shares) => shares.length)),
  sharesWith: ({ recipientId }: Scene) =>
    Sharing.use((sharing) => Effect.map(sharing.sharesWith(recipientId), (shares) => shares.length)),
  getSharedContexts: () =>
    Sharing.use((sharing) => Effect.map(sharing.getSharedContexts(), (contexts) => contexts.length))
}

type Operation = keyof typeof operations
type Answers = { readonly [O in Operation]: string | number }

const perform = (
  operation: Operation,
  scene: Scene
): Effect.Effect<string | number, { readonly _tag: string; readonly message: string }, ContextSharing> =>
  operations[operation](scene)

/** What somebody is answered whom the share does not concern. */
const nothing: Answers = {
  getSharedContext: "ShareMissing",
  getShare: "ShareMissing",
  patchState: "ShareMissing",
  updateContext: "ShareMissing",
  accept: "ShareMissing",
  decline: "ShareMissing",
  raise: "ShareMissing",
  prolong: "ShareMissing",
  revoke: "ShareMissing",
  passOn: "AccessDenied",
  statistics: "AccessDenied",
  sharesOf: 0,
  sharesWith: 0,
  getSharedContexts: 0
}

const offered: Answers = { ...nothing, getShare: "yes", accept: "yes", decline: "yes", sharesOf: 1, sharesWith: 1 }
const reading: Answers = { ...offered, getSharedContext: "yes", getSharedContexts: 1 }
const writing: Answers = { ...reading, patchState: "yes", updateContext: "yes" }
const seeing = { getShare: "yes", revoke: "yes", passOn: "yes", statistics: 1, sharesOf: 1, sharesWith: 1 } as const

/** Who asks, and what becomes of the share before that. */
interface Role {
  readonly level?: Level
  readonly more?: Partial<NewShare>
  readonly who: (scene: Scene, owner: Principal) => Principal
  readonly isLate?: boolean
  readonly isRevoked?: boolean
  readonly answers: Answers
}

const recipient = ({ recipientId }: Scene): Principal => user(recipientId)

const roles: { readonly [name: string]: Role } = {
  "its owner": { who: (_, owner) => owner, answers: { ...nothing, ...seeing, raise: "yes", prolong: "yes" } },
  "its owner, late": {
    who: (_, owner) => owner,
    isLate: true,
    answers: { ...nothing, ...seeing, raise: "yes", prolong: "yes" }
  },
  "a recipient who may read": { who: recipient, answers: reading },
  "a recipient who may write": { level: "write", who: recipient, answers: writing },
  "a recipient who may administer": { level: "admin", who: recipient, answers: writing },
  "a recipient to whom it is offered": {
    level: "admin",
    more: { needsAcceptance: true },
    who: recipient,
    answers: offered
  },
  "a recipient who is late": { level: "admin", who: recipient, isLate: true, answers: nothing },
  "a recipient from whom it was taken": { level: "admin", who: recipient, isRevoked: true, answers: nothing },
  "a stranger": { level: "admin", who: () => user(freshId(), "context:admin:*", "actor:admin:*"), answers: nothing },
  "somebody who has shown nothing": {
    level: "admin",
    who: ({ recipientId }) => ({ id: recipientId, kind: "anonymous", permissions: [] }),
    answers: nothing
  },
  "the owner, who has shown nothing": {
    level: "admin",
    who: (_, { id }) => ({ id, kind: "anonymous", permissions: [] }),
    answers: nothing
  },
  "an administrator of shares": {
    who: ({ agentId }) => user(freshId(), `share:admin:${agentId}`),
    answers: { ...nothing, ...seeing }
  },
  "a reader of shares": {
    who: ({ agentId }) => user(freshId(), `share:read:${agentId}`),
    answers: { ...nothing, getShare: "yes", statistics: 1, sharesOf: 1, sharesWith: 1 }
  },
  "an administrator of other shares": {
    who: ({ agentId }) => user(freshId(), `share:admin:${agentId}/*`),
    answers: nothing
  }
}

const prepare = ({ isRevoked, level = "read", more }: Role) =>
  Effect.gen(function* () {
    const sharing = yield* Sharing
    const { agentId, owner } = yield* ownedAgent({ a: 1 })
    const recipientId = freshId()
    const expiresAt = yield* inFuture(hour)
    const share = yield* as(owner)(sharing.share({ agentId, recipientId, level, expiresAt, ...more }))
    if (isRevoked === true) yield* as(owner)(sharing.revoke(share.id))
    return { owner, scene: { agentId, recipientId, shareId: share.id } }
  })

const operationNames = Object.keys(operations) as ReadonlyArray<Operation>

export const register = (it: It): void => {
  describe("of a share", () => {
    for (const [name, role] of Object.entries(roles)) {
      it.effect(`${name} gets what is his, and no more`, () =>
        Effect.gen(function* () {
          for (const operation of operationNames) {
            const { owner, scene } = yield* prepare(role)
            const before = yield* versionOf(scene.agentId)
            const asked = as(role.who(scene, owner))(Effect.result(perform(operation, scene)))
            const answer = yield* role.isLate === true ? later(hour)(asked) : asked
            const told = Result.isSuccess(answer) ? answer.success : answer.failure._tag
            assert.strictEqual(told, role.answers[operation], operation)
            // A refusal has stored nothing.
            if (Result.isFailure(answer)) assert.strictEqual(yield* versionOf(scene.agentId), before, operation)
          }
        }).pipe(shared)
      )
    }

    it.effect("nothing can be told from the refusals: they are those of a share that never was", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const { agentId, owner } = yield* ownedAgent({ a: 1 })
        const { id } = yield* as(owner)(sharing.share({ agentId, recipientId: freshId(), level: "admin" }))
        const stranger = as(user(freshId()))
        for (const never of [crypto.randomUUID(), "", "%", "share", "\0", "x".repeat(300)]) {
          for (const operation of operationNames) {
            if (nothing[operation] !== "ShareMissing") continue
            const tell = (shareId: string) =>
              Effect.map(Effect.flip(perform(operation, { agentId, shareId, recipientId: "" })), (error) =>
                error.message.replaceAll(JSON.stringify(shareId), "X")
              )
            assert.strictEqual(yield* stranger(tell(id)), yield* stranger(tell(never)), operation)
          }
        }
      }).pipe(shared)
    )

    it.effect("the recipient can raise, prolong or revoke nothing, however he asks", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const { agentId, owner } = yield* ownedAgent({ a: 1 })
        const bob = user(freshId())
        const expiresAt = yield* inFuture(hour)
        const share = yield* as(owner)(sharing.share({ agentId, recipientId: bob.id, level: "write", expiresAt }))
        for (const change of [
          { level: "admin" },
          { level: "write" },
          { expiresAt: null },
          { paths: null },
          {}
        ] as const) {
          yield* fails(as(bob)(sharing.change(share.id, change)), "ShareMissing")
        }
        yield* fails(as(bob)(sharing.revoke(share.id)), "ShareMissing")
        yield* fails(as(bob)(sharing.share({ agentId, recipientId: freshId(), level: "read" })), "AccessDenied")
        assert.deepStrictEqual(yield* as(owner)(sharing.getShare(share.id)), share)
        assert.deepStrictEqual(yield* as(bob)(sharing.getShare(share.id)), share)
        yield* fails(later(hour)(as(bob)(sharing.getSharedContext(share.id))), "ShareMissing")
      }).pipe(shared)
    )

    it.effect("the owner changes and ends it even when he may share no more", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const { agentId, owner } = yield* ownedAgent({ a: 1 })
        const { id } = yield* as(owner)(sharing.share({ agentId, recipientId: freshId(), level: "read" }))
        const former = user(owner.id)
        assert.strictEqual((yield* as(former)(sharing.change(id, { level: "write" }))).level, "write")
        yield* as(former)(sharing.revoke(id))
        yield* fails(as(former)(sharing.getShare(id)), "ShareMissing")
        yield* fails(as(former)(sharing.share({ agentId, recipientId: freshId(), level: "read" })), "AccessDenied")
      }).pipe(shared)
    )

    it.effect("the state manager itself lets nobody in for what is pinned or in parts", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const agents = yield* Agents
        const { agentId, owner } = yield* ownedAgent({ a: 1, b: 2 })
        const bob = user(freshId())
        yield* as(owner)(sharing.share({ agentId, recipientId: bob.id, level: "write", paths: ["/a"] }))
        yield* as(owner)(sharing.share({ agentId, recipientId: bob.id, level: "read", content: { version: 1 } }))
        yield* fails(as(bob)(agents.getContext(agentId)), "AccessDenied")
        assert.isFalse(yield* as(bob)(sharing.checkAccess(agentId, "read")))
      }).pipe(shared)
    )
  })
}
