/**
 * What the sources of a context have in common.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { ContextSource } from "../ActorScript.ts"
import type { Codec } from "../actor/Command.ts"
import type { Message } from "../ContextPort.ts"
import { ContextFailed } from "../ScriptError.ts"
import * as Value from "../Value.ts"

/** The part of a source that is asked for, read by the rule of its port. */
export const where = <Where extends Codec>(
  schema: Where,
  source: ContextSource
): Effect.Effect<Where["Type"], ContextFailed> =>
  Effect.mapError(
    // A key that the port does not know would silently ask for too much.
    Schema.decodeUnknownEffect(schema, { onExcessProperty: "error" })(source.where ?? {}),
    (cause) => new ContextFailed({ operation: "compile", target: source.id, cause })
  )

/** Data as a message. */
export const message = ({ label }: ContextSource, data: Value.Value): Message => ({
  role: "system",
  content: `${label}: ${Result.getOrElse(Value.encode(data), ({ message }) => message)}`
})
