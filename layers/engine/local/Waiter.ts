/**
 * Who waits for whom: an actor whose handler waits for another actor runs no commands until that one has answered.
 */
import * as Context from "effect/Context"

/** An actor, as far as waiting goes. */
export interface Waiter {
  readonly agentId: string
  /** Those that wait, one for the other, until the command is answered that it runs; as far as they were told of. Agent ids. */
  readonly askers: ReadonlyArray<string>
  /** Those that its running handler waits for; one may be in it more than once. */
  readonly waitingFor: Array<Waiter>
}

/** The actor whose handler the fiber belongs to. */
export const CurrentWaiter: Context.Reference<Waiter | undefined> = Context.Reference<Waiter | undefined>(
  "pantheon-state/engine/local/CurrentWaiter",
  { defaultValue: () => undefined }
)

/** The actors, as agent ids, that would wait for each other in a circle, for ever, if `asker` waited for `target`. */
export const findCircle = (asker: Waiter, target: Waiter): ReadonlyArray<string> | undefined => {
  const cameFrom = new Map<Waiter, Waiter>([[target, asker]])
  // Grows as it is walked.
  const reached = [target]
  for (const waiter of reached) {
    if (waiter === asker) return pathTo(asker, cameFrom)
    for (const next of waiter.waitingFor) {
      if (cameFrom.has(next)) continue
      cameFrom.set(next, waiter)
      reached.push(next)
    }
  }
  return undefined
}

const pathTo = (asker: Waiter, cameFrom: ReadonlyMap<Waiter, Waiter>): ReadonlyArray<string> => {
  const path = [asker.agentId]
  let waiter = cameFrom.get(asker)
  while (waiter !== undefined && waiter !== asker) {
    path.push(waiter.agentId)
    waiter = cameFrom.get(waiter)
  }
  return [...path, asker.agentId].reverse()
}

/** Forgets one wait. */
export const release = (asker: Waiter, target: Waiter): void => {
  const index = asker.waitingFor.indexOf(target)
  if (index >= 0) asker.waitingFor.splice(index, 1)
}
