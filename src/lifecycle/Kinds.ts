/**
 * Telling contexts from actors, by what is stored alone: no definition need be at hand.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { prefix } from "../agent/AgentEvent.ts"
import type { ReadError } from "../StoreError.ts"
import type { Stores } from "../store/Replay.ts"

// Beside its own, an actor's events may be those of services.
const fewEvents = 20

/** An agent `Name/id` whose newest event of its own is a `Name.Something` is an actor; all others are contexts. */
export const isContext =
  ({ events, snapshots }: Stores) =>
  (agentId: string): Effect.Effect<boolean, ReadError> =>
    Effect.gen(function* () {
      if (!agentId.includes("/")) return true
      const newest = events.read(agentId, { direction: "backward", limit: fewEvents })
      const own = yield* Stream.runHead(Stream.filter(newest, ({ type }) => !type.startsWith(prefix)))
      if (Option.isSome(own)) return !isOfActor(agentId, own.value.type)
      const snapshot = yield* snapshots.latest(agentId)
      return !(Option.isSome(snapshot) && snapshot.value.reducer.startsWith("actor:"))
    })

const isOfActor = (agentId: string, type: string): boolean => {
  for (let end = agentId.indexOf("/"); end >= 0; end = agentId.indexOf("/", end + 1)) {
    if (type.startsWith(`${agentId.slice(0, end)}.`)) return true
  }
  return false
}
