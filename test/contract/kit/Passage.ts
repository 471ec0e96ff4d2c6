/**
 * The way of a value into a store and out of it again: through its schema, as JSON text, and back.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Any } from "../../../src/Actor.ts"
import type { Codec } from "../../../src/actor/Command.ts"
import * as Value from "../../../src/Value.ts"
import { difference, print } from "./difference.ts"
import { Flaw } from "./Flaw.ts"

/** The way of the values of one schema. */
export class Passage {
  /** Whose values they are, for messages. */
  readonly subject: string
  readonly schema: Codec
  private readonly encode: (value: unknown) => Result.Result<unknown, Schema.SchemaError>
  private readonly decode: (value: unknown) => Result.Result<unknown, Schema.SchemaError>

  constructor(subject: string, schema: Codec) {
    const codec = Schema.toCodecJson(schema)
    this.subject = subject
    this.schema = schema
    this.encode = Schema.encodeUnknownResult(codec)
    this.decode = Schema.decodeUnknownResult(codec)
  }

  /** What a reader gets, a copy; fails unless that is the same value. */
  cross(value: unknown): Result.Result<unknown, Flaw> {
    const encoded = this.encode(value)
    if (Result.isFailure(encoded)) return this.refuse(value, "a value that its schema accepts", encoded.failure.message)
    const text = Value.encode(encoded.success, "value")
    if (Result.isFailure(text)) return this.refuse(value, "what can be stored", text.failure.message)
    const read = Result.flatMap(Value.decode(text.success), (stored) => this.decode(stored))
    if (Result.isFailure(read)) {
      return this.refuse(value, `the schema to read what it wrote, ${text.success}`, read.failure.message)
    }
    const lost = difference(value, read.success)
    if (lost === undefined) return Result.succeed(read.success)
    const { expected, found, path } = lost
    const subject = this.subjectOf(value)
    return Result.fail(new Flaw({ subject, path, expected: `${expected} to come back as it was stored`, found }))
  }

  private refuse(value: unknown, expected: string, found: string): Result.Result<never, Flaw> {
    return Result.fail(
      new Flaw({ subject: this.subjectOf(value), path: "", expected, found: `${print(value)}: ${found}` })
    )
  }

  /** Events are told apart by their tag. */
  private subjectOf(value: unknown): string {
    const isTagged = typeof value === "object" && value !== null && "_tag" in value
    return isTagged ? this.subject.replace(/^event /, `event ${String(value._tag)} `) : this.subject
  }
}

/** The passages of one command. */
export interface CommandPassages {
  readonly payload: Passage
  readonly reply: Passage
  readonly error: Passage
}

/** All passages of a definition. */
export interface Passages {
  readonly state: Passage
  readonly event: Passage
  readonly commands: ReadonlyMap<string, CommandPassages>
}

/** Compiles the schemas of a definition. */
export const passagesOf = ({ codec: { schemas }, name }: Any): Passages => ({
  state: new Passage(`state of ${name}`, schemas.state),
  event: new Passage(`event of ${name}`, schemas.event),
  commands: new Map(
    [...schemas.commands].map(([command, { errorSchema, payloadSchema, successSchema }]) => [
      command,
      {
        payload: new Passage(`payload of ${name}.${command}`, payloadSchema),
        reply: new Passage(`reply of ${name}.${command}`, successSchema),
        error: new Passage(`error of ${name}.${command}`, errorSchema)
      }
    ])
  )
})
