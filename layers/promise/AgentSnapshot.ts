/**
 * Snapshots of agents. A store may hold snapshots of actors as well, whose states need not be objects.
 */
import * as Result from "effect/Result"
import type * as Core from "../../src/ContextSnapshot.ts"
import { Corrupted } from "../../src/StoreError.ts"
import * as Value from "../../src/Value.ts"

/** The state of an agent at one version. */
export interface ContextSnapshot extends Core.ContextSnapshot {
  readonly state: Value.Record
}

/** Refuses a snapshot that is none of an agent. */
export const ofAgent = (snapshot: Core.ContextSnapshot): Result.Result<ContextSnapshot, Corrupted> => {
  const { agentId, id, state } = snapshot
  if (Value.isRecord(state)) return Result.succeed({ ...snapshot, state })
  return Result.fail(
    new Corrupted({
      subject: `snapshot ${JSON.stringify(id)} of agent ${JSON.stringify(agentId)}`,
      expected: "an object as its state",
      found: state === null ? "null" : `a value of type ${typeof state}`,
      remedy: "Read snapshots of actors by their actors."
    })
  )
}
