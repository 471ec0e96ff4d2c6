/**
 * Tells definitions apart, as far as machines have to agree on them: versions, commands, events and the shapes of all of these.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Actor from "../../../src/Actor.ts"
import type { Codec } from "../../../src/actor/Command.ts"

/** The fingerprint of a definition: what a reader can tell by, and a digest of the rest. */
export const of = ({ codec }: Actor.Any): string => {
  const { commands, event, state } = codec.schemas
  const shapes = [
    shapeOf(state),
    shapeOf(event),
    ...Array.from(commands, ([name, { errorSchema, payloadSchema, successSchema }]) =>
      [name, shapeOf(payloadSchema), shapeOf(successSchema), shapeOf(errorSchema)].join(" ")
    ).sort()
  ]
  const { eventShapes, stateShapes } = codec
  return `schemaVersion ${eventShapes.current}, stateVersion ${stateShapes.current}, commands ${[...commands.keys()].sort().join(", ")}, shapes ${digestOf(shapes.join("\n"))}`
}

/** As JSON schema; of a schema that has none, only that it is there. */
const shapeOf = (schema: Codec): string =>
  Result.getOrElse(
    Result.try(() => JSON.stringify(Schema.toJsonSchemaDocument(Schema.toCodecJson(schema)))),
    () => "opaque"
  )

/** FNV-1a, of 32 bits. Nobody is to be kept from forging it. */
const digestOf = (text: string): string => {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, "0")
}
