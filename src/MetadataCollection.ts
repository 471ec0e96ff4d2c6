/**
 * Entries of metadata of one type, with values of one schema: topics, participants, sessions, or whatever an application has many of.
 *
 * ```ts
 * const Topic = Schema.Struct({ title: Schema.String, since: Schema.Date })
 * const topics = MetadataCollection.topics(Topic)
 *
 * const program = Effect.gen(function* () {
 *   yield* topics.set("agent-1", "tea", { title: "Tea", since: new Date() }, { visibility: "shared" })
 *   const { value } = yield* topics.get("agent-1", "tea")
 *   const all = yield* topics.list("agent-1")
 * })
 * ```
 *
 * The entry of a name has the key `type:name`, so `ContextMetadata` finds, changes and deletes it, too.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { ChangeOptions, Entry, MetadataQuery, MetadataWriteError, SetOptions } from "./ContextMetadata.ts"
import { ContextMetadata } from "./ContextMetadata.ts"
import { MetadataMissing } from "./MetadataError.ts"
import { Corrupted, InvalidInput, type ReadError } from "./StoreError.ts"

/** An entry of a collection. */
export interface Item<A> extends Omit<Entry, "value"> {
  /** The key without the type. */
  readonly name: string
  readonly value: A
}

/** Which page of a collection. */
export interface ListOptions extends Pick<MetadataQuery, "visibility" | "limit"> {
  /** The last item of the page before. */
  readonly after?: Pick<Item<unknown>, "name"> | undefined
}

/** The entries of one type. */
export interface Collection<A> {
  readonly type: string
  /** Sets the entry of a name; the type and the name have together up to 245 characters. */
  readonly set: (
    agentId: string,
    name: string,
    value: A,
    options?: Omit<SetOptions, "type">
  ) => Effect.Effect<Item<A>, MetadataWriteError, ContextMetadata>
  /** The entry of a name. Fails with `Corrupted` when its value does not fit the schema. */
  readonly get: (agentId: string, name: string) => Effect.Effect<Item<A>, MetadataMissing | ReadError, ContextMetadata>
  /** The entries of an agent that the current principal may see. */
  readonly list: (
    agentId: string,
    options?: ListOptions
  ) => Effect.Effect<ReadonlyArray<Item<A>>, ReadError, ContextMetadata>
  readonly delete: (
    agentId: string,
    name: string,
    options?: ChangeOptions
  ) => Effect.Effect<void, MetadataMissing | MetadataWriteError, ContextMetadata>
}

/** The entries of a type, which has no star or backslash in it; that is a mistake in the program, and throws. */
export const make = <S extends Schema.Codec<unknown, unknown>>(type: string, schema: S): Collection<S["Type"]> => {
  type A = S["Type"]
  if (!/^[^*\\:\p{Cc}]{1,100}$/u.test(type)) {
    throw new TypeError(
      `type: expected 1 to 100 characters without colon, star, backslash and controls, found ${JSON.stringify(type)}`
    )
  }
  const codec = Schema.toCodecJson(schema)
  const encodeValue = Schema.encodeUnknownResult(codec)
  const decodeValue = Schema.decodeUnknownResult(codec)
  const keyOf = (name: string): string => `${type}:${name}`

  const toItem = (entry: Entry): Result.Result<Item<A>, Corrupted> =>
    Result.mapBoth(decodeValue(entry.value), {
      onSuccess: (value) => ({ ...entry, name: entry.key.slice(type.length + 1), value }),
      onFailure: (cause) =>
        new Corrupted({
          subject: `metadata ${JSON.stringify(entry.key)} of agent ${JSON.stringify(entry.agentId)}`,
          expected: `a value that fits the schema of ${JSON.stringify(type)}`,
          found: cause.message,
          remedy: "Set the entry again, or give the collection a schema that knows this value.",
          cause
        })
    })

  const refuseValue = (cause: Schema.SchemaError): InvalidInput =>
    new InvalidInput({
      path: "value",
      expected: `a value that fits the schema of ${JSON.stringify(type)}`,
      found: cause.message,
      remedy: "Pass a value of the collection's schema."
    })

  return {
    type,
    set: Effect.fnUntraced(function* (agentId, name, value, options) {
      const metadata = yield* ContextMetadata
      const encoded = yield* Effect.fromResult(Result.mapError(encodeValue(value), refuseValue))
      const entry = yield* metadata.set(agentId, keyOf(name), encoded, { ...options, type })
      return yield* Effect.fromResult(toItem(entry))
    }),
    get: Effect.fnUntraced(function* (agentId, name) {
      const key = keyOf(name)
      const entry = yield* ContextMetadata.use((metadata) => metadata.get(agentId, key))
      // Somebody has used the key for something else.
      if (entry.type !== type) return yield* new MetadataMissing({ agentId, key })
      return yield* Effect.fromResult(toItem(entry))
    }),
    list: Effect.fnUntraced(function* (agentId, { after, ...options } = {}) {
      const page = after === undefined ? {} : { after: { agentId, key: keyOf(after.name) } }
      const query = { ...options, ...page, agentId, type, keyPattern: `${type}:*` }
      const entries = yield* ContextMetadata.use((metadata) => metadata.query(query))
      return yield* Effect.forEach(entries, (entry) => Effect.fromResult(toItem(entry)))
    }),
    delete: (agentId, name, options) =>
      ContextMetadata.use((metadata) => metadata.delete(agentId, keyOf(name), options))
  }
}

/** What an agent talks about: entries of the type `topic`. */
export const topics = <S extends Schema.Codec<unknown, unknown>>(schema: S): Collection<S["Type"]> =>
  make("topic", schema)

/** Who takes part: entries of the type `participant`. */
export const participants = <S extends Schema.Codec<unknown, unknown>>(schema: S): Collection<S["Type"]> =>
  make("participant", schema)

/** When and where it takes place: entries of the type `session`. */
export const sessions = <S extends Schema.Codec<unknown, unknown>>(schema: S): Collection<S["Type"]> =>
  make("session", schema)
