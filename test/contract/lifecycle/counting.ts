/**
 * Statistics: real numbers.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as ShareRecord from "../../../src/access/ShareRecord.ts"
import { EventStore } from "../../../src/EventStore.ts"
import * as Note from "../../../src/Note.ts"
import { Agents, busy, fails, freshId, type It, Lifecycle, lifecycle } from "./support.ts"

const share = (more: Partial<ShareRecord.ShareRecord>): Note.Change => {
  const record: ShareRecord.ShareRecord = {
    agentId: "",
    id: freshId(),
    ownerId: "ada",
    recipientId: "bob",
    level: "read",
    content: { _tag: "Live" },
    status: "accepted",
    createdAt: new Date(1),
    updatedAt: new Date(1),
    revision: 1,
    ...more
  }
  return Note.put(ShareRecord.nameOf(record), ShareRecord.encode(record))
}

export const register = (it: It): void => {
  describe("how much there is of a context", () => {
    it.effect("is what is in the store, of it alone", () =>
      lifecycle(
        Effect.gen(function* () {
          const agents = yield* Agents
          const store = yield* EventStore
          const { getContextStatistics, setExpiry } = yield* Lifecycle
          const agentId = freshId()
          yield* busy(agentId)
          yield* busy(`${agentId}0`)
          yield* agents.createSnapshot(agentId)
          const notes = [
            Note.put("metadata/a", 1),
            Note.put("metadata/b", 1),
            Note.put("other", 1),
            share({}),
            share({ status: "offered" }),
            share({ expiresAt: new Date(2) }),
            share({ expiresAt: new Date(4e12) })
          ]
          yield* store.append({ agentId, events: [], notes })
          yield* agents.setState(agentId, { é: 1 })
          const expiresAt = new Date(4e12)
          const { updatedAt } = yield* setExpiry(agentId, expiresAt)
          assert.deepStrictEqual(yield* getContextStatistics(agentId), {
            agentId,
            version: 18,
            totalEvents: 18,
            totalSnapshots: 3,
            totalShares: 4,
            activeShares: 2,
            totalMetadata: 2,
            lastActivity: updatedAt,
            contextSize: 8,
            expiresAt
          })
          yield* store.deleteEvents(agentId, 4)
          assert.deepInclude(yield* getContextStatistics(agentId), { version: 18, totalEvents: 14 })
          const { deleteContext } = yield* Lifecycle
          yield* deleteContext(agentId)
          assert.deepInclude(yield* getContextStatistics(agentId), {
            activeShares: 0,
            totalMetadata: 0,
            totalShares: 0
          })
        })
      )
    )

    it.effect("is nothing of one that is not there", () =>
      lifecycle(
        Effect.flatMap(Lifecycle, ({ getContextStatistics }) => fails(getContextStatistics(freshId()), "AgentMissing"))
      )
    )
  })

  describe("how much there is of all", () => {
    it.effect("counts contexts by their status, and actors apart", () =>
      lifecycle(
        Effect.gen(function* () {
          const agents = yield* Agents
          const store = yield* EventStore
          const { archiveContext, createContext, deleteContext, getSystemStatistics } = yield* Lifecycle
          const before = yield* getSystemStatistics
          const [active, archived, deleted, purged] = [freshId(), `a/${freshId()}`, freshId(), freshId()]
          for (const agentId of [active, archived, deleted, purged]) yield* createContext(agentId)
          yield* agents.createSnapshot(active)
          yield* store.append({ agentId: active, events: [], notes: [Note.put("metadata/a", 1), share({})] })
          yield* archiveContext(archived)
          yield* deleteContext(deleted)
          yield* agents.purge(purged)
          yield* store.append({ agentId: `Account/${freshId()}`, events: [{ type: "Account.Deposited" }] })
          yield* store.append({ agentId: `pantheon/${freshId()}`, events: [{ type: "secret" }] })
          const after = yield* getSystemStatistics
          const more = Object.entries(after).map(([name, count]) => [name, count - Number(Reflect.get(before, name))])
          assert.deepStrictEqual(Object.fromEntries(more), {
            totalContexts: 3,
            activeContexts: 1,
            archivedContexts: 1,
            deletedContexts: 1,
            totalActors: 1,
            totalEvents: 6,
            totalSnapshots: 1,
            totalShares: 1,
            totalMetadata: 1
          })
        })
      )
    )
  })
}
