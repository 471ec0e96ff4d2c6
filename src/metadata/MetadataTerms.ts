/**
 * What callers say of an entry, checked.
 */
import * as Result from "effect/Result"
import * as AgentId from "../AgentId.ts"
import { type MetadataRecord, Visibility } from "../access/MetadataRecord.ts"
import { describe } from "../agent/PatchDocument.ts"
import type { MetadataChange, SetOptions } from "../ContextMetadata.ts"
import type * as Limits from "../Limits.ts"
import { InvalidInput } from "../StoreError.ts"
import * as Value from "../Value.ts"

/** What of an entry is the caller's. */
export type Terms = Pick<MetadataRecord, "value" | "type" | "visibility" | "expiresAt">

type Checked<A> = Result.Result<A, InvalidInput>

// What stands around a value: in the event two objects, and keys, ids and times of less than this.
const depthAround = 2
const bytesAround = 8192

/** The terms of an entry that is set. */
export const check = (
  value: unknown,
  { expiresAt, type = "generic", visibility = "private" }: SetOptions,
  limits: Limits.Limits,
  at: number
): Checked<Terms> =>
  Result.gen(function* () {
    return {
      value: yield* checkValue(value, limits),
      type: yield* AgentId.validate(type, "type"),
      visibility: yield* checkVisibility(visibility),
      ...(expiresAt === undefined ? {} : { expiresAt: yield* checkExpiry(expiresAt, at) })
    }
  })

/** A change of an entry, with nothing in it that stays as it is. */
export type Changes = Partial<Omit<Terms, "expiresAt">> & { readonly expiresAt?: Date | null }

/** The terms that are to change. */
export const checkChange = (change: MetadataChange, limits: Limits.Limits, at: number): Checked<Changes> =>
  Result.gen(function* () {
    if (!Value.isRecord(change))
      return yield* invalid("change", "a plain object", describe(change), "Name what changes.")
    const { expiresAt, type, value, visibility } = change as MetadataChange
    return {
      ...(value === undefined ? {} : { value: yield* checkValue(value, limits) }),
      ...(type === undefined ? {} : { type: yield* AgentId.validate(type, "type") }),
      ...(visibility === undefined ? {} : { visibility: yield* checkVisibility(visibility) }),
      ...(expiresAt === undefined
        ? {}
        : { expiresAt: expiresAt === null ? expiresAt : yield* checkExpiry(expiresAt, at) })
    }
  })

/** A value that can be stored, as a read will give it; what the caller does with his own later changes nothing. */
export const checkValue = (value: unknown, { depth, eventBytes, ...rest }: Limits.Limits): Checked<Value.Value> => {
  const bytes = Math.max(eventBytes - bytesAround, Math.ceil(eventBytes / 2))
  const encoded = Value.encode(value, "value", { ...rest, eventBytes, depth: Math.max(depth - depthAround, 1) }, bytes)
  return Result.map(encoded, (text) => Result.getOrThrow(Value.decode(text)))
}

export const checkVisibility = (visibility: unknown): Checked<Visibility> => {
  const found = Visibility.literals.find((literal) => literal === visibility)
  return found === undefined
    ? invalid("visibility", Visibility.literals.join(", "), describe(visibility), "Choose one of these.")
    : Result.succeed(found)
}

const checkExpiry = (expiresAt: unknown, at: number): Checked<Date> =>
  expiresAt instanceof Date && expiresAt.getTime() > at
    ? Result.succeed(new Date(expiresAt))
    : invalid("expiresAt", "a Date in the future", describe(expiresAt), "Delete the entry to end it now.")

/** Checks the version that an entry is expected to have; 0 stands for none. */
export const checkVersion = (version: unknown): Checked<number | undefined> => {
  if (version === undefined) return Result.succeed(version)
  return Number.isSafeInteger(version) && Number(version) >= 0
    ? Result.succeed(Number(version))
    : invalid(
        "expectedVersion",
        "an integer from 0",
        describe(version),
        "Pass the version of the entry as it was read."
      )
}

export const invalid = (path: string, expected: string, found: string, remedy: string): Checked<never> =>
  Result.fail(new InvalidInput({ path, expected, found, remedy }))
