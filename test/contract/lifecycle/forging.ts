/**
 * Exports that were forged to get at the shares of others.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as AgentStateManager from "../../../src/AgentStateManager.ts"
import * as ContextLifecycle from "../../../src/ContextLifecycle.ts"
import * as ContextSharing from "../../../src/ContextSharing.ts"
import * as CurrentPrincipal from "../../../src/CurrentPrincipal.ts"
import { Agents, assertMissing, ended, fails, freshId, type It, importLines, linesOf, refused } from "./support.ts"

const services = Layer.merge(ContextSharing.layer, ContextLifecycle.layer).pipe(
  Layer.provideMerge(AgentStateManager.layer())
)

const { ContextSharing: Sharing } = ContextSharing

const owner: CurrentPrincipal.Principal = { id: "owner", kind: "user", permissions: [] }

/** Runs with services of its own, as the owner of all shares. */
const owned = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.provideService(Effect.provide(effect, services), CurrentPrincipal.CurrentPrincipal, owner)

/** An agent that is shared. */
const sharedAgent = Effect.gen(function* () {
  const agentId = freshId()
  yield* Effect.flatMap(Agents, (agents) => agents.setState(agentId, { secret: 7 }))
  return yield* Sharing.use((sharing) => sharing.share({ agentId, recipientId: "bob", level: "read" }))
})

/** The lines of an agent with a share, which is purged then. */
const linesOfShared = Effect.gen(function* () {
  const { agentId, id } = yield* sharedAgent
  const lines = yield* linesOf(agentId)
  yield* Effect.flatMap(Agents, (agents) => agents.purge(agentId))
  return { agentId, id, lines }
})

/** The lines with another text in their notes. */
const inNotes = (lines: ReadonlyArray<string>, from: string, to: string) =>
  ended(lines.map((line) => (line.startsWith('{"note"') ? line.replaceAll(from, to) : line)))

export const register = (it: It): void => {
  describe("an import", () => {
    it.effect("brings in no share with the id of another's, so that its owner revokes the share that he means", () =>
      Effect.gen(function* () {
        const victim = yield* sharedAgent
        const { agentId, id, lines } = yield* linesOfShared
        yield* refused(importLines(agentId, inNotes(lines, id, victim.id)), "IdTaken")
        yield* assertMissing(agentId)
        const sharing = yield* Sharing
        assert.strictEqual((yield* sharing.getShare(victim.id)).agentId, victim.agentId)
        yield* sharing.revoke(victim.id)
        yield* fails(sharing.getShare(victim.id), "ShareMissing")
        yield* importLines(agentId, lines)
        assert.strictEqual((yield* sharing.getShare(id)).agentId, agentId)
      }).pipe(owned)
    )

    it.effect("brings in nothing that finds by the id of a share what is none", () =>
      Effect.gen(function* () {
        const { agentId, id, lines } = yield* linesOfShared
        const other = crypto.randomUUID()
        for (const [from, to] of [
          [`"tag":"share-id/${id}"`, `"tag":"share-id/${other}"`],
          [`"name":"share-id/${id}"`, `"name":"share-id/${other}"`],
          ['"body":{"name":"share/', '"body":{"name":"metadata/'],
          ['"body":{"name":', '"body":{"named":']
        ] as const) {
          yield* refused(importLines(agentId, inNotes(lines, from, to)), "Malformed")
          yield* assertMissing(agentId)
        }
      }).pipe(owned)
    )
  })
}
