/**
 * Between the values of commands and the texts in which they travel.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Actor from "../../../src/Actor.ts"
import type { CodecResult } from "../../../src/actor/ActorCodec.ts"
import type { Codec, Schemas } from "../../../src/actor/Command.ts"

/** One value, as text and back. */
interface TextCodec {
  readonly encode: (value: unknown) => CodecResult<string>
  readonly decode: (text: string) => CodecResult<unknown>
}

/** The texts of one command. */
export interface CommandWire {
  readonly payload: TextCodec
  readonly reply: TextCodec
  readonly error: TextCodec
}

/** The texts of the commands of a definition, by their names. */
export type Wire = ReadonlyMap<string, CommandWire>

const known = new WeakMap<Actor.Any, Wire>()

/** Compiled when first asked for. */
export const wireOf = (definition: Actor.Any): Wire => {
  const compiled = known.get(definition)
  if (compiled !== undefined) return compiled
  const { commands } = definition.codec.schemas
  const wire: Wire = new Map(Array.from(commands, ([name, schemas]) => [name, compile(schemas)]))
  known.set(definition, wire)
  return wire
}

const compile = ({ errorSchema, payloadSchema, successSchema }: Schemas): CommandWire => ({
  payload: textCodec(payloadSchema),
  reply: textCodec(successSchema),
  error: textCodec(errorSchema)
})

const textCodec = (schema: Codec): TextCodec => {
  const json = Schema.toCodecJson(schema)
  const encode = Schema.encodeUnknownResult(json)
  const decode = Schema.decodeUnknownResult(json)
  return {
    encode: (value) => Result.map(encode(value), (encoded) => JSON.stringify(encoded ?? null)),
    // The machine that wrote it runs this very code.
    decode: (text) => decode(JSON.parse(text))
  }
}
