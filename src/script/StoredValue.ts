/**
 * Values in the events and states of scripted actors: they come back from the store as they were, dates and bytes included.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaTransformation from "effect/SchemaTransformation"
import type { InvalidInput } from "../StoreError.ts"
import * as Value from "../Value.ts"

// What cannot be stored is found when it is encoded, which every stored value is; a second walk over it would find no more.
const isPresent = (value: unknown): value is Value.Value => value !== undefined

const refuse = ({ message }: { readonly message: string }) => new SchemaIssue.InvalidValue({ message })

/** Any value that can be stored. */
export const StoredValue = Schema.Json.pipe(
  Schema.decodeTo(
    Schema.declare(isPresent),
    SchemaTransformation.transformEffect<Value.Value, Schema.Json>({
      decode: (json) => Effect.fromResult(Result.mapError(Value.decode(JSON.stringify(json)), refuse)),
      encode: (value) =>
        Effect.fromResult(
          Result.mapBoth(Value.encode(value), {
            onFailure: refuse,
            onSuccess: (text): Schema.Json => JSON.parse(text)
          })
        )
    })
  )
)

/** Checks what a program of the user's gave; nothing becomes `null`. */
export const check = (found: unknown, subject: string): Result.Result<Value.Value, InvalidInput> => {
  const value = found ?? null
  // What can be encoded is a value, for that is how values are defined.
  return Result.map(Value.encode(value, subject), () => value as Value.Value)
}
