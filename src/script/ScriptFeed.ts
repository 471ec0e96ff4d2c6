/**
 * The events of scripted actors as they happen, in this process or another. One reader serves everybody who follows an actor, and none reads
 * while nobody does.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as RcRef from "effect/RcRef"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { ContextEvent } from "../ContextEvent.ts"
import type { EventStore } from "../EventStore.ts"
import type { ReadError } from "../StoreError.ts"

/** Events of one actor. */
export type Followed = Queue.Dequeue<ContextEvent, ReadError>

/** Follows the actor whose journal is this agent. Every event that is appended once this has completed will be told. */
export type Follow = (agentId: string) => Effect.Effect<Followed, ReadError, Scope.Scope>

/** Makes a feed that lives as long as the scope. */
export const make = (events: EventStore["Service"]): Effect.Effect<Follow, never, Scope.Scope> =>
  Effect.map(
    RcRef.make({ acquire: read(events) }),
    (reader): Follow =>
      Effect.fnUntraced(function* (agentId) {
        const followers = yield* RcRef.get(reader)
        return yield* Effect.acquireRelease(
          Effect.map(Queue.unbounded<ContextEvent, ReadError>(), (queue) => {
            followers.add(agentId, queue)
            return queue
          }),
          (queue) => Effect.sync(() => followers.remove(agentId, queue))
        )
      })
  )

/** Tells followers what comes from now on. */
const read = Effect.fnUntraced(function* (events: EventStore["Service"]) {
  const followers = new Followers()
  const after = Option.getOrUndefined(yield* events.feedEnd)
  yield* Effect.forkScoped(
    Effect.catchCause(
      Stream.runForEach(events.feed({ after, live: true }), ({ event }) => Effect.sync(() => followers.tell(event))),
      (cause) => Effect.sync(() => followers.fail(cause))
    )
  )
  return followers
})

/** Those who follow, by the agent that they follow. */
class Followers {
  private readonly byAgent = new Map<string, Set<Queue.Queue<ContextEvent, ReadError>>>()
  /** Why the reader has ended, if it has. */
  private end: Cause.Cause<ReadError> | undefined

  add(agentId: string, follower: Queue.Queue<ContextEvent, ReadError>): void {
    const others = this.byAgent.get(agentId) ?? new Set()
    this.byAgent.set(agentId, others.add(follower))
    if (this.end !== undefined) Queue.failCauseUnsafe(follower, this.end)
  }

  remove(agentId: string, follower: Queue.Queue<ContextEvent, ReadError>): void {
    const others = this.byAgent.get(agentId)
    others?.delete(follower)
    if (others?.size === 0) this.byAgent.delete(agentId)
  }

  tell(event: ContextEvent): void {
    for (const follower of this.byAgent.get(event.agentId) ?? []) Queue.offerUnsafe(follower, event)
  }

  fail(cause: Cause.Cause<ReadError>): void {
    this.end = cause
    for (const followers of this.byAgent.values()) {
      for (const follower of followers) Queue.failCauseUnsafe(follower, cause)
    }
  }
}
