/**
 * The events of scripted actors, read back.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { ContextEvent } from "../ContextEvent.ts"
import { ScriptEvent } from "../ScriptEvent.ts"
import { Corrupted } from "../StoreError.ts"
import { ScriptActor } from "./ScriptActor.ts"

/** An event of a scripted actor, and where in its history it stands. */
export interface HistoryEntry {
  readonly version: number
  readonly event: ScriptEvent
}

const decode = Schema.decodeUnknownResult(Schema.toCodecJson(ScriptEvent))

/** Reads an event; none when another writer, such as the lifecycle, appended it. */
export const entriesOf = ({
  agentId,
  data,
  type,
  version
}: ContextEvent): Effect.Effect<ReadonlyArray<HistoryEntry>, Corrupted> => {
  if (!type.startsWith(ScriptActor.codec.eventTypePrefix)) return Effect.succeed([])
  return Effect.fromResult(
    Result.mapBoth(decode(data), {
      onSuccess: (event) => [{ version, event }],
      onFailure: (cause) =>
        new Corrupted({
          subject: `event ${version} of agent ${JSON.stringify(agentId)}`,
          expected: "an event of a scripted actor",
          found: cause.message,
          remedy: "Restore the row from a backup; it was changed outside of the port.",
          cause
        })
    })
  )
}
