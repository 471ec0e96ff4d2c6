/**
 * What every call of `AgentStateManager` needs, and that it is asked before anything is looked up.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { AccessDenied } from "../AccessError.ts"
import { type AccessPolicy, trusted } from "../AccessPolicy.ts"
import { SnapshotMissing } from "../AgentError.ts"
import type { AgentStateManager } from "../AgentStateManager.ts"
import type * as Permission from "../Permission.ts"
import type { SnapshotStore } from "../SnapshotStore.ts"
import type { InvalidInput, ReadError, Unavailable } from "../StoreError.ts"
import * as ReservedAgents from "../store/ReservedAgents.ts"

type Manager = AgentStateManager["Service"]

/** What callers are refused with, before anything else. */
type Refusal = InvalidInput | AccessDenied | Unavailable

/** Whether the current principal may see an agent that he did not name. */
export const sees =
  (policy: AccessPolicy) =>
  (agentId: string): Effect.Effect<boolean, Unavailable> => {
    if (ReservedAgents.isReserved(agentId)) return Effect.succeed(false)
    if (policy === trusted) return Effect.succeed(true)
    return Effect.map(policy.grounds({ resource: "context", action: "read", agentId }), (grounds) => grounds !== "none")
  }

/** The manager behind its door: reserved agents are nobody's, and the policy is asked of all others. */
export const guard = (manager: Manager, policy: AccessPolicy, snapshots: SnapshotStore["Service"]): Manager => {
  /** Why the current principal may not do this to an agent; nothing if he may. */
  const admission = (need: Permission.Need, subject?: string): Effect.Effect<unknown, Refusal> | undefined => {
    if (ReservedAgents.isReserved(need.agentId)) {
      return Effect.fromResult(ReservedAgents.validate(need.agentId, subject))
    }
    return policy === trusted ? undefined : policy.check(need)
  }

  /** Runs it if the current principal may. */
  const behind = <A, E, R>(
    resource: Permission.Resource,
    action: Permission.Action,
    agentId: string,
    call: () => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | Refusal, R> => {
    const admitted = admission({ resource, action, agentId })
    return admitted === undefined ? call() : Effect.flatMap(admitted, call)
  }

  const reading = <A, E, R>(agentId: string, call: () => Effect.Effect<A, E, R>) =>
    behind("context", "read", agentId, call)
  const writing = <A, E, R>(agentId: string, call: () => Effect.Effect<A, E, R>) =>
    behind("context", "write", agentId, call)

  /** Ends an agent, and with it its shares; also when nobody can say whether it did. */
  const ending = <A, E, R>(agentId: string, end: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.ensuring(
      end,
      Effect.sync(() => policy.sharesChanged(agentId))
    )

  /** Nobody names an agent by a snapshot, so one of an agent that is not his is as good as missing. */
  const ofReadable = (snapshotId: string): Effect.Effect<unknown, SnapshotMissing | ReadError> => {
    if (policy === trusted) return Effect.void
    return Effect.flatMap(snapshots.get(snapshotId), (found) => {
      if (Option.isNone(found)) return Effect.void
      const checked = policy.check({ resource: "context", action: "read", agentId: found.value.agentId })
      return Effect.catchTag(checked, "AccessDenied", () => Effect.fail(new SnapshotMissing({ snapshotId })))
    })
  }

  return {
    getContext: (agentId) => reading(agentId, () => manager.getContext(agentId)),
    getContextAt: (agentId, moment) => reading(agentId, () => manager.getContextAt(agentId, moment)),
    getContextHistory: (agentId, options) => reading(agentId, () => manager.getContextHistory(agentId, options)),
    history: (agentId, options) => {
      const admitted = admission({ resource: "context", action: "read", agentId })
      const events = manager.history(agentId, options)
      return admitted === undefined ? events : Stream.unwrap(Effect.as(admitted, events))
    },
    // It may make events superfluous, which are deleted then.
    createSnapshot: (agentId) => writing(agentId, () => manager.createSnapshot(agentId)),
    restoreFromSnapshot: (snapshotId) =>
      Effect.andThen(ofReadable(snapshotId), manager.restoreFromSnapshot(snapshotId)),
    updateContext: (agentId, update, options) =>
      writing(agentId, () => manager.updateContext(agentId, update, options)),
    setState: (agentId, state, options) => writing(agentId, () => manager.setState(agentId, state, options)),
    patchState: (agentId, patch, options) => writing(agentId, () => manager.patchState(agentId, patch, options)),
    modify: (agentId, f, options) => writing(agentId, () => manager.modify(agentId, f, options)),
    appendEvent: (agentId, event, options) => writing(agentId, () => manager.appendEvent(agentId, event, options)),
    appendEvents: (agentId, events, options) => writing(agentId, () => manager.appendEvents(agentId, events, options)),
    appendTogether: (writes, options) => {
      const admissions = writes.flatMap(({ agentId }, index) => {
        const admitted = admission({ resource: "context", action: "write", agentId }, `writes/${index}/agentId`)
        return admitted === undefined ? [] : [admitted]
      })
      return Effect.andThen(
        Effect.all(admissions, { discard: true }),
        Effect.suspend(() => manager.appendTogether(writes, options))
      )
    },
    revertTo: (agentId, version, options) => writing(agentId, () => manager.revertTo(agentId, version, options)),
    fork: (agentId, newAgentId, options) =>
      reading(agentId, () => writing(newAgentId, () => manager.fork(agentId, newAgentId, options))),
    archive: (agentId, options) => behind("lifecycle", "write", agentId, () => manager.archive(agentId, options)),
    restore: (agentId, options) => behind("lifecycle", "write", agentId, () => manager.restore(agentId, options)),
    deleteContext: (agentId, options) =>
      behind("lifecycle", "admin", agentId, () => ending(agentId, manager.deleteContext(agentId, options))),
    purge: (agentId) => behind("lifecycle", "admin", agentId, () => ending(agentId, manager.purge(agentId))),
    changes: (options) => {
      const agentId = options?.agentId
      const changes = manager.changes(options)
      const admitted = agentId === undefined ? undefined : admission({ resource: "context", action: "read", agentId })
      return admitted === undefined ? changes : Stream.unwrap(Effect.as(admitted, changes))
    }
  }
}
