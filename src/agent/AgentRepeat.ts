/**
 * How a write that was stored before is known again, whatever has happened to the agent since.
 */
import type * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Appended, Command, EventStore } from "../EventStore.ts"
import type { AppendError } from "../StoreError.ts"
import type { PreparedEvent } from "../store/AppendInput.ts"
import { appendSurely } from "../store/AppendSurely.ts"
import * as Value from "../Value.ts"
import type { Outcome } from "./AgentOperation.ts"

/** An expectation under which nothing can be stored, since no agent has this version; repeats are told before conflicts. */
export const nowhere = Number.MAX_SAFE_INTEGER

/** Asks whether an append is stored; fails with `Conflict` when it is not. */
export const ask = (
  store: EventStore["Service"],
  agentId: string,
  events: ReadonlyArray<PreparedEvent>,
  commands: ReadonlyArray<Command>
): Effect.Effect<Appended, AppendError> => appendSurely(store, { agentId, events, expected: nowhere, commands })

/** Versions of events, both inclusive. */
export interface Versions {
  readonly firstVersion: number
  readonly version: number
}

/** What is recorded as the reply to a command: the versions of its own events, since an append may hold others beside them. */
export const toReply = ({ firstVersion, version }: Versions): Value.Record => ({ firstVersion, version })

/** The versions in a recorded reply; none for the reply of another kind of writer. */
export const versionsOf = (reply: Option.Option<Value.Value>): Versions | undefined => {
  const recorded = Option.getOrUndefined(reply)
  if (!Value.isRecord(recorded)) return undefined
  const { firstVersion, version } = recorded
  return typeof firstVersion === "number" && typeof version === "number" ? { firstVersion, version } : undefined
}

/** What the one write of an append that was stored before is told. */
export const outcomeOf = ({ firstVersion, reply, version }: Appended): Outcome => ({
  _tag: "Repeated",
  ...(versionsOf(reply) ?? { firstVersion, version })
})
