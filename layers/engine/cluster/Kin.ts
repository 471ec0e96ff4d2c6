/**
 * Relatives of actors, on whichever machine they are.
 */
import * as Effect from "effect/Effect"
import type { RunningActor } from "../../../src/CurrentActor.ts"
import { Unavailable } from "../../../src/StoreError.ts"
import type { Relatives } from "../local/Realm.ts"
import type { Router } from "./Router.ts"

/** Reaches relatives through the cluster. What cannot be told is logged: it is told again when the actor ends anew, and the store has the tree. */
export const relativesBy = (router: Router): Relatives => ({
  end: (child, { parent }) =>
    untold(
      `end ${child.actor}/${child.id}`,
      router.call(child, (client) => client.End({ ending: parent === undefined ? "orphaned" : "stopped" }))
    ),
  trouble: (parent, child, cause) =>
    untold(
      `tell ${parent.actor}/${parent.id} of the failure of ${child.agentId}`,
      router.call(parent, (client) => client.Trouble({ child: addressOf(child), cause }))
    ),
  bringBack: (child) =>
    untold(
      `bring back ${child.agentId}`,
      router.call(child, (client) => client.BringBack())
    ),
  discount: (parent) =>
    untold(
      `count the children of ${parent.actor}/${parent.id}`,
      router.call(parent, (client) => client.Discount())
    ),
  tie: (parent, child) =>
    router
      .call(child, (client) => client.Tie({ parent: addressOf(parent) }))
      .pipe(
        Effect.map((refusal) => refusal ?? undefined),
        Effect.catchTags({
          ActorStopped: (error) => Effect.fail(cannotTie(child, error)),
          ActorNotRegistered: (error) => Effect.fail(cannotTie(child, error)),
          ActorUnreachable: (error) => Effect.fail(cannotTie(child, error))
        })
      )
})

const untold = <E>(what: string, call: Effect.Effect<void, E>): Effect.Effect<void> =>
  Effect.catchCause(call, (cause) => Effect.logWarning(`could not ${what}`, cause))

const addressOf = ({ actor, agentId, id }: RunningActor): RunningActor => ({ actor, agentId, id })

const cannotTie = ({ agentId }: RunningActor, cause: Error): Unavailable =>
  new Unavailable({
    operation: "make a child",
    reason: "Unreachable",
    expected: `a machine that runs ${agentId}`,
    found: cause.message,
    remedy: "Spawn it again.",
    cause
  })
