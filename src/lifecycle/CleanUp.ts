/**
 * Ending what has expired.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { AgentWriteError } from "../AgentError.ts"
import { describe } from "../agent/PatchDocument.ts"
import { InvalidInput, type ReadError } from "../StoreError.ts"
import type { Stores } from "../store/Replay.ts"
import * as ReservedAgents from "../store/ReservedAgents.ts"
import * as ExportFormat from "./ExportFormat.ts"
import { type Parts, remove } from "./Lives.ts"

/** What becomes of contexts that have expired: they are deleted, and their history stays; or purged. */
export type Ending = "delete" | "purge"

/** Nothing is ended by a word that means something else than its writer thought. */
export const check = (ending: unknown): Effect.Effect<void, InvalidInput> =>
  ending === "delete" || ending === "purge"
    ? Effect.void
    : Effect.fail(
        new InvalidInput({
          path: "contexts",
          expected: "delete or purge",
          found: describe(ending),
          remedy: "Choose one of these, or leave it out to delete."
        })
      )

/** The contexts that have expired. */
export const expired = ({ events }: Stores, now: number): Stream.Stream<string, ReadError> =>
  events.due({ until: now }).pipe(
    Stream.filter(({ agentId, name }) => name === ExportFormat.expiryNote && !ReservedAgents.isReserved(agentId)),
    Stream.map(({ agentId }) => agentId)
  )

/** Ends one context, if it has expired still; whether it was ended by this call. */
export const end = (parts: Parts, agentId: string, ending: Ending): Effect.Effect<boolean, AgentWriteError> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const isExpired = Effect.map(
      parts.stores.events.getNotes([{ agentId, name: ExportFormat.expiryNote }]),
      ([note]) => note?.due !== undefined && note.due <= now
    )
    const deletion = yield* Effect.catchTag(remove(parts, agentId, isExpired), "AgentMissing", () => Effect.undefined)
    if (deletion?.isNew !== true) return false
    if (ending === "purge") yield* parts.stores.events.purge(agentId)
    return true
  })
